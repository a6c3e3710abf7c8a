/* As our own checkpoints have it. */
#include "../convention.h"

const gy_convention gy_convention_gyre = {
    .name = "gyre", .separator = '/', .layout = GY_LAYOUT_OURS};
