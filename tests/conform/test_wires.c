/* What every wire promises, of messages of every size: what was decoded stays, what is lost is within
 * the bounds that it tells, zeros stay zeros, and what is not finite arrives beside the others. */
#include "gy_test.h"

#include "base/rng.h"
#include "sync/wire_list.h"

#include <math.h>
#include <string.h>

enum { MOST = 1000, ROOM = 5 * MOST + 64 };

static const int64_t counts[] = {0, 1, 2, 3, 17, MOST};
enum { COUNTS = sizeof counts / sizeof *counts };

static float x[MOST], y[MOST], again[MOST];
static char message[ROOM];

static void send(const gy_wire *wire, int64_t n, const float *in, float *out)
{
    memset(message, 0x5a, sizeof message);
    wire->encode(n, in, message);
    for (size_t i = wire->head + (size_t)n * wire->bytes; i < ROOM; i++)
        if (message[i] != 0x5a) CU_FAIL("writes behind its message");
    wire->decode(n, message, out);
}

static void stays(const gy_wire *wire, int64_t n)
{
    send(wire, n, x, y);
    send(wire, n, y, again);
    CU_ASSERT_EQUAL(memcmp(again, y, (size_t)n * sizeof *y), 0);
    for (int64_t i = 0; i < n; i++) again[i] = x[i];
    wire->add(n, message, again);
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; i++)
        wrong += !(again[i] == x[i] + y[i] || (isnan(again[i]) && isnan(x[i] + y[i])));
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Half of the least float32 is lost in rounding at least. */
static void is_within_bounds(const gy_wire *wire, int64_t n)
{
    double most = 0;
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)x[i]));
    const double floor = fmax(wire->floor * most, 0x1p-134);
    for (int64_t i = 0; i < n; i++)
        wrong +=
            !(fabs((double)y[i] - (double)x[i]) <= fmax(wire->error * fabs((double)x[i]), floor));
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Normal numbers about 2^e, over `spread` powers of two below. */
static void fill(int e, double spread)
{
    const gy_rng key = {.seed = (uint64_t)(e + 500), .use = 1};
    for (int i = 0; i < MOST; i++)
        x[i] = (float)(exp2(e - spread * gy_rng_uniform(key, (uint64_t)i, 1)) *
                       gy_rng_normal(key, (uint64_t)i, 0));
}

static void try(const gy_wire *wire)
{
    static const double spreads[] = {0, 4, 60};
    for (int e = -148; e <= 124; e += 4)
        for (int s = 0; s < 3; s++)
            for (int c = 0; c < COUNTS; c++) {
                fill(e, spreads[s]);
                stays(wire, counts[c]);
                is_within_bounds(wire, counts[c]);
            }
}

static void zeros_stay(const gy_wire *wire)
{
    for (int i = 0; i < MOST; i++) x[i] = i % 2 == 0 ? 0.0f : -0.0f;
    send(wire, MOST, x, y);
    CU_ASSERT_EQUAL(memcmp(x, y, sizeof x), 0);
    fill(3, 10);
    for (int i = 0; i < MOST; i += 3) x[i] = 0;
    send(wire, MOST, x, y);
    for (int i = 0; i < MOST; i += 3) CU_ASSERT_EQUAL(y[i], 0);
}

/* What is not finite arrives; what is beside it is as exact as without it. */
static void not_finite_arrives(const gy_wire *wire)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int b = 0; b < 3; b++)
        for (int e = -100; e <= 100; e += 50) {
            fill(e, 4);
            x[17] = 0;
            send(wire, MOST, x, again);
            x[17] = bad[b];
            send(wire, MOST, x, y);
            CU_ASSERT(b == 0 ? isnan(y[17]) : y[17] == bad[b]);
            y[17] = again[17];
            CU_ASSERT_EQUAL(memcmp(again, y, sizeof y), 0);
        }
}

/* The largest floats: as they are, or infinite, but never no number, and small ones beside them stay
 * within bounds. */
static void too_large_is_infinite(const gy_wire *wire)
{
    static const float large[] = {0x1p127f, 3e38f, 0x1.fep127f, 0x1.ffcp127f, 0x1.fffffep127f};
    for (int l = 0; l < 5; l++) {
        fill(120, 4);
        x[17] = -large[l];
        stays(wire, MOST);
        CU_ASSERT(y[17] == -INFINITY ||
                  fabs((double)y[17] + (double)large[l]) <= wire->error * (double)large[l]);
        y[17] = x[17];
        is_within_bounds(wire, MOST);
    }
}

static void all_of_them_promise(void)
{
    for (int i = 0; i < gy_wire_registry.n; i++) {
        const gy_wire *wire = ((const gy_wire_kind *)gy_wire_registry.kinds[i])->wire;
        if (wire == NULL) continue;
        CU_ASSERT(wire->bytes > 0 && wire->head % wire->bytes == 0 && wire->error < 1);
        try(wire);
        zeros_stay(wire);
        not_finite_arrives(wire);
        too_large_is_infinite(wire);
    }
}

GY_TEST_MAIN(GY_TEST(all_of_them_promise))
