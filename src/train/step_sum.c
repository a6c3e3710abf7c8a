/* What the makers of sums have in common: buffers kept and put back, losses, the choice between them. */
#include "step_sum.h"

#include "comm/comm.h"

#include <math.h>
#include <string.h>

/* Of losses and tally. */
static int rows_of(const gy_step_sum *s)
{
    return s->network->rows * (1 + s->network->task.sums);
}

static gy_status allocate(gy_step_sum *s)
{
    GY_TRY(gy_new_array(s->ctx, s->buffers, &s->before));
    GY_TRY(gy_new_array(s->ctx, rows_of(s), &s->losses));
    s->tally = s->losses + s->network->rows;
    return GY_OK;
}

gy_status gy_step_sum_create(gy_context *ctx, const gy_step_sum_spec *spec, gy_step_sum **out)
{
    gy_step_sum *s = NULL;
    GY_TRY(gy_comm_new(spec->comm, &s));
    const bool grains = spec->network->grains > 0;
    *s = (gy_step_sum){.kind = grains ? &gy_step_sum_by_grains : &gy_step_sum_by_buckets,
                       .ctx = ctx,
                       .comm = spec->comm,
                       .network = spec->network,
                       .sync = spec->sync,
                       .optim = spec->optim,
                       .shares = grains || spec->settings->survive,
                       .trainable = gy_model_params(spec->network->model)->trainable,
                       .buffers = gy_model_buffers(spec->network->model)->floats};
    gy_status status = gy_comm_agree(s->comm, allocate(s));
    if (status == GY_OK) status = s->kind->make(s, spec->settings);
    if (status == GY_OK)
        *out = s;
    else
        gy_step_sum_free(s);
    return status;
}

void gy_step_sum_free(gy_step_sum *s)
{
    if (s == NULL) return;
    if (s->own != NULL) s->kind->clear(s);
    gy_free(s->ctx, s->own);
    gy_free(s->ctx, s->losses);
    gy_free(s->ctx, s->before);
    gy_free(s->ctx, s);
}

void gy_step_sum_drop(gy_step_sum *s)
{
    s->kind->drop(s);
}

gy_status gy_step_sum_remake(gy_step_sum *s, const gy_sync_settings *settings)
{
    return s->kind->remake(s, settings);
}

int gy_step_sum_buckets(const gy_step_sum *s)
{
    return s->kind->buckets(s);
}

const char *gy_step_sum_algorithm(const gy_step_sum *s)
{
    return s->kind->algorithm(s);
}

int64_t gy_step_sum_room_bytes(const gy_step_sum *s)
{
    return s->kind->room_bytes(s);
}

gy_status gy_step_sum_begin(gy_step_sum *s, const gy_model_run *run)
{
    s->pass = *run;
    s->pass.user = s;
    s->waited_s = 0;
    memset(s->losses, 0, (size_t)rows_of(s) * sizeof *s->losses);
    memcpy(s->before, gy_model_buffer_values(s->network->model),
           (size_t)s->buffers * sizeof *s->before);
    return s->kind->begin(s);
}

bool gy_step_sum_next(gy_step_sum *s, const gy_samples *part, gy_piece *piece)
{
    return s->kind->next(s, part, piece);
}

gy_status gy_step_sum_passed(gy_step_sum *s, const gy_piece *piece)
{
    return s->kind->passed(s, piece);
}

double *gy_step_sum_row(gy_step_sum *s, int grain)
{
    return s->tally + grain * s->network->task.sums;
}

gy_status gy_step_sum_finish(gy_step_sum *s, const gy_samples *part)
{
    return s->kind->finish(s, part);
}

int gy_step_sum_beside(const gy_step_sum *s)
{
    return s->shares ? rows_of(s) : s->network->rows;
}

/* In the order of grains. Of a grain others' losses and sums are 0: adding them over the ranks rounds nothing. */
double gy_step_sum_loss(const gy_step_sum *s)
{
    double loss = 0;
    for (int i = 0; i < s->network->rows; i++) loss += s->losses[i];
    return loss;
}

void gy_step_sum_skip(gy_step_sum *s)
{
    memcpy(gy_model_buffer_values(s->network->model), s->before,
           (size_t)s->buffers * sizeof *s->before);
}

bool gy_step_sum_is_finite(const gy_step_sum *s)
{
    const float *values = gy_model_buffer_values(s->network->model);
    for (int64_t i = 0; i < s->buffers; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

double gy_step_sum_prepare(gy_step_sum *s)
{
    return s->kind->prepare(s);
}
