/*
 * A whole checkpoint, sealed, of which the bytes changed something before: attributes of any kind and value,
 * data sets besides. It is whole, or damaged by a line with the directory's name; what passes is what was
 * written, and lies where the index says.
 */
#include "base/hash.h"
#include "checkpoint/checkpoint_impl.h"
#include "store/hdf5.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { COUNT = 8, TEXT = 24 };
static const float values[COUNT] = {0, 1, 2, 3, 4, 5, 6, 7};

static void check(bool holds)
{
    if (!holds) abort();
}

/* What is left of the bytes. */
typedef struct input {
    const uint8_t *at, *end;
} input;

static int next(input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Small ones mostly, and any. */
static uint64_t number(input *in)
{
    uint64_t v = 0;
    int how = next(in);
    if (how < 128) return (uint64_t)(int64_t)(how - 64);
    for (int i = 0; i < 8; i++) v = v << 8 | (uint64_t)next(in);
    return v;
}

static const char *text(input *in)
{
    static char out[TEXT];
    int n = next(in) % TEXT;
    for (int i = 0; i < n; i++) out[i] = (char)next(in);
    out[n] = '\0';
    return out;
}

static const char *const index_places[][2] = {{"/", "format"},
                                              {"/", "format_version"},
                                              {"/", "step"},
                                              {"/", "epoch"},
                                              {"/", "sample_in_epoch"},
                                              {"/", "world_size"},
                                              {"/", "parameters"},
                                              {"/", "seed"},
                                              {"/", "config"},
                                              {"/shards", "count"},
                                              {"/shards", "slots"},
                                              {"/shards/00000", "file"},
                                              {"/shards/00000", "values_offset"},
                                              {"/shards/00000", "values_count"},
                                              {"/shards/00000", "values_checksum"},
                                              {"/shards/00000", "momentum_count"},
                                              {"/params/w", "offset"},
                                              {"/buffers/b", "checksum"},
                                              {"/state", "best_step"}};
static const char *const shard_places[][2] = {{"/values", "offset"},
                                              {"/values", "count"},
                                              {"/values", "checksum"},
                                              {"/optimizer/momentum", "offset"},
                                              {"/optimizer/momentum", "checksum"}};
static const char *const names[] = {"/params/v", "/params/w/x", "/buffers/b2",
                                    "/optimizer/momentum/v", "/params/\xff"};
enum {
    INDEX_PLACES = sizeof index_places / sizeof *index_places,
    SHARD_PLACES = sizeof shard_places / sizeof *shard_places,
    NAMES = sizeof names / sizeof *names
};

/* Something that may fail: what is there already, or below a data set. */
static void change(gy_h5 *f, input *in, const char *const places[][2], int n)
{
    int how = next(in) % 5;
    const char *const *place = places[next(in) % n];
    gy_h5_data *d;
    if (how == 0 && gy_h5_write_int(f, place[0], place[1], (int64_t)number(in)) != GY_OK) {}
    if (how == 1 && gy_h5_write_uint64(f, place[0], place[1], number(in)) != GY_OK) {}
    if (how == 2 &&
        gy_h5_write_float(f, place[0], place[1], (double)(int64_t)number(in)) != GY_OK) {}
    if (how == 3 && gy_h5_write_text(f, place[0], place[1], text(in)) != GY_OK) {}
    if (how != 4) return;
    gy_shape shape = {.n = next(in) % 4};
    for (int i = 0; i < shape.n; i++) shape.d[i] = next(in) % 5;
    gy_h5_type type = (gy_h5_type)(next(in) % GY_H5_OTHER);
    if (gy_h5_data_create(f, names[next(in) % NAMES], type, &shape, 0, 0, &d) == GY_OK)
        gy_h5_data_close(d);
}

static void write_tensor(gy_h5 *f, const char *name)
{
    gy_h5_data *d;
    check(gy_h5_data_create(f, name, GY_H5_FLOAT32, &(gy_shape){1, {COUNT}}, 0, 0, &d) == GY_OK);
    check(gy_h5_data_write(d, 0, COUNT, GY_H5_FLOAT32, values) == GY_OK);
    gy_h5_data_close(d);
    check(gy_h5_write_int(f, name, "offset", 0) == GY_OK);
    check(gy_h5_write_int(f, name, "count", COUNT) == GY_OK);
    check(gy_h5_write_uint64(f, name, "checksum", gy_hash(values, sizeof values)) == GY_OK);
}

static void write_index(gy_h5 *f)
{
    static const char *const texts[] = {"format", GY_FORMAT_NAME, "config", "", "created",
                                        "",       "version",      ""};
    static const char *const numbers[] = {"step", "epoch", "sample_in_epoch", "world_size", "seed"};
    static const char *const vectors[] = {"values", "momentum"};
    for (int i = 0; i < 8; i += 2) check(gy_h5_write_text(f, "/", texts[i], texts[i + 1]) == GY_OK);
    for (int i = 0; i < 5; i++) check(gy_h5_write_int(f, "/", numbers[i], 1) == GY_OK);
    check(gy_h5_write_int(f, "/", "format_version", GY_FORMAT_VERSION) == GY_OK);
    check(gy_h5_write_int(f, "/", "parameters", COUNT) == GY_OK);
    check(gy_h5_group(f, "/state") == GY_OK && gy_h5_group(f, "/shards/00000") == GY_OK);
    check(gy_h5_write_int(f, "/shards", "count", 1) == GY_OK);
    check(gy_h5_write_text(f, "/shards", "slots", "momentum") == GY_OK);
    check(gy_h5_write_text(f, "/shards/00000", "file", "shard-00000.h5") == GY_OK);
    for (int k = 0; k < 2; k++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s_offset", vectors[k]);
        check(gy_h5_write_int(f, "/shards/00000", name, 0) == GY_OK);
        (void)snprintf(name, sizeof name, "%s_count", vectors[k]);
        check(gy_h5_write_int(f, "/shards/00000", name, COUNT) == GY_OK);
        (void)snprintf(name, sizeof name, "%s_checksum", vectors[k]);
        check(gy_h5_write_uint64(f, "/shards/00000", name, gy_hash(values, sizeof values)) ==
              GY_OK);
    }
    write_tensor(f, "/params/w");
    write_tensor(f, "/buffers/b");
}

/* Both files, the changes in turn in one or the other. */
static void write_both(gy_context *ctx, const char *index, const char *shard, input *in)
{
    gy_h5 *i, *s;
    check(gy_h5_create_sealed(ctx, index, &i) == GY_OK);
    check(gy_h5_create_sealed(ctx, shard, &s) == GY_OK);
    write_index(i);
    write_tensor(s, "/values");
    write_tensor(s, "/optimizer/momentum");
    while (in->at < in->end) {
        bool other = next(in) % 4 == 0;
        change(other ? s : i, in, other ? shard_places : index_places,
               other ? SHARD_PLACES : INDEX_PLACES);
    }
    check(gy_h5_close(i) == GY_OK && gy_h5_close(s) == GY_OK);
}

static void take(void *user, const float *x, int64_t at, int64_t n)
{
    check(at >= 0 && n > 0 && at <= *(const int64_t *)user - n);
    for (int64_t i = 0; i < n && n == COUNT; i++) check(x[i] == values[i]);
}

/* @return whether all passed */
static bool read_all(gy_context *ctx, const char *dir)
{
    gy_index index;
    gy_pool pool;
    float *piece;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_index_read(ctx, dir, &pool, true, &index);
    check(gy_new_array(ctx, GY_PIECE_FLOATS, &piece) == GY_OK);
    for (int i = 0; status == GY_OK && i < index.n_shards; i++)
        for (int k = 0; status == GY_OK && k < index.n_vectors; k++)
            status = gy_shard_read(ctx, &index, i, k, piece, take, &index.lengths[k]);
    check(status == GY_OK || (status == GY_E_IO && strstr(gy_error_last()->text, dir) != NULL));
    gy_free(ctx, piece);
    gy_pool_clear(&pool);
    return status == GY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char dir[] = "/tmp/gyre-fuzz-XXXXXX", index[64], shard[64];
    gy_context *ctx = NULL;
    gy_verify_result found;
    input in = {bytes, bytes + n};
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK && mkdtemp(dir) != NULL);
    (void)snprintf(index, sizeof index, "%s/index.h5", dir);
    (void)snprintf(shard, sizeof shard, "%s/shard-00000.h5", dir);
    write_both(ctx, index, shard, &in);
    bool whole = read_all(ctx, dir);
    gy_status status = gy_checkpoint_verify(ctx, dir, NULL, NULL, &found);
    check(status == GY_E_IO || (status == GY_OK && whole));
    check(n > 0 || status == GY_OK);
    check(unlink(shard) == 0 && unlink(index) == 0 && rmdir(dir) == 0);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
