/** What a source is: source.c opens it, source_read.c reads. Inside data only. */
#ifndef GY_DATA_SOURCE_IMPL_H
#define GY_DATA_SOURCE_IMPL_H

#include "data.h"
#include "source_text.h"

struct gy_source {
    gy_context *ctx;
    gy_pool pool; /* what the format keeps, and info */
    gy_source_text text;
    const gy_format_kind *kind;
    void *state;
    gy_source_info info;
    int64_t x_count, y_count, w_count; /* elements of a sample */
    bool check_x, fitted;
    bool ignores; /* targets that are `ignored` */
    float ignored;
};

#endif
