/** A rank that the others wait for, named while they do. */
#ifndef GY_CLI_STRAGGLER_H
#define GY_CLI_STRAGGLER_H

#include "cli.h"

typedef struct gy_straggler {
    int64_t rank; /* the slowest in a row of steps; −1: none */
    double since; /* when the row began; −1: none */
    bool told;
} gy_straggler;

void gy_straggler_init(gy_straggler *s);

/**
 * Takes an event "step". Where one rank has for a minute cost the others more than a third of their
 * time, it is to be named, once in a row.
 *
 * @param out  the warning, of GY_STRAGGLER_TEXT bytes
 * @return whether there is one to show
 */
enum { GY_STRAGGLER_TEXT = 256 };
bool gy_straggler_observe(gy_straggler *s, const gy_event *event, char *out);

#endif
