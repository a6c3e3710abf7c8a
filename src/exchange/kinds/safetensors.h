/** A safetensors file of a network in any convention. Local. */
#ifndef GY_EXCHANGE_KINDS_SAFETENSORS_H
#define GY_EXCHANGE_KINDS_SAFETENSORS_H

#include "../exchange.h"

/** Writes the homes' links, and the network's texts as metadata. */
gy_status gy_safetensors_write(const gy_cargo *cargo, gy_pool *pool,
                               const gy_convention *convention, const gy_homes *homes,
                               gy_output *out) GY_CHECKED;

#endif
