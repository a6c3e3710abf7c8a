/* Repeat: a list of layers several times over; tied: all turns use the first one's parameters. */
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct repeat {
    int64_t times;
    bool tied;
    gy_layer_specs layers;
} repeat;

static gy_status expand(const gy_layer_spec *spec, gy_builder *b, int x, int *out)
{
    const repeat *s = spec->settings;
    *out = x;
    for (int64_t i = 0; i < s->times; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "%" PRId64, i);
        GY_TRY(gy_builder_enter(b, name, s->tied && i > 0 ? "0" : NULL, true));
        GY_TRY(gy_builder_layers(b, &s->layers, *out, out));
        gy_builder_leave(b);
    }
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "times",
     .type = GY_SETTING_INT,
     .offset = offsetof(repeat, times),
     .min = 1,
     .max = 10000,
     .help = "turns"},
    {.key = "tied",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(repeat, tied),
     .standard = "false",
     .help = "whether all turns use one set of parameters"},
    {.key = "layers",
     .type = GY_SETTING_LAYERS,
     .offset = offsetof(repeat, layers),
     .help = "what is repeated"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "repeat: {times: 3, layers: [dense: {units: 4, activation: tanh}]}", .in = {1, {4}}},
    {.yaml = "repeat: {times: 3, tied: true, layers: [residual: {layers: [dense: {units: 4, "
             "activation: sigmoid}]}, activation: {kind: tanh}]}",
     .in = {2, {2, 4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_repeat = {
    .kind = {"repeat", "the layers inside several times over", rows, sizeof(repeat)},
    .expand = expand,
    .samples = samples,
};
