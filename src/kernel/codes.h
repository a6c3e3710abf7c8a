/**
 * x as whole numbers of 7 bits, for products with weights of few bits: x ≈ scale (q − zero), zero standing for
 * 0.0. The range that they span is what data told (gy_form.range), else what is met. Inside the kernel
 * room only.
 */
#ifndef GY_KERNEL_CODES_H
#define GY_KERNEL_CODES_H

#include "form/form.h"
#include "kernel_impl.h"

typedef struct gy_code {
    float scale; /* NaN where x is not finite, so that this goes through */
    float back, shift;
    int32_t zero;
} gy_code;

/** For n numbers that a form is to be multiplied with. */
gy_code gy_code_of(const gy_kernel *k, const gy_form *w, int64_t n, const float *x);
/** Their codes, or those of a part of them. */
void gy_code_take(const gy_kernel *k, gy_code *code, int64_t n, const float *x, uint8_t *q);

/** Σ (q − zero) of n codes. */
int32_t gy_code_sum(gy_code code, int64_t n, const uint8_t *q);

/** Rows of int8 weights [n, row] packed for gy_int8_panels: each row is `runs` pieces of `depth` codes. */
typedef struct gy_int8_packing {
    int64_t n, row, runs, depth;
    const int8_t *w;
} gy_int8_packing;

/** Bytes of a packed panel: of 16 rows. */
int64_t gy_int8_panel_bytes(const gy_int8_packing *p);
/**
 * @param spare  [gy_int8_panel_bytes]
 * @param b      [panels, gy_int8_panel_bytes]; 4-byte aligned, as spare
 * @param total  [n] Σ of each row
 */
void gy_int8_pack(const gy_kernel *k, const gy_int8_packing *p, int8_t *spare, int8_t *b,
                  int32_t *total);

#endif
