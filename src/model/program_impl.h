/** A program in the making: shared by program.c, gradient.c and maker.c. */
#ifndef GY_MODEL_PROGRAM_IMPL_H
#define GY_MODEL_PROGRAM_IMPL_H

#include "model_impl.h"

/** A value that lies in a storage, or did: gy_maker.at and .gradient tell where it lies now. */
typedef struct gy_lodger {
    int value;
    struct gy_lodger *next;
} gy_lodger;

typedef struct gy_maker {
    const gy_model *m;
    gy_program *p;
    bool training, by_rows; /* by_rows: the last unit is passed with the loss */
    int now;                /* the step in the making */
    gy_list steps, storages;
    int *at;          /* [values] where a value lies now */
    int *gradient;    /* [values] where its gradient lies; NONE before the first comes */
    int *keep;        /* [units] */
    bool *recomputed; /* [units] they run a second time */
    bool *remade;     /* [values] remade for the backward steps */
} gy_maker;

/** A new storage, live in this step. */
gy_status gy_maker_storage(gy_maker *k, gy_size size, int *out) GY_CHECKED;
gy_status gy_maker_value_storage(gy_maker *k, int value, int *out) GY_CHECKED;

gy_storage *gy_maker_storage_at(const gy_maker *k, int storage);

/** A storage for this step alone; NONE for no floats. */
gy_status gy_maker_room(gy_maker *k, gy_size size, int *out) GY_CHECKED;
/** What a call alone uses. */
gy_status gy_maker_spare(gy_maker *k, const gy_unit *u, gy_step *s) GY_CHECKED;

/** Lays a value, or the gradient of one, into a storage. */
gy_status gy_maker_lay(gy_maker *k, int value, int storage) GY_CHECKED;
gy_status gy_maker_lay_gradient(gy_maker *k, int value, int storage) GY_CHECKED;
/** A value into a storage of its own that begins now. */
gy_status gy_maker_lay_apart(gy_maker *k, int value) GY_CHECKED;

/** Keeps a storage live up to this step. @return storage */
int gy_maker_touch(gy_maker *k, int storage);

gy_status gy_maker_step(gy_maker *k, gy_op op, int unit, gy_step **out) GY_CHECKED;
gy_status gy_maker_move(gy_maker *k, gy_step *s, int from, int to, int value, bool add) GY_CHECKED;

/** Where the gradients of a unit's inputs go: dx and moves of its backward step. */
gy_status gy_maker_gradients(gy_maker *k, const gy_unit *u, gy_step *s) GY_CHECKED;

#endif
