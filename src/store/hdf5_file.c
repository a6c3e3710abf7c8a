/*
 * HDF5 files: opening, closing, groups, walking, and the errors of all calls.
 *
 * The descriptor is ours (see hdf5_driver.c), so that what the system says of a file that is a
 * directory, missing or unreadable is said before HDF5 comes in.
 */
#include "hdf5_impl.h"

#include "disk_impl.h"
#include "seal_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *gy_h5_library(void)
{
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
    return "HDF5 " TEXT(H5_VERS_MAJOR) "." TEXT(H5_VERS_MINOR) "." TEXT(H5_VERS_RELEASE);
#undef TEXT
#undef TEXT_OF
}

/* What could not be read in part cannot always be tidied up: "infinite loop closing library". */
void gy_h5_own_process(void)
{
    (void)H5dont_atexit();
}

void gy_h5_calling(gy_h5 *f)
{
    if (f->depth++ > 0) return;
    (void)H5Eget_auto2(H5E_DEFAULT, &f->print, &f->print_user);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t keep_first(unsigned n, const H5E_error2_t *error, void *user)
{
    gy_h5 *f = user;
    if (n == 0 && error->desc != NULL) (void)snprintf(f->why, sizeof f->why, "%s", error->desc);
    return 0;
}

int64_t gy_h5_called(gy_h5 *f, int64_t result)
{
    if (result < 0) {
        (void)snprintf(f->why, sizeof f->why, "HDF5 failed");
        (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, f);
    }
    if (--f->depth == 0) (void)H5Eset_auto2(H5E_DEFAULT, f->print, f->print_user);
    if (f->disk.failed != 0 && !f->written) return -1; /* of bytes that could not be read */
    return result;
}

gy_status gy_h5_fail(gy_h5 *f, const char *what, const char *object)
{
    const char *why = f->disk.failed != 0 ? strerror(f->disk.failed) : f->why;
    return gy_raise(f->status, "%s" GY_AT "%s%s%s" GY_WHY "%s", what, f->path,
                    object == NULL ? "" : ":", object == NULL ? "" : object, why);
}

static gy_status new_file(gy_context *ctx, const char *path, gy_status status, gy_h5 **out)
{
    gy_h5 *f;
    GY_TRY(gy_new(ctx, &f));
    *f = (gy_h5){.ctx = ctx, .status = status, .id = -1, .disk = {.fd = -1, .driver = -1}};
    status = gy_copy_string(ctx, path, &f->path);
    if (status != GY_OK) {
        gy_free(ctx, f);
        return status;
    }
    f->disk.ctx = ctx;
    f->disk.path = f->path;
    *out = f;
    return GY_OK;
}

/* Frees at any stage, what the disk said in vain notwithstanding. */
static void drop(gy_h5 *f)
{
    if (f->id >= 0) (void)H5(f, H5Fclose(f->id));
    if (f->disk.driver >= 0) (void)H5(f, H5FDunregister(f->disk.driver));
    if (f->disk.fd >= 0) (void)close(f->disk.fd);
    gy_free(f->ctx, f->path);
    gy_free(f->ctx, f);
}

static gy_status open_descriptor(gy_h5 *f)
{
    struct stat info;
    f->disk.fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    GY_REQUIRE(f->disk.fd >= 0 && fstat(f->disk.fd, &info) == 0, f->status,
               "cannot open the HDF5 file" GY_AT "%s" GY_WHY "%s", f->path, strerror(errno));
    GY_REQUIRE(!S_ISDIR(info.st_mode), f->status,
               "cannot open the HDF5 file" GY_AT "%s" GY_WHY "it is a directory", f->path);
    GY_REQUIRE(S_ISREG(info.st_mode), f->status,
               "cannot open the HDF5 file" GY_AT "%s" GY_WHY "it is no regular file", f->path);
    return GY_OK;
}

static gy_status open_hdf5(gy_h5 *f)
{
    hid_t access = gy_h5_access(f);
    if (access < 0) return gy_h5_fail(f, "cannot open the HDF5 file", NULL);
    f->id = (hid_t)H5(f, H5Fopen(f->path, H5F_ACC_RDONLY, access));
    gy_status status = f->id < 0 ? gy_h5_fail(f, "cannot open the HDF5 file", NULL) : GY_OK;
    (void)H5(f, H5Pclose(access));
    return status;
}

gy_status gy_h5_open(gy_context *ctx, const char *path, gy_status status, gy_h5 **out)
{
    gy_h5 *f;
    GY_TRY(new_file(ctx, path, status, &f));
    GY_TRY_GOTO(fail, open_descriptor(f));
    GY_TRY_GOTO(fail, open_hdf5(f));
    *out = f;
    return GY_OK;
fail:
    drop(f);
    return status;
}

static gy_status create_hdf5(gy_h5 *f)
{
    static const char what[] = "cannot create the HDF5 file";
    gy_status status = GY_OK;
    f->disk.fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    GY_REQUIRE(f->disk.fd >= 0, f->status, "%s" GY_AT "%s" GY_WHY "%s", what, f->path,
               strerror(errno));
    hid_t access = gy_h5_access(f), creation = (hid_t)H5(f, H5Pcreate(H5P_FILE_CREATE));
    if (access < 0 || creation < 0) status = gy_h5_fail(f, what, NULL);
    if (status == GY_OK && f->sealed && H5(f, H5Pset_userblock(creation, GY_SEAL_BYTES)) < 0)
        status = gy_h5_fail(f, what, NULL);
    if (status == GY_OK) f->id = (hid_t)H5(f, H5Fcreate(f->path, H5F_ACC_TRUNC, creation, access));
    if (status == GY_OK && f->id < 0) status = gy_h5_fail(f, what, NULL);
    if (access >= 0) (void)H5(f, H5Pclose(access));
    if (creation >= 0) (void)H5(f, H5Pclose(creation));
    return status;
}

static gy_status create(gy_context *ctx, const char *path, bool sealed, gy_h5 **out)
{
    gy_status status;
    gy_h5 *f;
    GY_TRY(new_file(ctx, path, GY_E_IO, &f));
    f->written = true;
    f->sealed = sealed;
    GY_TRY_GOTO(fail, create_hdf5(f));
    *out = f;
    return GY_OK;
fail:
    drop(f);
    return status;
}

gy_status gy_h5_create(gy_context *ctx, const char *path, gy_h5 **out)
{
    return create(ctx, path, false, out);
}

gy_status gy_h5_create_sealed(gy_context *ctx, const char *path, gy_h5 **out)
{
    return create(ctx, path, true, out);
}

gy_status gy_h5_close(gy_h5 *f)
{
    static const char what[] = "cannot write the HDF5 file";
    gy_status status = GY_OK;
    if (f == NULL) return GY_OK;
    int64_t closed = H5(f, H5Fclose(f->id));
    f->id = -1;
    if (f->written && (closed < 0 || f->disk.failed != 0)) status = gy_h5_fail(f, what, NULL);
    if (f->written && status == GY_OK && f->sealed)
        status = gy_seal_put(f->ctx, f->path, f->disk.fd);
    if (f->written && status == GY_OK && gy_disk_flush(f->ctx, f->disk.fd) != 0) {
        f->disk.failed = errno;
        status = gy_h5_fail(f, what, NULL);
    }
    if (f->sealed && status == GY_OK) gy_disk_tear(f->ctx, f->disk.fd);
    drop(f);
    return status;
}

enum { LONGEST = 1024 };

/* The path up to its next link: "/a", then "/a/b". @param end  where it ended; begin with 0 */
static bool next_link(const char *name, size_t *end, char part[LONGEST])
{
    size_t n = *end;
    if (name[n] == '\0') return false;
    for (n++; name[n] != '/' && name[n] != '\0'; n++) {}
    if (n >= LONGEST) return false;
    memcpy(part, name, n);
    part[n] = '\0';
    *end = n;
    return true;
}

bool gy_h5_exists(gy_h5 *f, const char *name)
{
    return H5(f, H5Oexists_by_name(f->id, name, H5P_DEFAULT)) > 0; /* no dangling link on the way */
}

bool gy_h5_is_elsewhere(gy_h5 *f, const char *name)
{
    char part[LONGEST];
    size_t end = 0;
    H5L_info_t info;
    while (next_link(name, &end, part)) {
        if (H5(f, H5Lexists(f->id, part, H5P_DEFAULT)) <= 0) return false;
        if (H5(f, H5Lget_info(f->id, part, &info, H5P_DEFAULT)) < 0) return false;
        if (info.type == H5L_TYPE_EXTERNAL) return true;
    }
    return false;
}

gy_status gy_h5_group(gy_h5 *f, const char *name)
{
    static const char what[] = "cannot make the group";
    if (gy_h5_exists(f, name)) {
        hid_t there = (hid_t)H5(f, H5Gopen2(f->id, name, H5P_DEFAULT));
        if (there < 0) return gy_h5_fail(f, what, name);
        (void)H5(f, H5Gclose(there));
        return GY_OK;
    }
    hid_t links = (hid_t)H5(f, H5Pcreate(H5P_LINK_CREATE)), group = -1;
    if (links >= 0 && H5(f, H5Pset_create_intermediate_group(links, 1)) >= 0)
        group = (hid_t)H5(f, H5Gcreate2(f->id, name, links, H5P_DEFAULT, H5P_DEFAULT));
    gy_status status = group < 0 ? gy_h5_fail(f, what, name) : GY_OK;
    if (group >= 0) (void)H5(f, H5Gclose(group));
    if (links >= 0) (void)H5(f, H5Pclose(links));
    return status;
}

/* Names of data sets, collected before anybody is called. */
typedef struct names {
    gy_pool pool;
    const char *group;
    struct named *first, **last;
    gy_status status;
} names;

struct named {
    const char *name;
    struct named *next;
};

static gy_status add_name(names *list, const char *name)
{
    struct named *one;
    GY_TRY(gy_pool_new(&list->pool, &one));
    const char *slash = list->group[strlen(list->group) - 1] == '/' ? "" : "/";
    GY_TRY(gy_pool_format(&list->pool, &one->name, "%s%s%s", list->group, slash, name));
    *list->last = one;
    list->last = &one->next;
    return GY_OK;
}

static herr_t meet(hid_t id, const char *name, const H5O_info_t *info, void *user)
{
    (void)id;
    names *list = user;
    if (info->type != H5O_TYPE_DATASET) return 0;
    list->status = add_name(list, name);
    return list->status == GY_OK ? 0 : 1; /* 1: stop */
}

gy_status gy_h5_visit(gy_h5 *f, const char *group, gy_status (*visit)(void *user, const char *name),
                      void *user)
{
    names list = {.group = group, .last = &list.first};
    gy_pool_init(&list.pool, f->ctx);
    int64_t result = H5(f, H5Ovisit_by_name2(f->id, group, H5_INDEX_NAME, H5_ITER_INC, meet, &list,
                                             H5O_INFO_BASIC, H5P_DEFAULT));
    gy_status status = list.status;
    if (result < 0) status = gy_h5_fail(f, "cannot list the group", group);
    gy_h5_calling(f); /* once for all calls that are made meanwhile */
    for (const struct named *n = list.first; n != NULL && status == GY_OK; n = n->next)
        status = visit(user, n->name);
    (void)gy_h5_called(f, 0);
    gy_pool_clear(&list.pool);
    return status;
}
