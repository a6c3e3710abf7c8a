/* A network applied: block by block of what its workspace holds. */
#include "inside_impl.h"

#include "base/door.h"

#include <string.h>

static void give(const gy_theirs *y, int64_t first, int64_t n, const float *from)
{
    float *there = gy_theirs_at(y, first);
    if (there != NULL)
        memcpy(there, from, (size_t)(n * y->count) * sizeof *from);
    else
        gy_theirs_write(y, first, n, from);
}

static gy_status apply(gy_workspace *w, const gy_theirs *x, const gy_theirs *y)
{
    const gy_task *task = &w->network->net->task;
    for (int64_t done = 0; done < x->n; done += w->most) {
        const int64_t n = x->n - done < w->most ? x->n - done : w->most;
        float *out = NULL;
        GY_TRY(gy_workspace_pass(w, x, done, n, &out));
        gy_task_restore(task, n, out);
        give(y, done, n, out);
    }
    return GY_OK;
}

static gy_status begin(const gy_network *net, gy_workspace **w)
{
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot apply a network" GY_WHY "there is none");
    if (*w == NULL) *w = net->own;
    GY_REQUIRE((*w)->network == net, GY_E_USAGE,
               "cannot apply a network" GY_AT "workspace" GY_WHY "it is another network's");
    return gy_inside_check_learned(net);
}

gy_status gy_network_apply(gy_network *net, gy_workspace *w, int64_t n, const float *x, float *y)
{
    GY_SWIFT_DOOR;
    GY_TRY(begin(net, &w));
    GY_REQUIRE(n >= 0, GY_E_USAGE, "cannot apply a network" GY_AT "n" GY_WHY "it is %lld",
               (long long)n);
    GY_REQUIRE(n == 0 || (x != NULL && y != NULL), GY_E_USAGE,
               "an argument is missing" GY_AT "x or y" GY_WHY "it is NULL");
    const gy_theirs in = gy_theirs_straight(x, n, net->from.x);
    const gy_theirs out = gy_theirs_straight(y, n, gy_shape_count(&net->output));
    return apply(w, &in, &out);
}

gy_status gy_network_apply_view(gy_network *net, gy_workspace *w, const gy_view *x,
                                const gy_view *y)
{
    GY_SWIFT_DOOR;
    gy_theirs in, out;
    GY_TRY(begin(net, &w));
    GY_TRY(gy_theirs_take("x", x, true, &net->input, &in));
    GY_TRY(gy_theirs_take("y", y, true, &net->output, &out));
    GY_TRY(gy_call_check_number("y", &out, in.n));
    return apply(w, &in, &out);
}
