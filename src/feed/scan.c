/*
 * What the model can take of the data: tokens below its vocabulary, classes below its outputs.
 * Every batch is checked; small sources are read through before the run writes anything, so that
 * what is wrong with them is said at once.
 */
#include "feed.h"

#include "base/log.h"
#include "comm/watchdog.h"

#include <math.h>

enum { SCAN_FLOATS = 1 << 24, SCAN_BLOCK = 256 };

/* The first target that is wrong and looked at; −1 if there is none. */
static int64_t find_wrong(const gy_feed *f, const gy_feed_origin *from, const gy_feed_values *v)
{
    const int64_t n = v->n * from->y;
    const int64_t repeat = v->w == NULL ? 1 : from->y / from->w;
    const bool ignores = f->by_class != NULL && f->by_class->ignore.choice < 0;
    if (!ignores && v->w == NULL) return gy_target_find_wrong(f->target, f->classes, v->y, n);
    for (int64_t i = 0; i < n; i++) {
        const bool counts = v->w == NULL || v->w[i / repeat] > 0;
        const bool ignored = ignores && v->y[i] == (float)f->by_class->ignore.v;
        if (counts && !ignored && gy_target_find_wrong(f->target, f->classes, v->y + i, 1) == 0)
            return i;
    }
    return -1;
}

static long long number_of(const gy_feed_values *v, int64_t i)
{
    return (long long)(v->samples == NULL ? i : v->samples[i]);
}

static gy_status check_targets(const gy_feed *f, const gy_feed_origin *from,
                               const gy_feed_values *v)
{
    const float *y = v->y;
    const int64_t at = find_wrong(f, from, v);
    if (at < 0) return GY_OK;
    const long long sample = number_of(v, at / from->y);
    if (f->target == GY_TARGET_CLASS)
        return gy_raise(GY_E_DATA,
                        "class out of range" GY_AT "%s: sample %lld" GY_WHY
                        "%g, but the model tells %lld classes apart, 0 to %lld",
                        from->text, sample, (double)y[at], (long long)f->classes,
                        (long long)f->classes - 1);
    return gy_raise(
        GY_E_DATA, "target out of range" GY_AT "%s: sample %lld" GY_WHY "%g, but %s takes %s",
        from->text, sample, (double)y[at], f->config->loss.kind->name, gy_target_text(f->target));
}

gy_status gy_feed_check_values(const gy_feed *f, const gy_feed_origin *from,
                               const gy_feed_values *v)
{
    if (f->vocabulary > 0) {
        int64_t at = gy_target_find_wrong(GY_TARGET_CLASS, f->vocabulary, v->x, v->n * from->x);
        GY_REQUIRE(at < 0, GY_E_DATA,
                   "token out of range" GY_AT "%s: sample %lld" GY_WHY
                   "%g, but the embedding has a vocabulary of %lld",
                   from->text, number_of(v, at / from->x), (double)v->x[at],
                   (long long)f->vocabulary);
    }
    return v->y == NULL ? GY_OK : check_targets(f, from, v);
}

gy_status gy_feed_check(const gy_feed *f, gy_part part, const gy_feed_values *v)
{
    const gy_source_info *info = gy_feed_info(f, part);
    const gy_feed_origin from = {f->text[part], gy_shape_count(&info->x), gy_shape_count(&info->y),
                                 gy_shape_count(&info->w)};
    return gy_feed_check_values(f, &from, v);
}

gy_status gy_feed_check_batch(const gy_feed *f, gy_part part, const gy_batch *batch)
{
    return gy_feed_check(f, part,
                         &(gy_feed_values){batch->samples, batch->n, batch->x, batch->y, batch->w});
}

/* What is seen of targets, as values, and of all weights. */
typedef struct spread {
    double n, sum, squares, weights;
} spread;

static void look_at(const gy_feed_values *v, int64_t each, int64_t weights, spread *s)
{
    for (int64_t i = 0; v->w != NULL && i < v->n * weights; i++) s->weights += (double)v->w[i];
    for (int64_t i = 0; i < v->n * each; i++) {
        const double t = (double)v->y[i];
        if (v->w != NULL && !isfinite(t)) continue;
        s->n++;
        s->sum += t;
        s->squares += t * t;
    }
}

