/** The curves of a run, read from its metrics.jsonl. Inside the report room. */
#ifndef GY_REPORT_CURVES_H
#define GY_REPORT_CURVES_H

#include "base/alloc.h"

/** X(panel, title): what is drawn together. */
#define GY_PANEL_LIST(X)                                                                           \
    X(LOSS, "loss")                                                                                \
    X(METRIC, "metrics")                                                                           \
    X(SPARSITY, "share of weights that is not there")                                              \
    X(RATE, "learning rate")                                                                       \
    X(NORM, "gradient norm")                                                                       \
    X(THROUGHPUT, "samples a second")                                                              \
    X(PHASE, "phases of a step, ms")
#define GY_PANEL_ENUM(panel, title) GY_PANEL_##panel,
typedef enum gy_panel { GY_PANEL_LIST(GY_PANEL_ENUM) GY_PANELS } gy_panel;
#undef GY_PANEL_ENUM

typedef struct gy_point {
    double step, epoch, time, value;
} gy_point;

typedef struct gy_curve {
    struct gy_curve *next;
    gy_panel panel;
    const char *name; /* "validation loss" */
    gy_point *points;
    int n, room;
} gy_curve;

/** What one run has to show. */
typedef struct gy_curves {
    gy_pool *pool;
    const char *dir;
    const char *label; /* its name, and what differs from the first run's configuration */
    gy_curve *first;   /* in the order of their first points */
} gy_curves;

/** Reads a run. GY_E_USAGE where it has no journal. */
gy_status gy_curves_read(gy_pool *pool, const char *dir, gy_curves *out) GY_CHECKED;

/** labels.c: gives n runs their labels. */
gy_status gy_curves_label(gy_pool *pool, gy_curves *runs, int n) GY_CHECKED;

#endif
