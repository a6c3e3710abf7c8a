/*
 * Folds: a source cut into n parts, of which one validates and the others train. Drawn by the seed alone,
 * so they are the same everywhere:
 *
 *     plain        a stretch of the keyed permutation, as gy_split_fraction() takes one: no memory
 *     stratified   within each class in the order of the permutation, dealt out one by one: a class
 *                  differs by one sample at most from fold to fold
 *     by groups    the largest group first, to the fold that has the fewest samples; equal ones by
 *                  permutation. A group is never in two folds
 */
#include "data.h"

#include "base/number.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, MOST_FOLDS = 10000 };

bool gy_fold_parse(const char *text, gy_fold *out)
{
    const char *slash = strchr(text, '/');
    char first[16];
    if (slash == NULL || slash - text >= (int)sizeof first) return false;
    memcpy(first, text, (size_t)(slash - text));
    first[slash - text] = '\0';
    return gy_number_int(first, &out->k) && gy_number_int(slash + 1, &out->n) && out->n >= 2 &&
           out->n <= MOST_FOLDS && out->k >= 1 && out->k <= out->n;
}

/* A sample and what decides where it goes. */
typedef struct entry {
    int64_t sample, set, place; /* set: its class or group */
    int64_t fold;
} entry;

static int by_set(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    if (a->set != b->set) return a->set < b->set ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static int by_place(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    return (a->place > b->place) - (a->place < b->place);
}

static gy_status read_classes(gy_source *s, const entry *v, int64_t *class, int64_t n, float *x,
                              float *y)
{
    int64_t index[BLOCK];
    for (int64_t i = 0; i < n; i++) index[i] = v[i].sample;
    GY_TRY(gy_source_read(s, index, n, x, y));
    for (int64_t i = 0; i < n; i++) class[i] = (int64_t)y[i];
    return GY_OK;
}

static gy_status read_sets(gy_context *ctx, gy_source *s, bool groups, entry *v, int64_t n)
{
    const gy_source_info *info = gy_source_get_info(s);
    int64_t index[BLOCK], set[BLOCK];
    float *x = NULL, *y = NULL;
    gy_status status = gy_new_array(ctx, BLOCK * gy_shape_count(&info->x), &x);
    if (status == GY_OK) status = gy_new_array(ctx, BLOCK * gy_shape_count(&info->y), &y);
    for (int64_t done = 0; done < n && status == GY_OK; done += BLOCK) {
        const int64_t some = n - done < BLOCK ? n - done : BLOCK;
        for (int64_t i = 0; i < some; i++) index[i] = v[done + i].sample;
        status = groups ? gy_source_groups(s, index, some, set)
                        : read_classes(s, v + done, set, some, x, y);
        for (int64_t i = 0; i < some && status == GY_OK; i++) v[done + i].set = set[i];
    }
    gy_free(ctx, y);
    gy_free(ctx, x);
    return status;
}

/* [first, end) of the sorted entries are a group. */
typedef struct group {
    int64_t first, n, place;
} group;

static int by_size(const void *a_, const void *b_)
{
    const group *a = a_, *b = b_;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Entries are sorted by set. */
static gy_status deal_groups(gy_context *ctx, const gy_source *s, const gy_fold *fold, entry *v,
                             int64_t n)
{
    group *groups = NULL;
    int64_t *size = NULL, count = 0;
    gy_status status = gy_new_array(ctx, n, &groups);
    if (status == GY_OK) status = gy_new_array(ctx, fold->n, &size);
    for (int64_t i = 0; i < n && status == GY_OK; i++) {
        if (i == 0 || v[i].set != v[i - 1].set)
            groups[count++] = (group){.first = i, .place = v[i].place};
        groups[count - 1].n++;
    }
    if (status == GY_OK && count < fold->n)
        status = gy_raise(GY_E_DATA,
                          "too few groups" GY_AT "%s" GY_WHY "%lld, for %lld folds" GY_HINT
                          "ask for fewer folds",
                          gy_source_get_text(s), (long long)count, (long long)fold->n);
    if (status == GY_OK) qsort(groups, (size_t)count, sizeof *groups, by_size);
    for (int64_t g = 0; g < count && status == GY_OK; g++) {
        int64_t least = 0;
        for (int64_t k = 1; k < fold->n; k++)
            if (size[k] < size[least]) least = k;
        size[least] += groups[g].n;
        for (int64_t i = 0; i < groups[g].n; i++) v[groups[g].first + i].fold = least;
    }
    gy_free(ctx, size);
    gy_free(ctx, groups);
    return status;
}

/* list: those that train, then those that validate, each in the order of the permutation. */
static gy_status deal(gy_context *ctx, gy_source *s, const gy_fold *fold, entry *v, int64_t *list,
                      int64_t *training)
{
    const gy_source_info *info = gy_source_get_info(s);
    const int64_t n = info->samples;
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++)
        v[i] = (entry){.sample = gy_rng_permute((gy_rng){fold->seed, GY_RNG_SPLIT, 0}, i, n),
                       .place = i};
    GY_TRY(read_sets(ctx, s, info->grouped, v, n));
    qsort(v, (size_t)n, sizeof *v, by_set);
    if (info->grouped)
        GY_TRY(deal_groups(ctx, s, fold, v, n));
    else
        for (int64_t i = 0; i < n; i++) v[i].fold = i % fold->n;
    qsort(v, (size_t)n, sizeof *v, by_place);
    for (int validates = 0; validates < 2; validates++) {
        if (validates) *training = at;
        for (int64_t i = 0; i < n; i++)
            if ((v[i].fold == fold->k - 1) == validates) list[at++] = v[i].sample;
    }
    return GY_OK;
}

static gy_status check(const gy_source *s, const gy_fold *fold)
{
    const gy_source_info *info = gy_source_get_info(s);
    const char *text = gy_source_get_text(s);
    GY_REQUIRE(!info->ordered, GY_E_DATA,
               "no folds" GY_AT "%s" GY_WHY "its samples follow each other in time" GY_HINT
               "data.validation_fraction validates on the last of them",
               text);
    GY_REQUIRE(fold->n <= info->samples, GY_E_DATA,
               "too few samples" GY_AT "%s" GY_WHY "%lld, for %lld folds" GY_HINT
               "ask for fewer folds",
               text, (long long)info->samples, (long long)fold->n);
    GY_REQUIRE(!fold->stratified || !info->grouped, GY_E_DATA,
               "folds are by groups or stratified" GY_AT "%s" GY_WHY "it has group=" GY_HINT
               "leave one of the two out",
               text);
    const bool classes = info->supervised && info->y_is_class && gy_shape_count(&info->y) == 1;
    GY_REQUIRE(!fold->stratified || classes, GY_E_DATA,
               "folds are stratified by classes" GY_AT "%s" GY_WHY
               "a sample has no class of its own" GY_HINT "leave data.fold_stratified out",
               text);
    return GY_OK;
}

gy_status gy_split_fold(gy_context *ctx, gy_source *source, const gy_fold *fold, gy_split *train,
                        gy_split *validation, int64_t **list)
{
    const gy_source_info *info = gy_source_get_info(source);
    const int64_t n = info->samples;
    GY_TRY(check(source, fold));
    gy_split whole = {.samples = n, .total = n};
    int64_t first, some;
    if (!fold->stratified && !info->grouped) {
        whole.permuted = true;
        whole.seed = fold->seed;
        *train = *validation = whole;
        gy_part_of(n, (int)fold->k - 1, (int)fold->n, &first, &some);
        validation->first = first;
        validation->samples = train->gap = some;
        train->gap_at = first;
        train->samples = n - some;
        return GY_OK;
    }
    entry *v = NULL;
    int64_t *samples = NULL, training = 0;
    gy_status status = gy_new_array(ctx, n, &v);
    if (status == GY_OK) status = gy_new_array(ctx, n, &samples);
    if (status == GY_OK) status = deal(ctx, source, fold, v, samples, &training);
    gy_free(ctx, v);
    if (status != GY_OK) {
        gy_free(ctx, samples);
        return status;
    }
    whole.list = *list = samples;
    *train = *validation = whole;
    train->samples = validation->first = training;
    validation->samples = n - training;
    return GY_OK;
}
