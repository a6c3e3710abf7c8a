/*
 * Which values are flat forms of images or sequences.
 *
 *     forwards   flatten (and a reshape to a line) makes one of what it reads
 *     backwards  what a reshape makes an image of was one before
 *
 * and layers that treat each element by itself hand it on.
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

static bool reshapes(const gy_layer *l, int from, int to)
{
    return l->relation.view && (from > 1 ? l->in[0].n > 1 : l->in[0].n == 1) &&
           (to > 1 ? l->out.n > 1 : l->out.n == 1);
}

gy_status gy_orders_make(gy_pool *pool, const gy_model *model, gy_shape **out)
{
    const int n = gy_model_layers(model);
    GY_TRY(gy_pool_array(pool, n + 1, out));
    for (int i = 0; i < n; i++) {
        const gy_model_unit u = gy_model_unit_at(model, i);
        if (reshapes(u.layer, 2, 1)) (*out)[u.y] = u.layer->in[0];
        if (keeps(u.layer)) (*out)[u.y] = (*out)[u.x[0]];
    }
    for (int i = n - 1; i >= 0; i--) {
        const gy_model_unit u = gy_model_unit_at(model, i);
        if ((*out)[u.x[0]].n > 0) continue;
        if (reshapes(u.layer, 1, 2)) (*out)[u.x[0]] = u.layer->out;
        if (keeps(u.layer)) (*out)[u.x[0]] = (*out)[u.y];
    }
    return GY_OK;
}