static gy_status read_through(gy_feed *f, gy_part part, int64_t first, int64_t n, float *x,
                              float *y, float *w, spread *s)
{
    const gy_source_info *info = gy_feed_info(f, part);
    const int64_t each = gy_shape_count(&info->y), weights = gy_shape_count(&info->w);
    int64_t samples[SCAN_BLOCK];
    for (int64_t done = 0; done < n;) {
        int64_t block = n - done < SCAN_BLOCK ? n - done : SCAN_BLOCK;
        for (int64_t i = 0; i < block; i++)
            samples[i] = gy_split_at(&f->split[part], first + done + i);
        const gy_feed_values values = {samples, block, x, y, w};
        GY_TRY(gy_source_read_weighted(f->source[part], samples, block, x, y, w));
        GY_TRY(gy_feed_check(f, part, &values));
        if (part == GY_PART_TRAIN && y != NULL) look_at(&values, each, weights, s);
        done += block;
    }
    return GY_OK;
}

/* This rank's part of a split. */
static gy_status scan(gy_feed *f, gy_part part, spread *s)
{
    const gy_source_info *info = gy_feed_info(f, part);
    if (info == NULL) return GY_OK;
    int64_t each = gy_shape_count(&info->x), targets = gy_shape_count(&info->y), first, n;
    if (f->split[part].samples > SCAN_FLOATS / (each + targets)) return GY_OK;
    gy_part_of(f->split[part].samples, gy_comm_rank(f->comm), gy_comm_ranks(f->comm), &first, &n);
    float *x = NULL, *y = NULL, *w = NULL;
    gy_status status = gy_new_array(f->ctx, SCAN_BLOCK * each, &x);
    if (status == GY_OK && info->supervised)
        status = gy_new_array(f->ctx, SCAN_BLOCK * targets, &y);
    if (status == GY_OK && info->weighted)
        status = gy_new_array(f->ctx, SCAN_BLOCK * gy_shape_count(&info->w), &w);
    if (status == GY_OK) status = read_through(f, part, first, n, x, y, w, s);
    gy_free(f->ctx, w);
    gy_free(f->ctx, y);
    gy_free(f->ctx, x);
    return status;
}

static gy_status check_weights(const gy_feed *f, double targets, double weights)
{
    const gy_source_info *info = gy_feed_info(f, GY_PART_TRAIN);
    GY_REQUIRE(targets == 0 || !info->weighted || weights > 0, GY_E_DATA,
               "nothing is learned" GY_AT "%s" GY_WHY "all weights are 0", f->text[GY_PART_TRAIN]);
    return GY_OK;
}

/*
 * Weights must not all be 0. A network starts with outputs near 0 and 1, and is long on the way to far
 * ones.
 */
static gy_status judge(gy_feed *f, spread *s)
{
    enum { WIDE = 100 };
    double sums[] = {s->n, s->sum, s->squares, s->weights};
    const gy_loss_kind *loss = gy_loss_kind_of(f->config->loss.kind);
    GY_TRY(gy_comm_sum(f->comm, sums, 4));
    GY_TRY(gy_comm_agree(f->comm, check_weights(f, sums[0], sums[3])));
    const double mean = sums[0] > 0 ? sums[1] / sums[0] : 0;
    const double variance = sums[0] > 0 ? sums[2] / sums[0] - mean * mean : 0;
    if (loss->target != GY_TARGET_VALUE || f->unit.n > 0 || !(variance > WIDE * WIDE)) return GY_OK;
    if (gy_comm_rank(f->comm) == 0)
        gy_log(f->ctx, GY_WARNING,
               "the targets of %s deviate by %.3g from their mean, and %s sees them as they are; "
               "data.normalize_targets: global brings them to 1",
               f->text[GY_PART_TRAIN], sqrt(variance), loss->kind.name);
    return GY_OK;
}

gy_status gy_feed_scan(gy_feed *f)
{
    gy_status status = GY_OK;
    spread s = {0};
    gy_watchdog_note(f->comm, 0, "scan the data", GY_WORKS);
    for (int part = 0; part < GY_PARTS && status == GY_OK; part++)
        status = scan(f, (gy_part)part, &s);
    GY_TRY(gy_comm_agree(f->comm, status));
    return judge(f, &s);
}
