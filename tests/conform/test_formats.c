/*
 * What every format of data promises (data.h): a file of its own is known by its content and opened, or
 * refused in one line; samples are the same in whatever order they are read, and with what the source
 * learned; damage, a missing file and a wrong option end with code 2; nothing is left behind.
 *
 * A format needs an input here: how a file of n samples is written.
 */
#include "data_files.h"

#include "base/alloc.h"
#include "data/format_list.h"
#include "store/hdf5.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>

enum { N = 5, TEXT = 2048, FLOATS = N * 3072, MOST = 2000 };

static const gy_source_options options = {.sequence = 3};

typedef struct input {
    const char *name;
    /* n samples; which text opens them */
    void (*write)(gy_context *ctx, files *f, int n, char text[TEXT]);
    bool knows_its_end; /* of a file that was cut nothing is read */
} input;

static void put(gy_h5 *h, const char *name, gy_h5_type type, const gy_shape *shape, const float *v)
{
    gy_h5_data *d = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(h, name, type, shape, 0, 0, &d), GY_OK);
    if (shape->d[0] > 0)
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, shape->d[0], GY_H5_FLOAT32, v), GY_OK);
    gy_h5_data_close(d);
}

static void write_hdf5(gy_context *ctx, files *f, int n, char text[TEXT])
{
    gy_h5 *h = NULL;
    float v[N * 6];
    const char *path = files_path(f, "data");
    for (int i = 0; i < N * 6; i++) v[i] = (float)(i * i % 7);
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &h), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_group(h, "/train"), GY_OK);
    put(h, "/train/x", GY_H5_FLOAT32, &(gy_shape){3, {n, 2, 3}}, v);
    put(h, "/train/y", GY_H5_INT64, &(gy_shape){1, {n}}, v);
    CU_ASSERT_EQUAL(gy_h5_close(h), GY_OK);
    (void)snprintf(text, TEXT, "%s:/train", path);
}

/* An array [n, 3] of bytes as numpy.save has it. */
static size_t make_array(int n, uint8_t out[128 + 3 * N])
{
    int head = snprintf((char *)out, 128,
                        "%c%s%c%c%c%c{'descr': '|u1', 'fortran_order': False, "
                        "'shape': (%d, 3), }",
                        0x93, "NUMPY", 1, 0, 118, 0, n);
    memset(out + head, ' ', (size_t)(127 - head));
    out[127] = '\n';
    for (int i = 0; i < 3 * n; i++) out[128 + i] = (uint8_t)(37 * i);
    return 128 + 3 * (size_t)n;
}

static void write_npy(gy_context *ctx, files *f, int n, char text[TEXT])
{
    uint8_t array[128 + 3 * N];
    (void)ctx;
    (void)snprintf(text, TEXT, "%s", files_write(f, "data", array, make_array(n, array)));
}

static size_t put_number(uint8_t *to, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(v >> 8 * i);
    return (size_t)bytes;
}

/* An archive of one array, x.npy, as numpy.savez has it: the entry, the directory, its end. */
static void write_npz(gy_context *ctx, files *f, int n, char text[TEXT])
{
    uint8_t zip[512] = "PK\3\4", *central, *end;
    size_t bytes = make_array(n, zip + 35);
    (void)ctx;
    put_number(zip + 18, (uint32_t)bytes, 4);
    put_number(zip + 22, (uint32_t)bytes, 4);
    put_number(zip + 26, 5, 2);
    memcpy(zip + 30, "x.npy", 5);
    central = zip + 35 + bytes;
    memcpy(central, "PK\1\2", 4);
    put_number(central + 20, (uint32_t)bytes, 4);
    put_number(central + 24, (uint32_t)bytes, 4);
    put_number(central + 28, 5, 2);
    memcpy(central + 46, "x.npy", 5);
    end = central + 51;
    memcpy(end, "PK\5\6", 4);
    put_number(end + 10, 1, 2);
    put_number(end + 12, 51, 4);
    put_number(end + 16, (uint32_t)(central - zip), 4);
    (void)snprintf(text, TEXT, "%s", files_write(f, "data", zip, (size_t)(end + 22 - zip)));
}

