/** Which tensor of a file is which link of a model. Inside this room only. */
#ifndef GY_EXCHANGE_BIND_H
#define GY_EXCHANGE_BIND_H

#include "exchange.h"

/** A link and the tensor that was found for it; NULL: none. */
typedef struct gy_bond {
    const gy_home *home;
    const gy_link *link;
    const gy_tensor *tensor;
} gy_bond;

typedef struct gy_bonds {
    gy_pool *pool;
    const gy_tensors *file;
    const gy_homes *homes;
    gy_names names;            /* of tensors → index */
    const char **group;        /* [tensors] path of the layer it belongs to; NULL: of none */
    const gy_tensor **ordered; /* [n_groups] the first tensor of each, in the order of layers */
    int n_groups;
    const char **path; /* [homes] theirs; NULL: not found */
    const char **map;  /* [2 n_map] ours, theirs */
    int n_map;
    bool *used; /* [tensors] */
    gy_bond *v; /* [n], a bond a link */
    int n;
} gy_bonds;

/**
 * Names the groups, pairs homes with them by the map, by name, by order.
 * @param by_name  whether names count: those that nobody gave may mean another layer there
 */
gy_status gy_bonds_make(gy_pool *pool, const gy_tensors *file, const gy_homes *homes,
                        const char *map, bool by_name, gy_bonds *out) GY_CHECKED;

/** Links without tensor, tensors without link, shapes that differ. */
int gy_bonds_misfits(const gy_bonds *b);
bool gy_bond_fits(const gy_bond *bond);
/** Whether only buffers are in it: they may be missing. */
bool gy_bond_may_miss(const gy_bond *bond);
/** Whether a file's tensor is one that no layer of ours has. */
bool gy_tensor_is_ignored(const gy_tensors *file, const gy_tensor *t);

/** Raises GY_E_CONFIG with what does not fit. */
gy_status gy_bonds_refuse(const gy_bonds *b) GY_CHECKED;

#endif
