/* Signs of life, counted on the context. */
#include "pulse.h"

#include "context_impl.h"

void gy_pulse_beat(gy_context *ctx)
{
    (void)atomic_fetch_add_explicit(&ctx->pulse, 1, memory_order_relaxed);
}

unsigned long long gy_pulse_count(const gy_context *ctx)
{
    return atomic_load_explicit(&ctx->pulse, memory_order_relaxed);
}
