/* Even parts of a range. */
#include "part.h"

void gy_part_of(int64_t n, int rank, int ranks, int64_t *first, int64_t *count)
{
    /* ⌊n r / ranks⌋ without overflow: n = q ranks + rest */
    int64_t q = n / ranks, rest = n % ranks;
    int64_t from = q * rank + rest * rank / ranks;
    int64_t to = q * (rank + 1) + rest * (rank + 1) / ranks;
    *first = from;
    *count = to - from;
}
