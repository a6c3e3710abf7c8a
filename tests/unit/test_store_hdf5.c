/* HDF5: data sets, attributes, groups, virtual data sets, hostile files, full disks. */
#include "gy_test.h"
#include "tempdir.h"

#include "store/file.h"
#include "store/hdf5.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

static bool says(const char *part)
{
    return strstr(gy_error_last()->text, part) != NULL;
}

/* Runs Python with h5py in a directory; 2: there is none. */
static int python(const char *directory, const char *text)
{
    char command[4096];
    (void)snprintf(command, sizeof command,
                   "cd '%s' && python3 -c 'import h5py' 2>/dev/null || exit 2; "
                   "cat > script.py <<'E'\nimport h5py, numpy as np, os\n%s\nE\npython3 script.py",
                   directory, text);
    int result = system(command);
    if (result == 2 << 8) puts("(no h5py here: not checked against it)");
    return result == 2 << 8 ? 2 : result != 0;
}

static void numbers_and_texts_come_back(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_h5 *f;
    const char *path = gy_tempdir_join(&t, "a.h5");
    static char text[200000];
    memset(text, 'y', sizeof text - 1);
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_group(f, "/g/h"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_group(f, "/g"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_int(f, "/", "step", 1), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_int(f, "/", "step", -7), GY_OK); /* replaced */
    CU_ASSERT_EQUAL(gy_h5_write_uint64(f, "/g", "hash", UINT64_MAX - 1), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_float(f, "/g/h", "nan", NAN), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_text(f, "/", "config", text), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_text(f, "/", "name", "größe"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);

    int64_t i;
    uint64_t u;
    double d;
    char *s;
    CU_ASSERT_EQUAL_FATAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_OK);
    CU_ASSERT_TRUE(gy_h5_exists(f, "/") && gy_h5_exists(f, "/g/h") && gy_h5_exists(f, "g"));
    CU_ASSERT_FALSE(gy_h5_exists(f, "/x/y") || gy_h5_exists(f, "/g/x") || gy_h5_exists(f, ""));
    CU_ASSERT_TRUE(gy_h5_read_int(f, "/", "step", &i) == GY_OK && i == -7);
    CU_ASSERT_TRUE(gy_h5_read_uint64(f, "/g", "hash", &u) == GY_OK && u == UINT64_MAX - 1);
    CU_ASSERT_TRUE(gy_h5_read_float(f, "/g/h", "nan", &d) == GY_OK && isnan(d));
    CU_ASSERT_EQUAL_FATAL(gy_h5_read_text(f, "/", "config", &s), GY_OK);
    CU_ASSERT_STRING_EQUAL(s, text);
    gy_free(ctx, s);
    CU_ASSERT_EQUAL(gy_h5_read_int(f, "/", "none", &i), GY_E_DATA);
    CU_ASSERT_TRUE(says("/@none"));
    CU_ASSERT_EQUAL(gy_h5_read_int(f, "/", "name", &i), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_read_text(f, "/", "step", &s), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    CU_ASSERT_NOT_EQUAL(python(t.path, "f = h5py.File('a.h5')\n"
                                       "assert f.attrs['step'] == -7\n"
                                       "assert f.attrs['name'] == 'größe'\n"
                                       "assert f['g'].attrs['hash'] == 2**64 - 2\n"
                                       "assert len(f.attrs['config']) == 199999\n"),
                        1);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static gy_status add_name(void *user, const char *name)
{
    strcat(user, name);
    strcat(user, " ");
    return GY_OK;
}

static void rows_are_read_and_converted(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_h5 *f;
    gy_h5_data *d;
    const char *path = gy_tempdir_join(&t, "a.h5");
    float x[5][3], y[5][3];
    uint8_t bytes[6];
    for (int i = 0; i < 15; i++) x[i / 3][i % 3] = (float)i;
    CU_ASSERT_EQUAL_FATAL(gy_h5_create_sealed(ctx, path, &f), GY_OK);
    for (int kind = 0; kind < 3; kind++) {
        static const char *const names[] = {"/g/plain", "/g/packed", "/z"};
        gy_h5_type type = kind == 2 ? GY_H5_INT16 : GY_H5_FLOAT32;
        CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(f, names[kind], type, &(gy_shape){2, {5, 3}},
                                                kind == 1 ? 2 : 0, kind == 1 ? 4 : 0, &d),
                              GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, 2, GY_H5_FLOAT32, x), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 2, 3, GY_H5_FLOAT32, x[2]), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 5, 0, GY_H5_FLOAT32, x), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 4, 2, GY_H5_FLOAT32, x), GY_E_IO);
        gy_h5_data_close(d);
    }
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    int64_t sealed;
    CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &sealed), GY_OK);
    CU_ASSERT_EQUAL(sealed, gy_file_bytes(path));
    CU_ASSERT_EQUAL_FATAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_OK);
    char names[100] = "";
    CU_ASSERT_EQUAL(gy_h5_visit(f, "/", add_name, names), GY_OK);
    CU_ASSERT_STRING_EQUAL(names, "/g/packed /g/plain /z ");
    CU_ASSERT_EQUAL(gy_h5_visit(f, "/none", add_name, names), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_data_open(f, "/none", &d), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_data_open(f, "/g", &d), GY_E_DATA);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/g/packed", &d), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_type(d), GY_H5_FLOAT32);
    CU_ASSERT_TRUE(gy_shape_equal(gy_h5_data_shape(d), &(gy_shape){2, {5, 3}}));
    CU_ASSERT_EQUAL(gy_h5_data_read(d, 1, 4, GY_H5_FLOAT32, y), GY_OK);
    CU_ASSERT_EQUAL(memcmp(y, x[1], sizeof x[1] * 4), 0);
    CU_ASSERT_EQUAL(gy_h5_data_read(d, 1, 5, GY_H5_FLOAT32, y), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_data_read(d, -1, 1, GY_H5_FLOAT32, y), GY_E_DATA);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/z", &d), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_type(d), GY_H5_INT16);
    CU_ASSERT_TRUE(gy_h5_data_is_integer(d));
    CU_ASSERT_EQUAL(gy_h5_data_read(d, 3, 2, GY_H5_UINT8, bytes), GY_OK);
    CU_ASSERT_EQUAL(bytes[5], 14);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* Every byte of a sealed file counts. */
