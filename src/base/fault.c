/* Failures made on purpose. */
#include "fault.h"

#include "context_impl.h"

void gy_fault_arm(gy_context *ctx, gy_fault fault, int64_t k)
{
    atomic_store(&ctx->fail_in[fault], k);
}

int64_t gy_fault_left(gy_context *ctx, gy_fault fault)
{
    return atomic_load(&ctx->fail_in[fault]);
}

bool gy_fault_strikes(gy_context *ctx, gy_fault fault)
{
    int_fast64_t left = atomic_load(&ctx->fail_in[fault]);
    while (left > 0 && !atomic_compare_exchange_weak(&ctx->fail_in[fault], &left, left - 1)) {}
    return left == 1 || left == GY_FAULT_ALWAYS;
}
