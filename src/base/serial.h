/** Serial numbers: by them events are told apart that read alike. */
#ifndef GY_BASE_SERIAL_H
#define GY_BASE_SERIAL_H

#include <gyre/context.h>

/** A number above 0 that no other call on this context gives. From any thread. */
unsigned long long gy_serial_take(gy_context *ctx);

#endif
