/** Checkpoints as users handle them. */
#ifndef GYRE_CHECKPOINT_H
#define GYRE_CHECKPOINT_H

#include <gyre/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a verification read. */
typedef struct gy_verify_result {
    int64_t checkpoints, files, bytes;
    int64_t damaged; /* of the checkpoints */
} gy_verify_result;

/**
 * Re-reads every byte of a checkpoint, or of all checkpoints of a run directory, and checks every
 * checksum. Local.
 *
 * @param report  called with a line for each checkpoint, when `out` counts it; may be NULL
 * @param out     also after GY_E_IO
 * @return GY_OK; GY_E_IO naming the first file and data set that is damaged or missing (the others
 *         are reported first); GY_E_USAGE where `path` is neither
 */
GY_API gy_status gy_checkpoint_verify(gy_context *ctx, const char *path,
                                      void (*report)(void *user, const char *line), void *user,
                                      gy_verify_result *out) GY_CHECKED;

/**
 * Says that the process has no other use of HDF5 than Gyre's, which then says nothing when the process ends.
 * Before all other calls of both. Local.
 */
GY_API void gy_checkpoint_own_process(void);

/** Name and version of the HDF5 library. Local. */
GY_API const char *gy_checkpoint_library(void);

#ifdef __cplusplus
}
#endif
#endif
