/** A portrait in the making. Inside this folder only. */
#ifndef GY_APPLY_PORTRAIT_PORTRAIT_H
#define GY_APPLY_PORTRAIT_PORTRAIT_H

#include <gyre/portrait.h>

#include "../opened.h"

typedef struct gy_portrayal {
    gy_portrait portrait; /* first: what users hold; filled on rank 0 */
    gy_context *ctx;
    gy_pool pool;
    gy_anatomy *anatomy;
} gy_portrayal;

/** A sample is a picture: [height, width, 1 or 3], neither a stripe nor larger than a screen shows. */
bool gy_portray_is_picture(const gy_shape *sample);

/** The parameters, in all checkpoints of the run that o's is of. Collective; values.c. */
gy_status gy_portray_values(gy_portrayal *p, gy_opened *o, const char *run_dir) GY_CHECKED;

/** What the network says of o's data. Collective; answers.c. @param samples  at most; 0: all */
gy_status gy_portray_answers(gy_portrayal *p, gy_opened *o, gy_part part,
                             int64_t samples) GY_CHECKED;

#endif
