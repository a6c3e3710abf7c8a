/** Samples made up on demand: the problems that a source `synthetic:NAME` may be of. Inside data only. */
#ifndef GY_DATA_PROBLEMS_H
#define GY_DATA_PROBLEMS_H

#include "data.h"

typedef struct gy_synthetic_settings {
    int64_t n, seed, first, features, classes, length, vocabulary, points;
    double noise;
    const char *shape;
} gy_synthetic_settings;

typedef struct gy_synthetic {
    gy_context *ctx;
    const struct gy_problem *problem;
    const gy_synthetic_settings *settings;
    int64_t x_count, y_count;
    int64_t features, classes;
    float *common;       /* centres or prototypes [classes, x_count], weights [2, features] */
    int32_t *successors; /* [vocabulary, SUCCESSORS] */
} gy_synthetic;

typedef struct gy_problem {
    const char *name;
    int64_t features, classes; /* its own defaults */
    gy_status (*open)(gy_synthetic *s, gy_pool *pool, gy_source_info *info);
    void (*make)(const gy_synthetic *s, int64_t sample, float *x, float *y);
} gy_problem;

/** By its name; GY_E_DATA naming those that there are. Local. */
gy_status gy_problem_find(const char *name, const gy_problem **out) GY_CHECKED;
/** The group of a sample, of a problem that has them. Local. */
int64_t gy_synthetic_group(const gy_synthetic *s, int64_t sample);

#endif
