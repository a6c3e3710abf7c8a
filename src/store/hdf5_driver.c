/*
 * How HDF5 reaches the disk: a virtual file driver over a descriptor that we open and close.
 *
 * HDF5's own driver has three faults here. After a write that failed (a full disk) a file of it
 * cannot be closed any more, and the library complains when the program ends. It locks files, which
 * parallel file systems refuse. And it opens whatever other files a file points to. This driver
 *
 *  1. remembers the first failure and lets HDF5 believe that all went well, so that everything can
 *     be closed; gy_h5_close() then raises the failure with the system's own words;
 *  2. knows no locks;
 *  3. opens the one file it was made for: external links lead nowhere, and HDF5 finds no source of a
 *     virtual data set, see hdf5_mapped.c.
 */
#include "hdf5_impl.h"

#include "base/pulse.h"
#include "disk_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* What HDF5 holds of an open file; begins with HDF5's part. */
typedef struct driven {
    H5FD_t head;
    gy_h5_disk *disk;
    haddr_t end;   /* of what HDF5 has allotted */
    haddr_t bytes; /* of the file */
} driven;

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    (void)most;
    gy_h5_disk *const *disk = H5Pget_driver_info(access);
    if (disk == NULL || (*disk)->attached || strcmp(name, (*disk)->path) != 0) return NULL;
    struct stat info;
    if ((flags & H5F_ACC_TRUNC) != 0 && ftruncate((*disk)->fd, 0) != 0) (*disk)->failed = errno;
    if (fstat((*disk)->fd, &info) != 0) return NULL;
    driven *d = calloc(1, sizeof *d); /* HDF5's life, not a context's */
    if (d == NULL) return NULL;
    d->disk = *disk;
    d->disk->attached = true;
    d->bytes = (haddr_t)info.st_size;
    return &d->head;
}

static herr_t close_file(H5FD_t *head)
{
    driven *d = (driven *)head;
    d->disk->attached = false;
    free(d);
    return 0;
}

static herr_t query(const H5FD_t *head, unsigned long *flags)
{
    (void)head;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_end(const H5FD_t *head, H5FD_mem_t type)
{
    (void)type;
    return ((const driven *)head)->end;
}

static herr_t set_end(H5FD_t *head, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((driven *)head)->end = end;
    return 0;
}

static haddr_t get_bytes(const H5FD_t *head, H5FD_mem_t type)
{
    (void)type;
    return ((const driven *)head)->bytes;
}

bool gy_h5_disk_read(gy_h5_disk *disk, int64_t at, size_t n, void *bytes)
{
    char *to = bytes;
    while (n > 0) {
        ssize_t got = pread(disk->fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            if (disk->failed == 0) disk->failed = errno;
            return false;
        }
        if (got == 0) break;
        gy_pulse_beat(disk->ctx);
        to += got;
        at += got;
        n -= (size_t)got;
    }
    memset(to, 0, n);
    return true;
}

static herr_t read_bytes(H5FD_t *head, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t n,
                         void *bytes)
{
    (void)type;
    (void)transfer;
    return gy_h5_disk_read(((driven *)head)->disk, (int64_t)at, n, bytes) ? 0 : -1;
}

static herr_t write_bytes(H5FD_t *head, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t n,
                          const void *bytes)
{
    (void)type;
    (void)transfer;
    driven *d = (driven *)head;
    const char *from = bytes;
    while (n > 0 && d->disk->failed == 0) {
        ssize_t put = gy_disk_write_at(d->disk->ctx, d->disk->fd, from, n, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            d->disk->failed = put < 0 ? errno : ENOSPC;
            break;
        }
        from += put;
        at += (haddr_t)put;
        n -= (size_t)put;
        if (at > d->bytes) d->bytes = at;
    }
    return 0;
}

static herr_t truncate_file(H5FD_t *head, hid_t transfer, hbool_t closing)
{
    (void)transfer;
    (void)closing;
    driven *d = (driven *)head;
    if (d->end == d->bytes) return 0;
    if (d->disk->failed == 0 && ftruncate(d->disk->fd, (off_t)d->end) != 0) d->disk->failed = errno;
    d->bytes = d->end;
    return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)640,
#endif
    .name = "gyre",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(gy_h5_disk *),
    .open = open_file,
    .close = close_file,
    .query = query,
    .get_eoa = get_end,
    .set_eoa = set_end,
    .get_eof = get_bytes,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = truncate_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY};

hid_t gy_h5_access(gy_h5 *f)
{
    gy_h5_disk *disk = &f->disk;
    hid_t access = (hid_t)H5(f, H5Pcreate(H5P_FILE_ACCESS));
    if (access < 0) return access;
    hid_t id = disk->driver = (hid_t)H5(f, H5FDregister(&driver));
    /* one format whatever the library: 1.10 has large attributes and virtual data sets */
    bool good = id >= 0 && H5(f, H5Pset_driver(access, id, &disk)) >= 0 &&
                H5(f, H5Pset_fclose_degree(access, H5F_CLOSE_STRONG)) >= 0 &&
                H5(f, H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110)) >= 0;
    if (good) return access;
    (void)H5(f, H5Pclose(access));
    return -1;
}
