/** Inside the store room only: the door to zlib. */
#ifndef GY_STORE_ZLIB_IMPL_H
#define GY_STORE_ZLIB_IMPL_H

#include <zlib.h>

#endif
