/*
 * Virtual data sets: a tensor of any shape over runs of 1-D data sets of other files.
 *
 * HDF5 maps boxes onto boxes. A run [a, b) of a row-major shape is cut into at most 2 n − 1 boxes: a
 * beginning and an end that fill no whole row each, cut likewise one axis further in, and the whole
 * rows between them.
 */
#include "hdf5_impl.h"

#include <math.h>
#include <string.h>

/* The virtual data set in the making. */
typedef struct maker {
    gy_h5 *f;
    const char *name;
    const gy_shape *shape;
    const gy_h5_piece *piece;
    int64_t offset;
    hid_t creation, space;
} maker;

/* Maps one box, `count` elements from `start`, onto the source's elements from `from`. */
static gy_status map_box(maker *m, const hsize_t *start, const hsize_t *count, int64_t from)
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
static gy_status map_run(maker *m, int axis, int64_t a, int64_t b, int64_t from)
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

static gy_status create(maker *m, const gy_h5_piece *pieces, int n)
{
    static const char what[] = "cannot make the virtual data set";
    gy_h5 *f = m->f;
    const float fill = NAN;
    GY_H5(f, H5Pset_fill_value(m->creation, H5T_NATIVE_FLOAT, &fill), what, m->name);
    for (int i = 0; i < n; i++) {
        m->piece = &pieces[i];
        GY_TRY(map_run(m, 0, pieces[i].to, pieces[i].to + pieces[i].n, pieces[i].from));
    }
    GY_H5(f, H5Sselect_all(m->space), what, m->name);
    hid_t links = (hid_t)H5(f, H5Pcreate(H5P_LINK_CREATE)), id = -1;
    if (links >= 0 && H5(f, H5Pset_create_intermediate_group(links, 1)) >= 0)
        id = (hid_t)H5(f, H5Dcreate2(f->id, m->name, H5T_IEEE_F32LE, m->space, links, m->creation,
                                     H5P_DEFAULT));
    bool good = id >= 0 && gy_h5_attach_int(f, id, "offset", m->offset);
    gy_status status = good ? GY_OK : gy_h5_fail(f, what, m->name);
    if (id >= 0) (void)H5(f, H5Dclose(id));
    if (links >= 0) (void)H5(f, H5Pclose(links));
    return status;
}

gy_status gy_h5_virtual_create(gy_h5 *f, const char *name, const gy_shape *shape,
                               const gy_h5_piece *pieces, int n, int64_t offset)
{
    hsize_t lengths[GY_DIMS] = {0};
    GY_REQUIRE(shape->n > 0, f->status,
               "cannot make the virtual data set" GY_AT "%s:%s" GY_WHY "it has no axis", f->path,
               name);
    for (int i = 0; i < shape->n; i++) lengths[i] = (hsize_t)shape->d[i];
    maker m = {.f = f, .name = name, .shape = shape, .offset = offset};
    gy_h5_calling(f); /* once for all calls in it */
    m.space = (hid_t)H5(f, H5Screate_simple(shape->n, lengths, NULL));
    m.creation = (hid_t)H5(f, H5Pcreate(H5P_DATASET_CREATE));
    gy_status status = m.space < 0 || m.creation < 0
                           ? gy_h5_fail(f, "cannot make the virtual data set", name)
                           : create(&m, pieces, n);
    if (m.creation >= 0) (void)H5(f, H5Pclose(m.creation));
    if (m.space >= 0) (void)H5(f, H5Sclose(m.space));
    (void)gy_h5_called(f, 0);
    return status;
}
