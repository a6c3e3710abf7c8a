/* IDX, CIFAR, LIBSVM, text, series, synthetic: tiny files made here, values known. */
#include "data_files.h"

#include <math.h>

static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0,  3,  0,  0,  0,   2,   0,   0,
                                 0, 2, 0, 1, 2, 3, 10, 11, 12, 13, 255, 254, 253, 252};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

static void check_images(gy_context *ctx, const char *text)
{
    gy_source *s = open_source(ctx, text, NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_STRING_EQUAL(info->format, "idx");
    CU_ASSERT_TRUE(info->samples == 3 && info->x.n == 2 && info->x.d[1] == 2);
    CU_ASSERT_TRUE(info->y_is_class && info->classes == 3 && info->y.n == 0);
    CU_ASSERT_STRING_EQUAL(info->x_type, "uint8");
    static const int64_t index[] = {2, 0};
    static const float want[] = {255, 254, 253, 252, 0, 1, 2, 3};
    float x[8], y[2];
    CU_ASSERT_EQUAL(gy_source_read(s, index, 2, x, y), GY_OK);
    CU_ASSERT_EQUAL(memcmp(x, want, sizeof x), 0);
    CU_ASSERT_TRUE(y[0] == 1 && y[1] == 2);
    gy_source_close(s);
}

static void idx_is_read(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[600];
    files_begin(&f);
    const char *plain = files_write(&f, "images", images, sizeof images);
    const char *plain_labels = files_write(&f, "labels", labels, sizeof labels);
    snprintf(text, sizeof text, "%s,%s", plain, plain_labels);
    check_images(ctx, text);
    const char *packed = files_gzip(&f, "images.gz", images, sizeof images);
    snprintf(text, sizeof text, "%s,%s", packed, plain_labels);
    check_images(ctx, text);

    static const uint8_t short_ints[] = {0, 0, 0xb, 1, 0, 0, 0, 2, 0xff, 0xfe, 1, 0};
    static const uint8_t floats[] = {0, 0, 0xd, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0};
    gy_source *s = open_source(ctx, files_write(&f, "i", short_ints, sizeof short_ints), NULL);
    float v;
    read_one(s, 0, &v, NULL);
    CU_ASSERT_EQUAL(v, -2.0f);
    read_one(s, 1, &v, NULL);
    CU_ASSERT_EQUAL(v, 256.0f);
    gy_source_close(s);
    s = open_source(ctx, files_write(&f, "f", floats, sizeof floats), NULL);
    read_one(s, 0, &v, NULL);
    CU_ASSERT_EQUAL(v, 1.5f);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void idx_faults_are_named(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[600];
    files_begin(&f);
    const char *good = files_write(&f, "images", images, sizeof images);
    static const uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
    snprintf(text, sizeof text, "%s,%s", good, files_write(&f, "two", two, sizeof two));
    refuse_source(ctx, text, NULL, "3 images, 2 labels");
    refuse_source(ctx, files_write(&f, "cut", images, sizeof images - 5), NULL,
                  "the file ends after 1 of 3 samples");
    static const uint8_t huge[] = {0,   0,   8,   3,   255, 255, 255, 255, 255,
                                   255, 255, 255, 255, 255, 255, 255, 1};
    refuse_source(ctx, files_write(&f, "huge", huge, sizeof huge), NULL, "the file ends after 0");
    static const uint8_t not_a_number[] = {0, 0, 0xd, 1, 0, 0, 0, 1, 0x7f, 0xc0, 0, 0};
    gy_source *s =
        open_source(ctx, files_write(&f, "nan", not_a_number, sizeof not_a_number), NULL);
    int64_t zero = 0, three = 3;
    float v;
    CU_ASSERT_EQUAL(gy_source_read(s, &zero, 1, &v, NULL), GY_E_DATA);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "sample 0): value 0 of x is nan"));
    CU_ASSERT_EQUAL(gy_source_read(s, &three, 1, &v, NULL), GY_E_DATA);
    gy_source_close(s);
    refuse_source(ctx, f.directory, NULL, "it is a directory");
    refuse_source(ctx, files_text(&f, "empty", ""), NULL, "the file is empty");
    files_end(&f);
    gy_test_end(ctx);
}

