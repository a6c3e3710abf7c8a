/**
 * The base of a network with adapters (adapt): all parameters but these, of a checkpoint of its own, which
 * checkpoints of the adapters name by path and checksum. Paths may be relative to the working directory.
 */
#ifndef GY_APPLY_BASE_H
#define GY_APPLY_BASE_H

#include "config/config.h"

/** Which base adapters are for, as their checkpoint says. */
typedef struct gy_base {
    const char *path;     /* NULL: not known */
    const char *checksum; /* of its values, sixteen digits; NULL: any will do */
} gy_base;

/** Whether a configuration has adapters. Local. */
static inline bool gy_adapts(const gy_config *c)
{
    return c->adapt.how.rank > 0;
}

/** The part of a table that a checkpoint of adapters has, and the part that is the base's. Local. */
gy_params gy_adapted_params(const gy_params *all);
gy_params gy_base_params(const gy_params *all);

/** What a checkpoint's notes say. Local. */
gy_base gy_base_of(const gy_checkpoint_head *head);

/**
 * Reads the base's values into their part of a model's, and its buffers where `buffers` is set; where it was
 * found, and its checksum, in the pool. Collective.
 *
 * @param known  what the adapters were made for
 * @return GY_OK; GY_E_CONFIG where it is not there, is of another model, or has other values
 */
gy_status gy_base_read(gy_context *ctx, gy_comm *comm, gy_pool *pool, const gy_base *known,
                       gy_model *model, bool buffers, gy_base *out) GY_CHECKED;

#endif
