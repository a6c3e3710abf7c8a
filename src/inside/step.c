/* A training step on what all ranks give: their samples in the order of the ranks are the global batch. */
#include "inside_impl.h"

#include "base/door.h"
#include "base/part.h"

/* With grains each rank's samples must be whole ones. All ranks know of all cuts, and find the same. */
static gy_status check_grains(const gy_network *net, const gy_crowd *crowd)
{
    const int grains = net->net->grains;
    int64_t at = 0, first = 0, n = 0;
    int grain = 0;
    for (int r = 0; r < gy_comm_ranks(net->comm) && grains > 0; r++) {
        at += net->announced[r].n;
        while (first < at && grain < grains) {
            gy_part_of(crowd->n, grain++, grains, &first, &n);
            first += n; /* the end of the grain */
        }
        GY_REQUIRE(first == at, GY_E_USAGE,
                   "the samples do not fit the grains" GY_AT "rank %d: %lld of %lld" GY_WHY
                   "those of a grain must be of one rank (comm.reproducible_grains: %d)" GY_HINT
                   "cut them so, or set comm.reproducible_grains=0",
                   r, (long long)net->announced[r].n, (long long)crowd->n, grains);
    }
    return GY_OK;
}

static gy_status check(const gy_network *net, const gy_call *call)
{
    GY_REQUIRE(net->training, GY_E_USAGE,
               "cannot train the network" GY_WHY "it was opened to be applied" GY_HINT
               "open it with options.training");
    GY_TRY(gy_inside_check_learned(net));
    return gy_call_check(call, true);
}

static gy_status normalize(gy_network *net, const gy_call *call)
{
    GY_TRY(gy_given_take(net, call));
    if (net->feed->vocabulary == 0)
        gy_normalizer_apply(&net->feed->normalizer, net->given.n, net->from.x, net->given.x);
    return GY_OK;
}

static gy_status step(gy_network *net, const gy_call *call, gy_status status, double *loss)
{
    gy_crowd crowd;
    const gy_given *g = &net->given;
    if (status == GY_OK) status = check(net, call);
    if (status == GY_OK) status = normalize(net, call);
    if (!net->training) return status; /* on every rank */
    GY_TRY(gy_inside_meet(net, g->n, g->weighs, status, &crowd));
    if (loss != NULL) *loss = 0;
    if (crowd.n == 0) return GY_OK;
    GY_TRY(check_grains(net, &crowd));
    gy_packed_drop(net);
    GY_TRY(gy_run_fit(&net->run, crowd.n, crowd.most));
    net->net->task.weights = crowd.weighs;
    const gy_batch batch = {.global = crowd.n,
                            .first = crowd.first,
                            .n = g->n,
                            .x = g->x,
                            .y = g->y,
                            .w = g->weighs ? g->w : NULL};
    status = gy_run_take_step(&net->run, &batch);
    if (loss != NULL) *loss = net->run.now.loss;
    return status;
}

gy_status gy_network_step(gy_network *net, int64_t n, const float *x, const float *y,
                          const float *weight, double *loss)
{
    GY_DOOR;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot train a network" GY_WHY "there is none");
    const gy_call call = gy_call_straight(net, n, x, y, weight);
    return step(net, &call, GY_OK, loss);
}

gy_status gy_network_step_view(gy_network *net, const gy_view *x, const gy_view *y,
                               const gy_view *weight, double *loss)
{
    GY_DOOR;
    gy_call call;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot train a network" GY_WHY "there is none");
    gy_status status = gy_call_take(net, x, y, weight, true, &call);
    return step(net, &call, status, loss);
}