static void seals_see_every_byte(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_h5 *f;
    int64_t n;
    const char *path = gy_tempdir_join(&t, "a.h5");
    CU_ASSERT_EQUAL_FATAL(gy_h5_create_sealed(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_write_text(f, "/", "config", "a: 1"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    long bytes = gy_file_bytes(path);
    CU_ASSERT_TRUE(bytes > 512);
    for (long i = 0; i < bytes; i++) {
        gy_flip_bit(path, i);
        CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &n), GY_E_IO);
        gy_flip_bit(path, i);
    }
    CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &n), GY_OK);
    CU_ASSERT_EQUAL(truncate(path, bytes - 1), 0);
    CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &n), GY_E_IO);
    CU_ASSERT_EQUAL(truncate(path, 100), 0);
    CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &n), GY_E_IO);
    CU_ASSERT_TRUE(says("cut off"));
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* None, small, large; ways that part and come together again. */
static void make_whole_ones(gy_h5_maker *m)
{
    for (int i = 0; i < 3; i++) {
        static const int64_t rows[] = {0, GY_H5_SMALL / 4, 50};
        float y[200];
        char name[32];
        for (int j = 0; j < 200; j++) y[j] = (float)(1000 * i + j);
        (void)snprintf(name, sizeof name, i == 1 ? "/v2/a/b/x" : "/w/a/%d", i);
        const gy_h5_mark mark = {"checksum", UINT64_MAX};
        CU_ASSERT_EQUAL(gy_h5_make_tensor(m, name, &(gy_shape){2, {rows[i], 4}}, y, &mark), GY_OK);
    }
}

