/* A network put together: kernel → model → (task) → how much is passed at once. */
#include "network.h"

#include "base/count.h"
#include "threads_impl.h"

gy_status gy_net_open(gy_context *ctx, const gy_net_spec *spec, gy_net *out)
{
    *out = (gy_net){.ctx = ctx,
                    .spec = *spec,
                    .grains = spec->grains,
                    .rows = spec->grains > 0 ? spec->grains : 1};
    const int threads = gy_net_choose_threads(spec, &out->threads_by);
    GY_TRY(gy_kernel_create(ctx, threads, spec->precision, &out->kernel));
    GY_TRY(gy_kernel_set_winograd(out->kernel, spec->winograd));
    GY_TRY(gy_kernel_check_space(out->kernel));
    const gy_model_spec model = {.input = spec->input,
                                 .layers = spec->layers,
                                 .where = spec->where,
                                 .recompute_blocks = spec->recompute_blocks,
                                 .rollout = spec->rollout,
                                 .threads = threads,
                                 .forms = spec->forms,
                                 .adapt = spec->adapt,
                                 .quantize = spec->quantize,
                                 .loss_by_rows = gy_task_takes_rows(&spec->loss)};
    return gy_model_create(ctx, &model, &out->model);
}

static void clear_pieces(gy_net *n)
{
    gy_free(n->ctx, n->x);
    gy_free(n->ctx, n->y);
    gy_free(n->ctx, n->room);
    n->x = n->y = n->room = NULL;
}

void gy_net_close(gy_net *n)
{
    if (n->ctx == NULL) return;
    clear_pieces(n);
    gy_model_free(n->model);
    gy_kernel_free(n->kernel);
    *n = (gy_net){.ctx = NULL};
}

gy_status gy_net_aim(gy_net *n, const gy_shape *target)
{
    return gy_task_init(&n->task, &n->spec.loss, &n->spec.metrics, gy_model_output(n->model),
                        target);
}

void gy_net_cut(gy_net *n, int64_t most, int ranks, int64_t micro)
{
    int parts = n->grains > 0 ? n->grains : ranks;
    int64_t largest = gy_pieces(most, parts); /* of any rank or grain */
    n->micro = micro == 0 || micro > largest ? largest : micro;
    n->micros = (int)((largest + n->micro - 1) / n->micro);
    gy_net_fit_threads(n);
}

gy_status gy_net_make_pieces(gy_net *n)
{
    clear_pieces(n);
    if (n->task.targets > 0)
        GY_TRY(gy_new_array(n->ctx, gy_task_room(&n->task, n->micro), &n->room));
    n->task.room = n->room;
    if (n->grains == 0) return GY_OK;
    int64_t each = gy_shape_count(gy_model_input(n->model));
    GY_TRY(gy_new_array(n->ctx, n->micro * each, &n->x));
    return gy_new_array(n->ctx, n->micro * n->task.targets, &n->y);
}

gy_model_use gy_net_use(const gy_net *n, bool lent)
{
    return n->micros > 1 || lent || n->planned > 0 ? GY_USE_TRAINING : GY_USE_STEPS;
}
