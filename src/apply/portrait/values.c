/*
 * The parameters of a run: as each of its checkpoints has them, how far they moved, and the weights of the
 * first layer as pictures where its inputs are.
 */
#include "portrait.h"

#include "../tensor.h"
#include "comm/comm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHECKPOINTS = 24, FILTERS = 64 }; /* that are looked at */

/* Names of a run's checkpoints, the earliest first, a line each. */
static gy_status list_names(gy_portrayal *p, const char *run_dir, char **lines)
{
    enum { DIGITS = 9 };
    const char *dir, *const *names;
    int n;
    gy_buffer text;
    GY_TRY(gy_pool_format(&p->pool, &dir, "%s/checkpoints", run_dir));
    GY_TRY(gy_directory_list(&p->pool, dir, &names, &n));
    gy_buffer_init(&text, p->ctx);
    for (int i = 0; i < n; i++)
        if (strncmp(names[i], "step-", 5) == 0 && strlen(names[i]) == 5 + DIGITS &&
            strspn(names[i] + 5, "0123456789") == DIGITS)
            gy_buffer_format(&text, "%s\n", names[i]);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_copy_string(p->ctx, gy_buffer_text(&text), lines);
    gy_buffer_clear(&text);
    return status;
}

/* A checkpoint and the room for what is seen of it. */
static gy_status add_checkpoint(gy_portrayal *p, const char *run_dir, const char *name,
                                const char **path, gy_portrait_checkpoint *out)
{
    gy_portrait_tensor *tensors;
    GY_TRY(gy_pool_string(&p->pool, name, &out->name));
    GY_TRY(gy_pool_format(&p->pool, path, "%s/checkpoints/%s", run_dir, name));
    GY_TRY(gy_pool_array(&p->pool, p->anatomy->n_params, &tensors));
    out->tensors = tensors;
    return GY_OK;
}

/* Evenly, with the first and the last, where there are too many of them. */
static gy_status choose(gy_portrayal *p, const char *run_dir, char *lines, const char **paths,
                        gy_portrait_checkpoint *out, int *n)
{
    int all = 0, at = 0;
    for (const char *c = lines; *c != '\0'; c++) all += *c == '\n';
    const int take = all < CHECKPOINTS ? all : CHECKPOINTS;
    for (char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, at++) {
        *end = '\0';
        if (*n == take || at != (take == 1 ? 0 : *n * (all - 1) / (take - 1))) continue;
        GY_TRY(add_checkpoint(p, run_dir, line, &paths[*n], &out[*n]));
        (*n)++;
    }
    return GY_OK;
}

/* The same ones on every rank. */
static gy_status find_checkpoints(gy_portrayal *p, gy_comm *comm, const char *run_dir,
                                  const char **paths, gy_portrait_checkpoint *out, int *n)
{
    char *lines = NULL;
    gy_status status = gy_comm_rank(comm) == 0 ? list_names(p, run_dir, &lines) : GY_OK;
    status = gy_comm_agree(comm, status);
    if (status == GY_OK) status = gy_comm_broadcast_text(comm, &lines);
    if (status == GY_OK) status = gy_comm_agree(comm, choose(p, run_dir, lines, paths, out, n));
    gy_free(p->ctx, lines);
    return status;
}

static double distance(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return sqrt(sum);
}

/* @param first  the earliest checkpoint's values */
static void look_at(const gy_anatomy_param *newest, const float *v, const float *first,
                    gy_portrait_tensor *out)
{
    double norm = 0;
    gy_anatomy_param p = {.count = newest->count};
    gy_tensor_measure(&p, v);
    for (int64_t i = 0; i < p.count; i++) norm += (double)first[i] * (double)first[i];
    *out = (gy_portrait_tensor){
        .mean = p.mean, .deviation = p.deviation, .least = p.min, .largest = p.max};
    out->moved = norm > 0 ? distance(v, first, p.count) / sqrt(norm) : NAN;
    gy_tensor_count(v, p.count, newest->min, newest->max, out->histogram, GY_PORTRAIT_BINS);
}

/* The values of another checkpoint of the same run into o's model. */
static gy_status read_checkpoint(gy_portrayal *p, gy_opened *o, const char *path, int64_t *step)
{
    gy_opened other = *o;
    other.path = path;
    GY_TRY(gy_checkpoint_read_head(p->ctx, o->comm, path, &p->pool, &other.head));
    *step = other.head.step;
    return gy_opened_read(&other);
}

