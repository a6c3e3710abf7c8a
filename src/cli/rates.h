/** What a search for a learning rate shows on standard output: its curve, and a suggestion. */
#ifndef GY_CLI_RATES_H
#define GY_CLI_RATES_H

#include "cli.h"

/** The suggestion, kept from its event. */
typedef struct gy_rates {
    double rate; /* NAN: none */
    char reason[256], path[4096];
} gy_rates;

/** Keeps an event "suggestion". */
void gy_rates_observe(gy_rates *r, const gy_event *event);
/** On rank 0. Without gnuplot there is a warning instead of the curve. */
void gy_rates_show(const gy_rates *r, gy_context *ctx);

#endif
