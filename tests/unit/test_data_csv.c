/* CSV: quoting, headers, targets, one-hot, missing numbers, dictionaries kept, and every error line. */
#include "data_files.h"

#include <math.h>

static const char people[] = "age, town ,income,kind\n"
                             "30,Ulm,1.5,a\n"
                             "\"40\",\"New \"\"York\"\", USA\",?,b\r\n"
                             ",Ulm,2.5,a\n"
                             "\n"
                             "50,Bonn,3.5e0,c\n";

static void check_row(gy_source *s, int64_t i, const float *want, int n, float want_y)
{
    float x[16] = {0}, y = -1.0f;
    read_one(s, i, x, &y);
    for (int j = 0; j < n; j++) CU_ASSERT_EQUAL(x[j], want[j]);
    CU_ASSERT_EQUAL(y, want_y);
}

static void rows_become_samples(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=kind", files_text(&f, "people.csv", people));
    gy_source *s = open_source(ctx, text, NULL);
    const gy_source_info *info = gy_source_get_info(s);
    CU_ASSERT_STRING_EQUAL(info->format, "csv");
    CU_ASSERT_EQUAL(info->samples, 4);
    CU_ASSERT_TRUE(info->x.n == 1 && info->x.d[0] == 5); /* age, 3 towns, income */
    CU_ASSERT_TRUE(info->y_is_class && info->classes == 3);
    CU_ASSERT_STRING_EQUAL(info->class_names[1], "b");
    /* towns sorted: Bonn, New "York", USA, Ulm; missing numbers are means */
    check_row(s, 0, (const float[]){30, 0, 0, 1, 1.5f}, 5, 0);
    check_row(s, 1, (const float[]){40, 0, 1, 0, 2.5f}, 5, 1);
    check_row(s, 2, (const float[]){40, 0, 0, 1, 2.5f}, 5, 0);
    check_row(s, 3, (const float[]){50, 1, 0, 0, 3.5f}, 5, 2);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void training_file_teaches_the_others(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=kind", files_text(&f, "people.csv", people));
    gy_source *s = open_source(ctx, text, NULL);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);

    /* columns in another order, a town that is new, a missing age: the training mean */
    gy_source_options options = {.fit = gy_buffer_text(&fit)};
    s = open_source(ctx, files_text(&f, "more.csv", "kind,income,age,town\nc,1,,Rome\na,2,3,Ulm\n"),
                    &options);
    CU_ASSERT_EQUAL(gy_source_get_info(s)->classes, 3);
    check_row(s, 0, (const float[]){40, 0, 0, 0, 1}, 5, 2);
    check_row(s, 1, (const float[]){3, 0, 0, 1, 2}, 5, 0);
    gy_buffer again;
    gy_buffer_init(&again, ctx);
    CU_ASSERT_EQUAL(gy_source_fit(s, &again), GY_OK);
    gy_source_close(s);

    /* without the target: samples to predict */
    s = open_source(ctx, files_text(&f, "new.csv", "income,age,town\n1,2,Bonn\n"), &options);
    CU_ASSERT_FALSE(gy_source_get_info(s)->supervised);
    gy_source_close(s);

    refuse_source(ctx, files_text(&f, "class.csv", "age,town,income,kind\n1,Ulm,1,d\n"), &options,
                  "class.csv:2, column kind): 'd' is a class that the training data do not have");
    refuse_source(ctx, files_text(&f, "word.csv", "age,town,income,kind\n1,Ulm,1,a\nold,Ulm,1,a\n"),
                  &options, "word.csv:3, column age): 'old' is no number");
    refuse_source(ctx, files_text(&f, "less.csv", "age,town,kind\n1,Ulm,a\n"), &options,
                  "less.csv, column income): the header does not have it");
    gy_buffer_clear(&again);
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static void means_are_of_the_training_split(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    float x[2], y;
    files_begin(&f);
    char text[512];
    snprintf(text, sizeof text, "%s?target=-1",
             files_text(&f, "gap.csv", "a,b,c\n1,0,0.5\n,0,1\n3,0,2\n100,0,3\n"));
    gy_source *s = open_source(ctx, text, NULL);
    gy_split split = {.samples = 3, .total = 4};
    read_one(s, 1, x, &y);
    CU_ASSERT_DOUBLE_EQUAL(x[0], 104.0 / 3.0, 1e-5);
    CU_ASSERT_EQUAL(gy_source_learn(s, &split), GY_OK);
    read_one(s, 1, x, &y);
    CU_ASSERT_EQUAL(x[0], 2.0f);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

/* A group is a column apart, whatever its cells, and lies in one fold. */
static void groups_stay_together(void)
{
    enum { ROWS = 24, PATIENTS = 7, FOLDS = 3 };
    gy_context *ctx = gy_test_context();
    files f;
    char table[1024] = "a,patient,b\n", text[1200];
    files_begin(&f);
    for (int i = 0; i < ROWS; i++)
        snprintf(table + strlen(table), sizeof table - strlen(table), "%d,%d,%d\n", i,
                 16777217 + i * i % PATIENTS, i % 2);
    snprintf(text, sizeof text, "%s?target=b&group=patient", files_text(&f, "groups.csv", table));
    gy_source *s = open_source(ctx, text, NULL);
    CU_ASSERT_TRUE(gy_source_get_info(s)->grouped &&
                   gy_shape_count(&gy_source_get_info(s)->x) == 1);
    int64_t fold_of[PATIENTS];
    for (int i = 0; i < PATIENTS; i++) fold_of[i] = -1;
    for (int64_t k = 1; k <= FOLDS; k++) {
        gy_split train, validation;
        int64_t *list = NULL;
        const gy_fold fold = {.k = k, .n = FOLDS, .seed = 5};
        CU_ASSERT_EQUAL_FATAL(gy_split_fold(ctx, s, &fold, &train, &validation, &list), GY_OK);
        CU_ASSERT_TRUE(validation.samples >= 6 && validation.samples <= 11);
        for (int64_t i = 0; i < validation.samples; i++) {
            int64_t at = gy_split_at(&validation, i), *of = &fold_of[at * at % PATIENTS];
            CU_ASSERT_TRUE(*of == -1 || *of == k);
            *of = k;
        }
        gy_free(ctx, list);
    }
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void shapes_of_files(void)
{
    static const struct {
        const char *text, *query;
        int64_t samples, features;
        float x0, y0;
        int64_t classes;
    } cases[] = {
        {"1,2,0\n3,4,1\n5,6,2\n", "?target=-1", 3, 2, 1, 0, 3},  /* no header; classes */
        {"1,2,0\n3,4,1\n5,6,2.5\n", "?target=2", 3, 2, 1, 0, 0}, /* values */
        {"1,2,5\n3,4,1\n", "?target=2", 2, 2, 1, 5, 0},          /* a gap: values */
        {"a,b\n1,2\n3,4\n", "", 2, 2, 1, -1, 0},                 /* no target */
        {"a,b\n1,2\n3,4\n", "?columns=b&target=a", 2, 1, 2, 1, 0},
        {"x\ty\n1\t7\n", "?target=y", 1, 1, 1, 7, 0},            /* by tabs */
        {"x;y\n1;7\n2;9\n", "?target=y&rows=1:", 1, 1, 2, 9, 0}, /* rows */
        {"junk\nmore junk\n4,5\n6,7\n", "?skip=2&target=0", 2, 1, 5, 4, 0},
        {"\xef\xbb\xbf"
         "a,b\n8,9\n",
         "?target=b", 1, 1, 8, 9, 0},             /* a byte order mark */
        {"a,b\n8,9", "?target=b", 1, 1, 8, 9, 0}, /* no last newline */
        {"  1  2\n 3   4\n", "?separator=blank&target=1&format=csv", 2, 1, 1, 2, 0},
        {"a,b\nx,y\nz,w\n", "?header=no", 3, 6, 1, -1, 0}, /* texts: one-hot of 3 + 3 */
        /* headers of numbers, of pandas, of years; no headers */
        {"0,1,2\n1.5,2.5,0\n3.5,4.5,1\n", "?target=-1", 2, 2, 1.5f, 0, 2},
        {",0,1,2\n0,1.5,2.5,0\n1,3.5,4.5,1\n", "?target=-1", 2, 2, 1.5f, 0, 2},
        {",a,b,y\n0,7,8,0\n1,3,4,1\n", "?target=-1", 2, 2, 7, 0, 2},
        {",2019,y\n0,7,0\n1,3,1\n", "?target=-1", 2, 1, 7, 0, 2},
        {",a,y\n0,7,0\n1,3,1\n", "?target=y&columns=0,a", 2, 2, 0, 0, 2}, /* asked for */
        {"2019,2020,y\n1,2,0\n3,4,1\n", "?target=y", 2, 2, 1, 0, 2},
        {"id,2019,2020,class\n1,2,3,u\n4,5,6,v\n", "?target=-1", 2, 3, 1, 0, 2},
        {"0,1,1\n1,0,1\n1,1,0\n", "?target=-1", 3, 2, 0, 1, 2}, /* xor begins so */
        {",5,0\n1,2,1\n3,4,2\n", "?target=-1", 3, 2, 2, 0, 3},  /* a missing number */
        {"u,1.5,2\n4,5,6\n7,8,9\n", "?target=-1&texts=0", 3, 4, 0, 2, 0},
        {"a|y\n1|7\n", "?target=y", 1, 1, 1, 7, 0},
        /* what cells stand for */
        {"a,y\n-,7\n3,8\n.,9\n", "?target=y&missing=-,.", 3, 1, 3, 7, 0},
        {"a,y\n-999.0,7\n3,8\n5,9\n", "?target=y&missing=-999", 3, 1, 4, 7, 0},
        {"a,y\nNone,7\n3,8\n#N/A,9\n", "?target=y", 3, 1, 3, 7, 0},
        {"a,y\nNone,7\nx,8\n", "?target=y", 2, 2, 1, 7, 0}, /* a text like others */
        {"a,y\n2,7\n4,8\n5more,9\n", "?target=y&texts=a", 3, 3, 1, 7, 0},
        {"a;y\n1,5;7\n-0,5;8\n", "?target=y&decimal=comma", 2, 1, 1.5f, 7, 0},
        {"a,y\n1,1\n2,x\n3,2\n", "?target=y&classes=true", 3, 1, 1, 0, 3},
        {"a,y\n1,0\n2,1\n3,3\n", "?target=y&classes=true", 3, 1, 1, 0, 4},
        {"a,y\n1,0\n2,1\n", "?target=y&classes=false", 2, 1, 1, 0, 0},
    };
    gy_context *ctx = gy_test_context();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        files f;
        char text[512];
        float x[8], y = -1.0f;
        files_begin(&f);
        snprintf(text, sizeof text, "%s%s", files_text(&f, "f", cases[k].text), cases[k].query);
        gy_source *s = open_source(ctx, text, NULL);
        const gy_source_info *info = gy_source_get_info(s);
        CU_ASSERT_EQUAL(info->samples, cases[k].samples);
        CU_ASSERT_EQUAL(info->x.d[0], cases[k].features);
        CU_ASSERT_EQUAL(info->classes, cases[k].classes);
        read_one(s, 0, x, &y);
        CU_ASSERT_EQUAL(x[0], cases[k].x0);
        CU_ASSERT_EQUAL(y, cases[k].y0);
        gy_source_close(s);
        files_end(&f);
    }
    gy_test_end(ctx);
}

/* Two columns of one name are found again by their numbers; a nameless one never by a name. */
static void names_twice_are_told_apart(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    gy_buffer fit;
    char text[512];
    gy_buffer_init(&fit, ctx);
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=y&columns=1,2,3",
             files_text(&f, "f", ",b,b,0,y\n0,1,2,3,0\n1,4,5,6,1\n"));
    gy_source *s = open_source(ctx, text, NULL);
    check_row(s, 0, (const float[]){1, 2, 3}, 3, 0);
    CU_ASSERT_EQUAL(gy_source_fit(s, &fit), GY_OK);
    gy_source_close(s);
    gy_source_options options = {.fit = gy_buffer_text(&fit)};
    s = open_source(ctx, files_text(&f, "g", ",b,b,0,y\n0,7,8,9,1\n"), &options);
    check_row(s, 0, (const float[]){7, 8, 9}, 3, 1);
    gy_source_close(s);
    gy_buffer_clear(&fit);
    files_end(&f);
    gy_test_end(ctx);
}

static void weights_are_a_column(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    float x, y, w;
    const int64_t at[] = {0, 1};
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=y&weight=w",
             files_text(&f, "f", "w,a,y\n0.5,1,2\n0,3,\n1,4,\n"));
    gy_source *s = open_source(ctx, text, NULL);
    CU_ASSERT_TRUE(gy_source_get_info(s)->weighted && gy_source_get_info(s)->x.d[0] == 1);
    CU_ASSERT_EQUAL(gy_source_read_weighted(s, &at[0], 1, &x, &y, &w), GY_OK);
    CU_ASSERT_TRUE(x == 1 && y == 2 && w == 0.5f);
    CU_ASSERT_EQUAL(gy_source_read_weighted(s, &at[1], 1, &x, &y, &w), GY_OK); /* of weight 0 */
    CU_ASSERT_TRUE(x == 3 && isnan(y) && w == 0);
    CU_ASSERT_EQUAL(gy_source_read_weighted(s, &(int64_t){2}, 1, &x, &y, &w), GY_E_DATA);
    gy_source_close(s);
    snprintf(text, sizeof text, "%s?target=y&weight=w", files_text(&f, "g", "w,y\n,1\n"));
    refuse_source(ctx, text, NULL, "no column is left besides the target");
    snprintf(text, sizeof text, "%s?target=y&weight=w", files_text(&f, "h", "w,a,y\n,1,1\n"));
    refuse_source(ctx, text, NULL, "h:2, column w): '' is no number");
    files_end(&f);
    gy_test_end(ctx);
}