/* A run of elements that begins and ends anywhere, over shapes of one to four axes. */
static void tensors_are_whole(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_h5 *f;
    gy_h5_data *d;
    gy_h5_maker *m;
    static float x[3][60];
    for (int i = 0; i < 180; i++) x[i / 60][i % 60] = (float)i;
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%d.h5", i);
        CU_ASSERT_EQUAL_FATAL(gy_h5_create_sealed(ctx, gy_tempdir_join(&t, name), &f), GY_OK);
        CU_ASSERT_EQUAL_FATAL(
            gy_h5_data_create(f, "/values", GY_H5_FLOAT32, &(gy_shape){1, {60}}, 0, 0, &d), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, 60, GY_H5_FLOAT32, x[i]), GY_OK);
        gy_h5_data_close(d);
        CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    }
    static const gy_shape shapes[] = {{1, {120}},        {2, {10, 12}}, {3, {4, 5, 6}},
                                      {4, {2, 5, 3, 4}}, {2, {1, 120}}, {2, {120, 1}}};
    CU_ASSERT_EQUAL_FATAL(gy_h5_create_sealed(ctx, gy_tempdir_join(&t, "v.h5"), &f), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_h5_maker_create(f, &m), GY_OK);
    for (int s = 0; s < 6; s++) {
        for (int start = 0; start < 60; start += 7) { /* elements start … start + 119 of all */
            char name[32];
            (void)snprintf(name, sizeof name, "/v/%d/%d", s, start);
            gy_h5_piece pieces[] = {{"s0.h5", "/values", 60, start, 0, 60 - start},
                                    {"s1.h5", "/values", 60, 0, 60 - start, 60},
                                    {"s2.h5", "/values", 60, 0, 120 - start, start}};
            const gy_h5_mark mark = {"offset", (uint64_t)start};
            CU_ASSERT_EQUAL(
                gy_h5_make_virtual(m, name, &shapes[s], pieces, start == 0 ? 2 : 3, &mark), GY_OK);
        }
    }
    gy_h5_piece part = {"s0.h5", "/values", 60, 1, 3, 2};
    CU_ASSERT_EQUAL(gy_h5_make_virtual(m, "/part", &(gy_shape){2, {2, 5}}, &part, 1, NULL), GY_OK);
    make_whole_ones(m);
    gy_h5_maker_free(m);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    char script[2048];
    (void)snprintf(script, sizeof script,
                   "root = '%s'; os.rename(root, root + '-moved'); os.mkdir(root); os.chdir('/')\n"
                   "f = h5py.File(root + '-moved/v.h5')\n"
                   "for i, name, n in (0, 'w/a/0', 0), (1, 'v2/a/b/x', 32), (2, 'w/a/2', 50):\n"
                   "  assert (f[name][...] == 1000 * i + np.arange(4 * n).reshape(n, 4)).all()\n"
                   "  assert f[name].attrs['checksum'] == 2**64 - 1\n"
                   "n = 0\n"
                   "for s in f['v'].values():\n"
                   "  for k, d in s.items():\n"
                   "    n += 1; x = d[...].ravel()\n"
                   "    assert (x == np.arange(120) + int(k)).all(), (d, x)\n"
                   "assert n == 54\n"
                   "x = f['part'][...]\n"
                   "assert np.isnan(x).sum() == 8 and x[0, 3] == 1 and x[0, 4] == 2, x\n"
                   "f.close(); import shutil; shutil.rmtree(root + '-moved')",
                   t.path);
    CU_ASSERT_NOT_EQUAL(python(t.path, script), 1);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void files_of_others_are_read_with_care(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    int made = python(
        t.path, "b = h5py.File('b.h5', 'w'); b['x'] = np.arange(4.0, dtype='f4'); b.close()\n"
                "f = h5py.File('a.h5', 'w')\n"
                "f['link'] = h5py.ExternalLink('b.h5', '/x')\n"
                "f['soft'] = h5py.SoftLink('/nowhere')\n"
                "f['good'] = h5py.SoftLink('/half')\n"
                "l = h5py.VirtualLayout((4,), 'f4'); l[:] = h5py.VirtualSource('b.h5', 'x', (4,))\n"
                "f.create_virtual_dataset('virtual', l)\n"
                "f.create_dataset('outside', (4,), 'f4', external=[('b.h5', 0, 16)])\n"
                "f.create_dataset('huge', (2**40, 2**20), 'f4', chunks=(1, 2**20))\n"
                "f.create_dataset('deep', (1,) * 9, 'f4')\n"
                "f['half'] = np.arange(3, dtype='f2'); f['flag'] = np.array([True, False])\n"
                "f['word'] = np.array([b'a']); f['one'] = 5; f['none'] = h5py.Empty('f4')\n"
                "f['u16'] = np.array([65535], 'u2')\n"
                "f.attrs['list'] = [1, 2, 3]; f.attrs['bytes'] = np.bytes_(b'ab')\n"
                "f.attrs['text'] = 'cd'; f.attrs['half'] = 1.5; f.close()");
    CU_ASSERT_NOT_EQUAL(made, 1);
    gy_h5 *f;
    gy_h5_data *d;
    float x[4];
    int64_t i;
    char *s;
    if (made == 0) {
        CU_ASSERT_EQUAL_FATAL(gy_h5_open(ctx, gy_tempdir_join(&t, "a.h5"), GY_E_DATA, &f), GY_OK);
        static const char *const bad[] = {"/link", "/soft", "/deep", "/word", "/none", "/huge"};
        for (int k = 0; k < 6; k++) {
            CU_ASSERT_EQUAL(gy_h5_data_open(f, bad[k], &d), GY_E_DATA);
            CU_ASSERT_TRUE(says(bad[k]));
        }
        CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/outside", &d), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_read(d, 0, 4, GY_H5_FLOAT32, x), GY_E_DATA);
        gy_h5_data_close(d);
        CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/virtual", &d), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_read(d, 1, 2, GY_H5_FLOAT32, x), GY_OK);
        CU_ASSERT_EQUAL(x[0], 1.0f);
        CU_ASSERT_EQUAL(x[1], 2.0f);
        gy_h5_data_close(d);
        static const char *const good[] = {"/good", "/flag", "/one", "/u16"};
        static const float want[] = {0.0f, 1.0f, 5.0f, 65535.0f};
        for (int k = 0; k < 4; k++) {
            CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, good[k], &d), GY_OK);
            CU_ASSERT_EQUAL(gy_h5_data_is_integer(d), k > 0);
            CU_ASSERT_EQUAL(gy_h5_data_read(d, 0, 1, GY_H5_FLOAT32, x), GY_OK);
            CU_ASSERT_EQUAL(x[0], want[k]);
            gy_h5_data_close(d);
        }
        CU_ASSERT_EQUAL(gy_h5_read_int(f, "/", "list", &i), GY_E_DATA);
        CU_ASSERT_EQUAL(gy_h5_read_int(f, "/", "half", &i), GY_E_DATA);
        CU_ASSERT_EQUAL_FATAL(gy_h5_read_text(f, "/", "bytes", &s), GY_OK);
        CU_ASSERT_STRING_EQUAL(s, "ab");
        gy_free(ctx, s);
        CU_ASSERT_EQUAL_FATAL(gy_h5_read_text(f, "/", "text", &s), GY_OK);
        CU_ASSERT_STRING_EQUAL(s, "cd");
        gy_free(ctx, s);
        CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    }
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

