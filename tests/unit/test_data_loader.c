/* Splits, ranks' parts of batches, order, seeking, prefetching. */
#include "gy_test.h"

#include "data/data.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 103, CLASSES = 3 };

static gy_source *open_blobs(gy_context *ctx)
{
    gy_source *s = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:blobs?n=103&features=3", NULL, &s), GY_OK);
    return s;
}

static gy_loader_spec spec_of(gy_source *s, int rank, int ranks)
{
    return (gy_loader_spec){.source = s,
                            .split = gy_split_all(SAMPLES),
                            .input = {1, {3}},
                            .shuffle = GY_SHUFFLE_ALL,
                            .seed = 5,
                            .batch = 10,
                            .rank = rank,
                            .ranks = ranks};
}

static void shares_cover_all(void)
{
    static const int64_t sizes[] = {0, 1, 7, 100, INT64_MAX / 2};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int64_t end = 0;
        for (int r = 0; r < 7; r++) {
            int64_t first, n;
            gy_part_of(sizes[k], r, 7, &first, &n);
            CU_ASSERT_EQUAL(first, end);
            CU_ASSERT_TRUE(n >= sizes[k] / 7 && n <= sizes[k] / 7 + 1);
            end = first + n;
        }
        CU_ASSERT_EQUAL(end, sizes[k]);
    }
    int64_t first, n;
    gy_part_of(10, 2, 4, &first, &n); /* ⌊10·2/4⌋ … ⌊10·3/4⌋ */
    CU_ASSERT_TRUE(first == 5 && n == 2);
}

/* Ranks' parts follow each other and begin where a grain does; grains may be empty, ranks too. */
static void shares_are_whole_grains(void)
{
    static const int grains[] = {1, 4, 12, 24};
    for (int v = 0; v < 4; v++) {
        for (int ranks = 1; ranks <= 13; ranks++) {
            for (int64_t n = 0; n < 50; n = 2 * n + 1) {
                int64_t end = 0;
                for (int r = 0; r < ranks; r++) {
                    int64_t first, count, grain = 0;
                    gy_part_of_grains(n, grains[v], r, ranks, &first, &count);
                    while (grain < grains[v] && n * grain / grains[v] < first) grain++;
                    CU_ASSERT_TRUE(count == 0 || first == end);
                    CU_ASSERT_TRUE(count == 0 || n * grain / grains[v] == first);
                    if (count > 0) end = first + count;
                }
                CU_ASSERT_EQUAL(end, n);
            }
        }
    }
}

static void splits_part_the_samples(void)
{
    gy_split train, validation;
    bool seen[SAMPLES] = {false};
    gy_split_fraction(SAMPLES, 0.1, 3, &train, &validation);
    CU_ASSERT_EQUAL(validation.samples, 10);
    CU_ASSERT_EQUAL(train.samples, SAMPLES - 10);
    int64_t in_place = 0;
    for (int64_t i = 0; i < SAMPLES; i++) {
        int64_t at = i < train.samples ? gy_split_at(&train, i)
                                       : gy_split_at(&validation, i - train.samples);
        CU_ASSERT_FATAL(at >= 0 && at < SAMPLES && !seen[at]);
        seen[at] = true;
        in_place += at == i;
    }
    CU_ASSERT_TRUE(in_place < 10);
    gy_split_fraction(5, 0.01, 3, &train, &validation);
    CU_ASSERT_EQUAL(validation.samples, 1);
    gy_split_time(100, 0.2, 4, &train, &validation);
    CU_ASSERT_TRUE(train.samples == 76 && gy_split_at(&train, 75) == 75);
    CU_ASSERT_TRUE(validation.samples == 20 && gy_split_at(&validation, 0) == 80);
}

