/** Ranges of what weights are multiplied with, as data have them. */
#ifndef GY_APPLY_COMPRESS_CALIBRATE_H
#define GY_APPLY_COMPRESS_CALIBRATE_H

#include "subject.h"

/**
 * Passes all samples of a source through the network, which is finished, and gives each of its forms that
 * are multiplied as whole numbers the range of its input. Collective.
 *
 * @param path  of the checkpoint that it comes from: data are read as that learned them
 */
gy_status gy_calibrate(gy_subject *s, const char *path, const gy_apply_options *data) GY_CHECKED;

#endif
