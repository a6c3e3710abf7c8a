/* A trace: an array of spans; who adds one draws its place. */
#include "trace.h"

#include "alloc.h"
#include "clock.h"
#include "context_impl.h"

struct gy_trace {
    int64_t most;
    atomic_int_fast64_t drawn;
    gy_span *spans; /* [most] */
};

gy_status gy_trace_begin(gy_context *ctx, int64_t most)
{
    struct gy_trace *t = NULL;
    GY_TRY(gy_new(ctx, &t));
    gy_status status = gy_new_array(ctx, most, &t->spans);
    if (status != GY_OK) {
        gy_free(ctx, t);
        return status;
    }
    t->most = most;
    ctx->trace = t;
    return GY_OK;
}

void gy_trace_end(gy_context *ctx)
{
    if (ctx->trace == NULL) return;
    gy_free(ctx, ctx->trace->spans);
    gy_free(ctx, ctx->trace);
    ctx->trace = NULL;
}

bool gy_trace_is_on(const gy_context *ctx)
{
    return ctx->trace != NULL;
}

void gy_trace_add_ended(gy_context *ctx, int track, const char *name, int64_t number,
                        double begin_s, double end_s)
{
    struct gy_trace *t = ctx->trace;
    if (t == NULL) return;
    const int64_t at = atomic_fetch_add(&t->drawn, 1);
    if (at < t->most) t->spans[at] = (gy_span){name, number, begin_s, end_s, track};
}

void gy_trace_add(gy_context *ctx, int track, const char *name, int64_t number, double begin_s)
{
    if (ctx->trace != NULL) gy_trace_add_ended(ctx, track, name, number, begin_s, gy_clock_s());
}

const gy_span *gy_trace_spans(const gy_context *ctx, int64_t *n, int64_t *left_out)
{
    const int64_t drawn = atomic_load(&ctx->trace->drawn), most = ctx->trace->most;
    *n = drawn < most ? drawn : most;
    *left_out = drawn - *n;
    return ctx->trace->spans;
}
