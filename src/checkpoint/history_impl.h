/**
 * Inside the room of checkpoints only: which checkpoints a run has, their order, the best and the end:
 * checkpoints/HEAD, the directories beside it, and the links.
 */
#ifndef GY_CHECKPOINT_HISTORY_IMPL_H
#define GY_CHECKPOINT_HISTORY_IMPL_H

#include "checkpoint.h"

/* manifest.c: checkpoints/HEAD */

#define GY_MANIFEST_NAME "HEAD"

/** A checkpoint that HEAD lists. */
typedef struct gy_listed {
    const char *name; /* step-000000015; best-000000006: its parameters alone */
    int64_t step, generation, parent;
    uint64_t seal; /* of its index.h5 */
    bool is_best_alone, is_gone;
} gy_listed;

typedef struct gy_manifest {
    bool is_there;
    uint64_t history;
    int64_t generation, newest; /* newest: a step; −1: none */
    int64_t best;               /* 0: none */
    double best_value;
    const char *best_name, *end; /* end NULL: the run has not ended */
    gy_listed *v;
    int n;
} gy_manifest;

/** All lies in the pool. @return GY_OK, also where there is none; GY_E_DATA where it is damaged */
gy_status gy_manifest_read(gy_pool *pool, const char *dir, gy_manifest *out) GY_CHECKED;
gy_status gy_manifest_write(gy_pool *pool, const char *dir, const gy_manifest *m) GY_CHECKED;
/** NULL: it is not listed. */
const gy_listed *gy_manifest_find(const gy_manifest *m, const char *name);

/* history.c: HEAD and the directories */

/** HEAD; where there is none or it is damaged, what the directories say. Local. */
gy_status gy_history_gather(gy_pool *pool, const char *dir, gy_manifest *m) GY_CHECKED;
/** Adds the checkpoint of a step, marks what goes. @param end  NULL: the run goes on. Local. */
gy_status gy_history_next(gy_pool *pool, const char *dir, int64_t step, const gy_best_is *best,
                          int64_t keep, const char *end, gy_manifest *m) GY_CHECKED;
/** Makes a step the newest, and writes that down, unless it is. Local. */
gy_status gy_history_turn(gy_pool *pool, const char *dir, int64_t step, const gy_best_is *best,
                          gy_manifest *m) GY_CHECKED;
/** Whether the very directory that is meant is there. Local. */
gy_status gy_listed_is_there(gy_pool *pool, const char *dir, const gy_listed *c,
                             bool *out) GY_CHECKED;
/** Directories of steps that HEAD does not know, the earliest first. Local. */
gy_status gy_strangers_find(gy_pool *pool, const char *dir, const gy_manifest *m, gy_listed **out,
                            int *n) GY_CHECKED;

/** HEAD as this job left it: another one is another job's. */
typedef struct gy_known {
    bool is_known, is_there, has_no_links;
    uint64_t history;
    int64_t generation;
} gy_known;

/* retain.c */

/** Removes what HEAD marks as gone, and what was replaced. */
gy_status gy_retain(gy_pool *pool, const char *dir, const gy_manifest *m) GY_CHECKED;

/* link.c */

/**
 * Points `latest` and `best` where HEAD does.
 * @param aside  out: where a directory in the place of a link is now; NULL: there was none
 */
gy_status gy_links_set(gy_pool *pool, const char *dir, const gy_manifest *m,
                       const char **aside) GY_CHECKED;

#endif
