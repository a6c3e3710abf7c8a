/* Means and deviations learned from what ranks give, for a network that no data have taught. */
#include "inside_impl.h"

#include "base/door.h"
#include "comm/comm.h"

#include <math.h>

static gy_status lacks(const char *key)
{
    return gy_raise(GY_E_USAGE,
                    "the network is not ready" GY_AT "%s" GY_WHY
                    "means and deviations are not known" GY_HINT "call gy_network_learn() first",
                    key);
}

gy_status gy_inside_check_learned(const gy_network *net)
{
    if (net->x.n > 0 && net->feed->normalizer.n == 0) return lacks("data.normalize");
    if (net->y.n > 0 && net->feed->unit.n == 0) return lacks("data.normalize_targets");
    return GY_OK;
}

static gy_status add_up(void *comm, double *values, int n)
{
    return gy_comm_sum(comm, values, n);
}

static gy_status check_finite(const char *name, int64_t n, int64_t each, const float *v)
{
    for (int64_t i = 0; i < n * each; i++)
        GY_REQUIRE(isfinite(v[i]), GY_E_DATA,
                   "cannot learn from the samples" GY_AT "%s: sample %lld" GY_WHY
                   "a value is not finite",
                   name, (long long)(i / each));
    return GY_OK;
}

/* This rank's samples, in the unit that they are normalised in. */
static gy_status take(gy_network *net, const gy_call *call)
{
    const gy_given *g = &net->given;
    const gy_normalizer scale = {.scale = net->feed->normalizer.scale,
                                 .offset = net->feed->normalizer.offset};
    GY_TRY(gy_call_check(call, net->y.n > 0));
    GY_TRY(gy_given_take(net, call));
    if (net->x.n > 0) GY_TRY(check_finite("x", g->n, net->from.x, g->x));
    if (net->y.n > 0) GY_TRY(check_finite("y", g->n, net->from.y, g->y));
    if (net->feed->vocabulary == 0) gy_normalizer_apply(&scale, g->n, net->from.x, g->x);
    return GY_OK;
}

static void give(const gy_moments *m, gy_normalizer *out)
{
    if (m->n == 0 || m->count == 0) return;
    gy_moments_give(m, out);
    out->n = m->n;
}

static gy_status learn(gy_network *net, const gy_call *call, gy_status status)
{
    const gy_given *g = &net->given;
    GY_REQUIRE(net->training, GY_E_USAGE,
               "cannot learn from samples" GY_WHY "the network was opened to be applied" GY_HINT
               "open it with options.training");
    const bool taught = net->last.step >= 0 && net->x.n == 0 && net->y.n == 0;
    GY_REQUIRE(gy_network_steps(net) == 0 && !taught, GY_E_USAGE,
               "cannot learn from samples" GY_WHY
               "means and deviations stand since the first step, or the checkpoint");
    if (status == GY_OK) status = take(net, call);
    GY_TRY(gy_comm_agree(net->comm, status));
    GY_TRY(gy_moments_add(&net->x, g->n * net->from.x, g->x, add_up, net->comm));
    GY_TRY(gy_moments_add(&net->y, g->n * net->from.y, g->y, add_up, net->comm));
    give(&net->x, &net->feed->normalizer);
    give(&net->y, &net->feed->unit);
    return gy_feed_teach(net->feed, net->net);
}

gy_status gy_network_learn(gy_network *net, int64_t n, const float *x, const float *y)
{
    GY_DOOR;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot learn from samples" GY_WHY "there is no network");
    const gy_call call = gy_call_straight(net, n, x, y, NULL);
    return learn(net, &call, GY_OK);
}

gy_status gy_network_learn_view(gy_network *net, const gy_view *x, const gy_view *y)
{
    GY_DOOR;
    gy_call call;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot learn from samples" GY_WHY "there is no network");
    gy_status status = gy_call_take(net, x, y, NULL, net->y.n > 0, &call);
    return learn(net, &call, status);
}