static void cifar_is_read(void)
{
    enum { RECORD = 3073, N = 3 };
    static uint8_t ten[N * RECORD], hundred[2 * (RECORD + 1)];
    gy_context *ctx = gy_test_context();
    files f;
    char text[600];
    static float x[3072];
    float y;
    for (int i = 0; i < N * RECORD; i++)
        ten[i] =
            (uint8_t)(i % RECORD == 0 ? i / RECORD + 5 : (i % RECORD - 1) / 1024 * 80 + i % 80);
    hundred[0] = 19;
    hundred[1] = 99;
    hundred[RECORD + 2] = 42;
    files_begin(&f);
    const char *path = files_write(&f, "ten", ten, sizeof ten);
    snprintf(text, sizeof text, "%s,%s", path, files_gzip(&f, "ten.gz", ten, sizeof ten));
    gy_source *s = open_source(ctx, text, NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_TRUE(info->samples == 6 && info->classes == 10 && info->x.d[2] == 3);
    for (int64_t i = 1; i < 6; i += 3) { /* the same image, plain and from gzip */
        read_one(s, i, x, &y);
        CU_ASSERT_EQUAL(y, 6.0f);
        for (int p = 0; p < 1024; p++)
            for (int c = 0; c < 3; c++)
                CU_ASSERT_EQUAL_FATAL(x[3 * p + c], (float)ten[RECORD + 1 + c * 1024 + p]);
    }
    gy_source_close(s);
    s = open_source(ctx, files_write(&f, "hundred", hundred, sizeof hundred), NULL);
    CU_ASSERT_EQUAL(gy_source_get_info(s)->classes, 100);
    read_one(s, 0, x, &y);
    CU_ASSERT_EQUAL(y, 99.0f);
    read_one(s, 1, x, &y);
    CU_ASSERT_EQUAL(y, 42.0f);
    gy_source_close(s);
    snprintf(text, sizeof text, "%s?format=cifar", files_write(&f, "cut", ten, RECORD + 7));
    refuse_source(ctx, text, NULL, "no whole records");
    files_end(&f);
    gy_test_end(ctx);
}

static void libsvm_is_read(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    float x[8], y;
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    gy_source *s = open_source(
        ctx, files_text(&f, "a", "-1 2:0.5 5:1 \n+1 1:3\n# a word\n-1 # nothing\n"), NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_STRING_EQUAL(info->format, "libsvm");
    CU_ASSERT_TRUE(info->samples == 3 && info->x.d[0] == 5 && info->classes == 2);
    CU_ASSERT_STRING_EQUAL(info->class_names[0], "-1");
    read_one(s, 0, x, &y);
    CU_ASSERT_TRUE(x[0] == 0 && x[1] == 0.5f && x[4] == 1 && y == 0);
    read_one(s, 1, x, &y);
    CU_ASSERT_TRUE(x[0] == 3 && x[1] == 0 && y == 1);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);

    gy_source_options options = {.fit = gy_buffer_text(&fit)};
    s = open_source(ctx, files_text(&f, "b", "+1 1:2\n"), &options); /* as training has it */
    CU_ASSERT_TRUE(gy_source_get_info(s)->x.d[0] == 5 && gy_source_get_info(s)->classes == 2);
    read_one(s, 0, x, &y);
    CU_ASSERT_EQUAL(y, 1.0f);
    gy_source_close(s);
    refuse_source(ctx, files_text(&f, "c", "1 1:2\n7 1:2\n"), &options,
                  "c:2): '7' is a label that the training data do not have");
    refuse_source(ctx, files_text(&f, "d", "1 6:2\n"), &options,
                  "d:1): '6:2' has an index above the features");
    refuse_source(ctx, files_text(&f, "e", "1 0:2\n"), NULL, "e:1): '0:2' has an index below 1");
    char text[512];
    snprintf(text, sizeof text, "%s?format=libsvm", files_text(&f, "g", "1 1:2\n1 1:x\n"));
    refuse_source(ctx, text, NULL, "g:2): '1:x' is not INDEX:VALUE");
    /* what is meant for LIBSVM is no text */
    refuse_source(ctx, files_text(&f, "i", "1 1:nan 3:1\n0 2:2\n"), NULL,
                  "i:1): '1:nan' is not IN");
    refuse_source(ctx, files_text(&f, "j", "1 1: 0.5 3:1\n0 2:2\n"), NULL,
                  "j:1): '1:' is not INDEX");
    refuse_source(ctx, files_text(&f, "k", "2 qid:1 1:1\n"), NULL, "k:1): 'qid:1' is for ranking");
    options.fit = "{\"features\": 9000000000}";
    refuse_source(ctx, files_text(&f, "l", "1 1:2\n"), &options, "has 9000000000 features");
    s = open_source(ctx, files_text(&f, "h", "1.5 1:2\n2 2:1\n"), NULL);
    CU_ASSERT_FALSE(gy_source_get_info(s)->y_is_class);
    read_one(s, 0, x, &y);
    CU_ASSERT_EQUAL(y, 1.5f);
    gy_source_close(s);
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static void verse_is_no_table(void)
{
    gy_context *ctx = gy_test_context();
    gy_source_options options = {.sequence = 8};
    files f;
    files_begin(&f);
    const char *path = files_text(&f, "verse", "the cat, it sat\nand the dog, he ran\n");
    gy_source *s = open_source(ctx, path, &options);
    CU_ASSERT_STRING_EQUAL(gy_source_get_info(s)->format, "text");
    gy_source_close(s);
    s = open_source(ctx, files_text(&f, "words", "a,b,c,d,e\nu,v,w,x,y\n"), NULL);
    CU_ASSERT_STRING_EQUAL(gy_source_get_info(s)->format, "csv");
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void text_by_bytes(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    float x[3], y[3];
    files_begin(&f);
    gy_source_options options = {.sequence = 3};
    const char *paths[2] = {files_text(&f, "t", "abcdefgh"), files_gzip(&f, "t.gz", "abcdefgh", 8)};
    for (int i = 0; i < 2; i++) {
        gy_source *s = open_source(ctx, paths[i], &options);
        const gy_source_info *info = gy_source_get_info(s);
        CU_ASSERT_STRING_EQUAL(info->format, "text");
        CU_ASSERT_TRUE(info->samples == 2 && info->x_is_tokens && info->vocabulary == 256);
        read_one(s, 1, x, y);
        CU_ASSERT_TRUE(x[0] == 'd' && x[2] == 'f' && y[0] == 'e' && y[2] == 'g');
        gy_source_close(s);
    }
    options.sequence = 8;
    refuse_source(ctx, paths[0], &options, "it has 8 tokens, a sample and its target take 9");
    files_end(&f);
    gy_test_end(ctx);
}

static void text_by_characters(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    float x[2], y[2];
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    gy_source_options options = {.sequence = 2, .tokens = 1};
    gy_source *s = open_source(ctx,
                               files_text(&f, "t",
                                          "b\xc3\xa4"
                                          "a\n\xe2\x82\xac"),
                               &options);
    CU_ASSERT_TRUE(gy_source_get_info(s)->vocabulary == 5 && gy_source_get_info(s)->samples == 2);
    read_one(s, 0, x, y); /* sorted: newline a b ä € */
    CU_ASSERT_TRUE(x[0] == 2 && x[1] == 3 && y[0] == 3 && y[1] == 1);
    read_one(s, 1, x, y);
    CU_ASSERT_TRUE(x[0] == 1 && x[1] == 0 && y[1] == 4);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);
    gy_source_options other = {.sequence = 2, .tokens = 0, .fit = gy_buffer_text(&fit)};
    s = open_source(ctx, files_text(&f, "v", "aab"), &other); /* the fit knows the kind of tokens */
    read_one(s, 0, x, y);
    CU_ASSERT_TRUE(x[0] == 1 && y[1] == 2 && gy_source_get_info(s)->vocabulary == 5);
    gy_source_close(s);
    refuse_source(ctx, files_text(&f, "u", "aabz"), &other,
                  "byte 3): the training text has no 'z'");
    refuse_source(ctx,
                  files_text(&f, "bad",
                             "ab\xff"
                             "c"),
                  &options, "byte 2): it is no UTF-8");
    refuse_source(ctx, files_text(&f, "cut", "ab\xe2\x82"), &options, "byte 2): it is no UTF-8");
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static void text_by_words(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    float x[3], y[3];
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    gy_source_options options = {.sequence = 3, .tokens = 2};
    gy_source *s = open_source(ctx, files_text(&f, "t", " the cat  sat\r\non the mat\n"), &options);
    /* <unknown> newline cat mat on sat the */
    CU_ASSERT_TRUE(gy_source_get_info(s)->vocabulary == 7 && gy_source_get_info(s)->samples == 2);
    read_one(s, 0, x, y);
    CU_ASSERT_TRUE(x[0] == 6 && x[1] == 2 && x[2] == 5 && y[2] == 1);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);
    options.fit = gy_buffer_text(&fit);
    s = open_source(ctx, files_text(&f, "v", "the dog sat on"), &options);
    read_one(s, 0, x, y);
    CU_ASSERT_TRUE(x[0] == 6 && x[1] == 0 && y[0] == 0 && y[2] == 4);
    gy_source_close(s);
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static const char steps[] = "date,a,b\nmon,0,10\ntue,1,11\nwed,,12\nthu,3,13\nfri,4,14\nsat,5,15\n";

static void series_are_windows(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    float x[4], y[4];
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    const char *path = files_text(&f, "s.csv", steps);
    snprintf(text, sizeof text, "series:%s?window=2&horizon=2&target=b", path);
    gy_source *s = open_source(ctx, text, NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_TRUE(info->samples == 3 && info->x.n == 2 && info->x.d[0] == 2 && info->x.d[1] == 2);
    CU_ASSERT_TRUE(info->y.n == 1 && info->y.d[0] == 2 && info->ordered && info->overlap == 1);
    read_one(s, 1, x, y); /* the gap of a is filled by what was before */
    CU_ASSERT_TRUE(x[0] == 1 && x[1] == 11 && x[2] == 1 && x[3] == 12);
    CU_ASSERT_TRUE(y[0] == 13 && y[1] == 14);
    gy_source_close(s);

    snprintf(text, sizeof text, "series:%s?window=1&horizon=1&columns=b&standardize=true", path);
    s = open_source(ctx, text, NULL);
    gy_split train, validation;
    gy_split_source(gy_source_get_info(s), 0.4, 1, &train, &validation);
    CU_ASSERT_TRUE(train.samples == 3 && validation.first == 3);
    CU_ASSERT_EQUAL(gy_source_learn(s, &train), GY_OK); /* rows 10 11 12 13 */
    read_one(s, 0, x, y);
    CU_ASSERT_DOUBLE_EQUAL(x[0], -1.5 / sqrt(1.25), 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(y[0], -0.5 / sqrt(1.25), 1e-6);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);
    gy_source_options options = {.fit = gy_buffer_text(&fit)};
    snprintf(text, sizeof text, "series:%s?window=1&horizon=1&standardize=true",
             files_text(&f, "v.csv", "b\n11.5\n12.5\n"));
    s = open_source(ctx, text, &options);
    read_one(s, 0, x, y);
    CU_ASSERT_DOUBLE_EQUAL(x[0], 0.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(y[0], 1.0 / sqrt(1.25), 1e-6);
    gy_source_close(s);
    snprintf(text, sizeof text, "series:%s?window=5&horizon=2", path);
    refuse_source(ctx, text, NULL, "it has 6 rows, a window of 5 and a horizon of 2 take more");
    snprintf(text, sizeof text, "series:%s?columns=date", path);
    refuse_source(ctx, text, NULL, "column date): it holds texts, not numbers");
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static void synthetic_depends_on_sample_alone(void)
{
    static const char *const sources[] = {"synthetic:blobs?n=20",
                                          "synthetic:spirals?n=20&features=3&classes=4",
                                          "synthetic:regression?n=20",
                                          "synthetic:images?n=20&shape=5x3x2&classes=4",
                                          "synthetic:fields?n=20&shape=5x3x2&noise=0",
                                          "synthetic:sequence?n=20&length=40&vocabulary=11"};
    gy_context *ctx = gy_test_context();
    for (size_t k = 0; k < sizeof sources / sizeof *sources; k++) {
        gy_source *s = open_source(ctx, sources[k], NULL);
        static float all[20 * 64], y_all[20 * 64], x[64], y[64];
        int64_t index[20];
        for (int64_t i = 0; i < 20; i++) index[i] = i;
        const gy_source_info *info = gy_source_get_info(s);
        size_t nx = (size_t)gy_shape_count(&info->x), ny = (size_t)gy_shape_count(&info->y);
        CU_ASSERT_EQUAL(gy_source_read(s, index, 20, all, y_all), GY_OK);
        read_one(s, 13, x, y);
        CU_ASSERT_EQUAL(memcmp(x, all + 13 * nx, nx * sizeof *x), 0);
        CU_ASSERT_EQUAL(memcmp(y, y_all + 13 * ny, ny * sizeof *y), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(all, all + nx, nx * sizeof *x), 0);
        for (size_t t = 0; info->x_is_tokens && t + 1 < nx; t++) CU_ASSERT_EQUAL(x[t + 1], y[t]);
        if (ny == nx && !info->x_is_tokens) CU_ASSERT_EQUAL(memcmp(x, y, nx * sizeof *x), 0);
        gy_source_close(s);
        char text[128];
        snprintf(text, sizeof text, "%s&first=13", sources[k]);
        s = open_source(ctx, text, NULL);
        read_one(s, 0, x, y);
        CU_ASSERT_EQUAL(memcmp(x, all + 13 * nx, nx * sizeof *x), 0);
        gy_source_close(s);
    }
    refuse_source(ctx, "synthetic:blob", NULL, "did you mean blobs");
    refuse_source(ctx, "synthetic:images?shape=3x", NULL, "'3x' is no shape");
    refuse_source(ctx, "synthetic:images?shape=3xx3", NULL, "'3xx3' is no shape");
    refuse_source(ctx, "synthetic:images?n=0", NULL, "key n");
    gy_test_end(ctx);
}

static void source_strings(void)
{
    gy_context *ctx = gy_test_context();
    refuse_source(ctx, "", NULL, "it names no file");
    refuse_source(ctx, "?a=1", NULL, "it names no file");
    refuse_source(ctx, "x?a", NULL, "'a' is not KEY=VALUE");
    refuse_source(ctx, "x?a=1&a=2", NULL, "the key a is given twice");
    refuse_source(ctx, "/no/such/file.h5:/train", NULL, "/no/such/file.h5");
    refuse_source(ctx, "x?format=hdf6", NULL, "'hdf6'; did you mean hdf5");
    files f;
    char text[512];
    files_begin(&f); /* commas and colons of an existing file's name stay in it; %3D is = */
    snprintf(text, sizeof text, "%s?target=a%%3Db",
             files_text(&f, "1,2:3.csv", "a=b,c\n1,2\n3,4\n"));
    gy_source *s = open_source(ctx, text, NULL);
    float x, y;
    read_one(s, 1, &x, &y);
    CU_ASSERT_TRUE(x == 4 && y == 3);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(idx_is_read), GY_TEST(idx_faults_are_named), GY_TEST(cifar_is_read),
             GY_TEST(libsvm_is_read), GY_TEST(verse_is_no_table), GY_TEST(text_by_bytes),
             GY_TEST(text_by_characters), GY_TEST(text_by_words), GY_TEST(series_are_windows),
             GY_TEST(synthetic_depends_on_sample_alone), GY_TEST(source_strings))
