/* HDF5: any type and layout, any order of samples, classes, and what is wrong with a file. */
#include "data_files.h"

#include <gyre/data.h>

#include "store/hdf5.h"

static void put(gy_h5 *f, const char *name, gy_h5_type type, const gy_shape *shape,
                int64_t chunk_rows, gy_h5_type given, const void *values)
{
    gy_h5_data *d = NULL;
    CU_ASSERT_EQUAL_FATAL(
        gy_h5_data_create(f, name, type, shape, chunk_rows, chunk_rows > 0 ? 4 : 0, &d), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, shape->d[0], given, values), GY_OK);
    gy_h5_data_close(d);
}

enum { N = 3000, WIDTH = 6 };

/* x[i] counts up from 6 i (mod 251 as bytes), y[i] = i mod 7. */
static void make(gy_context *ctx, const char *path, gy_h5_type type, int64_t chunk_rows)
{
    static float x[N * WIDTH];
    static float y[N];
    gy_h5 *f = NULL;
    for (int i = 0; i < N * WIDTH; i++) x[i] = (float)(i % 251);
    for (int i = 0; i < N; i++) y[i] = (float)(i % 7);
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_group(f, "/train"), GY_OK);
    put(f, "/train/x", type, &(gy_shape){3, {N, 2, 3}}, chunk_rows, GY_H5_FLOAT32, x);
    put(f, "/train/y", GY_H5_INT64, &(gy_shape){1, {N}}, 0, GY_H5_FLOAT32, y);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
}

static void reads_any_order(void)
{
    static const gy_h5_type types[] = {GY_H5_UINT8, GY_H5_FLOAT32, GY_H5_INT16, GY_H5_FLOAT64};
    static const int64_t chunks[] = {0, 1, 100, 0};
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    static float x[2 * N * WIDTH], y[2 * N];
    static int64_t index[2 * N];
    files_begin(&f);
    const char *path = files_path(&f, "d.h5");
    snprintf(text, sizeof text, "%s:/train", path);
    for (int k = 0; k < 4; k++) {
        make(ctx, path, types[k], chunks[k]);
        gy_source *s = open_source(ctx, text, NULL);
        const gy_source_info *info = gy_source_get_info(s);
        CU_ASSERT_STRING_EQUAL(info->format, "hdf5");
        CU_ASSERT_TRUE(info->samples == N && info->x.n == 2 && info->x.d[1] == 3);
        CU_ASSERT_TRUE(info->supervised && info->y_is_class && info->classes == 7);
        for (int order = 0; order < 3; order++) { /* forwards, scattered twice over, backwards */
            int64_t n = order == 1 ? 2 * N : N;
            for (int64_t i = 0; i < n; i++)
                index[i] = order == 0 ? i : order == 1 ? i * 7919 % N : N - 1 - i;
            int64_t before = gy_alloc_count(ctx);
            CU_ASSERT_EQUAL_FATAL(gy_source_read(s, index, n, x, y), GY_OK);
            CU_ASSERT_EQUAL(gy_alloc_count(ctx), before);
            int64_t wrong = 0;
            for (int64_t i = 0; i < n; i++) {
                wrong += y[i] != (float)(index[i] % 7);
                for (int64_t j = 0; j < WIDTH; j++)
                    wrong += x[i * WIDTH + j] != (float)((index[i] * WIDTH + j) % 251);
            }
            CU_ASSERT_EQUAL(wrong, 0);
        }
        gy_source_close(s);
    }
    files_end(&f);
    gy_test_end(ctx);
}

