/** Trained networks made smaller. */
#ifndef GYRE_COMPRESS_H
#define GYRE_COMPRESS_H

#include <gyre/comm.h>
#include <gyre/event.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_compress_options {
    /** [n_steps] what is done, in this order, each `KIND:key=value,…`: "prune:0.9,scope=layer" */
    const char *const *steps;
    int n_steps;
    const char *layers; /* a glob of layer paths, or of parameters; NULL: all */
    const char *data;   /* a source on which it is measured; NULL: none */
    const char
        *calibrate; /* a source of what weights of whole numbers are multiplied with; NULL: none */
    const char *const *sets; /* [n_sets] "key.path=value" over the checkpoint's configuration */
    int n_sets;
    gy_observer *observer;
    void *observer_user;
} gy_compress_options;

/**
 * Makes the network of a checkpoint smaller and writes another checkpoint: the parameters, what training
 * is to keep of them (attribute `keeps`), the configuration that they are of. One event "compress": of
 * the network before and after it (`before_…`, `after_…`) the bytes of the parameters, their number and
 * zeros, FLOPs and samples a second of a forward pass; with data loss and metrics. Collective.
 *
 * @param path      a checkpoint's directory, or a run's (then its newest checkpoint)
 * @param out_path  a directory that is not there
 */
GY_API gy_status gy_compress(gy_context *ctx, gy_comm *comm, const char *path,
                             const gy_compress_options *options, const char *out_path) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
