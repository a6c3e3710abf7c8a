/** How whole numbers of 4 bits lie: for those who compute with them. */
#ifndef GY_FORM_INT4_H
#define GY_FORM_INT4_H

enum {
    GY_INT4_CODES,
    GY_INT4_SCALES,
    GY_INT4_GROUP = 32, /* elements of a row with one scale */
    GY_INT4_BYTES = 16, /* of them: byte i has elements i (low bits) and 16 + i of the group */
    GY_INT4_ZERO = 8    /* the code that stands for zero */
};

#endif
