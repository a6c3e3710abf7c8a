/*
 * Tasks: the samples of a split, put together by the groups that they belong to. Which task stands at a
 * turn of an epoch, and which of its samples are drawn, are functions of (seed, epoch, turn) alone.
 */
#include "data.h"

#include "base/rng.h"

#include <stdlib.h>

enum { BLOCK = 256 };

typedef struct member {
    int64_t group, sample;
} member;

static int by_group(const void *a_, const void *b_)
{
    const member *a = a_, *b = b_;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    return (a->sample > b->sample) - (a->sample < b->sample);
}

static gy_status read_members(gy_source *source, const gy_split *split, member *out)
{
    int64_t index[BLOCK], group[BLOCK];
    for (int64_t done = 0; done < split->samples; done += BLOCK) {
        const int64_t left = split->samples - done, n = left < BLOCK ? left : BLOCK;
        for (int64_t i = 0; i < n; i++) index[i] = gy_split_at(split, done + i);
        GY_TRY(gy_source_groups(source, index, n, group));
        for (int64_t i = 0; i < n; i++) out[done + i] = (member){group[i], index[i]};
    }
    qsort(out, (size_t)split->samples, sizeof *out, by_group);
    return GY_OK;
}

static gy_status check_sizes(const gy_tasks *t, const gy_source *source, int64_t least,
                             const char *hint)
{
    for (int64_t i = 0; i < t->n; i++)
        GY_REQUIRE(t->first[i + 1] - t->first[i] >= least, GY_E_DATA,
                   "too few samples of a task" GY_AT "%s" GY_WHY
                   "task %lld has %lld of %lld" GY_HINT "%s",
                   gy_source_get_text(source), (long long)i,
                   (long long)(t->first[i + 1] - t->first[i]), (long long)least, hint);
    return GY_OK;
}

static gy_status fill(gy_tasks *t, gy_source *source, const gy_split *split)
{
    member *members = NULL;
    gy_status status = gy_new_array(t->ctx, split->samples, &members);
    if (status == GY_OK) status = gy_new_array(t->ctx, split->samples, &t->samples);
    if (status == GY_OK) status = gy_new_array(t->ctx, split->samples + 1, &t->first);
    if (status == GY_OK) status = read_members(source, split, members);
    for (int64_t i = 0; i < split->samples && status == GY_OK; i++) {
        if (i == 0 || members[i].group != members[i - 1].group) t->first[t->n++] = i;
        t->samples[i] = members[i].sample;
    }
    if (status == GY_OK) t->first[t->n] = split->samples;
    gy_free(t->ctx, members);
    return status;
}

gy_status gy_tasks_init(gy_tasks *t, gy_context *ctx, gy_source *source, const gy_split *split,
                        int64_t least, const char *hint)
{
    *t = (gy_tasks){.ctx = ctx};
    GY_REQUIRE(gy_source_get_info(source)->grouped, GY_E_DATA,
               "no tasks" GY_AT "%s" GY_WHY "its samples belong to no groups" GY_HINT
               "name what tells them apart: ?group=speaker",
               gy_source_get_text(source));
    GY_TRY(fill(t, source, split));
    return check_sizes(t, source, least, hint);
}

void gy_tasks_clear(gy_tasks *t)
{
    if (t->ctx == NULL) return;
    gy_free(t->ctx, t->first);
    gy_free(t->ctx, t->samples);
    *t = (gy_tasks){0};
}

int64_t gy_tasks_draw(const gy_tasks *t, uint64_t seed, bool shuffle, int64_t epoch, int64_t turn,
                      int64_t i)
{
    const uint32_t stream = (uint32_t)epoch;
    int64_t task = turn % t->n;
    if (shuffle) task = gy_rng_permute((gy_rng){seed, GY_RNG_SHUFFLE, stream}, task, t->n);
    const int64_t size = t->first[task + 1] - t->first[task];
    const uint64_t own = gy_rng_word((gy_rng){seed, GY_RNG_TASK, stream}, (uint64_t)turn, 0);
    return t
        ->samples[t->first[task] + gy_rng_permute((gy_rng){own, GY_RNG_TASK, 0}, i % size, size)];
}
