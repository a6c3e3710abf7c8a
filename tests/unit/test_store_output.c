/* Files that are written whole: what stands beside them, what they may not replace; locks. */
#include "gy_test.h"
#include "tempdir.h"

#include "base/fault.h"
#include "store/file.h"

#include <fcntl.h>
#include <sys/stat.h>

static bool says(const char *part)
{
    return strstr(gy_error_last()->text, part) != NULL;
}

static void spill(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool holds(const char *path, const char *text)
{
    char there[64] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    size_t n = fread(there, 1, sizeof there - 1, file);
    (void)fclose(file);
    return n == strlen(text) && strcmp(there, text) == 0;
}

static int count(gy_context *ctx, const char *dir)
{
    const char *const *names;
    int n = -1;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL(gy_directory_list(&pool, dir, &names, &n), GY_OK);
    gy_pool_clear(&pool);
    return n;
}

static void outputs_come_whole_or_not(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_output *o, *other;
    gy_tempdir_make(&t);
    const char *path = gy_tempdir_join(&t, "x");
    spill(path, "old");
    CU_ASSERT_EQUAL_FATAL(gy_output_begin(ctx, path, &o), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_output_begin(ctx, path, &other), GY_OK); /* two at once are two */
    CU_ASSERT_STRING_NOT_EQUAL(gy_output_name(o), gy_output_name(other));
    spill(gy_output_name(o), "new");
    spill(gy_output_name(other), "other");
    CU_ASSERT_TRUE(holds(path, "old"));
    gy_output_abort(other);
    CU_ASSERT_TRUE(holds(path, "old"));
    CU_ASSERT_EQUAL(gy_output_commit(o), GY_OK);
    CU_ASSERT_TRUE(holds(path, "new"));
    CU_ASSERT_EQUAL(count(ctx, t.path), 1);
    gy_output_abort(NULL);
    CU_ASSERT_EQUAL(mkdir(gy_tempdir_join(&t, "d"), 0777), 0);
    CU_ASSERT_EQUAL(gy_output_begin(ctx, gy_tempdir_join(&t, "d"), &o), GY_E_IO);
    CU_ASSERT_TRUE(says("directory"));
    CU_ASSERT_EQUAL(gy_output_begin(ctx, "/nowhere/x", &o), GY_E_IO);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void inputs_are_not_replaced(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_output *o;
    gy_tempdir_make(&t);
    const char *input = gy_tempdir_join(&t, "input"), *link = gy_tempdir_join(&t, "link");
    spill(input, "mine");
    CU_ASSERT_EQUAL(symlink("input", link), 0);
    CU_ASSERT_EQUAL_FATAL(gy_output_begin(ctx, input, &o), GY_OK);
    CU_ASSERT_EQUAL(gy_output_spare(o, link), GY_E_USAGE); /* by whatever name */
    CU_ASSERT_TRUE(says("give the output another name"));
    CU_ASSERT_EQUAL(gy_output_spare(o, gy_tempdir_join(&t, "none")), GY_OK);
    gy_output_abort(o);
    CU_ASSERT_TRUE(holds(input, "mine"));
    CU_ASSERT_EQUAL(count(ctx, t.path), 2);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* Links planted where files of ours belong, and files of the user that look like ours. */
static void links_are_not_followed(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_lock lock;
    char holder[GY_LOCK_TEXT];
    int64_t free;
    gy_tempdir_make(&t);
    const char *victim = gy_tempdir_join(&t, "victim");
    spill(victim, "dear");
    CU_ASSERT_EQUAL(symlink("victim", gy_tempdir_join(&t, "lock")), 0);
    CU_ASSERT_EQUAL(symlink("victim", gy_tempdir_join(&t, ".tmp-x")), 0);
    CU_ASSERT_EQUAL(symlink("victim", gy_tempdir_join(&t, "x")), 0);
    spill(gy_tempdir_join(&t, "x.tmp"), "dear");
    CU_ASSERT_EQUAL(gy_lock_take(ctx, gy_tempdir_join(&t, "lock"), "I", true, &lock, holder),
                    GY_E_IO);
    CU_ASSERT_TRUE(says("it is a link"));
    CU_ASSERT_EQUAL(gy_file_write(ctx, gy_tempdir_join(&t, "x"), "new", 3), GY_OK);
    CU_ASSERT_EQUAL(gy_room_try(ctx, t.path, 100, &free), GY_OK);
    CU_ASSERT_TRUE(holds(victim, "dear"));
    CU_ASSERT_TRUE(holds(gy_tempdir_join(&t, "x"), "new"));
    CU_ASSERT_TRUE(holds(gy_tempdir_join(&t, "x.tmp"), "dear"));
    CU_ASSERT_EQUAL(count(ctx, t.path), 5);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void locks_say_whether_they_hold(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_lock lock, other;
    char holder[GY_LOCK_TEXT];
    gy_tempdir_make(&t);
    const char *path = gy_tempdir_join(&t, "lock");
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "I", false, &lock, holder), GY_OK);
    CU_ASSERT_TRUE(lock.fd < 0 && holder[0] == '\0');
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "I", true, &lock, holder), GY_OK);
    CU_ASSERT_TRUE(lock.fd >= 0 && lock.is_sure);
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "you", true, &other, holder), GY_OK);
    CU_ASSERT_TRUE(other.fd < 0);
    CU_ASSERT_STRING_EQUAL(holder, "I");
    gy_lock_release(&lock);
    CU_ASSERT_EQUAL(lock.fd, -1);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* A host that is gone keeps its lock: another process holds it here. Whoever opened the file before it was
 * inherited has nothing by it. */
