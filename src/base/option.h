/** Options of a command line, by setting rows. Local. */
#ifndef GY_BASE_OPTION_H
#define GY_BASE_OPTION_H

#include "setting.h"

/**
 * Reads `--key value`, `--key=value` and, for booleans, `--key` and `--no-key`; a `_` of a key is a
 * `-` on the command line; an option of type STRINGS may be given several times; `--` ends the
 * options. A one-letter key is `-k`. What is left over are the operands.
 *
 * INTS and KINDS are given as `--ranks 1,2,4`.
 *
 * @param rows      64 at most
 * @param argc, argv  without the names of program and command; must outlive the operands
 * @param values    the rows' struct, filled with defaults first
 * @param operands  out: what is no option, in order
 * @return GY_OK; GY_E_USAGE naming the option, and the nearest known one
 */
gy_status gy_options_parse(gy_pool *pool, const gy_setting *rows, int argc, char *const *argv,
                           void *values, gy_strings *operands) GY_CHECKED;

enum { GY_OPTION_NAME = 64 };

/** How a key is given: `batch_size` is --batch-size, `o` is -o. @return out */
const char *gy_option_name(const char *key, char out[GY_OPTION_NAME]);

#endif
