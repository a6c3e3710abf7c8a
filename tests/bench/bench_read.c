/*
 * Rates of reading: the loader's batches of files that HDF5 holds, beside plain pread() of the same places
 * of a contiguous file, and beside zlib unpacking the same chunks, in turns; the best of each. Files are in
 * the disk's cache; seconds are of the processor. Of packed files more than 512 MiB are needed: less is kept
 * unpacked.
 *
 *     bench_read FOLDER [MiB [TURNS [TRIAL]]]
 */
#include "data/data.h"
#include "store/hdf5.h"

#include "base/count.h"
#include "base/rng.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

typedef struct trial {
    const char *name;
    int64_t floats; /* of a sample */
    int64_t rows;   /* of a chunk; 0: contiguous */
    gy_shuffle shuffle;
} trial;

static const trial trials[] = {
    {"4 KiB samples in order", 1 << 10, 0, GY_SHUFFLE_NONE},
    {"4 KiB samples shuffled", 1 << 10, 0, GY_SHUFFLE_ALL},
    {"64 KiB samples in order", 1 << 14, 0, GY_SHUFFLE_NONE},
    {"64 KiB samples shuffled", 1 << 14, 0, GY_SHUFFLE_ALL},
    {"1 MiB samples shuffled", 1 << 18, 0, GY_SHUFFLE_ALL},
    {"256 B samples, 1 MiB chunks", 1 << 6, 1 << 12, GY_SHUFFLE_CHUNKS},
    {"4 KiB samples, 256 KiB chunks", 1 << 10, 1 << 6, GY_SHUFFLE_CHUNKS},
    {"64 KiB samples, 1 MiB chunks", 1 << 14, 1 << 4, GY_SHUFFLE_CHUNKS},
    {"64 KiB samples, 4 MiB chunks", 1 << 14, 1 << 6, GY_SHUFFLE_CHUNKS},
};

static void must(gy_status status)
{
    if (status == GY_OK) return;
    (void)fprintf(stderr, "%s\n", gy_error_last()->text);
    exit(1);
}

/* Of this program: what others do at the same time is left out, and there is no disk to wait for. */
static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Numbers that pack to about a half. */
static void make(gy_context *ctx, const char *path, const trial *t, int64_t samples)
{
    gy_h5 *f;
    gy_h5_data *d;
    float *x;
    const int64_t some = t->rows > 0 ? t->rows : 1;
    uint32_t seed = 1;
    must(gy_h5_create(ctx, path, &f));
    must(gy_h5_data_create(f, "/x", GY_H5_FLOAT32, &(gy_shape){2, {samples, t->floats}}, t->rows,
                           t->rows > 0 ? 4 : 0, &d));
    must(gy_new_array(ctx, some * t->floats, &x));
    for (int64_t at = 0; at < samples; at += some) {
        for (int64_t i = 0; i < some * t->floats; i++) {
            seed = seed * 1664525U + 1013904223U;
            x[i] = (float)(i % 977) * 0.25F + (float)(seed >> 24) / 1024.0F;
        }
        must(gy_h5_data_write(d, at, some, GY_H5_FLOAT32, x));
    }
    gy_free(ctx, x);
    gy_h5_data_close(d);
    must(gy_h5_close(f));
}

/* Bytes a second of the batches of an epoch's second half, when all memory has been touched. */
static double load(gy_context *ctx, const char *path, const trial *t, int64_t samples)
{
    gy_source *source;
    gy_loader *loader;
    gy_batch batch;
    must(gy_source_open(ctx, path, NULL, &source));
    const gy_loader_spec spec = {.source = source,
                                 .split = gy_split_all(samples),
                                 .input = {1, {t->floats}},
                                 .shuffle = t->shuffle,
                                 .batch = gy_least((1 << 24) / (t->floats * 4), 256),
                                 .ranks = 1};
    must(gy_loader_create(ctx, &spec, &loader));
    double begun = 0, read = 0;
    for (int64_t i = 0, n = gy_loader_batches(loader); i < n; i++) {
        if (i == n / 2) begun = cpu_s();
        must(gy_loader_next(loader, &batch));
        if (i >= n / 2) read += (double)(batch.n * t->floats * 4);
    }
    const double seconds = cpu_s() - begun;
    gy_loader_free(loader);
    gy_source_close(source);
    return read / seconds;
}

