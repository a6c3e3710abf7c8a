/**
 * A small model's tensors for tests of checkpoints: two layouts of the same names, numbers that
 * depend on name and place alone, and a directory that all ranks share.
 */
#ifndef GY_CHECKPOINT_TRIAL_H
#define GY_CHECKPOINT_TRIAL_H

#include "gy_test_mpi.h"
#include "tempdir.h"

#include "base/hash.h"
#include "checkpoint/checkpoint.h"

enum { GY_TRIAL_TENSORS = 5, GY_TRIAL_SLOTS = 2 };

/** The tensors of a layout, and vectors for them. */
typedef struct gy_trial {
    gy_param params[GY_TRIAL_TENSORS], buffers[2];
    gy_params table, buffer_table;
    float *values, *buffer_values, *slots[GY_TRIAL_SLOTS];
    gy_checkpoint c;
    gy_checkpoint_note notes[3];
    gy_range ranges[2];
    gy_ranges owned;
} gy_trial;

static inline float gy_trial_number(const char *name, int64_t i, int64_t kind)
{
    uint64_t key = gy_hash(name, strlen(name)) + (uint64_t)kind * 7919U + (uint64_t)i * 2654435761U;
    return (float)(gy_hash(&key, sizeof key) % 100003U) * 0.01f - 500.0f;
}

static inline int64_t gy_trial_up(int64_t n)
{
    return (n + GY_PARAM_ALIGN - 1) / GY_PARAM_ALIGN * GY_PARAM_ALIGN;
}

/* Places tensors one after the other. */
static inline void gy_trial_place(gy_param *v, int n, gy_params *table)
{
    int64_t at = 0;
    *table = (gy_params){.v = v, .n = n};
    for (int i = 0; i < n; i++) {
        v[i].offset = at;
        v[i].count = gy_shape_count(&v[i].shape);
        at = gy_trial_up(at + v[i].count);
        table->elements += v[i].count;
        if (v[i].trainable) table->trainable = at;
    }
    table->floats = at;
}

/** @param turned  the trainable tensors in another order; @param big  rows of one of them */
static inline void gy_trial_make(gy_trial *t, bool turned, int64_t big)
{
    static const gy_param buffers[] = {{.name = "norm/mean", .shape = {1, {33}}},
                                       {.name = "norm/variance", .shape = {1, {33}}}};
    const gy_param v[GY_TRIAL_TENSORS] = {
        {.name = "a/weight", .shape = {2, {7, 33}}, .trainable = true},
        {.name = "a/bias", .shape = {1, {7}}, .trainable = true},
        {.name = "block/0/b/kernel", .shape = {4, {3, 3, 5, 4}}, .trainable = true},
        {.name = "big/weight", .shape = {2, {big, 10}}, .trainable = true},
        {.name = "frozen/weight", .shape = {2, {9, 11}}}};
    *t = (gy_trial){.table = {.n = 0}};
    for (int i = 0; i < GY_TRIAL_TENSORS; i++) t->params[i] = turned && i < 4 ? v[3 - i] : v[i];
    memcpy(t->buffers, buffers, sizeof buffers);
    gy_trial_place(t->params, GY_TRIAL_TENSORS, &t->table);
    gy_trial_place(t->buffers, 2, &t->buffer_table);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, t->table.floats, &t->values), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, t->buffer_table.floats, &t->buffer_values),
                          GY_OK);
    for (int k = 0; k < GY_TRIAL_SLOTS; k++)
        CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, t->table.trainable, &t->slots[k]), GY_OK);
}

static inline void gy_trial_free(gy_trial *t)
{
    gy_free(gy_test_ctx, t->values);
    gy_free(gy_test_ctx, t->buffer_values);
    for (int k = 0; k < GY_TRIAL_SLOTS; k++) gy_free(gy_test_ctx, t->slots[k]);
}

/* Calls for every number of the trial: its vector and place, and what it shall be. */
static inline int64_t gy_trial_walk(gy_trial *t, bool fill, bool slots, int64_t salt)
{
    int64_t wrong = 0;
    for (int kind = 0; kind < (slots ? 4 : 2); kind++) { /* values, buffers, slots */
        const gy_params *table = kind == 1 ? &t->buffer_table : &t->table;
        float *x = kind == 0 ? t->values : kind == 1 ? t->buffer_values : t->slots[kind - 2];
        for (int i = 0; i < table->n; i++) {
            const gy_param *p = &table->v[i];
            if (kind >= 2 && !p->trainable) continue;
            for (int64_t j = 0; j < p->count; j++) {
                float want = gy_trial_number(p->name, j, kind + 10 * salt);
                if (fill) x[p->offset + j] = want;
                wrong += x[p->offset + j] != want;
            }
        }
    }
    return wrong;
}

