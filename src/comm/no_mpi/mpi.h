/**
 * In the place of MPI's header in a build without MPI (GYRE_MPI=OFF): what the room mentions of it, for
 * a process that is always alone (alone.c) and so never comes to a call. One that were made fails.
 */
#ifndef GY_COMM_NO_MPI_MPI_H
#define GY_COMM_NO_MPI_MPI_H

typedef int MPI_Comm, MPI_Request, MPI_Datatype, MPI_Op, MPI_Info, MPI_Group, MPI_Errhandler,
    MPI_Fint;

typedef struct MPI_Status {
    int MPI_SOURCE;
} MPI_Status;

enum { MPI_SUCCESS, MPI_ERR_OTHER };
enum { MPI_COMM_NULL, MPI_COMM_WORLD };
enum { MPI_BYTE, MPI_CHAR, MPI_INT, MPI_FLOAT };
enum { MPI_SUM, MPI_MIN };
enum {
    MPI_REQUEST_NULL,
    MPI_INFO_NULL,
    MPI_ERRORS_RETURN,
    MPI_COMM_TYPE_SHARED,
    MPI_TAG_UB,
    MPI_UNDEFINED = -1,
    MPI_ANY_SOURCE = -1,
    MPI_MAX_PROCESSOR_NAME = 64
};
#define MPI_IN_PLACE ((void *)0)
#define MPI_STATUS_IGNORE ((MPI_Status *)0)

/** NAME(parameters): a call of the standard. */
#define GY_NOBODY(name, ...)                                                                       \
    __attribute__((noipa, unused)) static int MPI_##name(__VA_ARGS__)                              \
    {                                                                                              \
        return MPI_ERR_OTHER;                                                                      \
    }

GY_NOBODY(Abort, MPI_Comm c, int code)
GY_NOBODY(Allreduce, const void *x, void *y, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c)
GY_NOBODY(Bcast, void *x, int n, MPI_Datatype t, int root, MPI_Comm c)
GY_NOBODY(Cancel, MPI_Request *r)
GY_NOBODY(Comm_dup, MPI_Comm c, MPI_Comm *out)
GY_NOBODY(Comm_f2c, MPI_Fint c)
GY_NOBODY(Comm_free, MPI_Comm *c)
GY_NOBODY(Comm_get_attr, MPI_Comm c, int key, void *value, int *found)
GY_NOBODY(Comm_group, MPI_Comm c, MPI_Group *out)
GY_NOBODY(Comm_rank, MPI_Comm c, int *rank)
GY_NOBODY(Comm_set_errhandler, MPI_Comm c, MPI_Errhandler h)
GY_NOBODY(Comm_size, MPI_Comm c, int *size)
GY_NOBODY(Comm_split, MPI_Comm c, int color, int key, MPI_Comm *out)
GY_NOBODY(Comm_split_type, MPI_Comm c, int type, int key, MPI_Info i, MPI_Comm *out)
GY_NOBODY(Get_processor_name, char *name, int *length)
GY_NOBODY(Group_free, MPI_Group *g)
GY_NOBODY(Group_translate_ranks, MPI_Group g, int n, const int *ranks, MPI_Group of, int *out)
GY_NOBODY(Iallgatherv, const void *x, int n, MPI_Datatype t, void *y, const int *m, const int *at,
          MPI_Datatype u, MPI_Comm c, MPI_Request *r)
GY_NOBODY(Iallreduce, const void *x, void *y, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c,
          MPI_Request *r)
GY_NOBODY(Ialltoallv, const void *x, const int *n, const int *at, MPI_Datatype t, void *y,
          const int *m, const int *to, MPI_Datatype u, MPI_Comm c, MPI_Request *r)
GY_NOBODY(Iprobe, int from, int tag, MPI_Comm c, int *here, MPI_Status *s)
GY_NOBODY(Irecv, void *x, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Request *r)
GY_NOBODY(Isend, const void *x, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r)
GY_NOBODY(Test, MPI_Request *r, int *done, MPI_Status *s)

#endif