/* Bytes a second of pread(), of large pieces or, shuffled, of samples, into memory as a batch is. */
static double plain(const char *path, const trial *t, int64_t samples)
{
    const gy_rng key = {1, GY_RNG_SHUFFLE, 0};
    const int64_t sample = t->floats * 4, all = samples * sample, room = 1 << 24;
    const int64_t piece = t->shuffle == GY_SHUFFLE_NONE ? gy_most(sample, 1 << 20) : sample;
    char *to = calloc(1, (size_t)room);
    const int fd = open(path, O_RDONLY);
    const double begun = cpu_s();
    for (int64_t i = 0; i < all / piece; i++) {
        const int64_t at = t->shuffle == GY_SHUFFLE_NONE ? i : gy_rng_permute(key, i, all / piece);
        if (pread(fd, to + i * piece % room, (size_t)piece, at * piece) != piece) abort();
    }
    const double seconds = cpu_s() - begun;
    (void)close(fd);
    free(to);
    return (double)all / seconds;
}

/* Bytes a second of zlib, of one chunk again and again, its bytes put back in order. */
static double unpack(const trial *t, int64_t bytes)
{
    const size_t n = (size_t)(t->rows * t->floats);
    unsigned char *x = malloc(n * 4), *shuffled = malloc(n * 4),
                  *packed = malloc(compressBound(n * 4));
    float *numbers = (float *)x;
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        numbers[i] = (float)(i % 977) * 0.25F + (float)(seed >> 24) / 1024.0F;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < 4; b++) shuffled[b * n + i] = x[i * 4 + b];
    uLongf size = compressBound(n * 4);
    if (compress2(packed, &size, shuffled, n * 4, 4) != Z_OK) abort();
    const double begun = cpu_s();
    int64_t done = 0;
    for (; done < bytes; done += (int64_t)n * 4) {
        uLongf got = n * 4;
        if (uncompress(shuffled, &got, packed, size) != Z_OK) abort();
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < 4; b++) x[i * 4 + b] = shuffled[b * n + i];
    }
    const double seconds = cpu_s() - begun;
    free(x);
    free(shuffled);
    free(packed);
    return (double)done / seconds;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    const int64_t bytes = (int64_t)(argc > 2 ? atoi(argv[2]) : 640) << 20;
    const int turns = argc > 3 ? atoi(argv[3]) : 5;
    gy_context *ctx;
    must(gy_context_create(NULL, NULL, &ctx));
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        const trial *t = &trials[i];
        if (argc > 4 && strstr(t->name, argv[4]) == NULL) continue;
        char path[4096];
        const int64_t samples = bytes / (t->floats * 4);
        double ours = 0, theirs = 0;
        (void)snprintf(path, sizeof path, "%s/read.h5", folder);
        make(ctx, path, t, samples);
        for (int turn = 0; turn < turns; turn++) {
            const double a = load(ctx, path, t, samples);
            const double b = t->rows > 0 ? unpack(t, bytes) : plain(path, t, samples);
            ours = a > ours ? a : ours;
            theirs = b > theirs ? b : theirs;
        }
        (void)printf("%-32s %7.0f MB/s, %s %7.0f MB/s: %3.0f %%\n", t->name, ours / 1e6,
                     t->rows > 0 ? "zlib" : "read", theirs / 1e6, 100 * ours / theirs);
        (void)unlink(path);
    }
    gy_context_free(ctx);
    return 0;
}
