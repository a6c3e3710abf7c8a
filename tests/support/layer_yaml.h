/** One entry of `layers` from YAML, by the setting rows alone. */
#ifndef GY_TEST_LAYER_YAML_H
#define GY_TEST_LAYER_YAML_H

#include "layer/layer.h"

gy_status gy_test_layer(gy_pool *pool, const char *yaml, gy_layer_spec *out) GY_CHECKED;

#endif
