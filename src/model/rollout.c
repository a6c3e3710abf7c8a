/*
 * A model rolled out in time: it is applied to its own output, over and over, by one set of parameters.
 *
 *     x0 → f → y1;  x1 = x0 without its oldest frame, with y1 → f → y2;  …;  outputs y1, y2, … side by side
 *
 * Every turn is a level of its own ("1", "2", …) whose parameters are those of the first.
 */
#include "model_impl.h"

#include "layer/builder.h"
#include "layer/kinds/parts.h"
#include "layer/layer_list.h"

/* One frame after the other joins those before it, as many at once as a layer takes. */
static gy_status join(gy_builder *b, const gy_layer_spec *spec, const int *frames, int n, int *out)
{
    int parts[GY_LAYER_INPUTS] = {frames[0]}, count = 1;
    for (int i = 1; i < n; i++) {
        parts[count++] = frames[i];
        if (count < GY_LAYER_INPUTS && i + 1 < n) continue;
        GY_TRY(gy_merge_add(spec, b, GY_MERGE_CONCAT, parts, count, &parts[0]));
        count = 1;
    }
    *out = parts[0];
    return GY_OK;
}

/* The input of the turn after a frame. */
static gy_status next_input(gy_builder *b, const gy_layer_spec *spec, int x, int frame, int *out)
{
    const gy_layer_spec shift = {
        &gy_layer_shift, {.name = "", .trainable = true}, NULL, spec->where};
    const int both[] = {x, frame};
    *out = frame;
    if (gy_shape_equal(gy_builder_shape(b, x), gy_builder_shape(b, frame))) return GY_OK;
    return gy_builder_layer(b, &shift, both, 2, out);
}

gy_status gy_model_roll_out(gy_builder *b, const gy_model_spec *spec, int x, int *out,
                            gy_status (*turn)(gy_builder *b, int i, int x, int *out))
{
    const gy_layer_spec where = {.kind = &gy_layer_merge, .where = spec->where};
    int *frames;
    GY_TRY(gy_pool_array(b->pool, spec->rollout, &frames));
    for (int i = 0; i < spec->rollout; i++) {
        if (i > 0) GY_TRY(next_input(b, &where, x, frames[i - 1], &x));
        GY_TRY(turn(b, i, x, &frames[i]));
    }
    return join(b, &where, frames, spec->rollout, out);
}
