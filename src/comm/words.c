/* Rank 0's word: a list of texts, in one block that the communicator keeps. */
#include "comm_mpi.h"

#include "base/door.h"

#include <string.h>

static void pack(int n, char *const *words, char *to)
{
    for (int i = 0; i < n; i++) {
        size_t bytes = strlen(words[i]) + 1;
        memcpy(to, words[i], bytes);
        to += bytes;
    }
}

gy_status gy_comm_take_words(gy_comm *comm, int *n, char *const **words)
{
    GY_DOOR;
    int64_t size[2] = {*n, 0}; /* words, bytes */
    char **list = NULL;
    for (int i = 0; i < *n; i++) size[1] += (int64_t)strlen((*words)[i]) + 1;
    GY_TRY(gy_comm_broadcast(comm, size, sizeof size, 0));
    int64_t pointers = size[0] + 1; /* the last is NULL, as in argv */
    GY_TRY(gy_comm_new_array(comm, pointers + size[1] / (int64_t)sizeof *list + 1, &list));
    char *text = (char *)(list + pointers);
    if (comm->rank == 0) pack(*n, *words, text);
    gy_status status = gy_comm_broadcast(comm, text, size[1], 0);
    if (status != GY_OK) {
        gy_free(comm->ctx, list);
        return status;
    }
    for (int64_t i = 0; i < size[0]; i++) {
        list[i] = text;
        text += strlen(text) + 1;
    }
    gy_free(comm->ctx, comm->words);
    comm->words = list;
    *n = (int)size[0];
    *words = list;
    return GY_OK;
}
