/**
 * Samples in users' HDF5 files: named data sets [N, …] or, as trajectories, [N, T, …], in one file or
 * many, whose channels are joined. Nothing is read whole. Inside data only; not for several threads.
 *
 * A row is an entry of N; a frame what a row has, or what it has at one of T times. A sample is a row,
 * or some frames of one. With each=file there is no N: a file is a row.
 */
#ifndef GY_DATA_FRAMES_H
#define GY_DATA_FRAMES_H

#include "data.h"

#include "store/hdf5.h"

typedef struct gy_frames_settings {
    gy_strings x, y;            /* data sets below the group; none: x, and y where it is there */
    const char *weight, *group; /* NULL: none */
    const char *rows;           /* "FROM:TO", of all files' rows; NULL: all */
    int layout;                 /* GY_LAYOUT_… */
    int each;                   /* 1: a sample a file */
    int64_t window;             /* frames in; 0: no trajectories */
    int64_t horizon, step;
} gy_frames_settings;

enum { GY_LAYOUT_AUTO, GY_LAYOUT_LAST, GY_LAYOUT_FIRST };
enum { GY_FRAMES_X, GY_FRAMES_Y, GY_FRAMES_W, GY_FRAMES_GROUP, GY_FRAMES_SIDES };

/** What lies in the chunks of some rows (and times), unpacked. */
typedef struct gy_frames_block {
    int file; /* −1: nothing */
    int64_t at[2], used;
    int64_t next; /* with the same number of gy_frames_blocks' heads; −1: none */
    void *values;
} gy_frames_block;

/** Those of a data set that were used last. */
typedef struct gy_frames_blocks {
    int64_t d[2];       /* of one, along the first axis and the second; d[0] = 0: there are none */
    gy_frames_block *v; /* [n] */
    int64_t *heads;     /* [n] the first of those that a place is looked for among; −1: none */
    int64_t n, clock;
} gy_frames_blocks;

/** A data set of all files. */
typedef struct gy_frames_field {
    const char *name;
    int axes;              /* of a row's number and a time before a frame's own: 0 to 2 */
    gy_shape shape;        /* of a frame, as stored */
    bool channels;         /* it has an axis of them */
    int64_t places, depth; /* elements of a frame: places [depth] */
    bool first;            /* channels stand before the places */
    int64_t channel;       /* where its channels begin among those of its side's frame */
    gy_h5_type type;       /* read as: UINT8, FLOAT32, or FLOAT64 where it is packed */
    double scale, offset;  /* of packed numbers */
    double fill;           /* stands for nothing; NAN: nothing does */
    void *scratch;         /* [room] frames as read */
    int64_t room;
    gy_h5_chunk chunk; /* in the first file */
    gy_frames_blocks blocks;
} gy_frames_field;

/** What is read together: x, y, weights or groups. */
typedef struct gy_frames_side {
    gy_frames_field *fields; /* [n]; n = 0: the side is not there */
    int n;
    int64_t frames; /* of a sample */
    int64_t ahead;  /* times that the first lies after the sample's own */
    int64_t depth;  /* channels of a frame */
    gy_shape shape; /* of a sample */
    int64_t count;  /* elements of it */
} gy_frames_side;

typedef struct gy_frames_file {
    const char *path;
    int64_t from, rows; /* rows that are taken */
    int64_t times;      /* of a row; 1 where there is no such axis */
    int64_t starts;     /* samples of a row */
    int64_t samples;    /* of this file and those before */
    gy_h5 *h5;          /* NULL: closed at the moment */
    gy_h5_data **data;  /* [fields of all sides] */
} gy_frames_file;

typedef struct gy_frames_order gy_frames_order;

typedef struct gy_frames {
    gy_context *ctx;
    gy_pool *pool;
    const gy_frames_settings *settings;
    const char *text, *group;
    gy_frames_file *files; /* [n] */
    int n;
    gy_frames_field *fields; /* [n_fields] of all sides */
    int n_fields;
    gy_frames_side sides[GY_FRAMES_SIDES];
    int64_t samples;
    int64_t chunk_rows;  /* of samples that are stored together; 0: they lie apart */
    int64_t chunk_times; /* 0: all of a row */
    int *opened;         /* [most] files that are open, the oldest at `oldest` */
    int oldest;
    gy_frames_order *order; /* [block] */
    float *frame;           /* of any field, as numbers */
} gy_frames;

/** Setting rows of a gy_frames_settings. */
extern const gy_setting gy_frames_rows[];

/**
 * Opens every file once. A half-opened one is to be closed, too.
 *
 * @param out  zero-filled
 * @return GY_OK; GY_E_DATA naming file and data set; GY_E_NOMEM
 */
gy_status gy_frames_open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                         const gy_frames_settings *settings, const gy_source_options *options,
                         gy_frames *out) GY_CHECKED;
void gy_frames_close(gy_frames *f);

/** The file, open; until the next call. */
gy_status gy_frames_file_open(gy_frames *f, int file, gy_frames_file **out) GY_CHECKED;

/** A side of samples by number, in any order. @param out  [n, side's shape] */
gy_status gy_frames_read(gy_frames *f, int side, const int64_t *index, int64_t n,
                         float *out) GY_CHECKED;

/** Samples that are stored together with one. */
void gy_frames_chunk(const gy_frames *f, int64_t sample, int64_t *first, int64_t *n);
/** Makes room for what is unpacked of so many samples, which are read back and forth. */
gy_status gy_frames_keep(gy_frames *f, int64_t samples) GY_CHECKED;

/* frames.c */
gy_status gy_frames_make_room(gy_frames *f) GY_CHECKED;
size_t gy_frames_bytes(gy_h5_type type); /* of a number as read */
/** @param before  samples of the files before;  at  0 where there are no times */
const gy_frames_file *gy_frames_locate(const gy_frames *f, int64_t sample, int64_t *before,
                                       int64_t *row, int64_t *at);

/* frames_block.c: packed data sets */
/** Which data sets are read by blocks, and what is stored together. Makes room for reading in order. */
gy_status gy_frames_make_blocks(gy_frames *f, gy_source_chunk *out) GY_CHECKED;
void gy_frames_forget(gy_frames *f);
/** A frame, unpacked. @param out  until the next call */
gy_status gy_frames_block_find(gy_frames *f, gy_frames_field *field, int file, int64_t row,
                               int64_t time, const void **out) GY_CHECKED;

/* frames_shape.c: what a side's samples are, once its fields' shapes as stored are known */
/** @param axes  of a sample, channels among them; 0: not known; −1: it has no channels */
gy_status gy_frames_shape_side(const gy_frames *f, int side, int axes,
                               gy_frames_side *s) GY_CHECKED;

#endif
