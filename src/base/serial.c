/* Serial numbers, counted on the context. */
#include "serial.h"

#include "context_impl.h"

unsigned long long gy_serial_take(gy_context *ctx)
{
    return atomic_fetch_add(&ctx->serials, 1) + 1;
}
