/**
 * Faults that `--inject` makes, to prove on one's own cluster what holds then: X(name), a file each
 * in faults/. A fault is `KIND:key=value,…` by the kind's rows, all of which are in one struct.
 */
#ifndef GY_TRAIN_FAULT_LIST_H
#define GY_TRAIN_FAULT_LIST_H

#include "train_impl.h"

#include <stddef.h>

#define GY_FAULT_LIST(X)                                                                           \
    X(kill)                                                                                        \
    X(kill_record)                                                                                 \
    X(hang)                                                                                        \
    X(slow)                                                                                        \
    X(not_finite)                                                                                  \
    X(flip_bit)                                                                                    \
    X(disk_full)                                                                                   \
    X(hang_disk)                                                                                   \
    X(torn_write)

/** When and where a fault strikes; what a kind has no row for is −1: any. */
typedef struct gy_fault_settings {
    int64_t rank, step, checkpoint, messages;
    double ms;
} gy_fault_settings;

typedef struct gy_fault_kind {
    gy_kind kind;     /* settings: rows of gy_fault_settings */
    gy_moment moment; /* of a step, or of a checkpoint, at which it strikes */
    void (*strike)(gy_run *run, const gy_fault_settings *settings);
} gy_fault_kind;

#define GY_FAULT_ROW_RANK                                                                          \
    {                                                                                              \
        .key = "rank", .type = GY_SETTING_INT, .offset = offsetof(gy_fault_settings, rank),        \
        .min = 0, .max = 1e9, .help = "the rank that it strikes"                                   \
    }
#define GY_FAULT_ROW_STEP                                                                          \
    {                                                                                              \
        .key = "step", .type = GY_SETTING_INT, .offset = offsetof(gy_fault_settings, step),        \
        .min = 1, .max = GY_COUNT_MAX, .help = "the step in which it strikes, from 1"              \
    }
#define GY_FAULT_ROW_CHECKPOINT                                                                    \
    {                                                                                              \
        .key = "checkpoint", .type = GY_SETTING_INT,                                               \
        .offset = offsetof(gy_fault_settings, checkpoint), .min = 1, .max = GY_COUNT_MAX,          \
        .help = "the checkpoint that it strikes, counted from 1 in this job"                       \
    }

#define GY_FAULT_DECLARE(name) extern const gy_fault_kind gy_fault_##name;
GY_FAULT_LIST(GY_FAULT_DECLARE)
#undef GY_FAULT_DECLARE

#endif
