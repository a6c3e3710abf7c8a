/** Networks into files of other programs, and out of them. */
#ifndef GYRE_EXCHANGE_H
#define GYRE_EXCHANGE_H

#include <gyre/comm.h>
#include <gyre/event.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_exchange_options {
    const char *config; /* import: a configuration's file; NULL: the file's own */
    const char *map;    /* import: a file of lines `ours: theirs`; NULL: by name, else by order */
    const char *const *sets; /* [n_sets] "key.path=value" over the configuration */
    int n_sets;
    gy_observer *observer;
    void *observer_user;
} gy_exchange_options;

/**
 * Writes the network of a checkpoint into a file, of the format that its ending tells; where training
 * keeps a moving average, that. One event "export". Collective.
 *
 * @param path  a checkpoint's directory, or a run's (then its newest checkpoint)
 */
GY_API gy_status gy_export(gy_context *ctx, gy_comm *comm, const char *path,
                           const gy_exchange_options *options, const char *file) GY_CHECKED;

/**
 * Takes a file of another program into a checkpoint, which must not be there yet: eval, predict,
 * generate, inspect and train --init go on from it. An event "tensor" for each parameter and buffer,
 * then one event "import". Collective.
 *
 * @return the same on every rank: GY_OK; GY_E_CONFIG where the tensors do not fit the configuration;
 *         GY_E_DATA where the file is not whole; nothing is written then
 */
GY_API gy_status gy_import(gy_context *ctx, gy_comm *comm, const char *file,
                           const gy_exchange_options *options, const char *checkpoint) GY_CHECKED;

/** Tells of a format, NULL: of each, a line. @return whether there is one of that name. Local. */
GY_API bool gy_exchange_describe(gy_context *ctx, const char *format,
                                 void (*line)(void *user, const char *text), void *user);

#ifdef __cplusplus
}
#endif
#endif
