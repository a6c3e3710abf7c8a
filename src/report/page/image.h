/** Pixels as pictures inside a page. Local. */
#ifndef GY_REPORT_PAGE_IMAGE_H
#define GY_REPORT_PAGE_IMAGE_H

#include "base/buffer.h"

/** How numbers become colours. */
typedef enum gy_tint {
    GY_TINT_GREY, /* from the least, black, to the greatest, white; of three channels their colour */
    GY_TINT_SIGNED /* blue, white at 0, red; of three channels their colour about a grey at 0 */
} gy_tint;

/**
 * Adds an <img> of its own bytes.
 * @param v     [height, width, channels]; channels 1 or 3
 * @param text  what it shows
 */
void gy_image_add(gy_buffer *out, int height, int width, int channels, const float *v, gy_tint tint,
                  const char *text);

#endif
