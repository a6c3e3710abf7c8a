/*
 * x as codes; its products with weights of 4 bits, in tiles of rows of x, and with those that are not zero. Of 4
 * bits, pairs are added in 16 (which never overflows), then in 32. Other processors than x86 take the plain
 * loops.
 */
#include "integer.h"

#include "wide.h"

#include <math.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/* Without sign numbers are ordered as their bits are, what is not finite above all. */
INLINE uint32_t size_bits(float x)
{
    uint32_t bits_of_x;
    memcpy(&bits_of_x, &x, sizeof bits_of_x);
    return bits_of_x & 0x7fffffff;
}

static const uint32_t infinite = 0x7f800000;

void GY_OF_LEVEL(int8_range)(int64_t n, const float *x, float range[2])
{
    float low = 0, high = 0;
    uint32_t most = 0;
#pragma omp simd reduction(min : low) reduction(max : high, most)
    for (int64_t i = 0; i < n; i++) {
        const uint32_t size = size_bits(x[i]);
        most = size > most ? size : most;
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    range[0] = most < infinite ? low : NAN;
    range[1] = most < infinite ? high : NAN;
}

bool GY_OF_LEVEL(int8_codes)(int64_t n, const float *x, float back, float shift, uint8_t *q)
{
    uint32_t most = 0;
#pragma omp simd reduction(max : most)
    for (int64_t i = 0; i < n; i++) {
        const uint32_t size = size_bits(x[i]);
        most = size > most ? size : most;
        float code = x[i] * back + shift + 0.5f;
        code = code > 0 ? code : 0; /* NaN too */
        code = code < (float)GY_CODES_MOST + 0.5f ? code : (float)GY_CODES_MOST;
        q[i] = (uint8_t)(int32_t)code;
    }
    return most < infinite;
}

/* As form/kinds/int8.c packs a row. */
void GY_OF_LEVEL(round_weights)(int64_t n, float *w)
{
    const float limit = 127;
    float most = 0;
#pragma omp simd reduction(max : most)
    for (int64_t i = 0; i < n; i++) most = fabsf(w[i]) > most ? fabsf(w[i]) : most;
    const float scale = most > 0 ? most / limit : 1;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float code = rintf(w[i] / scale);
        code = code < -limit ? -limit : code > limit ? limit : code;
        w[i] = scale * code;
    }
}

/* As codes.c has them, by the range of the row. */
void GY_OF_LEVEL(round_inputs)(int64_t n, const float *x, float *y)
{
    float range[2];
    const float most = (float)GY_CODES_MOST;
    GY_OF_LEVEL(int8_range)(n, x, range);
    const float width = range[1] - range[0];
    const float scale = width > 0 ? width / most : 1, back = width > 0 ? most / width : 0;
    const float shift = rintf(-range[0] * back);
    if (!isfinite(width)) {
        memcpy(y, x, (size_t)n * sizeof *y);
        return;
    }
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float code = x[i] * back + shift + 0.5f;
        code = code > 0 ? code : 0;
        code = code < most + 0.5f ? code : most;
        y[i] = scale * ((float)(int32_t)code - shift);
    }
}

#if defined(__AVX2__)

enum { ROWS = 4, BYTES = 32 };

INLINE __m256i dot(__m256i sum, __m256i q, __m256i w)
{
    const __m256i pairs = _mm256_maddubs_epi16(q, w);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINE __m256i bytes(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

/* A group of 32 codes, from −7 to 7. */
INLINE __m256i codes_of(const uint8_t *w)
{
    const __m128i both = _mm_loadu_si128((const __m128i *)(const void *)w);
    const __m256i wide =
        _mm256_inserti128_si256(_mm256_castsi128_si256(both), _mm_srli_epi16(both, 4), 1);
    return _mm256_sub_epi8(_mm256_and_si256(wide, _mm256_set1_epi8(15)), _mm256_set1_epi8(8));
}

INLINE float total_float(__m256 v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

INLINE void int4_tile(const gy_int4_dots *p, int64_t row, int64_t output, int rows)
{
    __m256 sums[ROWS] = {{0}};
    const uint8_t *q = p->q + row * p->inner, *w = p->w + output * p->groups * 16;
    const float *scales = p->scales + output * p->groups;
    for (int64_t g = 0; g < p->groups; g++) {
        const __m256i codes = codes_of(w + g * 16);
        const __m256 scale = _mm256_set1_ps(scales[g]);
        UNROLL for (int i = 0; i < rows; i++)
        {
            const __m256i sum =
                dot(_mm256_setzero_si256(), bytes(q + i * p->inner + g * BYTES), codes);
            sums[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, sums[i]);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) p->c[(row + i) * p->outputs + output] =
        total_float(sums[i]);
}

void GY_OF_LEVEL(int4_dots)(const gy_int4_dots *p)
{
    int64_t i = 0;
    for (int64_t j = 0; j < p->outputs; j++) {
        for (i = 0; i + ROWS <= p->rows; i += ROWS) int4_tile(p, i, j, ROWS);
        for (; i < p->rows; i++) int4_tile(p, i, j, 1);
    }
}

#else

INLINE int32_t int4_group(const uint8_t *q, const uint8_t *w)
{
    int32_t sum = 0;
    for (int k = 0; k < 16; k++) sum += q[k] * ((w[k] & 15) - 8) + q[16 + k] * ((w[k] >> 4) - 8);
    return sum;
}

void GY_OF_LEVEL(int4_dots)(const gy_int4_dots *p)
{
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t j = 0; j < p->outputs; j++) {
            float sum = 0;
            for (int64_t g = 0; g < p->groups; g++)
                sum += p->scales[j * p->groups + g] *
                       (float)int4_group(p->q + i * p->inner + g * 32,
                                         p->w + (j * p->groups + g) * 16);
            p->c[i * p->outputs + j] = sum;
        }
}

#endif

/* `panels`, `narrow` and `coded` are constants wherever this is inlined. */
INLINE void sparse_tile(const gy_sparse_row *p, int panels, bool narrow, bool coded)
{
    enum { PANEL = 16, VECTORS = PANEL / WIDTH };
    vec sums[4][VECTORS] = {{{0}}};
    for (int64_t i = 0; i < p->n; i++) {
        const int64_t column = narrow ? p->narrow[i] : p->wide[i];
        const vec value = spread(coded ? (float)p->codes[i] : p->values[i]);
        const float *at = p->x + column * PANEL;
        UNROLL for (int j = 0; j < panels; j++) UNROLL for (int l = 0; l < VECTORS; l++)
            sums[j][l] += value * load(at + j * p->columns * PANEL + l * WIDTH);
    }
    const vec scale = spread(coded ? p->scale : 1);
    UNROLL for (int j = 0; j < panels; j++) UNROLL for (int l = 0; l < VECTORS; l++)
        store(p->y + j * PANEL + l * WIDTH, sums[j][l] * scale);
}

INLINE void sparse_panels(const gy_sparse_row *p, int panels)
{
    if (p->values == NULL)
        p->narrow == NULL ? sparse_tile(p, panels, false, true)
                          : sparse_tile(p, panels, true, true);
    else
        p->narrow == NULL ? sparse_tile(p, panels, false, false)
                          : sparse_tile(p, panels, true, false);
}

void GY_OF_LEVEL(sparse_row)(const gy_sparse_row *p)
{
    if (p->panels == 1)
        sparse_panels(p, 1);
    else if (p->panels == 2)
        sparse_panels(p, 2);
    else
        sparse_panels(p, 4);
}
