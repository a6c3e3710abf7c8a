/** What the functions of <gyre/data.h> share. Inside data only. */
#ifndef GY_DATA_PUBLIC_H
#define GY_DATA_PUBLIC_H

#include <gyre/data.h>

#include "data.h"

/** GY_E_USAGE where the kind of tokens is unknown. */
gy_status gy_data_text_options(const gy_data_text *text, gy_source_options *out) GY_CHECKED;

#endif