/* Every fold: each sample trains or validates, and validates in one fold alone. @param class  NULL: any */
static void try_folds(gy_context *ctx, gy_source *s, bool stratified, int64_t folds,
                      const int64_t *class)
{
    int64_t met[SAMPLES] = {0};
    for (int64_t k = 1; k <= folds; k++) {
        gy_split train, validation;
        int64_t *list = NULL, of_class[CLASSES] = {0};
        bool seen[SAMPLES] = {false};
        const gy_fold fold = {.k = k, .n = folds, .stratified = stratified, .seed = 3};
        CU_ASSERT_EQUAL_FATAL(gy_split_fold(ctx, s, &fold, &train, &validation, &list), GY_OK);
        CU_ASSERT_EQUAL_FATAL(train.samples + validation.samples, SAMPLES);
        CU_ASSERT_TRUE(llabs(validation.samples * folds - SAMPLES) < folds);
        for (int64_t i = 0; i < SAMPLES; i++) {
            int64_t at = i < train.samples ? gy_split_at(&train, i)
                                           : gy_split_at(&validation, i - train.samples);
            CU_ASSERT_FATAL(at >= 0 && at < SAMPLES && !seen[at]);
            seen[at] = true;
            if (i < train.samples) continue;
            met[at]++;
            if (class != NULL) of_class[class[at]]++;
        }
        for (int c = 0; c < CLASSES && class != NULL; c++) {
            int64_t all = 0;
            for (int i = 0; i < SAMPLES; i++) all += class[i] == c;
            CU_ASSERT_TRUE(of_class[c] >= all / folds && of_class[c] <= all / folds + 1);
        }
        gy_free(ctx, list);
    }
    for (int i = 0; i < SAMPLES; i++) CU_ASSERT_EQUAL(met[i], 1);
}

static void folds_part_the_samples(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = open_blobs(ctx);
    int64_t class[SAMPLES];
    float x[64], y;
    for (int64_t i = 0; i < SAMPLES; i++) {
        CU_ASSERT_EQUAL_FATAL(gy_source_read(s, &i, 1, x, &y), GY_OK);
        class[i] = (int64_t)y;
    }
    for (int64_t folds = 2; folds <= 7; folds++) {
        try_folds(ctx, s, false, folds, NULL);
        try_folds(ctx, s, true, folds, class);
    }
    gy_split train, validation;
    int64_t *list = NULL;
    CU_ASSERT_EQUAL(
        gy_split_fold(ctx, s, &(gy_fold){.k = 1, .n = SAMPLES + 1}, &train, &validation, &list),
        GY_E_DATA);
    gy_fold fold;
    CU_ASSERT_TRUE(gy_fold_parse("2/5", &fold) && fold.k == 2 && fold.n == 5);
    static const char *const wrong[] = {"", "2", "0/5", "6/5", "1/1", "a/5", "2/", "/5", "2/5/6"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(gy_fold_parse(wrong[i], &fold));
    gy_source_close(s);
    gy_test_end(ctx);
}

/* Runs `batches` batches on each of `ranks` ranks into order [batches, 10] of sample numbers. */
static void collect(gy_context *ctx, int ranks, bool prefetch, int batches, int64_t *order,
                    float *x)
{
    for (int r = 0; r < ranks; r++) {
        gy_source *s = open_blobs(ctx);
        gy_loader_spec spec = spec_of(s, r, ranks);
        spec.prefetch = prefetch;
        gy_loader *l = NULL;
        CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
        CU_ASSERT_EQUAL(gy_loader_batches(l), 11);
        for (int b = 0; b < batches; b++) {
            gy_batch batch;
            CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
            CU_ASSERT_EQUAL(batch.epoch, b / 11);
            CU_ASSERT_EQUAL(batch.index, b % 11);
            CU_ASSERT_EQUAL(batch.global, b % 11 == 10 ? 3 : 10);
            for (int64_t i = 0; i < batch.n; i++) {
                int64_t at = b * 10 + batch.first + i;
                order[at] = batch.samples[i];
                memcpy(x + at * 3, batch.x + i * 3, 3 * sizeof *x);
                CU_ASSERT_EQUAL(batch.y[i], (float)(batch.samples[i] % 3));
            }
        }
        gy_loader_free(l);
        gy_source_close(s);
    }
}

static void ranks_share_one_order(void)
{
    enum { BATCHES = 22 };
    gy_context *ctx = gy_test_context();
    static int64_t one[BATCHES * 10], many[BATCHES * 10];
    static float x_one[BATCHES * 30], x_many[BATCHES * 30];
    collect(ctx, 1, false, BATCHES, one, x_one);
    for (int epoch = 0; epoch < 2; epoch++) { /* each sample once an epoch */
        bool seen[SAMPLES] = {false};
        for (int i = 0; i < SAMPLES; i++) {
            int64_t at = one[epoch * 110 + i];
            CU_ASSERT_FATAL(!seen[at]);
            seen[at] = true;
        }
    }
    CU_ASSERT_NOT_EQUAL(memcmp(one, one + 110, 103 * sizeof *one), 0);
    static const int ranks[] = {1, 2, 3, 5, 8, 16};
    for (size_t k = 0; k < sizeof ranks / sizeof *ranks; k++) {
        memset(many, 0, sizeof many);
        memset(x_many, 0, sizeof x_many);
        collect(ctx, ranks[k], true, BATCHES, many, x_many);
        CU_ASSERT_EQUAL(memcmp(one, many, sizeof one), 0);
        CU_ASSERT_EQUAL(memcmp(x_one, x_many, sizeof x_one), 0);
    }
    gy_test_end(ctx);
}

static void seeking_finds_the_same_stream(void)
{
    gy_context *ctx = gy_test_context();
    static int64_t all[33 * 10];
    static float x[33 * 30];
    collect(ctx, 1, false, 33, all, x);
    gy_source *s = open_blobs(ctx);
    gy_loader_spec spec = spec_of(s, 0, 1);
    spec.prefetch = true;
    gy_loader *l = NULL;
    gy_batch batch;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    static const int places[] = {0, 13, 10, 30, 11, 12, 2};
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        int place = places[k];
        CU_ASSERT_EQUAL(gy_loader_seek(l, place / 11, place % 11), GY_OK);
        for (int b = place; b < place + 2; b++) {
            CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
            CU_ASSERT_EQUAL(memcmp(batch.samples, all + b * 10, (size_t)batch.n * 8), 0);
            CU_ASSERT_EQUAL(memcmp(batch.x, x + b * 30, (size_t)batch.n * 12), 0);
        }
    }
    CU_ASSERT_EQUAL(gy_loader_seek_sample(l, 0, 13),
                    GY_OK); /* what is left of a batch, then the next */
    for (int at = 13; at < 30; at += (int)batch.n) {
        CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
        CU_ASSERT_EQUAL(batch.n, at == 13 ? 7 : 10);
        CU_ASSERT_EQUAL(memcmp(batch.samples, all + at, (size_t)batch.n * 8), 0);
        CU_ASSERT_EQUAL(memcmp(batch.x, x + at * 3, (size_t)batch.n * 12), 0);
    }
    CU_ASSERT_EQUAL(gy_loader_seek(l, 0, 11), GY_OK); /* an epoch's end is the next one's start */
    CU_ASSERT_EQUAL(gy_loader_next(l, &batch), GY_OK);
    CU_ASSERT_TRUE(batch.epoch == 1 && batch.index == 0);
    gy_loader_free(l);
    gy_source_close(s);
    gy_test_end(ctx);
}

