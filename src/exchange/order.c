/*
 * Which values are flat forms of images or sequences.
 *
 *     forwards   flatten (and a reshape to a line) makes one of what it reads
 *     backwards  what a reshape makes an image of was one before
 *
 * and layers that treat each element by itself hand it on. Of sequences only those count that come from
 * windows over time: what recurrent layers and attentions make has channels last there, too.
 */
#include "convention.h"

#include <string.h>

/* Whether element i of y is made of element i of x. */
static bool keeps(const gy_layer *l)
{
    static const char *const kinds[] = {"activation", "dropout",  "batch_norm",
                                        "layer_norm", "rms_norm", "merge"};
    bool alike = l->out.n == 1 && gy_shape_equal(&l->in[0], &l->out);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(l->kind->kind.name, kinds[i]) == 0) return alike;
    return false;
}

/* Whether a value has its channels first there. @param firsts  of the values before it */
static bool is_first(const gy_layer *l, const bool *firsts, int x)
{
    static const char *const windows[] = {"conv1d", "conv1d_transposed", "max_pool1d", "avg_pool1d",
                                          "upsample1d"};
    if (l->out.n > 2) return true;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        if (strcmp(l->kind->kind.name, windows[i]) == 0) return true;
    bool alike = gy_shape_equal(&l->in[0], &l->out) && (l->kind->pointwise || l->relation.in_place);
    return l->out.n == 2 && alike && firsts[x];
}

static bool reshapes(const gy_layer *l, int from, int to)
{
    return l->relation.view && (from > 1 ? l->in[0].n > 1 : l->in[0].n == 1) &&
           (to > 1 ? l->out.n > 1 : l->out.n == 1);
}

gy_status gy_orders_make(gy_pool *pool, const gy_model *model, gy_shape **out)
{
    const int n = gy_model_layers(model);
    bool *firsts;
    GY_TRY(gy_pool_array(pool, n + 1, out));
    GY_TRY(gy_pool_array(pool, n + 1, &firsts));
    firsts[0] = gy_model_input(model)->n > 2;
    for (int i = 0; i < n; i++) {
        const gy_model_unit u = gy_model_unit_at(model, i);
        firsts[u.y] = is_first(u.layer, firsts, u.x[0]);
        if (reshapes(u.layer, 2, 1) && firsts[u.x[0]]) (*out)[u.y] = u.layer->in[0];
        if (keeps(u.layer)) (*out)[u.y] = (*out)[u.x[0]];
    }
    for (int i = n - 1; i >= 0; i--) {
        const gy_model_unit u = gy_model_unit_at(model, i);
        if ((*out)[u.x[0]].n > 0) continue;
        if (reshapes(u.layer, 1, 2) && u.layer->out.n > 2) (*out)[u.x[0]] = u.layer->out;
        if (keeps(u.layer)) (*out)[u.x[0]] = (*out)[u.y];
    }
    return GY_OK;
}
