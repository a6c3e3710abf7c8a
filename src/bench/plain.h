/** Plain files of as many bytes: what a disk can do, beside which checkpoints are measured. */
#ifndef GY_BENCH_PLAIN_H
#define GY_BENCH_PLAIN_H

#include "base/alloc.h"

/** A file of `bytes` bytes, of what lies at `from` over and over. Not owned. */
typedef struct gy_plain {
    const char *path;
    const void *from; /* [there] */
    int64_t there, bytes;
} gy_plain;

/** Writes and flushes it. Local. @param write_s  out: seconds; flush_s likewise */
gy_status gy_plain_write(gy_context *ctx, const gy_plain *p, double *write_s,
                         double *flush_s) GY_CHECKED;

/** Reads it from the disk, not from memory, and removes it. Local. @param read_s  out: seconds */
gy_status gy_plain_read(gy_context *ctx, const gy_plain *p, double *read_s) GY_CHECKED;

#endif
