/** PNG pictures in memory. Local. */
#ifndef GY_STORE_PNG_H
#define GY_STORE_PNG_H

#include "base/buffer.h"

/**
 * Appends a picture as the bytes of a PNG file, 8 bits a channel.
 * @param rgb  [height, width, 3]
 */
void gy_png_print(int width, int height, const unsigned char *rgb, gy_buffer *out);

#endif
