/**
 * One engine for messages: what a rank sends and receives in an all-reduce is two lists of rows, and
 * rows.c walks them. Most kinds are a function that lists rows (all_reduce.h).
 *
 * The ranks that take part are the *members*. Many cut the vector into one block a member: member i
 * owns block i.
 */
#ifndef GY_COMM_ROWS_IMPL_H
#define GY_COMM_ROWS_IMPL_H

#include "all_reduce.h"

#include <stdbool.h>

/** Where this rank stands among those that take part. */
typedef struct gy_members {
    int me, n;        /* n ≥ 2 */
    const int *ranks; /* [n] of the communicator `wire`; NULL: 0 … n − 1. Outlives what uses it */
} gy_members;

/** Elements that are sent to a member, or received from one. */
typedef struct gy_row {
    int64_t from, n; /* of x; n = 0 is passed over */
    int peer;        /* a member */
    int after;  /* of the other list, −1: none. Those before it must be done, and it as far as
                        this one reaches: to send; to overwrite x, or add to it */
    bool add;   /* received: added, else put */
    bool round; /* sent: x becomes what the wire holds of it, as others receive it */
} gy_row;

typedef struct gy_row_list {
    gy_row *v; /* NULL: only counted */
    int n;
} gy_row_list;

/** Sends and receives, each in its order. Between two members both list the same elements, cut alike. */
typedef struct gy_rows {
    gy_row_list sends, receives;
    int window; /* messages of a list under way at most, to GY_WINDOW; 2 where it says nothing: one is
                   used while the next comes */
} gy_rows;

enum { GY_WINDOW = 4 };

void gy_row_add(gy_row_list *list, const gy_row *row);

/** The last of a list so far; −1: none. */
int gy_row_last(const gy_row_list *list);

/** Start of block b when n elements are cut into `blocks`, all at multiples of GY_PARAM_ALIGN. */
int64_t gy_block_start(int64_t n, int blocks, int b);

/** A row of block b, of as many as there are members. */
gy_row gy_block_row(const gy_members *m, int64_t n, int b);

/** Bytes of a message of n elements; room for it begins at multiples of GY_ALIGN. */
int64_t gy_message_bytes(const gy_wire *wire, int64_t n);
int64_t gy_message_room(const gy_wire *wire, int64_t n);

/** Where all ranks are members: an all-reduce kind's `own`. */
void gy_own_block(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to);

/* all_reduce/ring.c and direct.c */
void gy_ring_rows(const gy_members *m, const gy_reduction *r, gy_rows *out);
void gy_direct_rows(const gy_members *m, const gy_reduction *r, gy_rows *out);

/** Messages by rows; one reduction at a time. */
typedef struct gy_engine gy_engine;

/** Bytes of the room that it needs. Local. */
int64_t gy_engine_bytes(const gy_comm *comm, const gy_members *members, gy_row_maker *rows,
                        const gy_reduction *r);

/** Local, but every member must make it alike. @param r  its room has gy_engine_bytes; n ≥ 1 */
gy_status gy_engine_create(gy_comm *comm, const gy_members *members, gy_row_maker *rows,
                           const gy_reduction *r, gy_engine **out) GY_CHECKED;

/** NULL is allowed; where messages are under way, they are given up. */
void gy_engine_free(gy_engine *e);

gy_status gy_engine_begin(gy_engine *e) GY_CHECKED;

/** Never waits. @param done  out: x holds the result, and nothing is under way */
gy_status gy_engine_progress(gy_engine *e, bool *done) GY_CHECKED;

#endif
