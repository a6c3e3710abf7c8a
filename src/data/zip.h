/** The directory of a zip archive. Inside data only. Local. */
#ifndef GY_DATA_ZIP_H
#define GY_DATA_ZIP_H

#include "bytes.h"

typedef struct gy_zip_entry {
    const char *name;
    bool deflated;         /* else as it is */
    int64_t offset, bytes; /* of its data in the archive; unpacked */
} gy_zip_entry;

typedef struct gy_zip {
    const char *path;
    gy_zip_entry *entries; /* [n] */
    int64_t n;
} gy_zip;

/**
 * Reads the directory.
 *
 * @param out  in the pool
 * @return GY_OK; GY_E_DATA naming the file; GY_E_NOMEM
 */
gy_status gy_zip_open(gy_pool *pool, const char *path, gy_zip *out) GY_CHECKED;

/** NULL: there is none of that name. */
const gy_zip_entry *gy_zip_find(const gy_zip *zip, const char *name);

/** An entry's bytes: *offset of the archive's where it is as it is, else unpacked into memory. */
gy_status gy_zip_bytes(gy_context *ctx, const gy_zip *zip, const gy_zip_entry *entry,
                       gy_bytes **out, int64_t *offset) GY_CHECKED;

#endif
