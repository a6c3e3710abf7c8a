/*
 * Products of 8 bits: the same whole numbers on every unit, those of this machine and, emulated in C, those with VNNI
 * of 256 and 512 bits, which are the same text around other instructions; what is made of them as int8.h says.
 */
#define GY_LEVEL emulated
#include "kernel/vector/int8.h"

/* AVX-VNNI: 8 sums */
#define UNIT emulated_8
#define TARGET
#define LANES 8
#define TILE_ROWS 4
#define TILE_PANELS 1
#define DOT dot_emulated
#include "kernel/vector/int8_emulated.h"
#include "kernel/vector/int8_loops.h"
#undef UNIT
#undef LANES
#undef TILE_ROWS
#undef TILE_PANELS

/* AVX-512 VNNI: 16 sums */
#define UNIT emulated_16
#define LANES 16
#define TILE_ROWS 6
#define TILE_PANELS 4
#define ints ints_16
#define bytes_at bytes_at_16
#define bytes_spread bytes_spread_16
#define ints_store ints_store_16
#define dot_emulated dot_emulated_16
#include "kernel/vector/int8_emulated.h"
#include "kernel/vector/int8_loops.h"

#include "levels.h"

#include <math.h>

enum { ROWS = 13, OUTPUTS = 150, RUNS = 3, DEPTH = 68, INNER = 256, ROOM = 4096 };

static uint8_t q[ROWS * ROOM];
static int8_t w[OUTPUTS * INNER + 64], b[(OUTPUTS + 15) * RUNS * DEPTH];
static int32_t c[ROWS * OUTPUTS], total[OUTPUTS], zero[ROWS], x_sum[ROWS];
static float scale[OUTPUTS], offset[OUTPUTS], bias[OUTPUTS], x_scale[ROWS], y[ROWS * OUTPUTS];

static void fill(void)
{
    uint64_t state = 9;
    for (size_t i = 0; i < sizeof q; i++) q[i] = (uint8_t)gy_test_draw(&state, 0, GY_CODES_MOST);
    for (size_t i = 0; i < sizeof w; i++) w[i] = (int8_t)gy_test_draw(&state, -127, 127);
    for (size_t i = 0; i < 512; i++) { /* the most that a pair of products can be */
        q[i] = GY_CODES_MOST;
        w[i] = -127;
    }
    gy_test_values(1, OUTPUTS, 0.1, scale);
    gy_test_values(2, OUTPUTS, 0.1, offset);
    gy_test_values(3, OUTPUTS, 1.0, bias);
    gy_test_values(4, ROWS, 0.1, x_scale);
    for (int i = 0; i < ROWS; i++) zero[i] = (int32_t)gy_test_draw(&state, 0, GY_CODES_MOST);
    x_scale[1] = x_scale[0]; /* rows that are finished alike */
    zero[1] = zero[0];
}

static void check_dots(const gy_int8_unit *unit)
{
    static const int64_t rows[] = {1, 4, 5, ROWS}, outputs[] = {1, 2, 17, OUTPUTS};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int64_t inner = GY_CODES_ALIGN; inner <= INNER; inner *= 2) {
                bool right = true;
                const gy_int8_dots p = {rows[i], outputs[j], inner, q, w, inner - 3, c};
                unit->dots(&p);
                for (int64_t n = 0; n < rows[i] * outputs[j]; n++) {
                    int32_t sum = 0;
                    for (int64_t k = 0; k < inner; k++)
                        sum += q[n / outputs[j] * inner + k] * w[n % outputs[j] * (inner - 3) + k];
                    right = right && c[n] == sum;
                }
                CU_ASSERT_TRUE(right);
            }
}

/* b as the panels want it, and what is right. */
static int32_t pack(int64_t outputs, int64_t depth, int64_t at_output)
{
    for (int64_t j = 0; j < gy_round_up(outputs, GY_CODES_PANEL); j++)
        for (int64_t k = 0; k < depth; k++)
            b[((j / 16 * depth + k / 4 * 4) * 16) + j % 16 * 4 + k % 4] =
                j < outputs ? w[j * depth + k] : 0;
    int32_t sum = 0;
    for (int64_t k = 0; k < depth; k++) sum += w[at_output * depth + k];
    return sum;
}