static void targets_and_classes(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    gy_h5 *h = NULL;
    char text[512];
    float x[4] = {1, 2, 3, 4}, values[4] = {0.5f, 1, 2, 3}, classes[4] = {0, 2, 0, 1};
    float below[4] = {-1, 1, 0, 2};
    files_begin(&f);
    const char *path = files_path(&f, "d.h5");
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &h), GY_OK);
    static const char *const groups[] = {"/values", "/named", "/below", "/many", "/none"};
    for (int g = 0; g < 5; g++) {
        char name[32];
        CU_ASSERT_EQUAL(gy_h5_group(h, groups[g]), GY_OK);
        snprintf(name, sizeof name, "%s/x", groups[g]);
        put(h, name, GY_H5_FLOAT32, &(gy_shape){1, {4}}, 0, GY_H5_FLOAT32, x);
    }
    put(h, "/values/y", GY_H5_FLOAT32, &(gy_shape){1, {4}}, 0, GY_H5_FLOAT32, values);
    put(h, "/named/y", GY_H5_UINT8, &(gy_shape){1, {4}}, 0, GY_H5_FLOAT32, classes);
    put(h, "/below/y", GY_H5_INT32, &(gy_shape){1, {4}}, 0, GY_H5_FLOAT32, below);
    put(h, "/many/y", GY_H5_UINT8, &(gy_shape){2, {4, 1}}, 0, GY_H5_FLOAT32, classes);
    CU_ASSERT_EQUAL(gy_h5_write_text(h, "/named", "class_names", "[\"a\", \"b\"]"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_close(h), GY_OK);

    static const bool is_class[] = {false, true, false, true, false};
    static const int64_t counts[] = {0, 2, 0, 3, 0};
    for (int g = 0; g < 5; g++) {
        snprintf(text, sizeof text, "%s:%s", path, groups[g]);
        gy_source *s = open_source(ctx, text, NULL);
        const gy_source_info *info = gy_source_get_info(s);
        CU_ASSERT_EQUAL(info->supervised, g < 4);
        CU_ASSERT_EQUAL(info->y_is_class, is_class[g]);
        CU_ASSERT_EQUAL(info->classes, counts[g]);
        CU_ASSERT_EQUAL(info->y.n, g == 3 ? 1 : 0);
        if (g == 1) { /* two names, and a third class */
            int64_t zero = 0, one = 1;
            float v, y;
            CU_ASSERT_STRING_EQUAL(info->class_names[1], "b");
            CU_ASSERT_EQUAL(gy_source_read(s, &zero, 1, &v, &y), GY_OK);
            CU_ASSERT_EQUAL(gy_source_read(s, &one, 1, &v, &y), GY_E_DATA);
            CU_ASSERT_PTR_NOT_NULL(
                strstr(gy_error_last()->text,
                       ":/named, sample 1): it is 2, and there are classes 0 to 1"));
        }
        gy_source_close(s);
    }
    files_end(&f);
    gy_test_end(ctx);
}

static void faults_are_named(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    gy_h5 *h = NULL;
    char text[512];
    float x[4] = {1, 2, 0, 4};
    x[2] = (float)strtod("nan", NULL);
    files_begin(&f);
    const char *path = files_path(&f, "d.h5");
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &h), GY_OK);
    put(h, "/x", GY_H5_FLOAT32, &(gy_shape){2, {4, 1}}, 0, GY_H5_FLOAT32, x);
    CU_ASSERT_EQUAL(gy_h5_group(h, "/uneven"), GY_OK);
    put(h, "/uneven/x", GY_H5_FLOAT32, &(gy_shape){1, {4}}, 0, GY_H5_FLOAT32, x);
    put(h, "/uneven/y", GY_H5_FLOAT32, &(gy_shape){1, {3}}, 0, GY_H5_FLOAT32, x);
    CU_ASSERT_EQUAL(gy_h5_close(h), GY_OK);

    gy_source *s = open_source(ctx, path, NULL); /* the root group */
    int64_t two = 2;
    float v;
    CU_ASSERT_EQUAL(gy_source_read(s, &two, 1, &v, NULL), GY_E_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "d.h5, sample 2): value 0 of x is nan"));
    gy_source_close(s);
    snprintf(text, sizeof text, "%s:/uneven", path);
    refuse_source(ctx, text, NULL, "x holds 4 samples, /uneven/y 3");
    snprintf(text, sizeof text, "%s:/test", path);
    refuse_source(ctx, text, NULL, "the file has no /test/x");
    refuse_source(ctx, "/no/such.h5:/train", NULL, "/no/such.h5");

    static char bytes[1 << 16];
    FILE *in = fopen(path, "rb");
    size_t n = in == NULL ? 0 : fread(bytes, 1, sizeof bytes, in);
    if (in != NULL) fclose(in);
    CU_ASSERT_TRUE(n > 600);
    refuse_source(ctx, files_write(&f, "cut.h5", bytes, n / 2), NULL, "cut.h5");
    refuse_source(ctx, files_write(&f, "head.h5", bytes, 20), NULL, "head.h5");
    files_end(&f);
    gy_test_end(ctx);
}

