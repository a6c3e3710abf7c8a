/** What rnn, gru and lstm share: a cell (kernel/recurrent.h) over a sequence, in one or two directions. */
#ifndef GY_LAYER_RECURRENT_H
#define GY_LAYER_RECURRENT_H

#include "kernel/recurrent.h"
#include "layer.h"

typedef struct gy_recurrent_settings {
    int64_t units;
    int outputs; /* index in `return` */
    bool bidirectional;
} gy_recurrent_settings;

/** A cell with the names of its gates, in the order of its slots; a last one may have a name again. */
typedef struct gy_recurrent_cell {
    gy_cell cell;
    const char *gate[GY_CELL_SLOTS];
    double bias[GY_CELL_SLOTS]; /* start */
} gy_recurrent_cell;

gy_status gy_recurrent_layer_shape(gy_layer *l, const gy_recurrent_cell *cell) GY_CHECKED;
void gy_recurrent_layer_pack(const gy_layer *l, const gy_kernel *k, const float *const *w,
                             float *packed);
gy_status gy_recurrent_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_recurrent_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

extern const gy_setting gy_recurrent_settings_rows[];

#endif
