/** What a network takes and gives, for a comparison of two. */
#ifndef GY_APPLY_COMPRESS_MEASURE_H
#define GY_APPLY_COMPRESS_MEASURE_H

#include "../opened.h"

typedef struct gy_measured {
    int64_t bytes, parameters, zeros; /* of the parameters */
    double flops, rate;               /* forward: of a sample; samples a second, of this rank */
    bool has_loss;
    double loss, metrics[GY_TASK_METRICS];
} gy_measured;

/**
 * Measures a network of o's inputs and outputs. Collective.
 * @param part  of o's data; GY_PARTS: there are none
 */
gy_status gy_measure(gy_opened *o, gy_part part, gy_net *network, gy_measured *out) GY_CHECKED;

/**
 * Adds it to a report, each name behind a prefix. Local.
 * @param pool  keeps the names
 */
gy_status gy_measured_report(const gy_measured *m, const gy_task *task, const char *prefix,
                             gy_pool *pool, gy_report *report) GY_CHECKED;

#endif
