/** Numbers as files hold them, made float32: integers and floats of any size and order. Inside data only. */
#ifndef GY_DATA_ELEMENT_H
#define GY_DATA_ELEMENT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct gy_element_type {
    char kind; /* 'u', 'i', 'f' */
    int bytes; /* 1, 2, 4, 8; of floats from 2 */
    bool big;  /* the first byte is the highest */
} gy_element_type;

/** "uint8", "float32", …: as gy_source_info.x_type has it. */
const char *gy_element_name(gy_element_type type);

/** n numbers. @param from  any alignment */
void gy_elements_read(gy_element_type type, const uint8_t *from, int64_t n, float *out);

#endif
