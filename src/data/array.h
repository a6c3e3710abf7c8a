/** An array of NumPy's .npy form: its head, and its rows, read where they lie. Inside data only. */
#ifndef GY_DATA_ARRAY_H
#define GY_DATA_ARRAY_H

#include "base/shape.h"
#include "bytes.h"
#include "element.h"

typedef struct gy_array {
    const char *name; /* for messages */
    gy_bytes *bytes;
    int64_t offset; /* of the first element */
    gy_element_type type;
    int64_t rows, count; /* of the first axis; elements of a row */
    gy_shape row;
} gy_array;

/** Whether bytes begin as such an array does. */
bool gy_array_like(const void *head, size_t n);

/**
 * Reads the head of an array that lies at `offset` of bytes.
 *
 * @param bytes  owned by the array from now on, after a failure too
 * @return GY_OK; GY_E_DATA naming what is wrong with it
 */
gy_status gy_array_open(const char *name, gy_bytes *bytes, int64_t offset,
                        gy_array *out) GY_CHECKED;
void gy_array_close(gy_array *a);

/** Rows [first, first + n) as numbers. @param scratch  [n, count] elements of the file's size */
gy_status gy_array_read(const gy_array *a, int64_t first, int64_t n, uint8_t *scratch,
                        float *out) GY_CHECKED;

#endif
