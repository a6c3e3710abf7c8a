/* The files that a source names. */
#include "files.h"

#include "store/file.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20 };

typedef struct list {
    gy_pool *pool;
    const char **files; /* [room] */
    int n, room;
} list;

static gy_status add(list *l, const char *path)
{
    if (l->n == l->room) {
        const char **more;
        GY_REQUIRE(l->room < MOST, GY_E_DATA, "too many files" GY_AT "%s", path);
        GY_TRY(gy_pool_array(l->pool, 2 * (int64_t)l->room + 4, &more));
        if (l->n > 0) memcpy(more, l->files, (size_t)l->n * sizeof *more);
        l->files = more;
        l->room = 2 * l->room + 4;
    }
    return gy_pool_string(l->pool, path, &l->files[l->n++]);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gy_status add_matching(list *l, const char *pattern)
{
    glob_t found;
    const int begin = l->n;
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    gy_status status = GY_OK;
    for (size_t i = 0; result == 0 && i < found.gl_pathc && status == GY_OK; i++)
        status = add(l, found.gl_pathv[i]);
    globfree(&found);
    GY_TRY(status);
    GY_REQUIRE(result == 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "%s", pattern,
               result == GLOB_NOMATCH ? "no file matches" : "its directory cannot be read");
    qsort(l->files + begin, (size_t)(l->n - begin), sizeof *l->files, by_bytes);
    return GY_OK;
}

gy_status gy_files_list(gy_pool *pool, char *text, const char *const **out, int *n)
{
    list l = {.pool = pool};
    for (char *path; (path = strsep(&text, ",")) != NULL;) {
        gy_lies there;
        GY_TRY(gy_path_kind(path, &there));
        if (there == GY_IS_NONE && strpbrk(path, "*[") != NULL)
            GY_TRY(add_matching(&l, path));
        else
            GY_TRY(add(&l, path));
    }
    *out = l.files;
    *n = l.n;
    return GY_OK;
}
