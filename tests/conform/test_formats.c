/*
 * What every data format promises, held over the list of formats. A new format needs a row in
 * `samples`: a function that makes a tiny file and gives its source string.
 *
 * It is known by content (or scheme), describes itself soundly, gives the same sample whatever the
 * order and company it is read in, the same again when opened with what it learned, the same set of
 * samples to any number of ranks, and frees everything wherever an allocation fails.
 */
#include "data_files.h"

#include "base/buffer.h"
#include "store/hdf5.h"

typedef struct sample {
    const char *format;
    void (*make)(gy_context *ctx, files *f, char *text, size_t n);
} sample;

static void make_hdf5(gy_context *ctx, files *f, char *text, size_t n)
{
    static uint8_t x[37 * 6], y[37];
    gy_shape shape = {3, {37, 2, 3}}, shape_y = {1, {37}};
    gy_h5 *h = NULL;
    gy_h5_data *d = NULL;
    for (int i = 0; i < 37 * 6; i++) x[i] = (uint8_t)(i * 7);
    for (int i = 0; i < 37; i++) y[i] = (uint8_t)(i % 4);
    const char *path = files_path(f, "a");
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &h), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(h, "/x", GY_H5_UINT8, &shape, 5, 1, &d), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, 37, GY_H5_UINT8, x), GY_OK);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(h, "/y", GY_H5_UINT8, &shape_y, 0, 0, &d), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, 37, GY_H5_UINT8, y), GY_OK);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_write_text(h, "/", "class_names", "[\"p\", \"q\", \"r\", \"s\"]"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_close(h), GY_OK);
    snprintf(text, n, "%s", path);
}

static void make_idx(gy_context *ctx, files *f, char *text, size_t n)
{
    static uint8_t x[16 + 20 * 6] = {0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 3};
    static uint8_t y[8 + 20] = {0, 0, 8, 1, 0, 0, 0, 20};
    (void)ctx;
    for (int i = 16; i < 136; i++) x[i] = (uint8_t)(i * 5);
    for (int i = 8; i < 28; i++) y[i] = (uint8_t)(i % 3);
    const char *images = files_write(f, "a", x, sizeof x);
    snprintf(text, n, "%s,%s", images, files_gzip(f, "b", y, sizeof y));
}

static void make_cifar(gy_context *ctx, files *f, char *text, size_t n)
{
    static uint8_t records[9 * 3073];
    (void)ctx;
    for (int i = 0; i < 9 * 3073; i++) records[i] = (uint8_t)(i % 3073 == 0 ? i % 10 : i * 11);
    snprintf(text, n, "%s", files_write(f, "a", records, sizeof records));
}

static void make_rows(gy_context *ctx, files *f, const char *format, char *text, size_t n)
{
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    gy_buffer_add(&b, "day,a,town,b\n");
    for (int i = 0; i < 40; i++)
        gy_buffer_format(&b, "%d,%.1f,%s,%d\n", i, i * 0.5, i % 3 ? "Ulm" : "Bonn", i * i % 50);
    snprintf(text, n, format, files_text(f, "a", gy_buffer_text(&b)));
    gy_buffer_clear(&b);
}

static void make_csv(gy_context *ctx, files *f, char *text, size_t n)
{
    make_rows(ctx, f, "%s?target=b", text, n);
}

static void make_series(gy_context *ctx, files *f, char *text, size_t n)
{
    make_rows(ctx, f, "series:%s?window=4&horizon=2&target=b&standardize=true", text, n);
}

static void make_libsvm(gy_context *ctx, files *f, char *text, size_t n)
{
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    for (int i = 0; i < 30; i++)
        gy_buffer_format(&b, "%d %d:%d 9:1\n", i % 2 * 2 - 1, i % 8 + 1, i);
    snprintf(text, n, "%s", files_text(f, "a", gy_buffer_text(&b)));
    gy_buffer_clear(&b);
}

static void make_text(gy_context *ctx, files *f, char *text, size_t n)
{
    (void)ctx;
    snprintf(text, n, "%s", files_text(f, "a", "It is a truth, universally acknowledged,\nthat\n"));
}

static void make_synthetic(gy_context *ctx, files *f, char *text, size_t n)
{
    (void)ctx;
    (void)f;
    snprintf(text, n, "synthetic:spirals?n=33&features=5");
}

static const sample samples[] = {
    {"hdf5", make_hdf5},     {"idx", make_idx},
    {"cifar", make_cifar},   {"csv", make_csv},
    {"series", make_series}, {"libsvm", make_libsvm},
    {"text", make_text},     {"synthetic", make_synthetic},
};

enum { VALUES = 3072 };

static const gy_source_options options = {.sequence = 4, .tokens = 1};

static void describes_itself(const gy_source *s, const char *format)
{
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_STRING_EQUAL(info->format, format);
    CU_ASSERT_TRUE(info->samples > 0 && gy_shape_count(&info->x) > 0);
    CU_ASSERT_TRUE(gy_shape_count(&info->x) <= VALUES && gy_shape_count(&info->y) <= VALUES);
    CU_ASSERT_PTR_NOT_NULL(info->x_type);
    CU_ASSERT_EQUAL(info->classes > 0, info->y_is_class);
    CU_ASSERT_EQUAL(info->vocabulary > 0, info->x_is_tokens);
    for (int64_t c = 0; info->class_names != NULL && c < info->classes; c++)
        CU_ASSERT_TRUE(info->class_names[c] != NULL && info->class_names[c][0] != '\0');
}

