/*
 * What ranks give in collective calls: each takes its own, then all tell each other how many, and of failures,
 * in one message. So nobody waits for a rank that could not begin.
 */
#include "inside_impl.h"

#include "base/number.h"
#include "comm/comm.h"

#include <math.h>

gy_call gy_call_straight(const gy_network *net, int64_t n, const float *x, const float *y,
                         const float *w)
{
    return (gy_call){gy_theirs_straight(x, n, net->from.x), gy_theirs_straight(y, n, net->from.y),
                     gy_theirs_straight(w, n, 1)};
}

gy_status gy_call_check_number(const char *name, const gy_theirs *a, int64_t n)
{
    GY_REQUIRE(a->n == n, GY_E_SHAPE,
               "the views do not fit each other" GY_AT "%s" GY_WHY
               "it has %lld samples, x has %lld",
               name, (long long)a->n, (long long)n);
    return GY_OK;
}

gy_status gy_call_take(const gy_network *net, const gy_view *x, const gy_view *y, const gy_view *w,
                       bool targets, gy_call *out)
{
    static const gy_shape number = {.n = 0};
    GY_TRY(gy_theirs_take("x", x, true, &net->input, &out->x));
    GY_TRY(gy_theirs_take("y", y, targets, &net->target, &out->y));
    GY_TRY(gy_theirs_take("weight", w, false, &number, &out->w));
    if (y != NULL) GY_TRY(gy_call_check_number("y", &out->y, out->x.n));
    return w == NULL ? GY_OK : gy_call_check_number("weight", &out->w, out->x.n);
}

gy_status gy_call_check(const gy_call *call, bool targets)
{
    GY_REQUIRE(call->x.n >= 0, GY_E_USAGE,
               "the samples are not valid" GY_AT "n" GY_WHY "it is %lld", (long long)call->x.n);
    GY_REQUIRE(call->x.n == 0 || call->x.data != NULL, GY_E_USAGE,
               "an argument is missing" GY_AT "x" GY_WHY "it is NULL");
    GY_REQUIRE(call->x.n == 0 || call->y.data != NULL || !targets, GY_E_USAGE,
               "an argument is missing" GY_AT "y" GY_WHY "it is NULL");
    return GY_OK;
}

gy_status gy_inside_new_samples(gy_context *ctx, int64_t n, int64_t each, float **out)
{
    int64_t floats;
    GY_REQUIRE(gy_mul(n, each, &floats), GY_E_NOMEM,
               "out of memory" GY_WHY "%lld samples are too many", (long long)n);
    return gy_new_array(ctx, floats, out);
}

static gy_status make_room(gy_network *net, int64_t n)
{
    gy_given *g = &net->given;
    if (n <= g->room) return GY_OK;
    gy_given_clear(net);
    GY_TRY(gy_inside_new_samples(net->ctx, n, net->from.x, &g->x));
    GY_TRY(gy_inside_new_samples(net->ctx, n, net->from.y, &g->y));
    GY_TRY(gy_new_array(net->ctx, n, &g->w));
    g->room = n;
    return GY_OK;
}

void gy_given_clear(gy_network *net)
{
    gy_given *g = &net->given;
    gy_free(net->ctx, g->x);
    gy_free(net->ctx, g->y);
    gy_free(net->ctx, g->w);
    *g = (gy_given){.n = 0};
}

static gy_status check_weights(const gy_given *g)
{
    for (int64_t i = 0; i < g->n && g->weighs; i++)
        GY_REQUIRE(g->w[i] >= 0 && isfinite(g->w[i]), GY_E_DATA,
                   "weight out of range" GY_AT "sample %lld" GY_WHY "%g, weights are ≥ 0",
                   (long long)i, (double)g->w[i]);
    return GY_OK;
}

gy_status gy_given_take(gy_network *net, const gy_call *call)
{
    gy_given *g = &net->given;
    GY_TRY(make_room(net, call->x.n));
    g->n = call->x.n;
    g->weighs = call->w.data != NULL;
    if (g->n == 0) return GY_OK;
    gy_theirs_read(&call->x, 0, g->n, g->x);
    if (call->y.data != NULL) gy_theirs_read(&call->y, 0, g->n, g->y);
    if (g->weighs) gy_theirs_read(&call->w, 0, g->n, g->w);
    GY_TRY(check_weights(g));
    const gy_feed_values values = {.n = g->n,
                                   .x = g->x,
                                   .y = call->y.data == NULL ? NULL : g->y,
                                   .w = g->weighs ? g->w : NULL};
    return gy_feed_check_values(net->feed, &net->from, &values);
}

gy_status gy_inside_meet(gy_network *net, int64_t n, bool weighs, gy_status status, gy_crowd *out)
{
    const gy_announced mine = {n, (int)status, weighs};
    const int rank = gy_comm_rank(net->comm), ranks = gy_comm_ranks(net->comm);
    *out = (gy_crowd){.n = 0};
    GY_TRY(gy_comm_all_gather(net->comm, &mine, sizeof mine, net->announced));
    for (int r = 0; r < ranks; r++) {
        const gy_announced *a = &net->announced[r];
        if (a->status != GY_OK) return gy_comm_agree(net->comm, status);
        if (r == rank) out->first = out->n;
        out->n += a->n;
        if (a->n > out->most) out->most = a->n;
        out->weighs = out->weighs || a->weighs;
    }
    return GY_OK;
}