static void nothing_is_allocated_in_a_run(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = open_blobs(ctx);
    gy_loader_spec spec = spec_of(s, 0, 2);
    spec.prefetch = true;
    gy_loader *l = NULL;
    gy_batch batch;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    int64_t before = gy_alloc_count(ctx);
    for (int b = 0; b < 40; b++) CU_ASSERT_EQUAL(gy_loader_next(l, &batch), GY_OK);
    CU_ASSERT_EQUAL(gy_alloc_count(ctx), before);
    gy_loader_free(l);
    gy_source_close(s);
    gy_test_end(ctx);
}

static void order_without_shuffle(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = open_blobs(ctx);
    gy_loader_spec spec = spec_of(s, 1, 2);
    spec.shuffle = GY_SHUFFLE_NONE;
    spec.drop_last = true;
    gy_loader *l = NULL;
    gy_batch batch;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    CU_ASSERT_EQUAL(gy_loader_batches(l), 10);
    CU_ASSERT_EQUAL(gy_loader_next(l, &batch), GY_OK);
    CU_ASSERT_TRUE(batch.n == 5 && batch.samples[0] == 5 && batch.samples[4] == 9);
    gy_loader_free(l);
    spec.batch = 1000;
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_E_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "an epoch has no batch"));
    spec.drop_last = false;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    CU_ASSERT_EQUAL(gy_loader_next(l, &batch), GY_OK);
    CU_ASSERT_TRUE(batch.global == SAMPLES && batch.n == 52 && batch.first == 51);
    gy_loader_free(l);
    gy_source_close(s);
    gy_test_end(ctx);
}

