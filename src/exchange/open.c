/* Files by what they hold, and by what they are called. */
#include "exchange_list.h"

#include <gyre/exchange.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ENTRY(name) &gy_exchange_##name.kind,
GY_REGISTRY(gy_exchange_registry, "format", ENTRY, GY_EXCHANGE_LIST)
#undef ENTRY

enum { HEAD = 512 };

/* A file's first bytes; a directory has none. */
static gy_status read_head(const char *path, char head[HEAD], size_t *n)
{
    gy_lies there;
    *n = 0;
    GY_TRY(gy_path_kind(path, &there));
    GY_REQUIRE(there != GY_IS_NONE, GY_E_USAGE, "cannot open" GY_AT "%s" GY_WHY "%s", path,
               strerror(ENOENT));
    if (there != GY_IS_FILE) return GY_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, head, HEAD);
    int why = errno;
    if (fd >= 0) (void)close(fd);
    GY_REQUIRE(got >= 0, GY_E_USAGE, "cannot open" GY_AT "%s" GY_WHY "%s", path, strerror(why));
    *n = (size_t)got;
    return GY_OK;
}

gy_status gy_exchange_probe(gy_context *ctx, const char *path, const gy_exchange_kind **out)
{
    char head[HEAD];
    size_t n;
    int best = 0;
    *out = NULL;
    GY_TRY(read_head(path, head, &n));
    for (int i = 0; i < gy_exchange_registry.n; i++) {
        const gy_exchange_kind *kind = gy_exchange_kind_of(gy_exchange_registry.kinds[i]);
        int sure = kind->probe(ctx, path, head, n);
        if (sure <= best) continue;
        best = sure;
        *out = kind;
    }
    return GY_OK;
}

gy_status gy_exchange_is_foreign(gy_context *ctx, const char *path, bool *out)
{
    const gy_exchange_kind *kind;
    GY_TRY(gy_exchange_probe(ctx, path, &kind));
    *out = kind != NULL && kind != &gy_exchange_hdf5;
    return GY_OK;
}

static bool is_folder(const gy_exchange_kind *kind)
{
    return strcmp(kind->ending, "/") == 0;
}

/* A folder's name has no ending. */
static bool is_called(const char *path, const gy_exchange_kind *kind)
{
    const char *slash = strrchr(path, '/'), *ending = kind->ending;
    size_t n = strlen(path), m = strlen(ending);
    if (is_folder(kind) && strchr(slash == NULL ? path : slash + 1, '.') == NULL) return true;
    return n > m && strcmp(path + n - m, ending) == 0;
}

/* Lists what there is: the endings of what is written, or the names of what is read. */
static gy_status refuse(gy_context *ctx, const char *path, bool written)
{
    gy_buffer list;
    gy_buffer_init(&list, ctx);
    for (int i = 0; i < gy_exchange_registry.n; i++) {
        const gy_exchange_kind *kind = gy_exchange_kind_of(gy_exchange_registry.kinds[i]);
        if (written && kind->write == NULL) continue;
        const char *text = is_folder(kind) ? "none (a folder)" : kind->ending;
        gy_buffer_format(&list, "%s%s", list.bytes > 0 ? ", " : "",
                         written ? text : kind->kind.name);
    }
    gy_status status =
        written ? gy_raise(GY_E_USAGE,
                           "cannot write the file" GY_AT "%s" GY_WHY
                           "its name does not tell the format" GY_HINT "end it in one of %s",
                           path, gy_buffer_text(&list))
                : gy_raise(GY_E_DATA, "cannot read the file" GY_AT "%s" GY_WHY "it is none of %s",
                           path, gy_buffer_text(&list));
    gy_buffer_clear(&list);
    return status;
}

gy_status gy_exchange_by_ending(gy_context *ctx, const char *path, const gy_exchange_kind **out)
{
    for (int i = 0; i < gy_exchange_registry.n; i++) {
        *out = gy_exchange_kind_of(gy_exchange_registry.kinds[i]);
        if ((*out)->write != NULL && is_called(path, *out)) return GY_OK;
    }
    return refuse(ctx, path, true);
}

gy_status gy_tensors_open(gy_context *ctx, const char *path, gy_tensors *out)
{
    *out = (gy_tensors){.ctx = ctx};
    gy_pool_init(&out->pool, ctx);
    GY_TRY(gy_pool_string(&out->pool, path, &out->path));
    GY_TRY(gy_exchange_probe(ctx, path, &out->kind));
    if (out->kind == NULL) return refuse(ctx, path, false);
    return out->kind->open(out);
}

void gy_tensors_close(gy_tensors *t)
{
    if (t->ctx == NULL) return;
    if (t->kind != NULL) t->kind->close(t);
    gy_pool_clear(&t->pool);
    *t = (gy_tensors){.ctx = NULL};
}

gy_status gy_cargo_write(const gy_exchange_kind *kind, const gy_cargo *cargo, const char *path)
{
    gy_output *out;
    GY_TRY(is_folder(kind) ? gy_output_begin_folder(cargo->ctx, path, &out)
                           : gy_output_begin(cargo->ctx, path, &out));
    gy_status status = kind->write(cargo, out);
    if (status == GY_OK) return gy_output_commit(out);
    gy_error first = *gy_error_last();
    gy_output_abort(out);
    return gy_error_restore(&first);
}

bool gy_exchange_describe(gy_context *ctx, const char *format,
                          void (*line)(void *user, const char *text), void *user)
{
    gy_buffer out;
    bool found = false;
    gy_buffer_init(&out, ctx);
    for (int i = 0; i < gy_exchange_registry.n; i++) {
        const gy_exchange_kind *kind = gy_exchange_kind_of(gy_exchange_registry.kinds[i]);
        if (format != NULL && strcmp(kind->kind.name, format) != 0) continue;
        found = true;
        gy_buffer_reset(&out);
        gy_buffer_format(&out, "  %-12s %-13s %s%s", kind->kind.name,
                         is_folder(kind) ? "(a folder)" : kind->ending, kind->kind.help,
                         kind->write == NULL ? " (import)" : "");
        line(user, gy_buffer_text(&out));
    }
    gy_buffer_clear(&out);
    return found;
}
