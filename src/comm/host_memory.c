/* Memory of a host: a file without a name that its first rank makes and the others open in that
 * process's list of files.
 *
 *     mapped by every rank:   | part of local rank 0 | part of 1 | …        each at a multiple of `each`
 *
 * Why not MPI_Win_allocate_shared: Open MPI 4.1 hangs where /dev/shm has no room, which containers
 * have 64 MiB of, and leaves a file there when it is killed. A process that may not see the other, or
 * sees another one under its number (the file's own number tells), has no shared memory, nor has one
 * whose files may not grow so far, or whose host has no more pages: then nobody on any host has. */
#define _GNU_SOURCE /* memfd_create */
#include "comm_mpi.h"
#include "host_memory_impl.h"

#include "base/count.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct gy_host_memory {
    gy_comm *comm;
    int64_t n;
    float *own; /* allocated, where nothing is shared; else NULL */
    char *base; /* of the first part; NULL: nothing is shared */
    size_t each, bytes;
    gy_host_memory *next; /* in the communicator's list */
};

/* Where the file is to be found. */
typedef struct ticket {
    pid_t process;
    int file; /* −1: there is none */
    dev_t device;
    ino_t number;
} ticket;

enum { PAGE = 1 << 16, HUGE_PAGE = 2 << 20, HUGE_FROM = 1 << 20 }; /* bytes; pages are ≤ 64 KiB */

static ticket make_file(size_t bytes)
{
    struct stat status;
    ticket t = {.process = getpid(), .file = memfd_create("gyre", MFD_CLOEXEC)};
    if (t.file < 0) return t;
    if (ftruncate(t.file, (off_t)bytes) != 0 || fstat(t.file, &status) != 0) {
        (void)close(t.file);
        t.file = -1;
        return t;
    }
    t.device = status.st_dev;
    t.number = status.st_ino;
    return t;
}

static int open_file(const ticket *t)
{
    char path[64];
    struct stat status;
    if (t->file < 0) return -1;
    (void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)t->process, t->file);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return -1;
    if (fstat(file, &status) == 0 && status.st_dev == t->device && status.st_ino == t->number)
        return file;
    (void)close(file);
    return -1;
}

