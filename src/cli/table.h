/** The anatomy of a model as text. */
#ifndef GY_CLI_TABLE_H
#define GY_CLI_TABLE_H

#include "cli.h"

#include <stdio.h>

/** A row a layer and the totals. */
void gy_table_layers(FILE *out, const gy_anatomy *anatomy);
/** Formula, trainable and frozen, FLOPs, memory of a rank. */
void gy_table_totals(FILE *out, const gy_anatomy *anatomy);
/** What the parameters would take in other forms. */
void gy_table_sizes(FILE *out, const gy_anatomy *anatomy);
/** A row a parameter with what its values are like. */
void gy_table_values(FILE *out, const gy_anatomy *anatomy, bool histogram);

#endif
