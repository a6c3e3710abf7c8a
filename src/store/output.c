/*
 * A whole file in the making: written beside its place under a name of its own, then given the name.
 * Until then, and whatever goes wrong, what was there before stays as it is. A file of a checkpoint is
 * never replaced.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct gy_output {
    gy_context *ctx;
    gy_pool pool;
    const char *path, *name; /* its place; what it is called until it is whole */
    bool is_made, is_folder;
    int fd; /* of what gy_output_add() writes; −1: nothing so far */
};

static gy_status cannot_write(const char *path)
{
    return gy_raise(GY_E_IO, "cannot write the file" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
}

/* A folder takes the place of nothing. */
static gy_status make_folder(gy_output *o, gy_lies there)
{
    size_t n = strlen(o->path);
    errno = EEXIST;
    if (there != GY_IS_NONE) return cannot_write(o->path);
    while (n > 1 && o->path[n - 1] == '/') n--;
    GY_TRY(gy_pool_format(&o->pool, &o->path, "%.*s", (int)n, o->path));
    GY_TRY(gy_temporary_name(&o->pool, o->path, &o->name));
    GY_TRY(gy_directory_make_new(o->name));
    o->is_made = true;
    return GY_OK;
}

static gy_status make(gy_output *o, const char *path)
{
    gy_lies there;
    uint64_t seal;
    bool is_there;
    GY_TRY(gy_pool_string(&o->pool, path, &o->path));
    GY_TRY(gy_path_kind(path, &there));
    if (o->is_folder) return make_folder(o, there);
    errno = EISDIR;
    if (there == GY_IS_DIRECTORY) return cannot_write(path);
    GY_TRY(gy_seal_read(path, &seal, &is_there));
    GY_REQUIRE(seal == 0, GY_E_USAGE,
               "cannot write the file" GY_AT "%s" GY_WHY "it is part of a checkpoint" GY_HINT
               "give the output another name",
               path);
    GY_TRY(gy_temporary_name(&o->pool, path, &o->name));
    int fd = open(o->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return cannot_write(path);
    (void)close(fd);
    o->is_made = true;
    return GY_OK;
}

static gy_status begin(gy_context *ctx, const char *path, bool is_folder, gy_output **out)
{
    gy_status status;
    gy_output *o;
    GY_TRY(gy_new(ctx, &o));
    o->ctx = ctx;
    o->fd = -1;
    o->is_folder = is_folder;
    gy_pool_init(&o->pool, ctx);
    GY_TRY_GOTO(fail, make(o, path));
    *out = o;
    return GY_OK;
fail:
    gy_output_abort(o);
    return status;
}

gy_status gy_output_begin(gy_context *ctx, const char *path, gy_output **out)
{
    return begin(ctx, path, false, out);
}

gy_status gy_output_begin_folder(gy_context *ctx, const char *path, gy_output **out)
{
    return begin(ctx, path, true, out);
}

const char *gy_output_name(const gy_output *o)
{
    return o->name;
}

gy_status gy_output_add(gy_output *o, const void *bytes, size_t n)
{
    if (o->fd < 0) o->fd = open(o->name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (o->fd < 0) return cannot_write(o->path);
    return gy_file_append(o->ctx, o->fd, o->path, bytes, n);
}

gy_status gy_output_spare(const gy_output *o, const char *input)
{
    bool same;
    GY_TRY(gy_path_is_same(o->path, input, &same));
    GY_REQUIRE(!same, GY_E_USAGE,
               "cannot write the file" GY_AT "%s" GY_WHY "it is read, too, as %s" GY_HINT
               "give the output another name",
               o->path, input);
    return GY_OK;
}

gy_status gy_output_commit(gy_output *o)
{
    bool syncs = o->is_folder || o->fd >= 0;
    gy_status status = syncs ? gy_path_sync(o->ctx, o->name) : GY_OK;
    if (status == GY_OK) status = gy_path_rename(o->ctx, o->name, o->path);
    if (status == GY_OK) o->is_made = false;
    gy_output_abort(o);
    return status;
}

void gy_output_abort(gy_output *o)
{
    if (o == NULL) return;
    gy_context *ctx = o->ctx;
    if (o->fd >= 0) (void)close(o->fd);
    if (o->is_made && !o->is_folder) (void)unlink(o->name);
    if (o->is_made && o->is_folder && gy_tree_remove(o->name) != GY_OK) {
    } /* its files are nobody's */
    gy_pool_clear(&o->pool);
    gy_free(ctx, o);
}