static void write_idx(gy_context *ctx, files *f, int n, char text[TEXT])
{
    uint8_t images[16 + 4 * N] = {0, 0, 8, 3, 0, 0, 0, (uint8_t)n, 0, 0, 0, 2, 0, 0, 0, 2};
    uint8_t labels[8 + N] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)n};
    (void)ctx;
    for (int i = 0; i < 4 * N; i++) images[16 + i] = (uint8_t)(37 * i);
    for (int i = 0; i < N; i++) labels[8 + i] = (uint8_t)(i % 3);
    const char *data = files_write(f, "data", images, 16 + 4 * (size_t)n);
    (void)snprintf(text, TEXT, "%s,%s", data, files_write(f, "labels", labels, 8 + (size_t)n));
}

static void write_cifar(gy_context *ctx, files *f, int n, char text[TEXT])
{
    static uint8_t records[N * 3073];
    (void)ctx;
    for (int i = 0; i < N * 3073; i++) records[i] = (uint8_t)(i % 3073 == 0 ? i % 10 : i % 251);
    (void)snprintf(text, TEXT, "%s", files_write(f, "data", records, (size_t)n * 3073));
}

/* `first`, then n lines of a format with two numbers. */
static const char *write_lines(files *f, const char *first, int n, const char *line)
{
    char all[TEXT];
    int at = snprintf(all, sizeof all, "%s", first);
    for (int i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        at += snprintf(all + at, sizeof all - (size_t)at, line, i % 3, 10 + i);
#pragma GCC diagnostic pop
    }
    return files_text(f, "data", all);
}

static void write_csv(gy_context *ctx, files *f, int n, char text[TEXT])
{
    (void)ctx;
    const char *path = write_lines(f, "a,b,target\n", n, "%d.5,%d,yes\n");
    (void)snprintf(text, TEXT, "%s?target=target", path);
}

static void write_series(gy_context *ctx, files *f, int n, char text[TEXT])
{
    (void)ctx;
    const char *path = write_lines(f, "a,b\n", n + 2, "%d.5,%d\n");
    (void)snprintf(text, TEXT, "series:%s?window=2&horizon=1", path);
}

static void write_libsvm(gy_context *ctx, files *f, int n, char text[TEXT])
{
    (void)ctx;
    (void)snprintf(text, TEXT, "%s", write_lines(f, "", n, "%d 1:%d 3:1.5\n"));
}

static void write_text(gy_context *ctx, files *f, int n, char text[TEXT])
{
    char prose[3 * N + 2] = "";
    (void)ctx;
    for (int i = 0; i < 3 * n + 1; i++) prose[i] = "to be or not to be"[i % 18];
    (void)snprintf(text, TEXT, "%s", files_text(f, "data", prose));
}

static void write_synthetic(gy_context *ctx, files *f, int n, char text[TEXT])
{
    (void)ctx;
    (void)f;
    (void)snprintf(text, TEXT, "synthetic:blobs?n=%d", n);
}

static const input inputs[] = {
    {"hdf5", write_hdf5, true},      {"idx", write_idx, true},
    {"npy", write_npy, true},        {"npz", write_npz, true},
    {"cifar", write_cifar, true},    {"csv", write_csv, false},
    {"series", write_series, false}, {"libsvm", write_libsvm, false},
    {"text", write_text, false},     {"synthetic", write_synthetic, false},
};

static const input *find_input(const char *name)
{
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (strcmp(inputs[i].name, name) == 0) return &inputs[i];
    return NULL;
}

static float x[FLOATS], y[FLOATS], other_x[FLOATS], other_y[FLOATS];

/* One line, code 2, with what it is about. */
static void expect_refused(const input *in, gy_status status, const char *what, const char *part)
{
    const char *line = gy_error_last()->text;
    const bool well = status != GY_OK && gy_status_exit_code(status) == 2 &&
                      strchr(line, '\n') == NULL && strstr(line, part) != NULL;
    if (!well) printf("\n    %s, %s: %s\n", in->name, what, status == GY_OK ? "not refused" : line);
    CU_ASSERT_TRUE(well);
}

static void expect_open_refused(gy_context *ctx, const input *in, const char *text,
                                const char *what, const char *part)
{
    gy_source *s = NULL;
    gy_status status = gy_source_open(ctx, text, &options, &s);
    expect_refused(in, status, what, part);
    gy_source_close(s);
}

