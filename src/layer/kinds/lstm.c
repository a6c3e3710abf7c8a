/*
 * Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000): i, f, o =
 * σ(W x + R h + b), g = tanh(W x + R h + b), c = f c + i g, h = o tanh(c). The forget gate's bias
 * starts at one (Jozefowicz et al. 2015). The work is in ../recurrent.c.
 */
#include "../layer_list.h"

#include "../recurrent.h"

static const gy_recurrent_cell cell = {
    .cell = GY_CELL_lstm, .gate = {"input", "forget", "cell", "output"}, .bias = {0, 1, 0, 0}};

static gy_status shape(gy_layer *l)
{
    return gy_recurrent_layer_shape(l, &cell);
}

static const gy_layer_sample samples[] = {
    {.yaml = "lstm: {units: 5}", .in = {2, {5, 4}}},
    {.yaml = "lstm: {units: 18, return: last}", .in = {2, {4, 3}}},
    {.yaml = "lstm: {units: 4, bidirectional: true}", .in = {2, {5, 3}}, .batch = 7},
    {.yaml = "lstm: {units: 16, bidirectional: true, return: last}", .in = {2, {3, 16}}},
    {.yaml = "lstm: {units: 3, bidirectional: true}", .in = {2, {1, 4}}},
    {.yaml = "lstm: {units: 3, init: normal, bias_init: uniform}", .in = {2, {3, 4}}, .batch = 50},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_lstm = {
    .kind = {"lstm", "recurrent layer with a cell and input, forget and output gates",
             gy_recurrent_settings_rows, sizeof(gy_recurrent_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_recurrent_layer_forward,
    .pack = gy_recurrent_layer_pack,
    .backward = gy_recurrent_layer_backward,
    .samples = samples,
};
