/** Which samples of a source are meant: parts of it, folds, tasks. Local but where said; see data.h. */
#ifndef GY_DATA_SPLIT_H
#define GY_DATA_SPLIT_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct gy_source gy_source;
typedef struct gy_source_info gy_source_info;

/** A part of a source: sample i of the split is sample gy_split_at(split, i) of the source. */
typedef struct gy_split {
    int64_t samples; /* of the split */
    int64_t total;   /* of the source */
    int64_t first;   /* sample of the source, or place in the permutation, that is its sample 0 */
    bool permuted;   /* drawn from (seed); else the identity */
    uint64_t seed;
    int64_t gap_at, gap; /* so many places from there are not of the split */
    const int64_t *list; /* the samples instead; NULL: none */
} gy_split;

/** One of n parts of a source validates, the others train: data.fold. */
typedef struct gy_fold {
    int64_t k, n; /* 1 ≤ k ≤ n */
    bool stratified;
    uint64_t seed;
} gy_fold;

/** Reads "2/5". @return whether it is one */
bool gy_fold_parse(const char *text, gy_fold *out);

gy_split gy_split_all(int64_t samples);
/** Fixed, seeded parts: the last round(fraction · samples), at least 1, for validation. */
void gy_split_fraction(int64_t samples, double fraction, uint64_t seed, gy_split *train,
                       gy_split *validation);
/** Fixed parts by time: the last of an ordered source validate; `overlap` samples before stay out. */
void gy_split_time(int64_t samples, double fraction, int64_t overlap, gy_split *train,
                   gy_split *validation);
/** gy_split_time() for an ordered source, else gy_split_fraction(). */
void gy_split_source(const gy_source_info *info, double fraction, uint64_t seed, gy_split *train,
                     gy_split *validation);
/**
 * A fold of a source, the same on every rank; by groups where the source has them. Reads the targets of all
 * samples where it is stratified.
 *
 * @param list  out: what the splits point to, [samples] of the source; left alone where they need none. Free
 *              with gy_free()
 * @return GY_OK; GY_E_DATA naming the source: fewer samples or groups than folds, no classes; GY_E_NOMEM
 */
gy_status gy_split_fold(gy_context *ctx, gy_source *source, const gy_fold *fold, gy_split *train,
                        gy_split *validation, int64_t **list) GY_CHECKED;
int64_t gy_split_at(const gy_split *split, int64_t i);
/** Whether its samples are not the source's as they are stored, from the first on. */
bool gy_split_is_drawn(const gy_split *split);

/** The samples of a split by groups: what meta-learning calls tasks, in the order of their groups. */
typedef struct gy_tasks {
    gy_context *ctx;
    int64_t n;
    int64_t *first;   /* [n + 1] of a task in samples */
    int64_t *samples; /* of the source */
} gy_tasks;

/**
 * Reads the groups of all samples. To be cleared whatever comes.
 * @param least  samples that each must have; @param hint  where one has fewer
 * @return GY_OK; GY_E_DATA where the source has no groups, or too few samples in one; GY_E_NOMEM
 */
gy_status gy_tasks_init(gy_tasks *t, gy_context *ctx, gy_source *source, const gy_split *split,
                        int64_t least, const char *hint) GY_CHECKED;
void gy_tasks_clear(gy_tasks *t);
/**
 * Sample i of those that are drawn for a turn of an epoch: all of a task once, then once more. Local.
 * @param shuffle  whether tasks come in another order in each epoch
 */
int64_t gy_tasks_draw(const gy_tasks *t, uint64_t seed, bool shuffle, int64_t epoch, int64_t turn,
                      int64_t i);

#endif
