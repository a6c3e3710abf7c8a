/**
 * Bytes of a file at any place: read where a plain file has them; a gzip file is unpacked into
 * memory once, as it cannot be entered in the middle. Inside data only. Failures are GY_E_DATA.
 */
#ifndef GY_DATA_BYTES_H
#define GY_DATA_BYTES_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct gy_bytes gy_bytes;

gy_status gy_bytes_open(gy_context *ctx, const char *path, gy_bytes **out) GY_CHECKED;
/** Bytes in memory, copied; `path` names them in messages. */
gy_status gy_bytes_of(gy_context *ctx, const char *path, const void *bytes, int64_t n,
                      gy_bytes **out) GY_CHECKED;
void gy_bytes_close(gy_bytes *b);
gy_context *gy_bytes_context(const gy_bytes *b);
int64_t gy_bytes_size(const gy_bytes *b);
/** Reads exactly n bytes; GY_E_DATA naming the file where it ends before. */
gy_status gy_bytes_read(gy_bytes *b, int64_t offset, int64_t n, void *out) GY_CHECKED;

#endif