static void several_targets(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    float x[2], y[2];
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=c,a", files_text(&f, "f", "a,b,c\n1,2,3\n4,5,6\n"));
    gy_source *s = open_source(ctx, text, NULL);
    CU_ASSERT_TRUE(gy_source_get_info(s)->y.n == 1 && gy_source_get_info(s)->y.d[0] == 2);
    read_one(s, 1, x, y);
    CU_ASSERT_TRUE(x[0] == 5 && y[0] == 6 && y[1] == 4);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void gzip_is_the_same(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=kind",
             files_gzip(&f, "people.csv.gz", people, strlen(people)));
    gy_source *s = open_source(ctx, text, NULL);
    check_row(s, 3, (const float[]){50, 1, 0, 0, 3.5f}, 5, 2);
    gy_source_close(s);
    files_end(&f);
    gy_test_end(ctx);
}

static void faults_are_named(void)
{
    static const struct {
        const char *text, *query, *part;
    } cases[] = {
        {"a,b\n1,2\n3\n4,5\n", "?format=csv", "f:3): it has 1 cell, the first line has 2"},
        {"a,b\n1,\"2\n", "?format=csv", "f:2): a quote is not closed"},
        {"a,b\n1,\"2\"x\n", "?format=csv", "f:2): text follows a closing quote"},
        {"a,b\n1,2\n", "?target=c", "f, column c): the header does not have it"},
        {"alpha,b\n1,2\n", "?target=alhpa", "did you mean alpha"},
        {"1,2\n1,2\n", "?target=2", "f, column 2): it has columns 0 to 1 and no header"},
        {"1,2\n1,2\n", "?target=0&columns=0", "a column is taken twice"},
        {"a,b\n1,2\n1,\n", "?target=b", "f:3, column b): '' is no number"},
        {"a,b\n1,x\n1,?\n", "?target=b", "f:3, column b): '?' is no class"},
        {"a,b\n1,2\n", "?target=a,b", "no column is left besides the target"},
        {"a,b\n1,2\n", "?rows=5:", "it has no rows"},
        {"a,b\n1,2\n", "?rows=2:1", "key rows"},
        {"a,b\n1,2\n", "?targt=b",
         "key targt): the format csv does not have it; did you mean 'target'?"},
        {"a,b\n1,2\n", "?skip=x", "key skip): it must be a whole number"},
        {"a,b\n1,2\n\xff,3\n", "?format=csv", "f:3): it is no UTF-8; convert it"},
        {"a,b\n1,1e60\n", "?format=csv", "f:2, column b): '1e60' is too large; clean it, or say"},
        {"a,b\n1,2\n5x,3\n4,5\n", "?target=b",
         "f:3, column a): '5x' is no number, the others are; clean it, or say ?missing=5x where it "
         "stands for nothing, ?texts=a where all are texts"},
        {"a,b\n1,2\n1,x\n4,y\n", "?target=b",
         "f:3, column b): 'x' is no number, the others are; clean it, or say ?missing=x where it "
         "stands for nothing, ?classes=true where all are classes"},
        {"a;b\n1,5;2\n2,5;3\n", "?target=b", "f:2, column a): '1,5' has a comma; take it out"},
        {"a,b\n10%,2\n20%,3\n", "?target=b", "f:2, column a): '10%' is a percentage"},
        {"a,b\n1.5D+02,2\n", "?target=b", "'1.5D+02' has an exponent with 'D'"},
        {"a,b\n\xe2\x88\x92\x35,2\n", "?target=b", "has a minus sign that is not '-'"},
        {"a,b\n1,2\n-inf,2\n", "?target=b", "f:3, column a): '-inf' is not finite"},
        {"a,b\n1,2\n1e400,2\n", "?target=b", "f:3, column a): '1e400' is too large"},
        {"a,b\n1.5,2\n2.5,2\n", "?target=b&decimal=comma",
         "f:2, column a): '1.5' has a decimal point"},
        {"a,b\n1,u\n2,v\n", "?target=b&classes=false", "f:2, column b): 'u' is no number"},
        {"a,b\n1,1.5\n2,2\n", "?target=b&classes=true",
         "they are not whole numbers from 0; ?texts=b takes them for names of classes"},
        {"a,a,b\n1,2,3\n", "?columns=a&target=b", "the header has that name twice; ask for it by"},
        {"# by hand\na,b\n1,2\n", "?target=b",
         "?skip=N where it is further down; the first is a comment"},
        {"a:b\n1:2\n", "?target=b", "say ?separator=… where it is another one than"},
    };
    gy_context *ctx = gy_test_context();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        files f;
        char text[512];
        files_begin(&f);
        snprintf(text, sizeof text, "%s%s", files_text(&f, "f", cases[k].text), cases[k].query);
        refuse_source(ctx, text, NULL, cases[k].part);
        files_end(&f);
    }
    gy_test_end(ctx);
}

