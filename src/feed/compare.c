/*
 * Whether all ranks read the same data: hosts may have copies of their own, one cut short, or of
 * another day. Each part's numbers are compared, and a checksum of some of its samples, the first and
 * the last among them; and what the training data taught.
 */
#include "feed.h"

#include "base/hash.h"
#include "comm/compare.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKS = 16, LOOK_FLOATS = 1 << 24 }; /* samples; what all of them may take together */

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Samples spread over a split, in the order of the source, which may have to be read from its begin. */
static int choose(const gy_split *split, int64_t floats, int64_t samples[LOOKS])
{
    int64_t most = floats > LOOK_FLOATS / LOOKS ? LOOK_FLOATS / floats : LOOKS;
    int64_t n = most < 2 ? 2 : most;
    if (n > split->samples) n = split->samples;
    for (int64_t i = 0; i < n; i++)
        samples[i] = gy_split_at(split, n == 1 ? 0 : i * (split->samples - 1) / (n - 1));
    qsort(samples, (size_t)n, sizeof *samples, by_number);
    return (int)n;
}

static gy_status add_samples(const gy_feed *f, gy_part part, gy_hasher *hasher, float *x, float *y)
{
    const gy_source_info *info = gy_feed_info(f, part);
    const int64_t floats = gy_shape_count(&info->x), targets = gy_shape_count(&info->y);
    int64_t samples[LOOKS];
    const int n = choose(&f->split[part], floats, samples);
    for (int i = 0; i < n; i++) {
        GY_TRY(gy_source_read(f->source[part], &samples[i], 1, x, info->supervised ? y : NULL));
        gy_hasher_add(hasher, x, (size_t)floats * sizeof *x);
        if (info->supervised) gy_hasher_add(hasher, y, (size_t)targets * sizeof *y);
    }
    return GY_OK;
}

static gy_status hash_samples(const gy_feed *f, gy_part part, uint64_t *out)
{
    const gy_source_info *info = gy_feed_info(f, part);
    gy_hasher *hasher = NULL;
    float *x = NULL, *y = NULL;
    gy_status status = gy_hasher_create(f->ctx, &hasher);
    if (status == GY_OK) status = gy_new_array(f->ctx, gy_shape_count(&info->x), &x);
    if (status == GY_OK) status = gy_new_array(f->ctx, gy_shape_count(&info->y), &y);
    if (status == GY_OK) status = add_samples(f, part, hasher, x, y);
    if (status == GY_OK) *out = gy_hasher_value(hasher);
    gy_free(f->ctx, y);
    gy_free(f->ctx, x);
    gy_hasher_free(hasher);
    return status;
}

static gy_status add_part(const gy_feed *f, gy_part part, gy_facts *facts)
{
    const gy_source_info *info = gy_feed_info(f, part);
    char x[GY_SHAPE_TEXT], y[GY_SHAPE_TEXT];
    uint64_t hash = 0;
    if (info == NULL) return GY_OK;
    gy_fact_put(gy_fact_new(facts, "%s data %s", gy_part_names[part], f->text[part]),
                "%lld samples of %s, targets of %s, %lld classes", (long long)info->samples,
                gy_shape_text(&info->x, x), info->supervised ? gy_shape_text(&info->y, y) : "none",
                (long long)info->classes);
    GY_TRY(hash_samples(f, part, &hash));
    gy_fact_put(gy_fact_new(facts, "values of %s data %s", gy_part_names[part], f->text[part]),
                "some of checksum %016llx", (unsigned long long)hash);
    return GY_OK;
}

gy_status gy_feed_compare(const gy_feed *f)
{
    gy_facts facts = {.n = 0};
    gy_status status = GY_OK;
    if (gy_comm_ranks(f->comm) == 1) return GY_OK;
    for (int part = 0; part < GY_PARTS && status == GY_OK; part++)
        status = add_part(f, (gy_part)part, &facts);
    if (f->fit != NULL)
        gy_fact_put(gy_fact_new(&facts, "what the training data taught"), "checksum %016llx",
                    (unsigned long long)gy_hash(f->fit, strlen(f->fit)));
    GY_TRY(gy_comm_agree(f->comm, status));
    return gy_comm_compare(f->comm, &facts, GY_E_DATA, "give every rank the same files");
}
