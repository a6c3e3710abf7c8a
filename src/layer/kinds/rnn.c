/* The plain recurrent layer (Elman 1990): h = tanh(W x + R h + b). The work is in ../recurrent.c. */
#include "../layer_list.h"

#include "../recurrent.h"

static const gy_recurrent_cell cell = {.cell = GY_CELL_rnn, .gate = {"hidden"}};

static gy_status shape(gy_layer *l)
{
    return gy_recurrent_layer_shape(l, &cell);
}

static const gy_layer_sample samples[] = {
    {.yaml = "rnn: {units: 5}", .in = {2, {5, 4}}},
    {.yaml = "rnn: {units: 17, return: last}", .in = {2, {4, 3}}},
    {.yaml = "rnn: {units: 4, bidirectional: true}", .in = {2, {5, 3}}, .batch = 7},
    {.yaml = "rnn: {units: 16, bidirectional: true, return: last}", .in = {2, {3, 2}}},
    {.yaml = "rnn: {units: 3}", .in = {2, {1, 4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_rnn = {
    .kind = {"rnn", "hidden state by one tanh, position after position", gy_recurrent_settings_rows,
             sizeof(gy_recurrent_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_recurrent_layer_forward,
    .pack = gy_recurrent_layer_pack,
    .backward = gy_recurrent_layer_backward,
    .samples = samples,
};
