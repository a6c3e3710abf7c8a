/** Numbers from text and between types, checked. Local. */
#ifndef GY_BASE_NUMBER_H
#define GY_BASE_NUMBER_H

#include <gyre/status.h>

#include <stdbool.h>
#include <stdint.h>

/** Reads a whole text as a number (YAML 1.2 core: `1e-5`, `.inf`, `0x1f` for integers). */
bool gy_number_int(const char *text, int64_t *out);
bool gy_number_float(const char *text, double *out);

/** Narrows; GY_E_SHAPE where it does not fit an int (MPI counts in int). */
gy_status gy_int(int64_t n, int *out) GY_CHECKED;

/** a * b into *out; false where it would overflow. */
bool gy_mul(int64_t a, int64_t b, int64_t *out);

#endif