static void what_is_no_hdf5_is_said(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    gy_h5 *f;
    const char *path = gy_tempdir_join(&t, "a.h5");
    CU_ASSERT_EQUAL(gy_h5_open(ctx, t.path, GY_E_DATA, &f), GY_E_DATA);
    CU_ASSERT_TRUE(says("directory"));
    CU_ASSERT_EQUAL(gy_h5_open(ctx, path, GY_E_IO, &f), GY_E_IO);
    CU_ASSERT_TRUE(says("No such file"));
    CU_ASSERT_EQUAL(gy_file_write(ctx, path, "not hdf5", 8), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_E_DATA);
    CU_ASSERT_TRUE(says("a.h5"));
    CU_ASSERT_EQUAL(gy_h5_create(ctx, gy_tempdir_join(&t, "no/a.h5"), &f), GY_E_IO);
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_group(f, "/g"), GY_OK);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    CU_ASSERT_EQUAL(truncate(path, gy_file_bytes(path) - 8), 0);
    CU_ASSERT_EQUAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_h5_close(NULL), GY_OK);
    CU_ASSERT_EQUAL(strncmp(gy_h5_library(), "HDF5 ", 5), 0);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

/* A limit on the size of files stands for a full disk. */
static gy_status write_until_full(gy_context *ctx, const char *path, int64_t limit)
{
    static float x[100000];
    gy_h5 *f = NULL;
    gy_h5_data *d = NULL;
    struct rlimit old;
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit less = {(rlim_t)limit, old.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &less), 0);
    gy_status status = gy_h5_create_sealed(ctx, path, &f);
    if (status == GY_OK)
        status = gy_h5_data_create(f, "/x", GY_H5_FLOAT32, &(gy_shape){1, {100000}}, 0, 0, &d);
    for (int64_t i = 0; i < 100000 && status == GY_OK; i += 1000)
        status = gy_h5_data_write(d, i, 1000, GY_H5_FLOAT32, x);
    gy_error error = *gy_error_last();
    gy_h5_data_close(d);
    gy_status closed = gy_h5_close(f);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    if (status == GY_OK) return closed;
    CU_ASSERT_TRUE(f == NULL || closed == GY_E_IO);
    return gy_error_restore(&error);
}

