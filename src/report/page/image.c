/* Pixels as pictures: numbers → colours → PNG → base64 in the address of an <img>. */
#include "image.h"

#include "html.h"
#include "store/png.h"

#include <math.h>

static void add_base64(gy_buffer *out, const unsigned char *bytes, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const unsigned a = bytes[i], b = i + 1 < n ? bytes[i + 1] : 0,
                       c = i + 2 < n ? bytes[i + 2] : 0, v = a << 16 | b << 8 | c;
        const char four[4] = {letters[v >> 18], letters[v >> 12 & 63],
                              i + 1 < n ? letters[v >> 6 & 63] : '=',
                              i + 2 < n ? letters[v & 63] : '='};
        gy_buffer_add_bytes(out, four, sizeof four);
    }
}

static unsigned char shade(double of_one)
{
    return (unsigned char)lround(255 * (of_one < 0 ? 0 : of_one > 1 ? 1 : of_one));
}

/* −1 … 1: blue over white to red, each as light as the other. */
static void tint_signed(double t, unsigned char rgb[3])
{
    static const double red[3] = {0.70, 0.09, 0.17}, blue[3] = {0.13, 0.40, 0.67};
    const double *end = t < 0 ? blue : red, far = isfinite(t) ? fabs(t) : 0;
    for (int c = 0; c < 3; c++) rgb[c] = shade(1 + far * (end[c] - 1));
}

typedef struct range {
    double least, greatest;
} range;

static range measure(const float *v, int64_t n, gy_tint tint)
{
    range r = {INFINITY, -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        const double x = (double)v[i];
        if (!isfinite(x)) continue;
        if (x < r.least) r.least = x;
        if (x > r.greatest) r.greatest = x;
    }
    if (r.least > r.greatest) r = (range){-1, 1}; /* no number at all */
    if (r.least == r.greatest) r.greatest++;
    if (tint == GY_TINT_GREY) return r;
    const double most = fmax(fabs(r.least), fabs(r.greatest));
    return (range){-most, most};
}

static void paint(int64_t pixels, int channels, const float *v, gy_tint tint, unsigned char *rgb)
{
    const range r = measure(v, pixels * channels, tint);
    for (int64_t i = 0; i < pixels; i++) {
        if (channels == 1 && tint == GY_TINT_SIGNED) {
            tint_signed((double)v[i] / r.greatest, &rgb[3 * i]);
            continue;
        }
        for (int c = 0; c < 3; c++) {
            const double x = (double)v[i * channels + (channels == 3 ? c : 0)];
            rgb[3 * i + c] = isfinite(x) ? shade((x - r.least) / (r.greatest - r.least)) : 0;
        }
    }
}

void gy_image_add(gy_buffer *out, int height, int width, int channels, const float *v, gy_tint tint,
                  const char *text)
{
    unsigned char *rgb;
    gy_buffer png;
    const int64_t pixels = (int64_t)height * width;
    gy_status status = gy_new_array(out->ctx, 3 * pixels, &rgb);
    if (status != GY_OK) {
        out->status = status;
        return;
    }
    gy_buffer_init(&png, out->ctx);
    paint(pixels, channels, v, tint, rgb);
    gy_png_print(width, height, rgb, &png);
    gy_buffer_format(out, "<img width=\"%d\" height=\"%d\" alt=\"", width, height);
    gy_html_text(out, text);
    gy_buffer_add(out, "\" src=\"data:image/png;base64,");
    add_base64(out, (const unsigned char *)gy_buffer_text(&png), png.bytes);
    gy_buffer_add(out, "\"/>");
    if (out->status == GY_OK) out->status = png.status;
    gy_buffer_clear(&png);
    gy_free(out->ctx, rgb);
}
