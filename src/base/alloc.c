/*
 * Counted memory and pools.
 *
 * A block is preceded by a header of GY_ALIGN bytes that remembers its size, so that gy_free()
 * can keep the counts.
 */
#include "alloc.h"

#include "context_impl.h"
#include "number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

typedef struct block_head {
    size_t bytes;
} block_head;

static const size_t huge_from = (size_t)1 << 20;
static const size_t huge_page = (size_t)2 << 20;

static void note_peak(gy_context *ctx, int64_t bytes)
{
    int_fast64_t peak = atomic_load(&ctx->peak_bytes);
    while (bytes > peak && !atomic_compare_exchange_weak(&ctx->peak_bytes, &peak, bytes)) {}
}

gy_status gy_alloc_room(gy_context *ctx, size_t bytes, void **out)
{
    const size_t most = SIZE_MAX / 2;
    size_t align = bytes >= huge_from ? huge_page : GY_ALIGN;
    char *memory = NULL;
    if (bytes < most && !gy_fault_strikes(ctx, GY_FAULT_ALLOC)) {
        /* the header takes one cache line before what the caller sees */
        size_t whole = (bytes + GY_ALIGN + align - 1) / align * align;
        memory = aligned_alloc(align, whole);
        if (memory != NULL && bytes >= huge_from) (void)madvise(memory, whole, MADV_HUGEPAGE);
    }
    GY_REQUIRE(memory != NULL, GY_E_NOMEM,
               "out of memory" GY_WHY "%zu bytes are not to be had" GY_HINT
               "use a smaller train.micro_batch_size, or more memory",
               bytes);
    ((block_head *)(void *)memory)->bytes = bytes;
    atomic_fetch_add(&ctx->blocks, 1);
    atomic_fetch_add(&ctx->count, 1);
    note_peak(ctx, atomic_fetch_add(&ctx->bytes, (int_fast64_t)bytes) + (int64_t)bytes);
    *out = memory + GY_ALIGN;
    return GY_OK;
}

gy_status gy_alloc(gy_context *ctx, size_t bytes, void **out)
{
    GY_TRY(gy_alloc_room(ctx, bytes, out));
    memset(*out, 0, bytes);
    return GY_OK;
}

gy_status gy_alloc_array(gy_context *ctx, int64_t n, size_t size, void **out)
{
    int64_t bytes;
    if (!gy_mul(n, (int64_t)size, &bytes)) bytes = INT64_MAX;
    return gy_alloc(ctx, (size_t)bytes, out);
}

void gy_free(gy_context *ctx, void *memory)
{
    if (memory == NULL) return;
    block_head *head = (block_head *)(void *)((char *)memory - GY_ALIGN);
    atomic_fetch_sub(&ctx->blocks, 1);
    atomic_fetch_sub(&ctx->bytes, (int_fast64_t)head->bytes);
    free(head);
}

gy_status gy_copy_string(gy_context *ctx, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    GY_TRY(gy_alloc(ctx, bytes, (void **)out));
    memcpy(*out, text, bytes);
    return GY_OK;
}

void gy_alloc_fail_at(gy_context *ctx, int64_t k)
{
    gy_fault_arm(ctx, GY_FAULT_ALLOC, k);
}

int64_t gy_alloc_bytes(const gy_context *ctx)
{
    return atomic_load(&ctx->bytes);
}

int64_t gy_alloc_peak_bytes(const gy_context *ctx)
{
    return atomic_load(&ctx->peak_bytes);
}

int64_t gy_process_peak_bytes(void)
{
    struct rusage usage; /* ru_maxrss: KiB on Linux */
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

int64_t gy_alloc_count(const gy_context *ctx)
{
    return atomic_load(&ctx->count);
}

/* A pool is a chain of blocks, the newest first; a piece that does not fit starts a new one. */
struct gy_pool_block {
    struct gy_pool_block *next;
    size_t used, room;
    _Alignas(16) char bytes[];
};

void gy_pool_init(gy_pool *pool, gy_context *ctx)
{
    *pool = (gy_pool){.ctx = ctx};
}

void gy_pool_clear(gy_pool *pool)
{
    while (pool->blocks != NULL) {
        struct gy_pool_block *block = pool->blocks;
        pool->blocks = block->next;
        gy_free(pool->ctx, block);
    }
}

gy_status gy_pool_alloc(gy_pool *pool, size_t bytes, void **out)
{
    bytes = (bytes + 15) / 16 * 16;
    struct gy_pool_block *block = pool->blocks;
    if (block == NULL || block->room - block->used < bytes) {
        size_t room = bytes > 4000 ? bytes : 4000;
        GY_TRY(gy_alloc(pool->ctx, sizeof *block + room, (void **)&block));
        block->room = room;
        block->next = pool->blocks;
        pool->blocks = block;
    }
    *out = block->bytes + block->used;
    block->used += bytes;
    return GY_OK;
}

gy_status gy_pool_string(gy_pool *pool, const char *text, const char **out)
{
    return gy_pool_format(pool, out, "%s", text);
}

gy_status gy_pool_format(gy_pool *pool, const char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text;
    GY_TRY(gy_pool_alloc(pool, (size_t)n + 1, (void **)&text));
    va_start(args, format);
    (void)vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    *out = text;
    return GY_OK;
}
