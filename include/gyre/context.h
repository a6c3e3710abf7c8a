/**
 * The context: what all objects of one job share. There are no mutable globals in the library
 * besides the thread's last error and, within a call, its caller's
 * floating-point mode; everything hangs on a context.
 *
 * Every function that returns a status works in the default floating-point environment, in each of
 * its threads, and gives the caller's back: rounding, traps, flushing of small numbers, flags. So no
 * number depends on it. Callbacks are called in the default one.
 */
#ifndef GYRE_CONTEXT_H
#define GYRE_CONTEXT_H

#include <gyre/status.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_context gy_context;

typedef enum gy_level { GY_INFO, GY_WARNING } gy_level;

/** Takes one line of text (no newline). The library itself never prints. */
typedef void gy_sink(void *user, gy_level level, const char *line);

/**
 * Makes a context. Local.
 *
 * @param sink  takes the library's messages, called from the thread that owns the context; may be
 *              NULL, then they are dropped
 * @param user  passed to sink; not owned
 * @param out   the context; free with gy_context_free()
 * @return GY_OK; GY_E_NOMEM; GY_E_USAGE where GYRE_SIMD names no level of this machine, or out is NULL
 */
GY_API gy_status gy_context_create(gy_sink *sink, void *user, gy_context **out) GY_CHECKED;

/** Frees a context; everything made with it must be gone. NULL is allowed. Local. */
GY_API void gy_context_free(gy_context *ctx);

/** Allocations not freed yet: 0 when every object of the context is gone. Local. */
GY_API int64_t gy_context_balance(const gy_context *ctx);

/** The instruction set in use: "baseline", "v3", "v4" (x86-64 levels), "v4_bf16" or "v4_amx" (v4 with AVX512-BF16, with AMX-BF16). Local. */
GY_API const char *gy_context_simd(const gy_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
