/* As it is. */
#include "../wire_list.h"

const gy_wire_kind gy_wire_float32 = {
    .kind = {.name = "float32", .help = "32 bits, as it is"},
};
