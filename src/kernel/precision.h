/**
 * What the operands of products are rounded to. Sums, results and everything else are float32.
 *
 * To add one: a line here and its file vector/operand_NAME.c.
 */
#ifndef GY_KERNEL_PRECISION_H
#define GY_KERNEL_PRECISION_H

/** X(name) */
#define GY_PRECISION_LIST(X) X(float32) X(bfloat16)
#define GY_PRECISION_ENUM(name) GY_PRECISION_##name,
typedef enum gy_precision { GY_PRECISION_LIST(GY_PRECISION_ENUM) GY_PRECISION_COUNT } gy_precision;
#undef GY_PRECISION_ENUM

extern const char *const gy_precision_names[GY_PRECISION_COUNT + 1]; /* NULL-terminated */

#endif
