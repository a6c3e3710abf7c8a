/* Everything travels. */
#include "../compression_list.h"

const gy_compression_kind gy_compression_none = {
    .kind = {.name = "none", .help = "everything is sent"},
};
