/* The loss as an evaluation has it, of what all ranks give: by the network's own workspace. */
#include "inside_impl.h"

#include "base/door.h"
#include "comm/comm.h"

#include <string.h>

static gy_status pass(gy_network *net, bool weighs)
{
    gy_workspace *w = net->own;
    const gy_given *g = &net->given;
    gy_net *own = &w->net;
    const gy_theirs x = gy_theirs_straight(g->x, g->n, net->from.x);
    double *tally = net->tally;
    memset(tally, 0, (size_t)own->task.sums * sizeof *tally);
    own->task.unit = net->net->task.unit;
    own->task.weights = weighs;
    for (int64_t done = 0; done < g->n; done += w->most) {
        const int64_t n = g->n - done < w->most ? g->n - done : w->most;
        float *y = NULL;
        GY_TRY(gy_workspace_pass(w, &x, done, n, &y));
        const gy_task_batch batch = {n, y, g->y + done * net->from.y,
                                     g->weighs ? g->w + done : NULL, NULL};
        (void)gy_task_add(&own->task, own->kernel, &batch, 1, NULL, tally);
    }
    return GY_OK;
}

static gy_status loss(gy_network *net, const gy_call *call, gy_status status, double *out)
{
    gy_crowd crowd;
    const gy_given *g = &net->given;
    if (status == GY_OK) status = gy_inside_check_learned(net);
    if (status == GY_OK) status = gy_call_check(call, true);
    if (status == GY_OK) status = gy_given_take(net, call);
    GY_TRY(gy_inside_meet(net, g->n, g->weighs, status, &crowd));
    GY_TRY(gy_comm_agree(net->comm, pass(net, crowd.weighs)));
    GY_TRY(gy_comm_sum(net->comm, net->tally, net->own->net.task.sums));
    if (out != NULL) *out = gy_task_loss(net->tally);
    return GY_OK;
}

gy_status gy_network_loss(gy_network *net, int64_t n, const float *x, const float *y,
                          const float *weight, double *out)
{
    GY_DOOR;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "no loss of a network" GY_WHY "there is none");
    const gy_call call = gy_call_straight(net, n, x, y, weight);
    return loss(net, &call, GY_OK, out);
}

gy_status gy_network_loss_view(gy_network *net, const gy_view *x, const gy_view *y,
                               const gy_view *weight, double *out)
{
    GY_DOOR;
    gy_call call;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "no loss of a network" GY_WHY "there is none");
    gy_status status = gy_call_take(net, x, y, weight, true, &call);
    return loss(net, &call, status, out);
}
