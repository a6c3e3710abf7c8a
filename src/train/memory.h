/**
 * A run in memory: its samples are the caller's, who has the loop, too. Nothing is read but the checkpoint
 * that it goes on from, nothing written but when a checkpoint is asked for. All collective.
 *
 *     gy_run_init → gy_run_begin_in_memory → { fit → take a step, or save } → gy_run_clear
 */
#ifndef GY_TRAIN_MEMORY_H
#define GY_TRAIN_MEMORY_H

#include "run.h"

/** The checkpoint that a run goes on from: another's, or its own last one. */
typedef struct gy_last {
    int64_t step;     /* −1: there is none */
    const char *path; /* in the run's pool; on rank 0 */
} gy_last;

/**
 * From the checkpoint of options->resume, or "none".
 *
 * @param most  samples that any rank will pass at once, for a start
 * @return GY_OK; GY_E_CONFIG where the configuration has what takes data, epochs or an end
 */
gy_status gy_run_begin_in_memory(gy_run *run, int64_t most, gy_last *out) GY_CHECKED;

/**
 * Makes room for a step.
 * @param n, most  samples of it, of all ranks together; of the rank that has most
 */
gy_status gy_run_fit(gy_run *run, int64_t n, int64_t most) GY_CHECKED;

/** One step on this rank's part of a global batch: run->now. GY_E_DIVERGED: nothing was updated. */
gy_status gy_run_take_step(gy_run *run, const gy_batch *batch) GY_CHECKED;

/** Writes a checkpoint into the configuration's run_dir; where there was none, an older run is moved aside. */
gy_status gy_run_save_in_memory(gy_run *run, gy_last *last) GY_CHECKED;

#endif
