/** The seal of a file, where it is put. Inside the room of files only. */
#ifndef GY_STORE_SEAL_IMPL_H
#define GY_STORE_SEAL_IMPL_H

#include "base/alloc.h"

enum { GY_SEAL_BYTES = 512 };

/** Fills the first GY_SEAL_BYTES of an open file by the checksum of what follows them. */
gy_status gy_seal_put(gy_context *ctx, const char *path, int fd) GY_CHECKED;

#endif
