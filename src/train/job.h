/** The batch job that a run is part of, and when it ends. Local. */
#ifndef GY_TRAIN_JOB_H
#define GY_TRAIN_JOB_H

#include <gyre/context.h>

#include <stdbool.h>
#include <stddef.h>

enum { GY_JOB_NAME = 48, GY_JOB_ANSWER = 256 };

typedef struct gy_job {
    gy_context *ctx;
    char name[GY_JOB_NAME]; /* as squeue takes it; "": there is no such job */
    double patience_s;      /* how long an answer may take */
    double end_s;           /* by gy_clock_s(); INFINITY: no end is known */
    double spare_s;         /* kept of it for the last checkpoint and the way out */
    double asked_s;         /* < 0: not yet */
    int process, pipe;      /* of squeue; 0, −1: none */
    char answer[GY_JOB_ANSWER];
    size_t bytes;
    bool told; /* that the end is not known */
} gy_job;

/** Finds the job in the environment. Nothing is to be freed until gy_job_deadline is called. */
void gy_job_begin(gy_job *job, gy_context *ctx);

/**
 * When a run must be ready to go, by gy_clock_s(); INFINITY where the job has no end, or none that is
 * known, which a warning says once. Asks for it now and then; never waits.
 */
double gy_job_deadline(gy_job *job);

/** Forgets an answer that has not come. May be called for a job of zeros. */
void gy_job_end(gy_job *job);

#endif
