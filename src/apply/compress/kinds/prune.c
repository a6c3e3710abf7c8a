/*
 * The weights of least size become zero (LeCun et al. 1990, Han et al. 2015): one by one, or rows,
 * channels or blocks of them by their root mean square; the least of all layers together, or of each.
 */
#include "../compress_list.h"

#include "base/count.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 16 }; /* elements side by side in a row */

enum { SCOPE_GLOBAL, SCOPE_LAYER };
static const char *const scopes[] = {"global", "layer", NULL};

enum { ELEMENT, ROW, CHANNEL, BLOCKS };
static const char *const structures[] = {"element", "row", "channel", "block", NULL};

typedef struct prune {
    double fraction;
    int scope, structure;
} prune;

/* Elements from, from + step, …: `times` runs of `n` side by side that go together. */
typedef struct group {
    float *w;
    int64_t n, step, times;
    double size; /* root mean square */
} group;

typedef struct groups {
    group *v;
    int64_t n;
} groups;

static double size_of(const group *g)
{
    double squares = 0;
    for (int64_t t = 0; t < g->times; t++)
        for (int64_t i = 0; i < g->n; i++) {
            const double x = (double)g->w[t * g->step + i];
            squares += x * x;
        }
    return sqrt(squares / (double)(g->n * g->times));
}

static void add(groups *list, float *w, int64_t n, int64_t step, int64_t times)
{
    group *g = &list->v[list->n++];
    *g = (group){.w = w, .n = n, .step = step, .times = times};
    g->size = size_of(g);
}

/* How many groups a tensor is cut into: of `each` elements of a row, or a channel of all rows. */
static void cut(const gy_subject *s, const gy_param *p, int structure, groups *list)
{
    float *w = gy_subject_values(s, p);
    const int64_t rows = p->shape.d[0], row = p->count / rows, channels = gy_shape_last(&p->shape);
    for (int64_t i = 0; structure == CHANNEL && i < channels; i++)
        add(list, w + i, 1, channels, p->count / channels);
    const int64_t each = structure == ELEMENT ? 1 : structure == ROW ? row : BLOCK;
    for (int64_t r = 0; structure != CHANNEL && r < rows; r++)
        for (int64_t i = 0; i < row; i += each)
            add(list, w + r * row + i, gy_least(each, row - i), 0, 1);
}

/* The least first; of equal ones the earlier. */
static int by_size(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return (x->w > y->w) - (x->w < y->w);
}

/* As many as come nearest to the fraction without exceeding it. */
static void clear_least(groups *list, double fraction)
{
    int64_t all = 0, done = 0;
    qsort(list->v, (size_t)list->n, sizeof *list->v, by_size);
    for (int64_t i = 0; i < list->n; i++) all += list->v[i].n * list->v[i].times;
    const double most = fraction * (double)all + 1e-6;
    for (int64_t i = 0; i < list->n; i++) {
        const group *g = &list->v[i];
        done += g->n * g->times;
        if ((double)done > most) break;
        for (int64_t t = 0; t < g->times; t++)
            for (int64_t j = 0; j < g->n; j++) g->w[t * g->step + j] = 0;
    }
    list->n = 0;
}

static gy_status run(gy_subject *s, const void *settings)
{
    const prune *p = settings;
    const gy_params *params = gy_subject_params(s);
    groups list = {.n = 0};
    int64_t most = 0;
    for (int i = 0; i < params->n; i++)
        if (gy_role_is_weight(params->v[i].role)) most += params->v[i].count;
    GY_TRY(gy_new_array(s->ctx, most, &list.v));
    for (int i = 0; i < params->n; i++) {
        if (!gy_role_is_weight(params->v[i].role) || !gy_subject_has(s, &params->v[i])) continue;
        cut(s, &params->v[i], p->structure, &list);
        if (p->scope == SCOPE_LAYER) clear_least(&list, p->fraction);
        if (s->holds[i] == GY_HOLD_NOTHING) s->holds[i] = GY_HOLD_ZEROS;
        s->changed++;
    }
    clear_least(&list, p->fraction);
    gy_free(s->ctx, list.v);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "fraction",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(prune, fraction),
     .min = 0,
     .max = 1,
     .help = "how much of the weights becomes zero"},
    {.key = "scope",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(prune, scope),
     .standard = "global",
     .choices = scopes,
     .help = "the least of all layers together, or of each"},
    {.key = "structure",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(prune, structure),
     .standard = "element",
     .choices = structures,
     .help = "what goes together: a row makes an output, a channel reads an input; a block is 16"},
    GY_SETTING_END,
};

const gy_compress_kind gy_compress_prune = {
    .kind = {"prune", "weights of least size become zero, and stay so", rows, sizeof(prune)},
    .run = run,
};
