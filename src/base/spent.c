/* What calls of the system took. */
#include "spent.h"

#include "clock.h"
#include "context_impl.h"

void gy_spent_since(gy_context *ctx, gy_spent what, double start_s)
{
    atomic_fetch_add(&ctx->spent_ns[what], (int_fast64_t)(1e9 * (gy_clock_s() - start_s)));
}

double gy_spent_s(const gy_context *ctx, gy_spent what)
{
    return 1e-9 * (double)atomic_load(&ctx->spent_ns[what]);
}
