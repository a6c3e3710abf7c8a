/*
 * Virtual data sets, read: what their mappings put together lies in data sets of other files, which are
 * opened when something of them is asked for.
 *
 * HDF5 would do this by itself, and take the fill value for all that it cannot open. Here that is an
 * error; only what no mapping is for is filled. No file is opened that lies outside the folder of the
 * virtual one: relative names do not go up, absolute ones are looked up.
 */
#include "hdf5_impl.h"

#include "base/count.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_OPEN = 32, DEEPEST = 4, LONGEST = 4096 };

/* One mapping: a part of the virtual data set that is a part of another one, element by element. */
typedef struct piece {
    const char *path, *name;             /* of the other one */
    hid_t here, there;                   /* dataspaces, the parts selected; −1: not yet */
    hsize_t low[GY_DIMS], high[GY_DIMS]; /* the box around the part here */
    gy_h5 *file;                         /* NULL: closed at the moment */
    gy_h5_data *data;
} piece;

struct gy_h5_map {
    gy_h5_data *d;
    gy_pool pool;
    hid_t creation; /* its properties: the fill value */
    piece *pieces;  /* [n] */
    int64_t n;
    piece *opened[MOST_OPEN]; /* the oldest at `oldest` */
    int oldest;
};

static gy_status refuse(const gy_h5_data *d, const char *why, const char *what)
{
    return gy_raise(d->f->status,
                    "cannot read the virtual data set" GY_AT "%s:%s" GY_WHY "%s%s" GY_HINT
                    "copy it into a file of its own, e.g. by h5py: new[name] = old[name][...]",
                    d->f->path, d->name, why, what);
}

static bool goes_up(const char *path)
{
    for (; *path != '\0'; path += strcspn(path, "/"), path += *path == '/')
        if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0')) return true;
    return false;
}

/* Whether a path, followed to its end, is in a folder or below. */
static bool is_below(const char *folder, const char *path)
{
    char *root = realpath(folder, NULL), *place = realpath(path, NULL);
    size_t n = root == NULL ? 0 : strlen(root);
    bool below = n > 0 && place != NULL && strncmp(root, place, n) == 0 &&
                 (place[n] == '/' || root[n - 1] == '/');
    free(root);
    free(place);
    return below;
}

/* Where a source lies, which a file names as from its own folder. */
static gy_status find_file(gy_h5_map *map, const char *name, const char **out)
{
    const gy_h5 *f = map->d->f;
    const char *slash = strrchr(f->path, '/'), *folder;
    gy_lies there;
    if (strcmp(name, ".") == 0) return gy_pool_string(&map->pool, f->path, out);
    GY_TRY(gy_pool_format(&map->pool, &folder, "%.*s",
                          slash == NULL ? 2 : (int)(slash - f->path + 1),
                          slash == NULL ? "./" : f->path));
    GY_TRY(gy_pool_format(&map->pool, out, "%s%s", name[0] == '/' || slash == NULL ? "" : folder,
                          name));
    if (goes_up(name)) return refuse(map->d, "it would read a file of another folder, ", name);
    GY_TRY(gy_path_kind(*out, &there));
    GY_REQUIRE(there != GY_IS_NONE, f->status,
               "cannot read the virtual data set" GY_AT "%s:%s" GY_WHY
               "a part of it is to lie in %s: %s",
               f->path, map->d->name, *out, "No such file");
    bool apart = name[0] == '/' && !is_below(folder, name);
    return apart ? refuse(map->d, "it would read a file of another folder, ", name) : GY_OK;
}

/* A name that a mapping has, by one of two functions of HDF5. */
static gy_status read_name(gy_h5_map *map, int64_t i, const char **out,
                           ssize_t (*get)(hid_t, size_t, char *, size_t))
{
    gy_h5 *f = map->d->f;
    char *name;
    int64_t n = H5(f, get(map->creation, (size_t)i, NULL, 0));
    if (n < 0 || n > LONGEST) return gy_h5_fail(f, "cannot read the mapping", map->d->name);
    GY_TRY(gy_pool_alloc(&map->pool, (size_t)n + 1, (void **)&name));
    *out = name;
    GY_H5(f, get(map->creation, (size_t)i, name, (size_t)n + 1), "cannot read the mapping",
          map->d->name);
    return GY_OK;
}