static void convert_keeps_the_samples(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char train[512], test[512], out[600];
    files_begin(&f);
    snprintf(train, sizeof train, "%s?target=-1",
             files_text(&f, "train.csv", "n,t,k\n1,p,b\n,q,a\n3,p,b\n"));
    snprintf(test, sizeof test, "%s?target=-1", files_text(&f, "test.csv", "n,t,k\n5,q,a\n,r,b\n"));
    const char *path = files_path(&f, "o.h5");
    gy_data_part parts[] = {{train, "/train"}, {test, "/test"}};
    CU_ASSERT_EQUAL_FATAL(gy_data_convert(ctx, parts, 2, NULL, 3, path), GY_OK);
    snprintf(out, sizeof out, "%s:/test", path);
    gy_source *s = open_source(ctx, out, NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_TRUE(info->samples == 2 && info->classes == 2 && info->x.d[0] == 3);
    CU_ASSERT_STRING_EQUAL(info->class_names[1], "b");
    float x[3], y;
    read_one(s, 1, x, &y); /* n: the training mean; r: unknown */
    CU_ASSERT_TRUE(x[0] == 2 && x[1] == 0 && x[2] == 0 && y == 1);
    gy_source_close(s);

    /* a failure leaves the old file and nothing besides */
    parts[1].source = "/no/such.csv";
    CU_ASSERT_EQUAL(gy_data_convert(ctx, parts, 2, NULL, 0, path), GY_E_DATA);
    s = open_source(ctx, out, NULL);
    gy_source_close(s);
    snprintf(out, sizeof out, "%s.tmp", path);
    CU_ASSERT_NOT_EQUAL(access(out, F_OK), 0);

    gy_data_text words = {.sequence = 2, .tokens = "words"};
    gy_data_part text = {files_text(&f, "t.txt", "to be or not to be\n"), "/"};
    CU_ASSERT_EQUAL_FATAL(gy_data_convert(ctx, &text, 1, &words, 0, path), GY_OK);
    s = open_source(ctx, path, NULL);
    info = gy_source_get_info(s);
    CU_ASSERT_TRUE(info->x_is_tokens && info->vocabulary == 6 && info->samples == 3);
    CU_ASSERT_STRING_EQUAL(info->x_type, "uint8");
    gy_source_close(s);
    words.tokens = "letters";
    CU_ASSERT_EQUAL(gy_data_convert(ctx, &text, 1, &words, 0, path), GY_E_USAGE);
    files_end(&f);
    gy_test_end(ctx);
}

static void keep_line(void *user, const char *text)
{
    gy_buffer_add(user, text);
    gy_buffer_add(user, "\n");
}

static void info_says_what_there_is(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=-1", files_text(&f, "i.csv", "1,2,x\n3,4,y\n5,6,x\n"));
    CU_ASSERT_EQUAL(gy_data_info(ctx, text, NULL, false, keep_line, &b), GY_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "samples      3\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "x            [2] float32\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "1 to 6, mean 3.5, deviation 1.70783\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "0: 2 x\n"));
    gy_buffer_reset(&b);
    CU_ASSERT_EQUAL(gy_data_info(ctx, text, NULL, true, keep_line, &b), GY_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "\"class_counts\""));
    gy_buffer_reset(&b);
    CU_ASSERT_TRUE(gy_data_describe(ctx, "csv", keep_line, &b));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_buffer_text(&b), "target"));
    CU_ASSERT_FALSE(gy_data_describe(ctx, "cvs", keep_line, &b));
    gy_buffer_clear(&b);
    files_end(&f);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(reads_any_order), GY_TEST(targets_and_classes), GY_TEST(faults_are_named),
             GY_TEST(convert_keeps_the_samples), GY_TEST(info_says_what_there_is))
