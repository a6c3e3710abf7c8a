/**
 * The one door to HDF5: files, groups, data sets, attributes, by plain calls that return statuses
 * naming file and object. Local. Not for several threads at a time on one file.
 *
 * A missing thing is GY_E_DATA where it is an input's, so callers choose the status by `status` of
 * gy_h5_open: what every failure of reading this file is raised as (GY_E_DATA for data sources,
 * GY_E_IO for checkpoints).
 */
#ifndef GY_STORE_HDF5_H
#define GY_STORE_HDF5_H

#include "base/alloc.h"
#include "base/shape.h"

#include <stdbool.h>

typedef struct gy_h5 gy_h5;           /* a file */
typedef struct gy_h5_data gy_h5_data; /* an open data set */

typedef enum gy_h5_type {
    GY_H5_FLOAT32,
    GY_H5_FLOAT64,
    GY_H5_UINT8,
    GY_H5_INT8,
    GY_H5_INT16,
    GY_H5_INT32,
    GY_H5_INT64,
    GY_H5_OTHER
} gy_h5_type;

gy_status gy_h5_open(gy_context *ctx, const char *path, gy_status status, gy_h5 **out) GY_CHECKED;
/** A new file, replacing an older one; libver latest. Failures are GY_E_IO. */
gy_status gy_h5_create(gy_context *ctx, const char *path, gy_h5 **out) GY_CHECKED;
/** The same with a seal (see file.h), which gy_h5_close() puts. */
gy_status gy_h5_create_sealed(gy_context *ctx, const char *path, gy_h5 **out) GY_CHECKED;
/** Closes; of a file written, flushes and fsyncs, which can fail. NULL is allowed. Frees in any case. */
gy_status gy_h5_close(gy_h5 *f) GY_CHECKED;

bool gy_h5_exists(gy_h5 *f, const char *name);
/** Whether a path leads into another file by an external link, which is not followed. */
bool gy_h5_is_elsewhere(gy_h5 *f, const char *name);
/** Makes a group and those above it. */
gy_status gy_h5_group(gy_h5 *f, const char *name) GY_CHECKED;
/** Calls back for every data set below a group, by full name, in order of names. */
gy_status gy_h5_visit(gy_h5 *f, const char *group, gy_status (*visit)(void *user, const char *name),
                      void *user) GY_CHECKED;

gy_status gy_h5_data_open(gy_h5 *f, const char *name, gy_h5_data **out) GY_CHECKED;
void gy_h5_data_close(gy_h5_data *d);
gy_h5_type gy_h5_data_type(const gy_h5_data *d);
bool gy_h5_data_is_integer(const gy_h5_data *d);
const gy_shape *gy_h5_data_shape(const gy_h5_data *d); /* all axes */

/* What a virtual data set is made of is read from the files that lie in its file's folder or below. */

/** Rows [first, first + n) of the first axis, converted to `type` (FLOAT32, UINT8, …). */
gy_status gy_h5_data_read(gy_h5_data *d, int64_t first, int64_t n, gy_h5_type type,
                          void *out) GY_CHECKED;

/** Of rows [first, first + n) entries [from, from + count) of the second axis, of two axes or more. */
gy_status gy_h5_data_read_box(gy_h5_data *d, int64_t first, int64_t n, int64_t from, int64_t count,
                              gy_h5_type type, void *out) GY_CHECKED;

/** How rows are stored together: what is read of a chunk that is packed unpacks all of it. */
typedef struct gy_h5_chunk {
    int64_t d[2]; /* rows, and entries of the second axis; 0: it has no chunks */
    bool packed;
} gy_h5_chunk;

/** Whether rows are read at their place in the file, without HDF5: as cheaply one by one as together. */
bool gy_h5_data_is_plain(const gy_h5_data *d);

/** Of a virtual data set: as its first source is. */
gy_status gy_h5_data_chunk(gy_h5_data *d, gy_h5_chunk *out) GY_CHECKED;

/** All of it as float32, piece by piece. @param out  [elements] */
gy_status gy_h5_data_read_floats(gy_h5_data *d, float *out) GY_CHECKED;