static void too_many_texts(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    gy_buffer_add(&b, "id,v\n");
    for (int i = 0; i < 5000; i++) gy_buffer_format(&b, "row %d,%d\n", i, i);
    files_begin(&f);
    refuse_source(ctx, files_text(&f, "f", gy_buffer_text(&b)), NULL,
                  "f:4098, column id): it holds more than 4096 different texts");
    files_end(&f);
    gy_buffer_clear(&b);
    gy_test_end(ctx);
}

static void failing_allocations_leave_nothing(void)
{
    gy_context *ctx = gy_test_context();
    files f;
    char text[512];
    files_begin(&f);
    snprintf(text, sizeof text, "%s?target=kind", files_text(&f, "people.csv", people));
    for (int64_t k = 1;; k++) {
        gy_source *s = NULL;
        gy_alloc_fail_at(ctx, k);
        gy_status status = gy_source_open(ctx, text, NULL, &s);
        gy_alloc_fail_at(ctx, 0);
        gy_source_close(s);
        CU_ASSERT_EQUAL(gy_context_balance(ctx), 0);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL(status, GY_E_NOMEM);
        CU_ASSERT_FATAL(k < 200);
    }
    files_end(&f);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(rows_become_samples), GY_TEST(training_file_teaches_the_others),
             GY_TEST(means_are_of_the_training_split), GY_TEST(groups_stay_together),
             GY_TEST(shapes_of_files), GY_TEST(names_twice_are_told_apart),
             GY_TEST(weights_are_a_column), GY_TEST(several_targets), GY_TEST(gzip_is_the_same),
             GY_TEST(faults_are_named), GY_TEST(too_many_texts),
             GY_TEST(failing_allocations_leave_nothing))
