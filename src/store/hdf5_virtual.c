/*
 * Virtual data sets: a tensor of any shape over runs of 1-D data sets of other files.
 *
 * HDF5 maps boxes onto boxes. A run [a, b) of a row-major shape is cut into at most 2 n − 1 boxes: a
 * beginning and an end that fill no whole row each, cut likewise one axis further in, and the whole
 * rows between them.
 */
#include "hdf5_impl.h"

#include <string.h>

/* The virtual data set in the making. */
typedef struct mapping {
    gy_h5 *f;
    const char *name;
    const gy_shape *shape;
    const gy_h5_piece *piece;
    hid_t creation, space;
} mapping;

/* Maps one box, `count` elements from `start`, onto the source's elements from `from`. */
static gy_status map_box(mapping *m, const hsize_t *start, const hsize_t *count, int64_t from)
{
    static const char what[] = "cannot map the virtual data set";
    gy_h5 *f = m->f;
    hsize_t whole = (hsize_t)m->piece->source_count, first = (hsize_t)from, n = 1;
    for (int i = 0; i < m->shape->n; i++) n *= count[i];
    hid_t source = (hid_t)H5(f, H5Screate_simple(1, &whole, NULL));
    bool good =
        source >= 0 &&
        H5(f, H5Sselect_hyperslab(source, H5S_SELECT_SET, &first, NULL, &n, NULL)) >= 0 &&
        H5(f, H5Sselect_hyperslab(m->space, H5S_SELECT_SET, start, NULL, count, NULL)) >= 0 &&
        H5(f, H5Pset_virtual(m->creation, m->space, m->piece->file, m->piece->data, source)) >= 0;
    if (source >= 0) (void)H5(f, H5Sclose(source));
    return good ? GY_OK : gy_h5_fail(f, what, m->name);
}

/* Elements of one step along an axis. */
static int64_t stride(const gy_shape *s, int axis)
{
    int64_t n = 1;
    for (int i = axis + 1; i < s->n; i++) n *= s->d[i];
    return n;
}

/* Maps the run [a, b) onto the source from `from`; the run lies within one step of axis − 1. */
static gy_status map_run(mapping *m, int axis, int64_t a, int64_t b, int64_t from)
{
    const gy_shape *s = m->shape;
    if (a >= b) return GY_OK;
    int64_t row = stride(s, axis);
    int64_t first = (a + row - 1) / row, last = b / row; /* whole rows */
    if (first > last) return map_run(m, axis + 1, a, b, from);
    int64_t begin = first * row, end = last * row;
    GY_TRY(map_run(m, axis + 1, a, begin, from));
    if (last > first) {
        hsize_t start[GY_DIMS], count[GY_DIMS];
        int64_t rest = first;
        for (int i = axis; i >= 0; i--) {
            start[i] = (hsize_t)(i == 0 ? rest : rest % s->d[i]);
            count[i] = 1;
            rest /= s->d[i];
        }
        count[axis] = (hsize_t)(last - first);
        for (int i = axis + 1; i < s->n; i++) {
            start[i] = 0;
            count[i] = (hsize_t)s->d[i];
        }
        GY_TRY(map_box(m, start, count, from + begin - a));
    }
    return map_run(m, axis + 1, end, b, from + end - a);
}

/* The pieces, in a property list that held another data set's. */
static gy_status map(mapping *m, const gy_h5_piece *pieces, int n)
{
    static const char what[] = "cannot map the virtual data set";
    gy_h5 *f = m->f;
    GY_H5(f, H5Pset_layout(m->creation, H5D_CONTIGUOUS), what, m->name);
    for (int i = 0; i < n; i++) {
        m->piece = &pieces[i];
        GY_TRY(map_run(m, 0, pieces[i].to, pieces[i].to + pieces[i].n, pieces[i].from));
    }
    GY_H5(f, H5Sselect_all(m->space), what, m->name);
    return GY_OK;
}

static gy_status make(gy_h5_maker *maker, mapping *m, const gy_h5_piece *pieces, int n,
                      const gy_h5_mark *mark)
{
    static const char what[] = "cannot make the virtual data set";
    gy_h5 *f = m->f;
    m->space = gy_h5_space(f, m->shape);
    if (m->space < 0) return gy_h5_fail(f, what, m->name);
    GY_TRY(map(m, pieces, n));
    hid_t id = gy_h5_make(maker, m->name, m->space, m->creation);
    bool good = id >= 0 && gy_h5_attach(f, id, mark);
    gy_status status = good ? GY_OK : gy_h5_fail(f, what, m->name);
    if (id >= 0) (void)H5(f, H5Dclose(id));
    return status;
}

gy_status gy_h5_make_virtual(gy_h5_maker *maker, const char *name, const gy_shape *shape,
                             const gy_h5_piece *pieces, int n, const gy_h5_mark *mark)
{
    gy_h5 *f = maker->f;
    GY_REQUIRE(shape->n > 0, f->status,
               "cannot make the virtual data set" GY_AT "%s:%s" GY_WHY "it has no axis", f->path,
               name);
    mapping m = {.f = f, .name = name, .shape = shape, .creation = maker->mapped, .space = -1};
    gy_h5_calling(f); /* once for all calls in it */
    gy_status status = make(maker, &m, pieces, n, mark);
    if (m.space >= 0) (void)H5(f, H5Sclose(m.space));
    (void)gy_h5_called(f, 0);
    return status;
}