static void check_panels_of(const gy_int8_unit *unit, int64_t rows, int64_t outputs, int64_t runs,
                            int64_t depth, bool affine, bool relu)
{
    int64_t at[RUNS];
    const uint8_t *row[ROWS];
    bool right = true;
    for (int64_t i = 0; i < runs; i++) at[i] = i * 301;
    for (int64_t i = 0; i < rows; i++) row[i] = q + i * 7;
    for (int64_t j = 0; j < outputs; j++) total[j] = pack(outputs, runs * depth, j);
    for (int64_t i = 0; i < rows; i++) x_sum[i] = (int32_t)i - 3;
    gy_int8_panels p = {.rows = rows,
                        .outputs = outputs,
                        .runs = runs,
                        .depth = depth,
                        .q = row,
                        .at = at,
                        .b = b,
                        .sums = c};
    unit->panels(&p);
    p.sums = NULL;
    p.x_scale = x_scale;
    p.x_zero = zero;
    p.scale = scale;
    p.total = total;
    p.offset = affine ? offset : NULL;
    p.x_sum = x_sum;
    p.bias = affine ? NULL : bias;
    p.relu = relu;
    p.y = y;
    p.y_row = OUTPUTS;
    unit->panels(&p);
    for (int64_t n = 0; n < rows * outputs; n++) {
        const int64_t r = n / outputs, j = n % outputs;
        int32_t sum = 0;
        for (int64_t k = 0; k < runs * depth; k++)
            sum += row[r][at[k / depth] + k % depth] * w[j * runs * depth + k];
        double value = (double)x_scale[r] * (double)scale[j] * (sum - zero[r] * total[j]);
        value += affine ? (double)x_scale[r] * (double)offset[j] * x_sum[r] : (double)bias[j];
        if (relu) value = fmax(value, 0);
        const double most = 1e-6 * fabs((double)x_scale[r] * (double)scale[j]) * (abs(sum) + 1e5);
        right = right && c[n] == sum;
        right = right && fabs((double)y[r * OUTPUTS + j] - value) <= most + 1e-5;
    }
    CU_ASSERT_TRUE(right);
}

static void check_panels(const gy_int8_unit *unit)
{
    static const int64_t rows[] = {1, 4, 6, ROWS}, outputs[] = {1, 15, 16, 33, OUTPUTS};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 5; j++) {
            check_panels_of(unit, rows[i], outputs[j], 1, DEPTH, false, i % 2 == 0);
            check_panels_of(unit, rows[i], outputs[j], RUNS, 4, j % 2 == 0, i % 2 == 1);
            check_panels_of(unit, rows[i], outputs[j], RUNS, 20, j % 2 == 1, false);
        }
}

static void check(const gy_int8_unit *unit)
{
    fill();
    check_dots(unit);
    check_panels(unit);
}

static void units_of_this_machine(void)
{
    check(&gy_int8_baseline);
#if defined(__x86_64__)
    if (gy_simd_best() >= GY_SIMD_v3) check(&gy_int8_v3);
    if (gy_simd_best() >= GY_SIMD_v4) check(&gy_int8_v4);
    if (gy_simd_has_vnni(GY_SIMD_v3)) check(&gy_int8_v3_vnni);
    if (gy_simd_has_vnni(GY_SIMD_v4)) check(&gy_int8_v4_vnni);
#endif
}

static void units_with_vnni_emulated(void)
{
    const gy_int8_unit narrow = {dots_emulated_8, panels_emulated_8},
                       wide = {dots_emulated_16, panels_emulated_16};
    check(&narrow);
    check(&wide);
}

GY_TEST_MAIN(GY_TEST(units_of_this_machine), GY_TEST(units_with_vnni_emulated))
