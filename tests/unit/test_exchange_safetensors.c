/* Headers of safetensors files that lie, and layouts that can be told. */
#include "gy_test.h"

#include "exchange/exchange_list.h"
#include "layer/layer_list.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

/* A file of a header and so many bytes of numbers. */
static void write_bytes(const char *header, const void *numbers, size_t n)
{
    uint64_t length = strlen(header);
    (void)snprintf(path, sizeof path, "/tmp/gyre-safetensors-%ld", (long)getpid());
    FILE *f = fopen(path, "wb");
    CU_ASSERT_FATAL(f != NULL && fwrite(&length, sizeof length, 1, f) == 1);
    CU_ASSERT(fwrite(header, 1, length, f) == length && fwrite(numbers, 1, n, f) == n);
    CU_ASSERT(fclose(f) == 0);
}

static void expect_refused(gy_context *ctx, const char *header, const char *why)
{
    static const char zeros[64];
    gy_tensors t;
    write_bytes(header, zeros, 16);
    CU_ASSERT_EQUAL(gy_tensors_open(ctx, path, &t), GY_E_DATA);
    const char *said = gy_error_last()->text;
    if (strstr(said, why) == NULL) printf("\n    %s: %s", why, said);
    CU_ASSERT(strstr(said, why) != NULL && strstr(said, path) != NULL);
    gy_tensors_close(&t);
    (void)unlink(path);
}

#define TENSOR(name, shape, from, to)                                                              \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static void lies_are_refused(void)
{
    gy_context *ctx = gy_test_context();
    expect_refused(ctx, "{", "not valid JSON");
    expect_refused(ctx, "{" TENSOR("a", "[4]", "0", "16") "," TENSOR("a", "[4]", "0", "16") "}",
                   "duplicate");
    expect_refused(ctx, "{" TENSOR("a", "[2]", "0", "8") "," TENSOR("b", "[3]", "4", "16") "}",
                   "it lies on another tensor");
    expect_refused(ctx, "{" TENSOR("a", "[2]", "0", "8") "," TENSOR("b", "[1]", "12", "16") "}",
                   "there is a gap before it");
    expect_refused(ctx, "{" TENSOR("a", "[2]", "0", "8") "}", "longer than its tensors");
    expect_refused(ctx, "{" TENSOR("a", "[8]", "0", "32") "}", "outside the file");
    expect_refused(ctx, "{" TENSOR("a", "[4]", "16", "0") "}", "outside the file");
    expect_refused(ctx, "{" TENSOR("a", "[3]", "0", "16") "}", "as its shape is large");
    expect_refused(ctx, "{" TENSOR("a", "[4]", "-16", "0") "}", "no whole number");
    expect_refused(ctx, "{" TENSOR("a", "[4]", "0", "18446744073709551632") "}", "JSON");
    expect_refused(ctx, "{" TENSOR("a", "[4611686018427387904,4]", "0", "16") "}", "too large");
    expect_refused(ctx, "{" TENSOR("a", "[1,1,1,1,1,1,4]", "0", "16") "}", "7 axes");
    expect_refused(ctx, "{" TENSOR("a", "4", "0", "16") "}", "no shape");
    expect_refused(ctx, "{" TENSOR("a", "[4.0]", "0", "16") "}", "no whole number");
    expect_refused(ctx, "{\"a\":3}", "no object");
    expect_refused(ctx, "{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}", "no dtype");
    expect_refused(ctx, "{\"a\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}",
                   "dtype F4 is not known");
    expect_refused(ctx, "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}", "no data_offsets");
    gy_test_end(ctx);
}

/* Every type of number, by known bits. */
static void numbers_are_converted(void)
{
    gy_context *ctx = gy_test_context();
    static const unsigned char bytes[] = {0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00,
                                          0x00, 0x7c, 0x80, 0x3f, 0xfe, 0xff, 0x02, 0xff};
    static const struct {
        const char *dtype, *shape;
        float want[5];
        int n;
    } cases[] = {
        {"F16", "5", {1, -2, 65504, 5.9604644775390625e-8f, INFINITY}, 5},
        {"BF16", "1", {1}, 1},
        {"I16", "1", {-2}, 1},
        {"U8", "1", {2}, 1},
        {"I8", "1", {-1}, 1},
    };
    char header[512] = "{";
    int at = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int end = at + cases[i].n * (i < 3 ? 2 : 1);
        (void)snprintf(header + strlen(header), sizeof header - strlen(header),
                       "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}",
                       i > 0 ? "," : "", cases[i].dtype, cases[i].dtype, cases[i].shape, at, end);
        at = end;
    }
    strcat(header, "}");
    gy_tensors t;
    write_bytes(header, bytes, sizeof bytes);
    CU_ASSERT_EQUAL_FATAL(gy_tensors_open(ctx, path, &t), GY_OK);
    CU_ASSERT_EQUAL_FATAL(t.n, 5);
    for (int i = 0; i < t.n; i++) {
        float x[5];
        CU_ASSERT_EQUAL(t.kind->read(&t, &t.v[i], x), GY_OK);
        CU_ASSERT(memcmp(x, cases[i].want, (size_t)cases[i].n * sizeof *x) == 0);
    }
    gy_tensors_close(&t);
    (void)unlink(path);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(lies_are_refused), GY_TEST(numbers_are_converted))
