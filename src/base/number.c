/* Numbers from text and between types. */
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool gy_number_int(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits)) return false;
    bool hexadecimal = digits[0] == '0' && digits[1] == 'x';
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, hexadecimal ? 16 : 10);
    if (*end != '\0' || errno != 0) return false;
    *out = v;
    return true;
}

bool gy_number_float(const char *text, double *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    double sign = *text == '-' ? -1.0 : 1.0;
    if (strcmp(digits, ".inf") == 0) {
        *out = sign * INFINITY;
        return true;
    }
    if (strcmp(digits, ".nan") == 0) {
        *out = NAN;
        return true;
    }
    bool starts_well = isdigit((unsigned char)digits[0]) ||
                       (digits[0] == '.' && isdigit((unsigned char)digits[1]));
    if (!starts_well || digits[1] == 'x') return false;
    char *end;
    double v = strtod(text, &end);
    if (*end != '\0' || !isfinite(v)) return false;
    *out = v;
    return true;
}

gy_status gy_int(int64_t n, int *out)
{
    GY_REQUIRE(n >= INT_MIN && n <= INT_MAX, GY_E_SHAPE,
               "too large" GY_WHY "%lld does not fit 31 bits" GY_HINT
               "use a smaller layer or train.micro_batch_size",
               (long long)n);
    *out = (int)n;
    return GY_OK;
}

bool gy_mul(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
