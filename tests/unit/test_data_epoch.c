/* The shuffle by chunks: lanes, ranks, what is unpacked how often. */
#include "gy_test.h"

#include "base/pulse.h"
#include "data/epoch.h"
#include "store/hdf5.h"
#include "tempdir.h"

#include <math.h>
#include <string.h>

/* Samples [n, floats] whose numbers are their own, packed in chunks; not written where they are many. */
static void make_packed(gy_context *ctx, const char *path, int64_t n, int64_t floats, int64_t rows)
{
    gy_h5 *f;
    gy_h5_data *d;
    float *x = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL_FATAL(
        gy_h5_data_create(f, "/x", GY_H5_FLOAT32, &(gy_shape){2, {n, floats}}, rows, 1, &d), GY_OK);
    if (n * floats < 1 << 20) {
        CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, n * floats, &x), GY_OK);
        for (int64_t i = 0; i < n * floats; i++) x[i] = (float)(i / floats);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, n, GY_H5_FLOAT32, x), GY_OK);
    }
    gy_free(ctx, x);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
}

/* Epochs by chunks of a source: every sample once in each, and no two alike. @return chunks of a batch */
static int64_t go_by_chunks(gy_context *ctx, gy_source *s, int64_t samples, int64_t batch,
                            int64_t rows)
{
    gy_epoch o = {.batch = 0};
    gy_loader_spec spec = {.source = s, .split = gy_split_all(samples), .batch = batch, .seed = 3};
    int64_t *seen, *order, most = 0, alike = 0;
    spec.shuffle = GY_SHUFFLE_CHUNKS;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, samples, &seen), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, 2 * samples, &order), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_epoch_init(&o, ctx, &spec), GY_OK);
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        for (int64_t at = 0; at < samples; at += batch) {
            const int64_t n = samples - at < batch ? samples - at : batch;
            int64_t *of = order + epoch * samples + at, chunks = 0;
            gy_epoch_take(&o, epoch, at, n, of);
            for (int64_t i = 0; i < n; i++) {
                bool met = false;
                for (int64_t j = 0; j < i; j++) met = met || of[j] / rows == of[i] / rows;
                chunks += !met;
                CU_ASSERT_FATAL(of[i] >= 0 && of[i] < samples && seen[of[i]]++ == epoch);
            }
            most = chunks > most ? chunks : most;
        }
    }
    for (int64_t i = 0; i < samples; i++) alike += order[i] == order[samples + i];
    CU_ASSERT_TRUE(alike < samples / 10);
    gy_epoch_clear(&o, ctx);
    gy_free(ctx, order);
    gy_free(ctx, seen);
    return most;
}

static void chunks_are_gone_through_in_lanes(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_source *s = NULL;
    static const int64_t batches[] = {1, 7, 32, 250, 1024, 3000};
    gy_tempdir_make(&t);
    make_packed(ctx, gy_tempdir_join(&t, "far.h5"), 2050, 1 << 20, 16); /* 64 MiB a chunk */
    make_packed(ctx, gy_tempdir_join(&t, "near.h5"), 1003, 300, 16);
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
        CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, gy_tempdir_join(&t, "far.h5"), NULL, &s), GY_OK);
        CU_ASSERT_EQUAL(gy_source_get_info(s)->chunk.samples, 16);
        CU_ASSERT_TRUE(fabs(gy_source_unpacked(gy_source_get_info(s), 1) - 15.5) < 0.01);
        const int64_t chunks = go_by_chunks(ctx, s, 2050, batches[k], 16);
        if (batches[k] <= 32) CU_ASSERT_TRUE(chunks <= 8); /* four lanes, each at most at an end */
        gy_source_close(s);
        CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, gy_tempdir_join(&t, "near.h5"), NULL, &s), GY_OK);
        (void)go_by_chunks(ctx, s, 1003, batches[k], 16);
        gy_source_close(s);
    }
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* Reads epochs by chunks on each of `ranks` ranks. @param order  [1000] of the first epoch */
static void load_by_chunks(gy_context *ctx, const char *path, int ranks, int64_t *order)
{
    enum { FLOATS = 300, ROWS = 16, BATCH = 24, N = 1000 };
    for (int r = 0; r < ranks; r++) {
        gy_source *s = NULL;
        gy_loader *l = NULL;
        gy_batch batch;
        CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, path, NULL, &s), GY_OK);
        gy_loader_spec spec = {.source = s,
                               .split = gy_split_all(N),
                               .input = {1, {FLOATS}},
                               .shuffle = GY_SHUFFLE_CHUNKS,
                               .seed = 3,
                               .batch = BATCH,
                               .rank = r,
                               .ranks = ranks};
        CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
        const int64_t batches = gy_loader_batches(l), allocated = gy_alloc_count(ctx);
        const unsigned long long pulse = gy_pulse_count(ctx);
        for (int64_t b = 0; b < 2 * batches; b++) {
            CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
            for (int64_t i = 0; i < batch.n; i++) {
                CU_ASSERT_EQUAL_FATAL(batch.x[i * FLOATS + 7], (float)batch.samples[i]);
                if (b < batches) order[b * BATCH + batch.first + i] = batch.samples[i];
            }
        }
        CU_ASSERT_EQUAL(gy_alloc_count(ctx), allocated);
        /* a beat a batch and a beat a chunk: a rank reads its part of them, and some at the ends of lanes */
        if (ranks == 1)
            CU_ASSERT_TRUE(gy_pulse_count(ctx) - pulse < (unsigned)(2 * batches + N / ROWS + 10));
        gy_loader_free(l);
        gy_source_close(s);
    }
}

static void ranks_share_the_chunks(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    int64_t one[1000], many[1000];
    gy_tempdir_make(&t);
    make_packed(ctx, gy_tempdir_join(&t, "x.h5"), 1000, 300, 16);
    load_by_chunks(ctx, gy_tempdir_join(&t, "x.h5"), 1, one);
    for (int ranks = 2; ranks < 6; ranks++) {
        load_by_chunks(ctx, gy_tempdir_join(&t, "x.h5"), ranks, many);
        CU_ASSERT_EQUAL(memcmp(one, many, sizeof one), 0);
    }
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(chunks_are_gone_through_in_lanes), GY_TEST(ranks_share_the_chunks))