static gy_status read_piece(gy_h5_map *map, int64_t i)
{
    gy_h5 *f = map->d->f;
    piece *p = &map->pieces[i];
    const char *file;
    p->here = (hid_t)H5(f, H5Pget_virtual_vspace(map->creation, (size_t)i));
    p->there = (hid_t)H5(f, H5Pget_virtual_srcspace(map->creation, (size_t)i));
    if (p->here < 0 || p->there < 0) return gy_h5_fail(f, "cannot read the mapping", map->d->name);
    if (H5(f, H5Sget_select_npoints(p->here)) < 0 || H5(f, H5Sget_select_npoints(p->there)) < 0)
        return refuse(map->d, "it has no size of its own, but grows with others", "");
    GY_REQUIRE(H5(f, H5Sget_simple_extent_ndims(p->here)) == map->d->shape.n, f->status,
               "cannot read the mapping" GY_AT "%s:%s" GY_WHY "it has other axes", f->path,
               map->d->name);
    GY_H5(f, H5Sget_select_bounds(p->here, p->low, p->high), "cannot read the mapping",
          map->d->name);
    GY_TRY(read_name(map, i, &p->name, H5Pget_virtual_dsetname));
    GY_TRY(read_name(map, i, &file, H5Pget_virtual_filename));
    bool same = i > 0 && strcmp(file, ".") == 0 && strcmp(p[-1].path, f->path) == 0;
    if (same) p->path = p[-1].path;
    return same ? GY_OK : find_file(map, file, &p->path);
}

static gy_status read_pieces(gy_h5_map *map)
{
    gy_h5 *f = map->d->f;
    size_t n;
    map->creation = (hid_t)H5(f, H5Dget_create_plist(map->d->id));
    if (map->creation < 0) return gy_h5_fail(f, "cannot read the mapping", map->d->name);
    GY_H5(f, H5Pget_virtual_count(map->creation, &n), "cannot read the mapping", map->d->name);
    GY_TRY(gy_pool_array(&map->pool, n, &map->pieces));
    for (size_t i = 0; i < n; i++) map->pieces[i] = (piece){.here = -1, .there = -1};
    map->n = (int64_t)n;
    for (int64_t i = 0; i < map->n; i++) GY_TRY(read_piece(map, i));
    return GY_OK;
}

gy_status gy_h5_map_create(gy_h5_data *d)
{
    GY_TRY(gy_new(d->f->ctx, &d->map));
    *d->map = (gy_h5_map){.d = d, .creation = -1};
    gy_pool_init(&d->map->pool, d->f->ctx);
    GY_REQUIRE(d->f->nested < DEEPEST, d->f->status,
               "cannot read the virtual data set" GY_AT "%s:%s" GY_WHY
               "it is made of virtual ones, these of others, and so on",
               d->f->path, d->name);
    gy_h5_calling(d->f); /* once for all calls in it */
    gy_status status = read_pieces(d->map);
    (void)gy_h5_called(d->f, 0);
    return status;
}

static void close_piece(piece *p)
{
    if (p == NULL || p->file == NULL) return;
    gy_h5_data_close(p->data);
    if (gy_h5_close(p->file) != GY_OK) {} /* nothing was written: nothing is lost */
    p->file = NULL;
    p->data = NULL;
}

void gy_h5_map_free(gy_h5_map *map)
{
    if (map == NULL) return;
    gy_h5 *f = map->d->f;
    for (int i = 0; i < MOST_OPEN; i++) close_piece(map->opened[i]);
    for (int64_t i = 0; i < map->n; i++) {
        if (map->pieces[i].here >= 0) (void)H5(f, H5Sclose(map->pieces[i].here));
        if (map->pieces[i].there >= 0) (void)H5(f, H5Sclose(map->pieces[i].there));
    }
    if (map->creation >= 0) (void)H5(f, H5Pclose(map->creation));
    gy_pool_clear(&map->pool);
    gy_free(f->ctx, map);
}

static gy_status open_piece(gy_h5_map *map, piece *p)
{
    gy_h5 *f = map->d->f;
    if (p->data != NULL) return GY_OK;
    piece **place = &map->opened[map->oldest];
    close_piece(p); /* of a try that failed */
    close_piece(*place);
    *place = NULL;
    GY_TRY(gy_h5_open(f->ctx, p->path, f->status, &p->file));
    p->file->nested = f->nested + 1;
    *place = p;
    map->oldest = (map->oldest + 1) % MOST_OPEN;
    return gy_h5_data_open(p->file, p->name, &p->data);
}

