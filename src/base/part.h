/** Even parts of a range. Local. */
#ifndef GY_BASE_PART_H
#define GY_BASE_PART_H

#include <stdint.h>

/** Part r of n things cut into `ranks` parts: [⌊n r / ranks⌋, ⌊n (r + 1) / ranks⌋). */
void gy_part_of(int64_t n, int rank, int ranks, int64_t *first, int64_t *count);

#endif
