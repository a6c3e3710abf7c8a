/**
 * Predictions on their way into a file, on rank 0: outputs; of classes the top one and, where a sample has
 * one class, the probabilities. A file's ending tells its kind. Local.
 */
#ifndef GY_APPLY_ANSWERS_H
#define GY_APPLY_ANSWERS_H

#include "network/task.h"
#include "store/file.h"

typedef struct gy_answers_kind gy_answers_kind;

typedef struct gy_answers {
    gy_context *ctx;
    gy_pool pool;
    const gy_answers_kind *kind;
    const gy_task *task;
    gy_output *output;
    int64_t samples, written;
    const char *names_json;   /* of classes; NULL: they have none */
    const char *const *names; /* [n_names] */
    int64_t n_names;
    int64_t *top;         /* [most, outputs / classes]; NULL: there are no classes */
    float *probabilities; /* [most, classes]; NULL: there are none */
    void *state;          /* the kind's */
} gy_answers;

struct gy_answers_kind {
    const char *const *endings; /* of names, in small letters; NULL is behind the last */
    gy_status (*begin)(gy_answers *a);
    /** The next n outputs; top and probabilities are filled. */
    gy_status (*put)(gy_answers *a, int64_t n, const float *y);
    /** Closes; called once begin was, after a failure too. */
    gy_status (*end)(gy_answers *a);
};

extern const gy_answers_kind gy_answers_hdf5, gy_answers_csv;

/**
 * @param path     what the output will be called
 * @param names    of classes, a list as JSON; NULL: they have none
 * @param most     samples that are put at once at most
 * @return close it with gy_answers_end() after a failure, too
 */
gy_status gy_answers_begin(gy_answers *a, gy_context *ctx, const gy_task *task, gy_output *output,
                           const char *path, const char *names, int64_t samples,
                           int64_t most) GY_CHECKED;
gy_status gy_answers_put(gy_answers *a, int64_t n, const float *y) GY_CHECKED;
gy_status gy_answers_end(gy_answers *a) GY_CHECKED;

#endif