/* At an address that huge pages can have. */
static char *map_file(int file, size_t bytes)
{
    char *room = mmap(NULL, bytes + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return NULL;
    char *base = room + (HUGE_PAGE - (uintptr_t)room % HUGE_PAGE) % HUGE_PAGE;
    if (mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
        (void)munmap(room, bytes + HUGE_PAGE);
        return NULL;
    }
    if (base > room) (void)munmap(room, (size_t)(base - room));
    (void)munmap(base + bytes, (size_t)(room + HUGE_PAGE - base));
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* where shared memory may have them */
    return base;
}

/* Takes the pages of this rank's part now, near it: later a page that is not to be had would be a
 * signal. */
static bool has_room(gy_host_memory *s, int file)
{
#ifdef MADV_POPULATE_WRITE /* by the mapping, which may have huge pages; a kernel may not know it */
    char *part = s->base + (size_t)s->comm->local_rank * s->each;
    if (madvise(part, s->each, MADV_POPULATE_WRITE) == 0) return true;
    if (errno != EINVAL) return false;
#endif
    const off_t at = (off_t)((size_t)s->comm->local_rank * s->each);
    return posix_fallocate(file, at, (off_t)s->each) == 0;
}

/* The ticket of this host's first rank. */
static gy_status find_ticket(gy_comm *comm, ticket *t)
{
    ticket *all = NULL;
    int first = 0;
    GY_TRY(gy_comm_new_array(comm, comm->ranks, &all));
    gy_status status = gy_comm_all_gather(comm, t, (int)sizeof *t, all);
    while (comm->host_of[first] != comm->host) first++;
    if (status == GY_OK) *t = all[first];
    gy_free(comm->ctx, all);
    return status;
}

/* All ranks of all hosts, or none: then nobody tries again. Files are open until everybody has opened
 * them. */
static gy_status share(gy_host_memory *s)
{
    gy_comm *comm = s->comm;
    const int64_t each = gy_most(s->n * (int64_t)sizeof(float), 1);
    s->each = (size_t)gy_round_up(each, each < HUGE_FROM ? PAGE : HUGE_PAGE);
    s->bytes = s->each * (size_t)comm->local_ranks;
    bool first = comm->local_rank == 0;
    ticket t = {.file = -1};
    if (first) t = make_file(s->bytes);
    int file = t.file;
    double all = 0;
    gy_status status = find_ticket(comm, &t);
    if (status == GY_OK) {
        if (!first) file = open_file(&t);
        s->base = file < 0 ? NULL : map_file(file, s->bytes);
        all = s->base != NULL && has_room(s, file);
        status = gy_comm_min(comm, &all, 1);
    }
    if (file >= 0) (void)close(file);
    if (status == GY_OK && all != 0) return GY_OK;
    if (s->base != NULL) (void)munmap(s->base, s->bytes);
    s->base = NULL;
    if (status == GY_OK) comm->topology.host_memory = false;
    return status;
}

static gy_status make(gy_host_memory *s)
{
    const gy_topology *t = &s->comm->topology;
    if (t->local_ranks > 1 && t->host_memory) GY_TRY(share(s));
    if (s->base == NULL) return gy_comm_new_array(s->comm, s->n, &s->own);
    memset(gy_host_memory_values(s), 0, (size_t)s->n * sizeof(float)); /* touched here first */
    return gy_comm_barrier(s->comm); /* no neighbour writes before */
}

static void clear(gy_host_memory *s)
{
    if (s == NULL) return;
    if (s->base != NULL) (void)munmap(s->base, s->bytes);
    if (s->own != NULL) gy_free(s->comm->ctx, s->own);
}

gy_status gy_host_memory_create(gy_comm *comm, int64_t n, gy_host_memory **out)
{
    gy_status status;
    gy_host_memory *s = NULL;
    GY_TRY_GOTO(fail, gy_comm_new(comm, &s));
    s->comm = comm;
    s->n = n;
    GY_TRY_GOTO(fail, make(s));
    s->next = comm->host_memories;
    comm->host_memories = s;
    *out = s;
    return GY_OK;
fail:
    clear(s);
    gy_free(comm->ctx, s);
    return status;
}

void gy_host_memory_free(gy_host_memory *s)
{
    if (s == NULL) return;
    gy_host_memory **place = &s->comm->host_memories;
    while (*place != s) place = &(*place)->next;
    *place = s->next;
    clear(s);
    gy_free(s->comm->ctx, s);
}

float *gy_host_memory_values(const gy_host_memory *s)
{
    return gy_host_memory_part(s, s->comm->local_rank);
}

bool gy_host_memory_is_real(const gy_host_memory *s)
{
    return s->base != NULL || s->comm->topology.local_ranks == 1;
}

float *gy_host_memory_part(const gy_host_memory *s, int local)
{
    return s->base == NULL ? s->own : (float *)(void *)(s->base + (size_t)local * s->each);
}

const gy_host_memory *gy_host_memory_find(const gy_comm *comm, const float *x, int64_t n)
{
    for (const gy_host_memory *s = comm->host_memories; s != NULL; s = s->next) {
        if (!gy_host_memory_is_real(s)) continue;
        uintptr_t from = (uintptr_t)gy_host_memory_values(s), at = (uintptr_t)x;
        if (at >= from && at + (size_t)n * sizeof *x <= from + (size_t)s->n * sizeof *x) return s;
    }
    return NULL;
}

gy_status gy_host_memory_try(gy_comm *comm)
{
    gy_host_memory *s = NULL;
    comm->topology.host_memory = true;
    if (comm->topology.local_ranks == 1) return GY_OK;
    GY_TRY(gy_host_memory_create(comm, 1, &s));
    comm->topology.host_memory = gy_host_memory_is_real(s);
    gy_host_memory_free(s);
    return GY_OK;
}
