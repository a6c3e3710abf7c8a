/**
 * Inside the room of files only: the one #include of the library's hdf5.h, and what an open file
 * holds.
 *
 * HDF5 prints its error stack by itself; H5(f, call) silences that for our calls alone, and keeps
 * the innermost message, which says most, for the WHY of an error line.
 */
#ifndef GY_STORE_HDF5_IMPL_H
#define GY_STORE_HDF5_IMPL_H

#include "store/hdf5.h"

#include <stdint.h>

#include <hdf5.h>

enum { GY_H5_WHY = 200 };

/** The file under HDF5, see hdf5_driver.c. */
typedef struct gy_h5_disk {
    gy_context *ctx;
    const char *path;
    int fd;
    int failed;    /* errno of the first failure to read or write; 0 = none */
    bool attached; /* to HDF5 */
    hid_t driver; /* held until the file is closed: HDF5 looks at it once more when it has let go */
} gy_h5_disk;

struct gy_h5 {
    gy_context *ctx;
    char *path;
    gy_status status; /* of failures */
    int nested;       /* a source of a virtual data set, which is one of another, … */
    bool written, sealed;
    hid_t id;
    gy_h5_disk disk;
    int depth;         /* of H5() */
    H5E_auto2_t print; /* the caller's error printing, restored after each call */
    void *print_user;
    char why[GY_H5_WHY];
};

typedef struct gy_h5_map gy_h5_map;
typedef struct gy_h5_packed gy_h5_packed;

struct gy_h5_data {
    gy_h5 *f;
    const char *name;
    hid_t id;
    gy_h5_type type;
    bool is_integer, is_elsewhere; /* elsewhere: raw data in another file */
    gy_h5_map *map;                /* of a virtual one; else NULL */
    gy_shape shape;
    gy_h5_chunk chunk;
    gy_h5_packed *packed; /* its chunks can be unpacked here; else NULL */
    int64_t plain_at; /* where in the file its numbers lie as they do in memory; −1: they do not */
};

/** Rows of the first axis and, of each, entries of the second. */
typedef struct gy_h5_part {
    int64_t first, n, from, count;
} gy_h5_part;

/** Bytes of the disk; behind the end of the file there are zeros. false: disk->failed says why. */
bool gy_h5_disk_read(gy_h5_disk *disk, int64_t at, size_t n, void *bytes);

/** Finds the chunks of a data set that has some. */
gy_status gy_h5_chunk_find(gy_h5_data *d, hid_t creation);
/** Finds whether a data set lies in the file as it does in memory. @param type  of it in memory */
gy_status gy_h5_plain_find(gy_h5_data *d, hid_t type);
/** Whether such a part of it is one run of bytes there. */
bool gy_h5_plain_has(const gy_h5_data *d, const gy_h5_part *part);
gy_status gy_h5_plain_read(gy_h5_data *d, const gy_h5_part *part, void *out);

/** Finds whether its chunks, of whole rows, can be unpacked here, into d->packed. @param type  in memory */
gy_status gy_h5_packed_find(gy_h5_data *d, hid_t creation, hid_t type);
void gy_h5_packed_free(gy_h5_packed *p);
/** Whether a part is one such chunk. */
bool gy_h5_packed_has(const gy_h5_data *d, const gy_h5_part *part);
/** @param done  out; false: that chunk is one for HDF5, and nothing was read */
gy_status gy_h5_packed_read(gy_h5_data *d, const gy_h5_part *part, void *out, bool *done);

/** Reads what of a data set is selected. @param type  in memory */
gy_status gy_h5_data_take(gy_h5_data *d, hid_t type, hid_t memory, hid_t file, void *out);

/** What a virtual data set is made of, into d->map; freed at any stage. */
gy_status gy_h5_map_create(gy_h5_data *d);
void gy_h5_map_free(gy_h5_map *map);
gy_status gy_h5_map_chunk(gy_h5_map *map, gy_h5_chunk *out);
/** The same as gy_h5_data_take(), of its sources. */
gy_status gy_h5_map_take(gy_h5_map *map, hid_t type, hid_t memory, hid_t box, void *out);

/** Runs a call of HDF5 in silence; its result as int64_t, < 0 where it failed. */
#define H5(f, call) gy_h5_called((f), (gy_h5_calling(f), (int64_t)(call)))
void gy_h5_calling(gy_h5 *f);
int64_t gy_h5_called(gy_h5 *f, int64_t result);

/** Raises after a failed call: `what` (path:object): why HDF5 or the disk says so. */
gy_status gy_h5_fail(gy_h5 *f, const char *what, const char *object);

/** Passes a failed call up. */
#define GY_H5(f, call, what, object)                                                               \
    do {                                                                                           \
        if (H5(f, call) < 0) return gy_h5_fail(f, what, object);                                   \
    } while (0)

/** Gives a new object that is open an attribute. @param mark  NULL: none */
bool gy_h5_attach(gy_h5 *f, hid_t id, const gy_h5_mark *mark);

typedef struct gy_h5_way gy_h5_way;

struct gy_h5_maker {
    gy_h5 *f;
    gy_h5_way *way; /* to the last one's group */
    hid_t mapped;   /* how virtual data sets are made */
};

/** A new data set of float32, open; the groups above it are made. < 0: failed. */
hid_t gy_h5_make(gy_h5_maker *m, const char *name, hid_t space, hid_t creation);
hid_t gy_h5_space(gy_h5 *f, const gy_shape *shape);

/** A file-access property list over the disk. < 0: failed. */
hid_t gy_h5_access(gy_h5 *f);

#endif
