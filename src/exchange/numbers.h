/** Numbers of other programs' files as float32. Little-endian. Local. */
#ifndef GY_EXCHANGE_NUMBERS_H
#define GY_EXCHANGE_NUMBERS_H

#include <stdint.h>

/** X(name, bytes): as safetensors calls them. */
#define GY_NUMBER_LIST(X)                                                                          \
    X(F32, 4)                                                                                      \
    X(F64, 8)                                                                                      \
    X(F16, 2)                                                                                      \
    X(BF16, 2)                                                                                     \
    X(I64, 8)                                                                                      \
    X(I32, 4)                                                                                      \
    X(I16, 2)                                                                                      \
    X(I8, 1)                                                                                       \
    X(U64, 8)                                                                                      \
    X(U32, 4)                                                                                      \
    X(U16, 2)                                                                                      \
    X(U8, 1)                                                                                       \
    X(BOOL, 1)

#define GY_NUMBER_ENUM(name, bytes) GY_NUMBER_##name,
typedef enum gy_number { GY_NUMBER_LIST(GY_NUMBER_ENUM) GY_NUMBERS } gy_number;
#undef GY_NUMBER_ENUM

typedef struct gy_number_kind {
    const char *name;
    int bytes; /* of each */
    void (*convert)(int64_t n, const unsigned char *from, float *to);
} gy_number_kind;

extern const gy_number_kind gy_numbers[GY_NUMBERS];

/** The kind of that name, −1 if there is none. */
int gy_numbers_find(const char *name);

#endif