static void shapes_must_agree(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = NULL;
    gy_loader *l = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:images?shape=3x8x8&n=20", NULL, &s),
                          GY_OK);
    gy_loader_spec spec = {.source = s, .split = gy_split_all(20), .batch = 4, .ranks = 1};
    spec.input = (gy_shape){3, {8, 8, 3}};
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_E_DATA);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text,
                           "samples do not fit the model (synthetic:images?shape=3x8x8&n=20): "
                           "samples are [3, 8, 8], model.input is [8, 8, 3]; channels stand last");
    spec.input = (gy_shape){4, {3, 8, 8, 1}};
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    gy_loader_free(l);
    spec.input = (gy_shape){1, {192}}; /* images are not flattened by themselves */
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_E_DATA);
    gy_source_close(s);
    s = open_blobs(ctx); /* flat samples take any shape of as many elements */
    spec = spec_of(s, 0, 1);
    spec.input = (gy_shape){2, {1, 3}};
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    gy_loader_free(l);
    gy_source_close(s);
    gy_test_end(ctx);
}

/* One image of 4 x 3 pixels in 2 channels, numbered from 1; augmented in many epochs. */
static void images_move_within_zeros(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = NULL;
    gy_loader *l = NULL;
    gy_batch batch;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:images?shape=4x3x2&n=1", NULL, &s), GY_OK);
    float plain[24];
    int64_t zero = 0;
    CU_ASSERT_EQUAL(gy_source_read(s, &zero, 1, plain, NULL), GY_OK);
    gy_loader_spec spec = {
        .source = s, .split = gy_split_all(1), .batch = 1, .ranks = 1, .seed = 3};
    spec.input = (gy_shape){3, {4, 3, 2}};
    spec.augment = (gy_augment_settings){.flip = true, .crop_padding = 1};
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    int flips = 0, shifts[3][3] = {{0}};
    for (int epoch = 0; epoch < 200; epoch++) {
        CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
        bool found = false; /* it is one of the 2 · 3 · 3 that may be */
        for (int k = 0; k < 18 && !found; k++) {
            int flip = k % 2, down = k / 2 % 3 - 1, right = k / 6 - 1;
            found = true;
            for (int i = 0; i < 24; i++) {
                int row = i / 6 + down, column = i / 2 % 3 + right;
                bool inside = row >= 0 && row < 4 && column >= 0 && column < 3;
                if (flip) column = 2 - column;
                float want = inside ? plain[row * 6 + column * 2 + i % 2] : 0.0f;
                found = found && batch.x[i] == want;
            }
            if (!found) continue;
            flips += flip;
            shifts[down + 1][right + 1]++;
        }
        CU_ASSERT_TRUE(found);
    }
    CU_ASSERT_TRUE(flips > 60 && flips < 140);
    for (int i = 0; i < 9; i++) CU_ASSERT_TRUE(shifts[i / 3][i % 3] > 5);
    gy_loader_free(l);
    spec.input = (gy_shape){1, {24}};
    gy_source_close(s);
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:blobs?features=24", NULL, &s), GY_OK);
    spec.source = s;
    CU_ASSERT_EQUAL(gy_loader_create(ctx, &spec, &l), GY_E_DATA);
    gy_source_close(s);
    gy_test_end(ctx);
}

static void noise_has_its_deviation(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = NULL;
    gy_loader *l = NULL;
    gy_batch batch;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:images?shape=15x11x1&n=50", NULL, &s),
                          GY_OK);
    static float plain[50 * 165];
    int64_t index[50];
    for (int64_t i = 0; i < 50; i++) index[i] = i;
    CU_ASSERT_EQUAL(gy_source_read(s, index, 50, plain, NULL), GY_OK);
    gy_loader_spec spec = {.source = s, .split = gy_split_all(50), .batch = 50, .ranks = 1};
    spec.input = (gy_shape){3, {15, 11, 1}};
    spec.augment.noise = 0.5;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
    double sum = 0.0, squares = 0.0, first = batch.x[0];
    for (int i = 0; i < 50 * 165; i++) {
        double v = (double)batch.x[i] - plain[i];
        sum += v;
        squares += v * v;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / (50 * 165), 0.0, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares / (50 * 165)), 0.5, 0.02);
    CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &batch), GY_OK);
    CU_ASSERT_NOT_EQUAL(first, (double)batch.x[0]); /* other noise in the next epoch */
    gy_loader_free(l);
    gy_source_close(s);
    gy_test_end(ctx);
}

