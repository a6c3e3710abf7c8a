/* Directories, removal, durable files, links, streams of gzip and plain files. */
#include "gy_test.h"
#include "tempdir.h"

#include "store/file.h"

#include <sys/stat.h>
#include <zlib.h>

static void spill(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, file), n);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static bool says(const char *part)
{
    return strstr(gy_error_last()->text, part) != NULL;
}

static bool is_there(const char *path)
{
    gy_lies there;
    CU_ASSERT_EQUAL(gy_path_kind(path, &there), GY_OK);
    return there != GY_IS_NONE;
}

static bool is_directory(const char *path)
{
    gy_lies there;
    CU_ASSERT_EQUAL(gy_path_kind(path, &there), GY_OK);
    return there == GY_IS_DIRECTORY;
}

static void directories_come_and_go(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    const char *const *names;
    int n;
    CU_ASSERT_EQUAL(gy_directory_make(ctx, gy_tempdir_join(&t, "a/b/c")), GY_OK);
    CU_ASSERT_EQUAL(gy_directory_make(ctx, gy_tempdir_join(&t, "a/b/c/")), GY_OK);
    CU_ASSERT_TRUE(is_directory(gy_tempdir_join(&t, "a/b/c")));
    spill(gy_tempdir_join(&t, "a/b/z"), "z", 1);
    spill(gy_tempdir_join(&t, "keep"), "k", 1);
    CU_ASSERT_EQUAL(symlink("../keep", gy_tempdir_join(&t, "a/link")), 0);
    CU_ASSERT_EQUAL(symlink("..", gy_tempdir_join(&t, "a/up")), 0);
    CU_ASSERT_EQUAL(gy_directory_make(ctx, gy_tempdir_join(&t, "keep/d")), GY_E_IO);
    CU_ASSERT_TRUE(says("keep"));

    CU_ASSERT_EQUAL(gy_directory_list(&pool, gy_tempdir_join(&t, "a"), &names, &n), GY_OK);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    CU_ASSERT_STRING_EQUAL(names[0], "b");
    CU_ASSERT_STRING_EQUAL(names[1], "link");
    CU_ASSERT_STRING_EQUAL(names[2], "up");
    CU_ASSERT_EQUAL(gy_directory_list(&pool, gy_tempdir_join(&t, "none"), &names, &n), GY_E_IO);

    CU_ASSERT_EQUAL(gy_tree_remove(gy_tempdir_join(&t, "a")), GY_OK);
    CU_ASSERT_FALSE(is_there(gy_tempdir_join(&t, "a")));
    CU_ASSERT_TRUE(is_there(gy_tempdir_join(&t, "keep"))); /* links were not followed */
    CU_ASSERT_EQUAL(gy_tree_remove(gy_tempdir_join(&t, "a")), GY_OK);
    gy_pool_clear(&pool);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void files_are_written_whole(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    char *bytes;
    size_t n;
    const char *path = gy_tempdir_join(&t, "x");
    CU_ASSERT_EQUAL(gy_file_write(ctx, path, "first", 5), GY_OK);
    CU_ASSERT_EQUAL(gy_file_write(ctx, path, "one\0two", 7), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_file_read(ctx, path, 7, GY_E_DATA, &bytes, &n), GY_OK);
    CU_ASSERT_EQUAL(n, 7);
    CU_ASSERT_EQUAL(memcmp(bytes, "one\0two", 8), 0); /* and the zero that closes it */
    gy_free(ctx, bytes);
    CU_ASSERT_EQUAL(gy_file_read(ctx, path, 6, GY_E_CONFIG, &bytes, &n), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_file_read(ctx, t.path, 6, GY_E_DATA, &bytes, &n), GY_E_DATA);
    CU_ASSERT_TRUE(says("directory"));
    CU_ASSERT_EQUAL(gy_file_read(ctx, "/nowhere/x", 6, GY_E_IO, &bytes, &n), GY_E_IO);
    CU_ASSERT_TRUE(says("/nowhere/x"));
    CU_ASSERT_EQUAL(gy_file_write(ctx, "/nowhere/x", "", 0), GY_E_IO);
    CU_ASSERT_EQUAL(gy_file_write(ctx, gy_tempdir_join(&t, "empty"), "", 0), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_file_read(ctx, gy_tempdir_join(&t, "empty"), 6, GY_E_IO, &bytes, &n),
                          GY_OK);
    CU_ASSERT_STRING_EQUAL(bytes, "");
    gy_free(ctx, bytes);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void links_are_swapped(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    const char *link = gy_tempdir_join(&t, "latest");
    char target[8] = {0};
    CU_ASSERT_EQUAL(gy_link_swap(ctx, "one", link), GY_OK);
    CU_ASSERT_EQUAL(gy_link_swap(ctx, "two", link), GY_OK);
    CU_ASSERT_EQUAL(readlink(link, target, sizeof target - 1), 3);
    CU_ASSERT_STRING_EQUAL(target, "two");
    CU_ASSERT_EQUAL(gy_directory_make(ctx, gy_tempdir_join(&t, "dir/x")), GY_OK);
    CU_ASSERT_EQUAL(gy_link_swap(ctx, "two", gy_tempdir_join(&t, "dir")), GY_E_IO);
    CU_ASSERT_FALSE(is_there(gy_tempdir_join(&t, ".tmp-dir")));
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

enum { BYTES = 300000 };

static void fill(unsigned char *x)
{
    unsigned state = 1;
    for (int i = 0; i < BYTES; i++) {
        state = state * 1103515245U + 12345U;
        x[i] = (unsigned char)(state >> 24 & 15U);
    }
}

/* Two members, to a file. */
static void zip(const char *path, const unsigned char *x)
{
    for (int member = 0; member < 2; member++) {
        gzFile file = gzopen(path, member == 0 ? "wb" : "ab");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_EQUAL(gzwrite(file, x + member * BYTES / 2, BYTES / 2), BYTES / 2);
        CU_ASSERT_EQUAL(gzclose(file), Z_OK);
    }
}

static void reads_all_and_anywhere(gy_context *ctx, const char *path, const unsigned char *x,
                                   bool gzip)
{
    static unsigned char y[BYTES + 10];
    gy_stream *s;
    int64_t got, size;
    CU_ASSERT_EQUAL_FATAL(gy_stream_open(ctx, path, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_stream_is_gzip(s), gzip);
    CU_ASSERT_EQUAL(gy_stream_read(s, y, 10, &got), GY_OK);
    CU_ASSERT_EQUAL(gy_stream_size(s, &size), GY_OK);
    CU_ASSERT_EQUAL(size, BYTES);
    CU_ASSERT_EQUAL(gy_stream_read(s, y + 10, BYTES, &got), GY_OK); /* the place was kept */
    CU_ASSERT_EQUAL(got, BYTES - 10);
    CU_ASSERT_EQUAL(memcmp(x, y, BYTES), 0);
    CU_ASSERT_EQUAL(gy_stream_read(s, y, 1, &got), GY_OK);
    CU_ASSERT_EQUAL(got, 0);
    static const int64_t places[] = {0, 200000, 149999, 150000, BYTES - 1, 7};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        CU_ASSERT_EQUAL(gy_stream_seek(s, places[i]), GY_OK);
        CU_ASSERT_EQUAL(gy_stream_read(s, y, 1, &got), GY_OK);
        CU_ASSERT_EQUAL(got, 1);
        CU_ASSERT_EQUAL(y[0], x[places[i]]);
    }
    gy_stream_close(s);
}

static gy_status read_whole(gy_context *ctx, const char *path)
{
    static unsigned char y[BYTES + 10];
    gy_stream *s;
    int64_t got;
    GY_TRY(gy_stream_open(ctx, path, &s));
    gy_status status = gy_stream_read(s, y, BYTES + 10, &got);
    gy_stream_close(s);
    return status;
}

static void streams_are_gzip_or_plain(void)
{
    static unsigned char x[BYTES];
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    fill(x);
    zip(gy_tempdir_join(&t, "x.gz"), x);
    spill(gy_tempdir_join(&t, "x"), x, BYTES);
    reads_all_and_anywhere(ctx, gy_tempdir_join(&t, "x.gz"), x, true);
    /* padded to a tape's blocks, and what is no padding */
    long whole = gy_file_bytes(gy_tempdir_join(&t, "x.gz"));
    CU_ASSERT_EQUAL(truncate(gy_tempdir_join(&t, "x.gz"), whole + 100000), 0);
    reads_all_and_anywhere(ctx, gy_tempdir_join(&t, "x.gz"), x, true);
    gy_flip_bit(gy_tempdir_join(&t, "x.gz"), whole + 99999);
    CU_ASSERT_EQUAL(read_whole(ctx, gy_tempdir_join(&t, "x.gz")), GY_E_DATA);
    reads_all_and_anywhere(ctx, gy_tempdir_join(&t, "x"), x, false);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void broken_streams_are_errors(void)
{
    static unsigned char x[BYTES];
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    fill(x);
    const char *path = gy_tempdir_join(&t, "x.gz");
    zip(path, x);
    long whole = gy_file_bytes(path);
    gy_flip_bit(path, whole / 3);
    CU_ASSERT_EQUAL(read_whole(ctx, path), GY_E_DATA);
    gy_flip_bit(path, whole / 3);
    for (long cut = 1; cut < 12; cut++) { /* in the trailer, too */
        CU_ASSERT_EQUAL(truncate(path, whole - cut), 0);
        CU_ASSERT_EQUAL(read_whole(ctx, path), GY_E_DATA);
        CU_ASSERT_TRUE(says("cut off"));
        CU_ASSERT_TRUE(says("x.gz"));
    }
    CU_ASSERT_EQUAL(truncate(path, 5), 0); /* in the head */
    CU_ASSERT_EQUAL(read_whole(ctx, path), GY_E_DATA);
    CU_ASSERT_EQUAL(read_whole(ctx, t.path), GY_E_DATA);
    CU_ASSERT_TRUE(says("directory"));
    CU_ASSERT_EQUAL(read_whole(ctx, gy_tempdir_join(&t, "none")), GY_E_DATA);
    CU_ASSERT_EQUAL(mkfifo(gy_tempdir_join(&t, "pipe"), 0600), 0);
    CU_ASSERT_EQUAL(read_whole(ctx, gy_tempdir_join(&t, "pipe")), GY_E_DATA);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void memory_runs_out_cleanly(void)
{
    static unsigned char x[BYTES];
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    fill(x);
    const char *path = gy_tempdir_join(&t, "x.gz");
    zip(path, x);
    gy_status status = GY_E_NOMEM;
    int k = 1;
    for (; status != GY_OK && k < 100; k++) {
        gy_alloc_fail_at(ctx, k);
        status = read_whole(ctx, path);
        CU_ASSERT_TRUE(status == GY_OK || status == GY_E_NOMEM);
        CU_ASSERT_EQUAL(gy_context_balance(ctx), 0);
    }
    CU_ASSERT_TRUE(k > 4 && k < 100);
    gy_alloc_fail_at(ctx, 0);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(directories_come_and_go), GY_TEST(files_are_written_whole),
             GY_TEST(links_are_swapped), GY_TEST(streams_are_gzip_or_plain),
             GY_TEST(broken_streams_are_errors), GY_TEST(memory_runs_out_cleanly))