/* What is damaged is passed over. @param first  room for the earliest one's values */
static gy_status look_at_all(gy_portrayal *p, gy_opened *o, const char *const *paths,
                             gy_portrait_checkpoint *all, int n, float *first)
{
    int read = 0;
    const gy_params *table = gy_model_params(o->network.model);
    const float *values = gy_model_values(o->network.model);
    for (int i = 0; i < n; i++) {
        gy_portrait_checkpoint c = all[i];
        gy_status status = read_checkpoint(p, o, paths[i], &c.step);
        if (status == GY_E_IO) continue;
        GY_TRY(status);
        if (read == 0) memcpy(first, values, (size_t)table->floats * sizeof *first);
        for (int j = 0; j < table->n && o->rank == 0; j++)
            look_at(&p->anatomy->params[j], values + table->v[j].offset, first + table->v[j].offset,
                    (gy_portrait_tensor *)&c.tensors[j]);
        all[read++] = c;
    }
    p->portrait.checkpoints = all;
    p->portrait.n_checkpoints = read;
    return GY_OK;
}

/* The first layer with parameters, where what it does to inputs can be seen. */
static const gy_model_unit *find_first(gy_opened *o, gy_model_unit *unit)
{
    for (int i = 0; i < gy_model_layers(o->network.model); i++) {
        *unit = gy_model_unit_at(o->network.model, i);
        if (unit->layer->n_params > 0) return unit;
    }
    return NULL;
}

/* How a weight [filters, …] is seen as pictures: of a convolution's inputs, or of a sample's pixels. */
static bool see(const gy_opened *o, const gy_layer *layer, const gy_shape *weight,
                gy_portrait_pictures *out)
{
    enum { LEAST = 9 }; /* pixels: smaller ones show nothing */
    const gy_shape *sample = gy_model_input(o->network.model);
    const char *kind = layer->kind->kind.name;
    const int64_t *d = weight->d;
    if (strcmp(kind, "conv2d") == 0 && weight->n == 4 && d[1] * d[2] >= LEAST)
        *out = (gy_portrait_pictures){
            .n = (int)d[0], .height = (int)d[1], .width = (int)d[2], .channels = (int)d[3]};
    else if (strcmp(kind, "dense") == 0 && weight->n == 2 && gy_portray_is_picture(sample) &&
             gy_shape_count(sample) == d[1])
        *out = (gy_portrait_pictures){.n = d[0] < FILTERS ? (int)d[0] : FILTERS,
                                      .height = (int)sample->d[0],
                                      .width = (int)sample->d[1],
                                      .channels = (int)sample->d[2]};
    else
        return false;
    if (out->n > FILTERS) out->n = FILTERS;
    return true;
}

/* Of other than one or three channels the first one is shown. */
static void copy_pixels(const gy_portrait_pictures *seen, int shown, const float *from, float *to)
{
    const int64_t pixels = (int64_t)seen->n * seen->height * seen->width;
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < shown; c++) to[i * shown + c] = from[i * seen->channels + c];
}

static gy_status take_filters(gy_portrayal *p, gy_opened *o)
{
    gy_model_unit unit;
    gy_portrait_pictures seen;
    float *pixels;
    const gy_params *table = gy_model_params(o->network.model);
    if (find_first(o, &unit) == NULL) return GY_OK;
    const gy_param *weight = &table->v[unit.params[0]];
    if (weight->form != NULL || !see(o, unit.layer, &weight->shape, &seen)) return GY_OK;
    const int shown = seen.channels == 3 ? 3 : 1;
    GY_TRY(gy_pool_array(&p->pool, (int64_t)seen.n * seen.height * seen.width * shown, &pixels));
    copy_pixels(&seen, shown, gy_model_values(o->network.model) + weight->offset, pixels);
    GY_TRY(gy_pool_string(&p->pool, weight->name, &seen.of));
    seen.channels = shown;
    seen.v = pixels;
    p->portrait.filters = seen;
    return GY_OK;
}

gy_status gy_portray_values(gy_portrayal *p, gy_opened *o, const char *run_dir)
{
    const char *paths[CHECKPOINTS];
    gy_portrait_checkpoint *all;
    float *first = NULL;
    int n = 0;
    gy_status status = gy_pool_array(&p->pool, CHECKPOINTS, &all);
    if (status == GY_OK && o->rank == 0) status = take_filters(p, o);
    GY_TRY(gy_comm_agree(o->comm, status));
    GY_TRY(find_checkpoints(p, o->comm, run_dir, paths, all, &n));
    GY_TRY(gy_comm_new_array(o->comm, gy_model_params(o->network.model)->floats, &first));
    status = look_at_all(p, o, paths, all, n, first);
    gy_free(p->ctx, first);
    return status;
}