/* Whether a source, open, holds what its mapping is for; the selection gets its extent then. */
static bool settle(gy_h5 *f, piece *p)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK], lengths[GY_DIMS] = {0};
    const gy_shape *s = gy_h5_data_shape(p->data);
    bool whole = H5(f, H5Sget_select_type(p->there)) == H5S_SEL_ALL; /* kept without an extent */
    bool good = whole || (H5(f, H5Sget_simple_extent_ndims(p->there)) == s->n &&
                          H5(f, H5Sget_select_bounds(p->there, low, high)) >= 0);
    for (int i = 0; i < s->n && good; i++) {
        lengths[i] = (hsize_t)s->d[i];
        good = whole || high[i] < lengths[i];
    }
    return good && H5(f, H5Sset_extent_simple(p->there, s->n, lengths, NULL)) >= 0 &&
           H5(f, H5Sget_select_npoints(p->there)) == H5(f, H5Sget_select_npoints(p->here));
}

/* What a mapping gives of a box. @param to  where that stands in the memory */
static gy_status take(gy_h5_map *map, piece *p, hid_t type, hid_t to, hid_t box, void *out)
{
    gy_h5 *f = map->d->f;
    GY_TRY(open_piece(map, p));
    GY_REQUIRE(settle(f, p), f->status,
               "cannot read the virtual data set" GY_AT "%s:%s" GY_WHY
               "what it maps of %s:%s is not there",
               f->path, map->d->name, p->path, p->name);
    hid_t from = (hid_t)H5(f, H5Sselect_project_intersection(p->here, p->there, box));
    if (from < 0) return gy_h5_fail(f, "cannot select rows", map->d->name);
    gy_status status = gy_h5_data_take(p->data, type, to, from, out);
    (void)H5(f, H5Sclose(from));
    return status;
}

static bool meets(const piece *p, const hsize_t *low, const hsize_t *high, int axes)
{
    for (int i = 0; i < axes; i++)
        if (p->low[i] > high[i] || p->high[i] < low[i]) return false;
    return true;
}

/* What no mapping is for is the fill value. */
static gy_status fill(gy_h5_map *map, hid_t type, hid_t memory, void *out)
{
    gy_h5 *f = map->d->f;
    char value[sizeof(double)];
    GY_H5(f, H5Pget_fill_value(map->creation, type, value), "cannot read the data set",
          map->d->name);
    GY_H5(f, H5Dfill(value, type, out, type, memory), "cannot read the data set", map->d->name);
    return GY_OK;
}

gy_status gy_h5_map_take(gy_h5_map *map, hid_t type, hid_t memory, hid_t box, void *out)
{
    gy_h5 *f = map->d->f;
    hsize_t low[GY_DIMS], high[GY_DIMS];
    GY_H5(f, H5Sget_select_bounds(box, low, high), "cannot select rows", map->d->name);
    gy_status status = fill(map, type, memory, out);
    for (int64_t i = 0; i < map->n && status == GY_OK; i++) {
        piece *p = &map->pieces[i];
        if (!meets(p, low, high, map->d->shape.n)) continue;
        hid_t to = (hid_t)H5(f, H5Sselect_project_intersection(box, memory, p->here));
        if (to < 0)
            status = gy_h5_fail(f, "cannot select rows", map->d->name);
        else if (H5(f, H5Sget_select_npoints(to)) > 0)
            status = take(map, p, type, to, box, out);
        if (to >= 0) (void)H5(f, H5Sclose(to));
    }
    return status;
}

gy_status gy_h5_map_chunk(gy_h5_map *map, gy_h5_chunk *out)
{
    *out = (gy_h5_chunk){{0, 0}, false};
    if (map->n == 0) return GY_OK;
    piece *p = &map->pieces[0];
    GY_TRY(open_piece(map, p));
    GY_TRY(gy_h5_data_chunk(p->data, out));
    if (gy_h5_data_shape(p->data)->n != map->d->shape.n) *out = (gy_h5_chunk){{0, 0}, false};
    for (int i = 0; i < 2 && i < map->d->shape.n; i++)
        out->d[i] = gy_least(out->d[i], (int64_t)(p->high[i] - p->low[i] + 1));
    return GY_OK;
}
