/* The rows of the sections by which a model is made smaller while it is trained. */
#include "config_impl.h"

#define AT(type, field) .offset = offsetof(type, field)

const gy_setting gy_distill_setting_rows[] = {
    {.key = "teacher",
     .type = GY_SETTING_STRING,
     AT(gy_distill_settings, teacher),
     .standard = "",
     .help = "a checkpoint, or a run, whose outputs are imitated"},
    {.key = "temperature",
     .type = GY_SETTING_FLOAT,
     AT(gy_distill_settings, temperature),
     .standard = "2.0",
     .min = 0.01,
     .max = 1e4,
     .help = "by which logits of both are divided: above 1 what is unlikely counts more"},
    {.key = "weight",
     .type = GY_SETTING_FLOAT,
     AT(gy_distill_settings, weight),
     .standard = "0.5",
     .min = 0,
     .max = 1,
     .help = "share of the loss that is beside the teacher; the rest is beside the targets"},
    GY_SETTING_END,
};
