/*
 * A whole file in the making: written beside its place under a name of its own, then given the name.
 * Until then, and whatever goes wrong, what was there before stays as it is.
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
    bool is_made;
    int fd; /* of what gy_output_add() writes; −1: nothing so far */
};

static gy_status cannot_write(const char *path)
{
    return gy_raise(GY_E_IO, "cannot write the file" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
}

static gy_status make(gy_output *o, const char *path)
{
    gy_lies there;
    GY_TRY(gy_pool_string(&o->pool, path, &o->path));
    GY_TRY(gy_path_kind(path, &there));
    errno = EISDIR;
    if (there == GY_IS_DIRECTORY) return cannot_write(path);
    GY_TRY(gy_temporary_name(&o->pool, path, &o->name));
    int fd = open(o->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return cannot_write(path);
    (void)close(fd);
    o->is_made = true;
    return GY_OK;
}

gy_status gy_output_begin(gy_context *ctx, const char *path, gy_output **out)
{
    gy_status status;
    gy_output *o;
    GY_TRY(gy_new(ctx, &o));
    o->ctx = ctx;
    o->fd = -1;
    gy_pool_init(&o->pool, ctx);
    GY_TRY_GOTO(fail, make(o, path));
    *out = o;
    return GY_OK;
fail:
    gy_output_abort(o);
    return status;
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
    gy_status status = o->fd < 0 ? GY_OK : gy_path_sync(o->ctx, o->name);
    if (status == GY_OK) status = gy_path_rename(o->ctx, o->name, o->path);
    gy_output_abort(o);
    return status;
}

void gy_output_abort(gy_output *o)
{
    if (o == NULL) return;
    gy_context *ctx = o->ctx;
    if (o->fd >= 0) (void)close(o->fd);
    if (o->is_made) (void)unlink(o->name); /* where it has its own name there is none of this */
    gy_pool_clear(&o->pool);
    gy_free(ctx, o);
}