/* x and y of the samples, as often and in whatever order they come. */
static void expect_same(gy_source *s, const int64_t *index, int64_t n)
{
    const gy_source_info *info = gy_source_get_info(s);
    const size_t nx = (size_t)gy_shape_count(&info->x);
    const size_t ny = info->supervised ? (size_t)gy_shape_count(&info->y) : 0;
    CU_ASSERT_EQUAL(gy_source_read(s, index, n, other_x, other_y), GY_OK);
    for (int64_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(memcmp(other_x + (size_t)i * nx, x + (size_t)index[i] * nx, nx * sizeof *x),
                        0);
        CU_ASSERT_EQUAL(memcmp(other_y + (size_t)i * ny, y + (size_t)index[i] * ny, ny * sizeof *y),
                        0);
    }
}

static void orders_do_not_matter(gy_source *s, gy_context *ctx)
{
    static const int64_t all[N] = {0, 1, 2, 3, 4}, back[N] = {4, 3, 2, 1, 0};
    static const int64_t again[N] = {2, 2, 0, 4, 2};
    CU_ASSERT_EQUAL_FATAL(gy_source_read(s, all, N, x, y), GY_OK);
    const int64_t before = gy_alloc_count(ctx);
    for (int i = N - 1; i >= 0; i--) expect_same(s, &all[i], 1);
    expect_same(s, back, N);
    expect_same(s, again, N);
    expect_same(s, all + 1, 3);
    expect_same(s, all, 0);
    CU_ASSERT_EQUAL(gy_source_read(s, all, N, other_x, NULL), GY_OK);
    CU_ASSERT_EQUAL(gy_alloc_count(ctx), before);
    static const int64_t outside[] = {-1, N};
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(gy_source_read(s, &outside[i], 1, other_x, other_y), GY_E_DATA);
}

/* What it learned, given to it again, changes nothing. */
static void fit_is_what_it_learned(gy_source *s, gy_context *ctx, const char *text)
{
    static const int64_t all[N] = {0, 1, 2, 3, 4};
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    const gy_source_options fitted = {.sequence = 3, .fit = gy_buffer_text(&fit)};
    gy_source *again = open_source(ctx, text, &fitted);
    const gy_source_info *a = gy_source_get_info(s), *b = gy_source_get_info(again);
    CU_ASSERT_TRUE(a->samples == b->samples && a->classes == b->classes);
    CU_ASSERT_TRUE(a->vocabulary == b->vocabulary && gy_shape_alike(&a->x, &b->x));
    expect_same(again, all, N);
    gy_source_close(again);
    gy_buffer_clear(&fit);
}

static void samples_are_given(gy_context *ctx, const input *in)
{
    files f;
    char text[TEXT];
    static const int counts[] = {0, 1, N};
    for (int i = 0; i < 3; i++) {
        files_begin(&f);
        in->write(ctx, &f, counts[i], text);
        if (counts[i] == 0) {
            expect_open_refused(ctx, in, text, "no samples", f.n > 0 ? f.directory : in->name);
        } else {
            gy_source *s = open_source(ctx, text, &options);
            const gy_source_info *info = gy_source_get_info(s);
            CU_ASSERT_STRING_EQUAL(info->format, in->name);
            CU_ASSERT_EQUAL(info->samples, counts[i]);
            if (counts[i] == N) orders_do_not_matter(s, ctx);
            if (counts[i] == N) fit_is_what_it_learned(s, ctx, text);
            gy_source_close(s);
        }
        files_end(&f);
    }
}

static void options_are_checked(gy_context *ctx, const input *in, const gy_kind *kind)
{
    files f;
    char text[TEXT], wrong[TEXT + 128];
    files_begin(&f);
    in->write(ctx, &f, N, text);
    const char joint = strchr(text, '?') == NULL ? '?' : '&';
    (void)snprintf(wrong, sizeof wrong, "%s%cnonsense=1", text, joint);
    expect_open_refused(ctx, in, wrong, "an unknown option", "nonsense");
    for (const gy_setting *row = kind->settings; row != NULL && row->key != NULL; row++) {
        if (row->type != GY_SETTING_INT && row->type != GY_SETTING_FLOAT) continue;
        (void)snprintf(wrong, sizeof wrong, "%s%c%s=none", text, joint, row->key);
        if (strstr(text, row->key) == NULL)
            expect_open_refused(ctx, in, wrong, "a value of a wrong type", row->key);
    }
    files_end(&f);
}