/** A new contiguous data set; chunk_rows > 0: chunked, and compressed where deflate 1 … 9. */
gy_status gy_h5_data_create(gy_h5 *f, const char *name, gy_h5_type type, const gy_shape *shape,
                            int64_t chunk_rows, int deflate, gy_h5_data **out) GY_CHECKED;
gy_status gy_h5_data_write(gy_h5_data *d, int64_t first, int64_t n, gy_h5_type type,
                           const void *values) GY_CHECKED;

/* Attributes of an object by path ("/" too). Reading one that is missing fails. */
bool gy_h5_has_attribute(gy_h5 *f, const char *object, const char *name);
gy_status gy_h5_write_int(gy_h5 *f, const char *object, const char *name, int64_t v) GY_CHECKED;
gy_status gy_h5_write_uint64(gy_h5 *f, const char *object, const char *name, uint64_t v) GY_CHECKED;
gy_status gy_h5_write_float(gy_h5 *f, const char *object, const char *name, double v) GY_CHECKED;
gy_status gy_h5_write_text(gy_h5 *f, const char *object, const char *name,
                           const char *v) GY_CHECKED;
gy_status gy_h5_read_int(gy_h5 *f, const char *object, const char *name, int64_t *v) GY_CHECKED;
gy_status gy_h5_read_uint64(gy_h5 *f, const char *object, const char *name, uint64_t *v) GY_CHECKED;
gy_status gy_h5_read_float(gy_h5 *f, const char *object, const char *name, double *v) GY_CHECKED;
/** @param v  out; free with gy_free(). At most 64 MiB. */
gy_status gy_h5_read_text(gy_h5 *f, const char *object, const char *name, char **v) GY_CHECKED;
/**
 * A list of texts, into the pool. @param n  out: 0 where the attribute is something else, or of more than
 * 65536 texts
 */
gy_status gy_h5_read_texts(gy_h5 *f, const char *object, const char *name, gy_pool *pool,
                           const char *const **v, int64_t *n) GY_CHECKED;

/** Calls back for every attribute of an object, in order of names; for none where it is missing. */
gy_status gy_h5_visit_attributes(gy_h5 *f, const char *object,
                                 gy_status (*visit)(void *user, const char *name, bool is_text),
                                 void *user) GY_CHECKED;

/** One piece of a virtual data set: a run of elements of a 1-D data set of another file. */
typedef struct gy_h5_piece {
    const char *file;     /* relative to the directory of the virtual file */
    const char *data;     /* e.g. "/values" */
    int64_t source_count; /* elements of that data set */
    int64_t from;         /* first element there */
    int64_t to;           /* first element here, row-major over the shape */
    int64_t n;            /* elements */
} gy_h5_piece;

/** An attribute of a tensor. */
typedef struct gy_h5_mark {
    const char *name;
    uint64_t v;
} gy_h5_mark;

/** What makes many tensors of float32 in a file, best in order of their groups; freed before the file. */
typedef struct gy_h5_maker gy_h5_maker;
gy_status gy_h5_maker_create(gy_h5 *f, gy_h5_maker **out) GY_CHECKED;
void gy_h5_maker_free(gy_h5_maker *m);

enum { GY_H5_SMALL = 128 }; /* floats that take no more room in a file than a mapping of them */

/** @param x  [its shape]; @param mark  may be NULL */
gy_status gy_h5_make_tensor(gy_h5_maker *m, const char *name, const gy_shape *shape, const float *x,
                            const gy_h5_mark *mark) GY_CHECKED;
/** Virtual, over pieces; fill value NaN. Found from any working directory. */
gy_status gy_h5_make_virtual(gy_h5_maker *m, const char *name, const gy_shape *shape,
                             const gy_h5_piece *pieces, int n, const gy_h5_mark *mark) GY_CHECKED;

/** Of a process that is ours: HDF5 does not tidy up at its end, and so says nothing then. First of all. */
void gy_h5_own_process(void);

/** "HDF5 1.10.8". */
const char *gy_h5_library(void);

#endif