static void full_disks_are_errors(void)
{
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    const char *path = gy_tempdir_join(&t, "a.h5");
    (void)signal(SIGXFSZ, SIG_IGN);
    static const int64_t limits[] = {0, 1, 512, 600, 2000, 5000, 100000, 399999};
    for (int i = 0; i < 8; i++) {
        CU_ASSERT_EQUAL(write_until_full(ctx, path, limits[i]), GY_E_IO);
        CU_ASSERT_TRUE(says("File too large"));
        CU_ASSERT_TRUE(says("a.h5"));
        CU_ASSERT_EQUAL(gy_context_balance(ctx), 0);
    }
    CU_ASSERT_EQUAL(write_until_full(ctx, path, 1000000), GY_OK);
    int64_t n;
    CU_ASSERT_EQUAL(gy_seal_check(ctx, path, &n), GY_OK);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

enum { PACKED = 4096, EACH = 16, OF_A_CHUNK = 1024 };

static void make_packed(gy_context *ctx, const char *path)
{
    static float x[PACKED * EACH];
    gy_h5 *f;
    gy_h5_data *d;
    uint32_t draw = 1;
    for (int i = 0; i < PACKED * EACH; i++)
        x[i] = (float)((draw = draw * 1664525U + 1013904223U) >> 8);
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(ctx, path, &f), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(f, "/x", GY_H5_FLOAT32, &(gy_shape){2, {PACKED, EACH}},
                                            OF_A_CHUNK, 4, &d),
                          GY_OK);
    CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, PACKED, GY_H5_FLOAT32, x), GY_OK);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
}

/* Whole chunks are unpacked without HDF5: to what it gives for other rows, or with an error. */
static void packed_chunks_are_unpacked(void)
{
    static float whole[OF_A_CHUNK * EACH], part[OF_A_CHUNK * EACH];
    gy_context *ctx = gy_test_context();
    gy_tempdir t;
    gy_tempdir_make(&t);
    const char *path = gy_tempdir_join(&t, "packed.h5");
    gy_h5 *f;
    gy_h5_data *d;
    make_packed(ctx, path);
    CU_ASSERT_EQUAL_FATAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/x", &d), GY_OK);
    for (int64_t at = 0; at < PACKED; at += OF_A_CHUNK) {
        CU_ASSERT_EQUAL(gy_h5_data_read(d, at, OF_A_CHUNK, GY_H5_FLOAT32, whole), GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_read(d, at, OF_A_CHUNK - 1, GY_H5_FLOAT32, part), GY_OK);
        CU_ASSERT_EQUAL(memcmp(whole, part, (OF_A_CHUNK - 1) * EACH * sizeof *part), 0);
    }
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);

    FILE *file = fopen(path, "r+b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fseek(file, 0, SEEK_END), 0);
    CU_ASSERT_EQUAL(fseek(file, ftell(file) / 2, SEEK_SET), 0);
    for (int i = 0; i < 64; i++) CU_ASSERT_EQUAL(fputc(0xAA, file), 0xAA);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL_FATAL(gy_h5_open(ctx, path, GY_E_DATA, &f), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_h5_data_open(f, "/x", &d), GY_OK);
    int damaged = 0;
    for (int64_t at = 0; at < PACKED; at += OF_A_CHUNK)
        if (gy_h5_data_read(d, at, OF_A_CHUNK, GY_H5_FLOAT32, whole) != GY_OK)
            damaged += says("cannot be unpacked: it is damaged");
    CU_ASSERT_TRUE(damaged >= 1);
    gy_h5_data_close(d);
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
    gy_tempdir_remove(&t);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(packed_chunks_are_unpacked), GY_TEST(numbers_and_texts_come_back),
             GY_TEST(rows_are_read_and_converted), GY_TEST(seals_see_every_byte),
             GY_TEST(tensors_are_whole), GY_TEST(files_of_others_are_read_with_care),
             GY_TEST(what_is_no_hdf5_is_said), GY_TEST(full_disks_are_errors))
