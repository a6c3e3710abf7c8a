/*
 * A shard beside the index.h5 that describes it: any bytes are that shard, or an error with the
 * directory's name; numbers come from within the slice alone, and what passes is what was written.
 * The corpus bears no seals, else nothing but the seal would be tried.
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

enum { COUNT = 8 };
static const float written[2][COUNT] = {{0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}};

static void check(bool holds)
{
    if (!holds) abort();
}

static void write_slice(gy_h5 *f, const char *vector, const float *x)
{
    const struct {
        const char *of;
        uint64_t v;
    } numbers[] = {{"offset", 0}, {"count", COUNT}, {"checksum", gy_hash(x, COUNT * sizeof *x)}};
    for (int i = 0; i < 3; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s_%s", vector, numbers[i].of);
        check(gy_h5_write_uint64(f, "/shards/00000", name, numbers[i].v) == GY_OK);
    }
}

/* One shard of a parameter and its momentum. */
static void write_index(gy_context *ctx, const char *path)
{
    static const char *const texts[] = {"format", GY_FORMAT_NAME, "config", "", "created",
                                        "",       "version",      ""};
    static const char *const numbers[] = {"step", "epoch", "sample_in_epoch", "world_size"};
    gy_h5 *f;
    gy_h5_data *d;
    check(gy_h5_create(ctx, path, &f) == GY_OK && gy_h5_group(f, "/shards/00000") == GY_OK);
    for (int i = 0; i < 8; i += 2) check(gy_h5_write_text(f, "/", texts[i], texts[i + 1]) == GY_OK);
    for (int i = 0; i < 4; i++) check(gy_h5_write_int(f, "/", numbers[i], 1) == GY_OK);
    check(gy_h5_write_int(f, "/", "format_version", GY_FORMAT_VERSION) == GY_OK);
    check(gy_h5_write_int(f, "/", "parameters", COUNT) == GY_OK);
    check(gy_h5_write_uint64(f, "/", "seed", 1) == GY_OK);
    check(gy_h5_write_int(f, "/shards", "count", 1) == GY_OK);
    check(gy_h5_write_text(f, "/shards", "slots", "momentum") == GY_OK);
    check(gy_h5_write_text(f, "/shards/00000", "file", "shard-00000.h5") == GY_OK);
    write_slice(f, "values", written[0]);
    write_slice(f, "momentum", written[1]);
    check(gy_h5_group(f, "/params") == GY_OK);
    check(gy_h5_data_create(f, "/params/w", GY_H5_FLOAT32, &(gy_shape){1, {COUNT}}, 0, 0, &d) ==
          GY_OK);
    gy_h5_data_close(d);
    check(gy_h5_write_int(f, "/params/w", "offset", 0) == GY_OK && gy_h5_close(f) == GY_OK);
}

static void take(void *user, const float *x, int64_t at, int64_t n)
{
    check(at >= 0 && n > 0 && at <= COUNT - n);
    memcpy((float *)user + at, x, (size_t)n * sizeof *x);
}

/* @return whether both vectors passed */
static bool read_shard(gy_context *ctx, const char *dir)
{
    gy_index index;
    gy_pool pool;
    float *piece;
    bool whole = true;
    gy_pool_init(&pool, ctx);
    check(gy_index_read(ctx, dir, &pool, true, &index) == GY_OK);
    check(gy_new_array(ctx, GY_PIECE_FLOATS, &piece) == GY_OK);
    for (int k = 0; k < 2; k++) {
        float x[COUNT] = {0};
        gy_status status = gy_shard_read(ctx, &index, 0, k, piece, take, x);
        check(status == GY_OK || (status == GY_E_IO && strstr(gy_error_last()->text, dir) != NULL));
        check(status != GY_OK || memcmp(x, written[k], sizeof x) == 0);
        whole = whole && status == GY_OK;
    }
    gy_free(ctx, piece);
    gy_pool_clear(&pool);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char dir[] = "/tmp/gyre-fuzz-XXXXXX", index[64], shard[64];
    gy_context *ctx = NULL;
    gy_verify_result found;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK && mkdtemp(dir) != NULL);
    (void)snprintf(index, sizeof index, "%s/index.h5", dir);
    (void)snprintf(shard, sizeof shard, "%s/shard-00000.h5", dir);
    write_index(ctx, index);
    FILE *file = fopen(shard, "wb");
    check(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
    bool whole = read_shard(ctx, dir);
    gy_status status = gy_checkpoint_verify(ctx, dir, NULL, NULL, &found);
    check(status == GY_E_IO || (status == GY_OK && whole));
    check(unlink(shard) == 0 && unlink(index) == 0 && rmdir(dir) == 0);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
