/** Samples as arrays [N, …] of x, y and weights; what the formats npy and npz share. Inside data only. */
#ifndef GY_DATA_ARRAYS_H
#define GY_DATA_ARRAYS_H

#include "array.h"
#include "data.h"

enum { GY_ARRAYS_X, GY_ARRAYS_Y, GY_ARRAYS_W, GY_ARRAYS_SIDES };
enum { GY_ARRAYS_AUTO, GY_ARRAYS_LAST, GY_ARRAYS_FIRST };

typedef struct gy_arrays {
    gy_context *ctx;
    const char *text;
    gy_array sides[GY_ARRAYS_SIDES]; /* bytes NULL: not there */
    bool first[GY_ARRAYS_SIDES];     /* channels stand first, and are turned */
    int64_t from;                    /* the row that is sample 0 */
    uint8_t *scratch;
    float *row;
} gy_arrays;

extern const char *const gy_arrays_layouts[];

/* clang-format off */
/** Setting rows of `rows` and `layout` of `owner`. */
#define GY_ARRAYS_ROWS(owner)                                                                      \
    {.key = "rows", .type = GY_SETTING_STRING, .offset = offsetof(owner, rows), .standard = "",    \
     .help = "FROM:TO, samples from 0, TO not included"},                                          \
    {.key = "layout", .type = GY_SETTING_CHOICE, .offset = offsetof(owner, layout),                \
     .standard = "auto", .choices = gy_arrays_layouts,                                             \
     .help = "where channels stand; channels_first turns them to last"}
/* clang-format on */

/** Once the arrays are open: what they hold. @param rows  "FROM:TO"; NULL: all */
gy_status gy_arrays_describe(gy_arrays *a, const char *rows, int layout,
                             const gy_source_options *options, gy_source_info *info) GY_CHECKED;
void gy_arrays_close(gy_arrays *a);

/** The functions of a gy_format_kind whose state begins with a gy_arrays. */
gy_status gy_arrays_read(void *state, const int64_t *index, int64_t n, float *x, float *y);
gy_status gy_arrays_weigh(void *state, const int64_t *index, int64_t n, float *w);

#endif