/** Fills it, for a step and the best step so far, with what a rank holds of the slots; every rank its turn-th neighbour's. */
static inline void gy_trial_fill(gy_trial *t, int64_t step, int turn, int64_t best)
{
    int ranks = gy_comm_ranks(gy_test_comm), share = (gy_comm_rank(gy_test_comm) + turn) % ranks;
    int64_t blocks = t->table.trainable / GY_PARAM_ALIGN;
    (void)gy_trial_walk(t, true, true, step);
    t->c = (gy_checkpoint){.params = &t->table,
                           .values = t->values,
                           .buffers = &t->buffer_table,
                           .buffer_values = t->buffer_values,
                           .n_slots = GY_TRIAL_SLOTS,
                           .step = step,
                           .epoch = 3,
                           .sample_in_epoch = 40,
                           .seed = UINT64_MAX - 5,
                           .config = "name: trial\n# größe\n",
                           .notes = t->notes,
                           .n_notes = 3,
                           .best = {.step = best, .value = 0.25}};
    t->notes[0] = (gy_checkpoint_note){"/metrics", "best_loss", NULL, 0.25};
    t->notes[1] = (gy_checkpoint_note){"/data", "class_names", "[\"a\"]", 0};
    t->notes[2] = (gy_checkpoint_note){"/state", "empty", "", 0};
    /* two slices: packed, the second lies behind the first */
    int64_t from = blocks * share / ranks, to = blocks * (share + 1) / ranks;
    int64_t middle = from + (to - from) / 2;
    t->ranges[0] = (gy_range){from * GY_PARAM_ALIGN, middle * GY_PARAM_ALIGN};
    t->ranges[1] = (gy_range){middle * GY_PARAM_ALIGN, to * GY_PARAM_ALIGN};
    t->owned = (gy_ranges){t->ranges, 2};
    t->c.slots[0] =
        (gy_checkpoint_slot){"momentum", t->slots[0] + t->ranges[0].from, &t->owned, NULL};
    t->c.slots[1] =
        (gy_checkpoint_slot){"average", t->slots[1] + t->ranges[0].from, &t->owned, NULL};
}

static inline void gy_trial_wipe(gy_trial *t)
{
    memset(t->values, 0, (size_t)t->table.floats * sizeof *t->values);
    memset(t->buffer_values, 0, (size_t)t->buffer_table.floats * sizeof *t->values);
    for (int k = 0; k < GY_TRIAL_SLOTS; k++)
        memset(t->slots[k], 0, (size_t)t->table.trainable * sizeof *t->values);
}

static inline gy_status gy_trial_read(gy_trial *t, const char *path, gy_match match, int n_slots)
{
    const gy_checkpoint_slot slots[] = {{"momentum", t->slots[0], NULL, NULL},
                                        {"average", t->slots[1], NULL, NULL}};
    return gy_checkpoint_read(gy_test_ctx, gy_test_comm, path, match, &t->table, t->values,
                              &t->buffer_table, t->buffer_values, slots, n_slots);
}

/** Begins, goes on "training" (what was copied may change), ends. @param t  wiped meanwhile; or NULL */
static inline gy_status gy_trial_save(const char *run, const gy_checkpoint_settings *settings,
                                      const gy_checkpoint *c, gy_trial *t)
{
    gy_saver *s = NULL;
    gy_saved saved;
    gy_status status =
        gy_comm_agree(gy_test_comm, gy_saver_create(gy_test_ctx, gy_test_comm, run, settings, &s));
    if (status == GY_OK) status = gy_saver_begin(s, c, settings->asynchronous);
    if (status == GY_OK && t != NULL) gy_trial_wipe(t);
    for (int i = 0; i < 10; i++)
        if (status == GY_OK) gy_saver_poll(s);
    if (status == GY_OK) status = gy_saver_end(s, &saved);
    if (status == GY_OK) {
        char path[2 * GY_TEMPDIR];
        (void)snprintf(path, sizeof path, "%s/checkpoints/step-%09lld", run, (long long)c->step);
        CU_ASSERT_STRING_EQUAL(saved.path, path);
        CU_ASSERT_TRUE(saved.step == c->step && saved.bytes > 0);
    }
    gy_saver_free(s);
    return status;
}

static inline gy_status gy_trial_write(gy_trial *t, const char *run, int64_t step, int64_t shards,
                                       int64_t keep, int64_t best)
{
    gy_checkpoint_settings settings = {.keep = keep, .shards = shards};
    gy_trial_fill(t, step, 0, best);
    return gy_trial_save(run, &settings, &t->c, NULL);
}

/** A directory of rank 0's that all ranks know. */
static inline void gy_trial_directory(gy_tempdir *dir)
{
    if (gy_comm_rank(gy_test_comm) == 0) gy_tempdir_make(dir);
    if (gy_comm_broadcast(gy_test_comm, dir, sizeof *dir, 0) != GY_OK) abort();
}

static inline void gy_trial_leave(gy_tempdir *dir)
{
    if (gy_comm_barrier(gy_test_comm) != GY_OK) abort();
    if (gy_comm_rank(gy_test_comm) == 0) gy_tempdir_remove(dir);
}

static inline bool gy_trial_is_first(void)
{
    return gy_comm_rank(gy_test_comm) == 0;
}

/** What is below a run's `checkpoints`, by name, on every rank. */
static inline const char *gy_trial_list(gy_tempdir *dir, const char *run)
{
    static char text[2048];
    char command[GY_TEMPDIR + 64];
    text[0] = '\0';
    if (gy_trial_is_first()) {
        (void)snprintf(command, sizeof command, "ls -A '%s/%s/checkpoints' | tr '\\n' ' '",
                       dir->path, run);
        FILE *list = popen(command, "r");
        if (list == NULL || fgets(text, sizeof text, list) == NULL) text[0] = '\0';
        if (list != NULL) (void)pclose(list);
    }
    if (gy_comm_broadcast(gy_test_comm, text, sizeof text, 0) != GY_OK) abort();
    return text;
}

static inline bool gy_trial_says(const char *part)
{
    return strstr(gy_error_last()->text, part) != NULL;
}

#endif
