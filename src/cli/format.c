/* Numbers as people read them. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

const char *gy_format_count(int64_t n, char out[GY_TEXT])
{
    char digits[GY_TEXT];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), used = 0;
    for (int i = 0; i < length && used < GY_TEXT - 2; i++) {
        bool comma = i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0;
        if (comma) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static const char *scaled(double x, double base, const char *const *units, int n, char *out)
{
    int unit = 0;
    while (x >= base && unit < n - 1) {
        x /= base;
        unit++;
    }
    (void)snprintf(out, GY_TEXT, unit == 0 || x >= 100 ? "%.0f%s" : "%.3g%s", x, units[unit]);
    return out;
}

const char *gy_format_bytes(int64_t n, char out[GY_TEXT])
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    return scaled((double)n, 1024, units, 5, out);
}

const char *gy_format_flops(double flops, char out[GY_TEXT])
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    return scaled(flops, 1000, units, 5, out);
}

const char *gy_format_seconds(double s, char out[GY_TEXT])
{
    int64_t whole = (int64_t)(s + 0.5);
    if (s < 10)
        (void)snprintf(out, GY_TEXT, "%.2g s", s);
    else if (s < 60)
        (void)snprintf(out, GY_TEXT, "%.0f s", s);
    else if (s < 3600)
        (void)snprintf(out, GY_TEXT, "%lld:%02d", (long long)(whole / 60), (int)(whole % 60));
    else
        (void)snprintf(out, GY_TEXT, "%lld:%02d:%02d", (long long)(whole / 3600),
                       (int)(whole / 60 % 60), (int)(whole % 60));
    return out;
}