/* Of a file that was cut what is left is opened as less, or refused; where its end is known, refused. */
static void cut_files_are_no_harm(gy_context *ctx, const input *in)
{
    files f;
    struct stat was;
    char text[TEXT], named[TEXT + 64];
    files_begin(&f);
    in->write(ctx, &f, N, text);
    const bool by_scheme = strncmp(text, in->name, strlen(in->name)) == 0;
    (void)snprintf(named, sizeof named, "%s%cformat=%s", text,
                   strchr(text, '?') == NULL ? '?' : '&', in->name);
    if (f.n > 0) CU_ASSERT_EQUAL_FATAL(stat(f.made[0], &was), 0);
    for (int part = 6; f.n > 0 && part >= 0; part--) {
        gy_source *s = NULL;
        CU_ASSERT_EQUAL(truncate(f.made[0], was.st_size * part / 7), 0);
        gy_status status = gy_source_open(ctx, by_scheme ? text : named, &options, &s);
        if (status == GY_OK) {
            const int64_t n = gy_source_get_info(s)->samples;
            CU_ASSERT_TRUE(n <= N && !in->knows_its_end);
            for (int64_t i = 0; i < n && status == GY_OK; i++)
                status = gy_source_read(s, &i, 1, other_x, other_y);
        }
        if (status != GY_OK) expect_refused(in, status, "a cut file", f.directory);
        gy_source_close(s);
    }
    files_end(&f);
}

static void what_is_no_file_is_named(gy_context *ctx, const input *in)
{
    files f;
    char text[TEXT];
    files_begin(&f);
    in->write(ctx, &f, N, text);
    if (f.n > 0) {
        CU_ASSERT_EQUAL(chmod(f.made[0], 0), 0);
        if (geteuid() != 0) expect_open_refused(ctx, in, text, "not to be read", f.made[0]);
        CU_ASSERT_EQUAL(unlink(f.made[0]), 0);
        expect_open_refused(ctx, in, text, "a missing file", f.made[0]);
        CU_ASSERT_EQUAL(mkdir(f.made[0], 0700), 0);
        expect_open_refused(ctx, in, text, "a directory", f.made[0]);
        CU_ASSERT_EQUAL(rmdir(f.made[0]), 0);
    }
    files_end(&f);
}

static void lack_of_memory_is_survived(gy_context *ctx, const input *in)
{
    static const int64_t all[N] = {0, 1, 2, 3, 4};
    files f;
    char text[TEXT];
    files_begin(&f);
    in->write(ctx, &f, N, text);
    const int64_t balance = gy_context_balance(ctx);
    gy_status status = GY_E_NOMEM;
    int64_t k = 1;
    for (; status != GY_OK && k < MOST; k++) {
        gy_source *s = NULL;
        gy_alloc_fail_at(ctx, k);
        status = gy_source_open(ctx, text, &options, &s);
        if (status == GY_OK) status = gy_source_read(s, all, N, other_x, other_y);
        gy_alloc_fail_at(ctx, 0);
        CU_ASSERT_TRUE(status == GY_OK || status == GY_E_NOMEM);
        gy_source_close(s);
        CU_ASSERT_EQUAL(gy_context_balance(ctx), balance);
    }
    CU_ASSERT_TRUE(k > 2 && k < MOST);
    files_end(&f);
}

static int open_files(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d != NULL && readdir(d) != NULL) n++;
    if (d != NULL) (void)closedir(d);
    return n;
}

static void all_of_them_promise(void)
{
    for (int i = 0; i < gy_format_registry.n; i++) {
        const gy_kind *kind = gy_format_registry.kinds[i];
        const input *in = find_input(kind->name);
        if (in == NULL) printf("\n    %s has no input in the table of this test\n", kind->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(in);
        gy_context *ctx = gy_test_context();
        const int before = open_files();
        samples_are_given(ctx, in);
        options_are_checked(ctx, in, kind);
        cut_files_are_no_harm(ctx, in);
        what_is_no_file_is_named(ctx, in);
        lack_of_memory_is_survived(ctx, in);
        CU_ASSERT_EQUAL(open_files(), before);
        gy_test_end(ctx);
    }
}

GY_TEST_MAIN(GY_TEST(all_of_them_promise))
