/**
 * Memory. Everything the library allocates goes through here: counted on the context, so that a
 * test can see that all of it was freed, and can let the k-th allocation fail.
 *
 * All functions are local and may be called from any thread.
 */
#ifndef GY_BASE_ALLOC_H
#define GY_BASE_ALLOC_H

#include <gyre/context.h>

#include <stdbool.h>
#include <stddef.h>

enum { GY_ALIGN = 64 }; /* bytes; a cache line, and the widest vector */

/**
 * Allocates zero-filled memory, aligned to GY_ALIGN.
 *
 * Blocks of 1 MiB and more ask for huge pages.
 *
 * @param bytes  0 gives a valid pointer too
 * @param out    the memory; free with gy_free(); set on success only
 * @return GY_OK; GY_E_NOMEM
 */
gy_status gy_alloc(gy_context *ctx, size_t bytes, void **out) GY_CHECKED;

/** The same of any contents: for rooms that not every caller uses, pages that nobody touches take no memory. */
gy_status gy_alloc_room(gy_context *ctx, size_t bytes, void **out) GY_CHECKED;

/** Like gy_alloc for `n` elements of `size` bytes; GY_E_NOMEM where n * size does not fit. n ≥ 0 */
gy_status gy_alloc_array(gy_context *ctx, int64_t n, size_t size, void **out) GY_CHECKED;

/** Frees; NULL is allowed. */
void gy_free(gy_context *ctx, void *memory);

/** Copies a string; free with gy_free(). */
gy_status gy_copy_string(gy_context *ctx, const char *text, char **out) GY_CHECKED;

/** Zero-filled object or array of *out's type: gy_new(ctx, &model), gy_new_array(ctx, n, &x). */
#define gy_new(ctx, out) gy_alloc((ctx), sizeof **(out), (void **)(out))
#define gy_new_array(ctx, n, out) gy_alloc_array((ctx), (n), sizeof **(out), (void **)(out))

/** Lets the k-th allocation from now on fail (1 = the next); 0 = none; see fault.h. */
void gy_alloc_fail_at(gy_context *ctx, int64_t k);

/** Bytes in use and the most there ever were. */
int64_t gy_alloc_bytes(const gy_context *ctx);
int64_t gy_alloc_peak_bytes(const gy_context *ctx);

/** The most memory that this process had in use, library or not, in bytes; 0: not known. */
int64_t gy_process_peak_bytes(void);

/** Allocations made so far; a training step leaves it alone. */
int64_t gy_alloc_count(const gy_context *ctx);

/** A pool: many small pieces of one lifetime, freed at once. Not for several threads at a time. */
typedef struct gy_pool {
    gy_context *ctx;
    struct gy_pool_block *blocks;
} gy_pool;

void gy_pool_init(gy_pool *pool, gy_context *ctx);
void gy_pool_clear(gy_pool *pool);

/** Zero-filled piece of the pool, aligned to 16 bytes. */
gy_status gy_pool_alloc(gy_pool *pool, size_t bytes, void **out) GY_CHECKED;
gy_status gy_pool_string(gy_pool *pool, const char *text, const char **out) GY_CHECKED;
gy_status gy_pool_format(gy_pool *pool, const char **out, const char *format, ...) GY_CHECKED
    GY_FORMAT(3, 4);
#define gy_pool_new(pool, out) gy_pool_alloc((pool), sizeof **(out), (void **)(out))
#define gy_pool_array(pool, n, out)                                                                \
    gy_pool_alloc((pool), (size_t)(n) * sizeof **(out), (void **)(out))

#endif