static void locks_have_heirs(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_tempdir t;
    gy_lock gone, heir, stranger;
    char holder[GY_LOCK_TEXT];
    gy_tempdir_make(&t);
    gy_pool_init(&pool, ctx);
    const char *path = gy_tempdir_join(&t, "lock");
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "gone\n1\n", true, &gone, holder), GY_OK);
    CU_ASSERT_EQUAL(gy_lock_check(&gone), GY_OK);
    gy_fault_arm(ctx, GY_FAULT_WRITE, 1); /* without its text nobody would know of the heir */
    CU_ASSERT_EQUAL(gy_lock_inherit(ctx, &pool, path, "heir\n2\n", &heir), GY_E_IO);
    CU_ASSERT_TRUE(heir.fd < 0 && gy_lock_has_name(&gone));
    CU_ASSERT_EQUAL(count(ctx, t.path), 1);
    CU_ASSERT_EQUAL(gy_lock_inherit(ctx, &pool, path, "heir\n2\n", &heir), GY_OK);
    CU_ASSERT_TRUE(gy_lock_has_name(&heir) && !gy_lock_has_name(&gone));
    CU_ASSERT_TRUE(heir.fd >= 0 && heir.is_sure);
    CU_ASSERT_EQUAL(gy_lock_check(&heir), GY_OK);
    CU_ASSERT_EQUAL(gy_lock_check(&gone), GY_E_IO);
    CU_ASSERT_TRUE(says("taken over by heir;"));
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "stranger\n", true, &stranger, holder), GY_OK);
    CU_ASSERT_TRUE(stranger.fd < 0);
    CU_ASSERT_STRING_EQUAL(holder, "heir\n2\n");
    CU_ASSERT_EQUAL(count(ctx, t.path), 1);
    gy_lock_release(&gone);
    CU_ASSERT_EQUAL(gy_lock_check(&gone), GY_OK);
    CU_ASSERT_EQUAL(gy_lock_take(ctx, path, "stranger\n", true, &stranger, holder), GY_OK);
    CU_ASSERT_TRUE(stranger.fd < 0);
    gy_lock_release(&heir);
    CU_ASSERT_EQUAL(gy_lock_inherit(ctx, &pool, gy_tempdir_join(&t, "none/lock"), "", &heir),
                    GY_E_IO);
    CU_ASSERT_EQUAL(heir.fd, -1);
    gy_pool_clear(&pool);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void failures_are_not_absence(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_lies there;
    int64_t bytes;
    uint64_t seal;
    bool is_there = true;
    gy_tempdir_make(&t);
    spill(gy_tempdir_join(&t, "file"), "x");
    CU_ASSERT_EQUAL(gy_path_kind(gy_tempdir_join(&t, "none"), &there), GY_OK);
    CU_ASSERT_EQUAL(there, GY_IS_NONE);
    CU_ASSERT_EQUAL(gy_path_kind(gy_tempdir_join(&t, "file/below"), &there), GY_OK);
    CU_ASSERT_EQUAL(there, GY_IS_NONE);
    CU_ASSERT_EQUAL(gy_path_kind("/dev/null", &there), GY_OK);
    CU_ASSERT_EQUAL(there, GY_IS_OTHER);
    const char *loop = gy_tempdir_join(&t, "loop");
    CU_ASSERT_EQUAL(symlink("loop", loop), 0);
    CU_ASSERT_EQUAL(gy_path_kind(loop, &there), GY_E_IO);
    CU_ASSERT_EQUAL(gy_seal_check(ctx, "/dev/zero", &bytes), GY_E_IO); /* it would never end */
    CU_ASSERT_TRUE(says("it is no regular file"));
    CU_ASSERT_EQUAL(gy_seal_read(gy_tempdir_join(&t, "none"), &seal, &is_there), GY_OK);
    CU_ASSERT_FALSE(is_there);
    CU_ASSERT_EQUAL(gy_seal_read(gy_tempdir_join(&t, "file"), &seal, &is_there), GY_OK);
    CU_ASSERT_TRUE(is_there && seal == 0);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* What a process that is gone left is known; what one still works at is not touched. */
static void leftovers_are_known(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_pool pool;
    const char *name;
    gy_tempdir_make(&t);
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL(gy_temporary_name(&pool, gy_tempdir_join(&t, "old-step-7"), &name), GY_OK);
    const char *base = strrchr(name, '/') + 1;
    CU_ASSERT_STRING_EQUAL(gy_temporary_of(base), "old-step-7");
    CU_ASSERT_TRUE(gy_temporary_is_own(base));
    spill(name, "x");
    CU_ASSERT_FALSE(gy_temporary_is_left(name)); /* this process lives */
    const char *process = strchr(base + 5, '-') + 1;
    char renamed[GY_TEMPDIR];
    (void)snprintf(renamed, sizeof renamed, "%.*s4194304%s", (int)(process - base) & 0xFF, base,
                   strchr(process, '-')); /* beyond any process */
    const char *other = gy_tempdir_join(&t, renamed);
    spill(other, "x");
    CU_ASSERT_TRUE(gy_temporary_is_left(other));
    CU_ASSERT_FALSE(gy_temporary_is_own(strrchr(other, '/') + 1));
    CU_ASSERT_PTR_NULL(gy_temporary_of(".tmp-step-7"));
    CU_ASSERT_PTR_NULL(gy_temporary_of("res.h5.tmp"));
    gy_pool_clear(&pool);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(outputs_come_whole_or_not), GY_TEST(inputs_are_not_replaced),
             GY_TEST(links_are_not_followed), GY_TEST(locks_say_whether_they_hold),
             GY_TEST(locks_have_heirs), GY_TEST(failures_are_not_absence),
             GY_TEST(leftovers_are_known))
