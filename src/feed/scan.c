/*
 * What the model can take of the data: tokens below its vocabulary, classes below its outputs.
 * Every batch is checked; small sources are read through before the run writes anything, so that
 * what is wrong with them is said at once.
 */
#include "feed.h"

#include "comm/watchdog.h"

enum { SCAN_FLOATS = 1 << 24, SCAN_BLOCK = 256 };

static gy_status check_targets(const gy_feed *f, gy_part part, const int64_t *samples, int64_t n,
                               const float *y)
{
    int64_t each = gy_shape_count(&gy_feed_info(f, part)->y);
    int64_t at = gy_target_find_wrong(f->target, f->classes, y, n * each);
    if (at < 0) return GY_OK;
    long long sample = (long long)samples[at / each];
    if (f->target == GY_TARGET_CLASS)
        return gy_raise(GY_E_DATA,
                        "class out of range" GY_AT "%s: sample %lld" GY_WHY
                        "%g, but the model tells %lld classes apart, 0 to %lld",
                        f->text[part], sample, (double)y[at], (long long)f->classes,
                        (long long)f->classes - 1);
    return gy_raise(GY_E_DATA,
                    "target out of range" GY_AT "%s: sample %lld" GY_WHY "%g, but %s takes %s",
                    f->text[part], sample, (double)y[at], f->config->loss.kind->name,
                    gy_target_text(f->target));
}

gy_status gy_feed_check(const gy_feed *f, gy_part part, const int64_t *samples, int64_t n,
                        const float *x, const float *y)
{
    const gy_source_info *info = gy_feed_info(f, part);
    if (f->vocabulary > 0) {
        int64_t each = gy_shape_count(&info->x);
        int64_t at = gy_target_find_wrong(GY_TARGET_CLASS, f->vocabulary, x, n * each);
        GY_REQUIRE(at < 0, GY_E_DATA,
                   "token out of range" GY_AT "%s: sample %lld" GY_WHY
                   "%g, but the embedding has a vocabulary of %lld",
                   f->text[part], (long long)samples[at / each], (double)x[at],
                   (long long)f->vocabulary);
    }
    return y == NULL ? GY_OK : check_targets(f, part, samples, n, y);
}

static gy_status read_through(gy_feed *f, gy_part part, int64_t first, int64_t n, float *x,
                              float *y)
{
    int64_t samples[SCAN_BLOCK];
    for (int64_t done = 0; done < n;) {
        int64_t block = n - done < SCAN_BLOCK ? n - done : SCAN_BLOCK;
        for (int64_t i = 0; i < block; i++)
            samples[i] = gy_split_at(&f->split[part], first + done + i);
        GY_TRY(gy_source_read(f->source[part], samples, block, x, y));
        GY_TRY(gy_feed_check(f, part, samples, block, x, y));
        done += block;
    }
    return GY_OK;
}

/* This rank's part of a split. */
static gy_status scan(gy_feed *f, gy_part part)
{
    const gy_source_info *info = gy_feed_info(f, part);
    if (info == NULL) return GY_OK;
    int64_t each = gy_shape_count(&info->x), targets = gy_shape_count(&info->y), first, n;
    if (f->split[part].samples > SCAN_FLOATS / (each + targets)) return GY_OK;
    gy_part_of(f->split[part].samples, gy_comm_rank(f->comm), gy_comm_ranks(f->comm), &first, &n);
    float *x = NULL, *y = NULL;
    gy_status status = gy_new_array(f->ctx, SCAN_BLOCK * each, &x);
    if (status == GY_OK && info->supervised)
        status = gy_new_array(f->ctx, SCAN_BLOCK * targets, &y);
    if (status == GY_OK) status = read_through(f, part, first, n, x, y);
    gy_free(f->ctx, y);
    gy_free(f->ctx, x);
    return status;
}

gy_status gy_feed_scan(gy_feed *f)
{
    gy_status status = GY_OK;
    gy_watchdog_note(f->comm, 0, "scan the data", GY_WORKS);
    for (int part = 0; part < GY_PARTS && status == GY_OK; part++) status = scan(f, (gy_part)part);
    return gy_comm_agree(f->comm, status);
}