/* Sample i alone is sample i among all, backwards, and of `other`. */
static void order_does_not_matter(gy_context *ctx, gy_source *s, gy_source *other)
{
    const gy_source_info *info = gy_source_get_info(s);
    int64_t n = info->samples, nx = gy_shape_count(&info->x), ny = gy_shape_count(&info->y);
    float *x, *y, one_x[VALUES], one_y[VALUES];
    int64_t *index;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, n * nx, &x), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, n * ny, &y), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, n, &index), GY_OK);
    for (int64_t i = 0; i < n; i++) index[i] = n - 1 - i;
    CU_ASSERT_EQUAL(gy_source_read(s, index, n, x, y), GY_OK);
    for (int64_t i = 0; i < n; i++) {
        const float *want_x = x + (n - 1 - i) * nx, *want_y = y + (n - 1 - i) * ny;
        for (int turn = 0; turn < 2; turn++) {
            read_one(turn == 0 ? s : other, i, one_x, one_y);
            CU_ASSERT_EQUAL(memcmp(one_x, want_x, (size_t)nx * sizeof *x), 0);
            CU_ASSERT_EQUAL(memcmp(one_y, want_y, (size_t)ny * sizeof *y), 0);
        }
        memset(one_x, 0, sizeof one_x);
        read_one(s, i, one_x, NULL); /* without the target */
        CU_ASSERT_EQUAL(memcmp(one_x, want_x, (size_t)nx * sizeof *x), 0);
    }
    gy_free(ctx, x);
    gy_free(ctx, y);
    gy_free(ctx, index);
}

/* An epoch on each number of ranks takes every sample once. */
static void ranks_share_the_samples(gy_context *ctx, gy_source *s)
{
    const gy_source_info *info = gy_source_get_info(s);
    for (int ranks = 1; ranks <= 5; ranks += 2) {
        int64_t *seen;
        CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, info->samples, &seen), GY_OK);
        for (int r = 0; r < ranks; r++) {
            gy_loader *l = NULL;
            gy_batch b;
            gy_loader_spec spec = {.source = s,
                                   .input = info->x,
                                   .batch = 4,
                                   .shuffle = true,
                                   .rank = r,
                                   .ranks = ranks,
                                   .prefetch = r % 2 == 0};
            spec.split = gy_split_all(info->samples);
            CU_ASSERT_EQUAL_FATAL(gy_loader_create(ctx, &spec, &l), GY_OK);
            int64_t count = gy_alloc_count(ctx);
            for (int64_t k = 0; k < gy_loader_batches(l); k++) {
                CU_ASSERT_EQUAL_FATAL(gy_loader_next(l, &b), GY_OK);
                for (int64_t i = 0; i < b.n; i++) seen[b.samples[i]]++;
            }
            CU_ASSERT_EQUAL(gy_alloc_count(ctx), count); /* a step allocates nothing */
            gy_loader_free(l);
        }
        for (int64_t i = 0; i < info->samples; i++) CU_ASSERT_EQUAL(seen[i], 1);
        gy_free(ctx, seen);
    }
}

static void failing_allocations(gy_context *ctx, const char *text)
{
    int64_t blocks = gy_context_balance(ctx);
    for (int64_t k = 1;; k++) {
        gy_source *s = NULL;
        gy_alloc_fail_at(ctx, k);
        gy_status status = gy_source_open(ctx, text, &options, &s);
        gy_alloc_fail_at(ctx, 0);
        gy_source_close(s);
        CU_ASSERT_EQUAL(gy_context_balance(ctx), blocks);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL(status, GY_E_NOMEM);
        CU_ASSERT_FATAL(k < 1000);
    }
}

static void every_format_keeps_its_promises(void)
{
    for (int i = 0; i < gy_format_registry.n; i++) {
        const char *name = gy_format_registry.kinds[i]->name;
        const sample *found = NULL;
        for (size_t k = 0; k < sizeof samples / sizeof *samples; k++)
            if (strcmp(samples[k].format, name) == 0) found = &samples[k];
        if (found == NULL) printf("\n    no sample of format %s\n", name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);

        gy_context *ctx = gy_test_context();
        files f;
        char text[600];
        gy_buffer fit;
        gy_buffer_init(&fit, ctx);
        files_begin(&f);
        found->make(ctx, &f, text, sizeof text);
        gy_source *s = open_source(ctx, text, &options);
        describes_itself(s, name);
        CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
        gy_source_options learned = options;
        learned.fit = gy_buffer_text(&fit);
        gy_source *again = open_source(ctx, text, &learned);
        describes_itself(again, name);
        order_does_not_matter(ctx, s, again);
        gy_source_close(again);
        ranks_share_the_samples(ctx, s);
        gy_source_close(s);
        failing_allocations(ctx, text);
        gy_buffer_clear(&fit);
        files_end(&f);
        gy_test_end(ctx);
    }
}

/* Its kind says how it is used. */
static void every_format_is_documented(void)
{
    for (int i = 0; i < gy_format_registry.n; i++) {
        const gy_format_kind *kind = gy_format_kind_of(gy_format_registry.kinds[i]);
        CU_ASSERT_TRUE(kind->kind.help != NULL && kind->example != NULL);
        CU_ASSERT_TRUE((kind->probe == NULL) == (kind->scheme != NULL));
        for (const gy_setting *s = kind->kind.settings; s != NULL && s->key != NULL; s++)
            CU_ASSERT_TRUE(s->help != NULL && s->standard != NULL);
    }
}

GY_TEST_MAIN(GY_TEST(every_format_keeps_its_promises), GY_TEST(every_format_is_documented))