/* 5 waves of 20 points, of which 3 waves a batch and 8 points each are drawn; ranks share the order. */
static void tasks_come_whole(void)
{
    enum { TURNS = 6, EACH = 8, EPOCHS = 2 };
    gy_context *ctx = gy_test_context();
    gy_source *s = NULL;
    gy_tasks tasks;
    gy_loader *all = NULL, *last = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:sinusoid?n=100&points=20", NULL, &s),
                          GY_OK);
    gy_split split = gy_split_all(100);
    CU_ASSERT_EQUAL_FATAL(gy_tasks_init(&tasks, ctx, s, &split, 20, "none"), GY_OK);
    CU_ASSERT_EQUAL(tasks.n, 5);
    gy_loader_spec spec = spec_of(s, 0, 1);
    spec.split = split;
    spec.input.d[0] = 1;
    spec.batch = 3 * EACH;
    spec.tasks = &tasks;
    spec.task_samples = EACH;
    spec.grains = 3;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &all), GY_OK);
    spec.rank = 1;
    spec.ranks = 2;
    CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &last), GY_OK);
    CU_ASSERT_EQUAL(gy_loader_batches(all), 2);
    int64_t orders[EPOCHS] = {0};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int seen[5] = {0};
        for (int turn = 0; turn < TURNS; turn++) {
            gy_batch batch, part;
            bool drawn[100] = {false};
            const int64_t *samples = NULL;
            if (turn % 3 == 0) {
                CU_ASSERT_EQUAL_FATAL(gy_loader_next(all, &batch), GY_OK);
                CU_ASSERT_EQUAL_FATAL(gy_loader_next(last, &part), GY_OK);
                CU_ASSERT_EQUAL(part.n % EACH, 0);
                CU_ASSERT_EQUAL(memcmp(part.samples, batch.samples + part.first,
                                       (size_t)part.n * sizeof *part.samples),
                                0);
            }
            samples = batch.samples + turn % 3 * EACH;
            for (int i = 0; i < EACH; i++) {
                CU_ASSERT_EQUAL(samples[i] / 20, samples[0] / 20); /* of one wave, */
                CU_ASSERT_FALSE(drawn[samples[i]]);                /* no point twice */
                drawn[samples[i]] = true;
            }
            seen[samples[0] / 20]++;
            orders[epoch] = 31 * orders[epoch] + samples[0];
        }
        for (int i = 0; i < 5; i++) CU_ASSERT_TRUE(seen[i] >= 1 && seen[i] <= 2);
    }
    CU_ASSERT_NOT_EQUAL(orders[0], orders[1]);
    gy_loader_free(all);
    gy_loader_free(last);
    gy_tasks_clear(&tasks);
    CU_ASSERT_EQUAL(gy_tasks_init(&tasks, ctx, s, &split, 21, "none"), GY_E_DATA);
    gy_tasks_clear(&tasks);
    gy_source_close(s);
    gy_test_end(ctx);
}

static void failing_allocations_leave_nothing(void)
{
    gy_context *ctx = gy_test_context();
    for (int64_t k = 1;; k++) {
        gy_source *s = NULL;
        gy_loader *l = NULL;
        gy_alloc_fail_at(ctx, k);
        gy_status status = gy_source_open(ctx, "synthetic:sequence?n=9&length=4", NULL, &s);
        gy_loader_spec spec = {.source = s, .batch = 4, .ranks = 1, .input = {1, {4}}};
        spec.split = gy_split_all(9);
        spec.augment.noise = 0.1;
        if (status == GY_OK) status = gy_loader_create(ctx, &spec, &l);
        gy_alloc_fail_at(ctx, 0);
        gy_loader_free(l);
        gy_source_close(s);
        CU_ASSERT_EQUAL(gy_context_balance(ctx), 0);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL(status, GY_E_NOMEM);
        CU_ASSERT_FATAL(k < 100);
    }
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(shares_cover_all), GY_TEST(shares_are_whole_grains),
             GY_TEST(splits_part_the_samples), GY_TEST(folds_part_the_samples),
             GY_TEST(ranks_share_one_order), GY_TEST(seeking_finds_the_same_stream),
             GY_TEST(nothing_is_allocated_in_a_run), GY_TEST(order_without_shuffle),
             GY_TEST(shapes_must_agree), GY_TEST(images_move_within_zeros),
             GY_TEST(noise_has_its_deviation), GY_TEST(tasks_come_whole),
             GY_TEST(failing_allocations_leave_nothing))
