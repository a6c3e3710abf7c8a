/** Networks drawn at random, of 4 inputs and outputs: layers and composites of them, nested. */
#ifndef GY_TEST_LAYER_RANDOM_H
#define GY_TEST_LAYER_RANDOM_H

#include <stdint.h>

enum { GY_RANDOM_LAYERS = 4000 };

/** @param text  [GY_RANDOM_LAYERS] out: one entry of `layers`, in YAML */
void gy_random_layers(uint64_t seed, char *text);

#endif
