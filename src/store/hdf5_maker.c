/*
 * Many tensors into one file: whole numbers, or runs of other files (hdf5_virtual.c). What HDF5 would make
 * anew for each of them (property lists, the way along its groups) is made once.
 */
#include "hdf5_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1024 };

/* The groups on the way to the last tensor: "/params", "/params/hidden". */
struct gy_h5_way {
    char path[LONGEST];
    int depth;
    size_t ends[LONGEST / 2]; /* where in the path */
    hid_t groups[LONGEST / 2];
};

static const char what[] = "cannot make the data set";

void gy_h5_maker_free(gy_h5_maker *m)
{
    if (m == NULL) return;
    gy_h5 *f = m->f;
    for (int i = 0; m->way != NULL && i < m->way->depth; i++)
        (void)H5(f, H5Gclose(m->way->groups[i]));
    if (m->mapped >= 0) (void)H5(f, H5Pclose(m->mapped));
    gy_free(f->ctx, m->way);
    gy_free(f->ctx, m);
}

static bool describe(gy_h5_maker *m)
{
    gy_h5 *f = m->f;
    const float fill = NAN;
    m->mapped = (hid_t)H5(f, H5Pcreate(H5P_DATASET_CREATE));
    return m->mapped >= 0 && H5(f, H5Pset_fill_value(m->mapped, H5T_NATIVE_FLOAT, &fill)) >= 0;
}

gy_status gy_h5_maker_create(gy_h5 *f, gy_h5_maker **out)
{
    gy_h5_maker *m;
    GY_TRY(gy_new(f->ctx, &m));
    *m = (gy_h5_maker){.f = f, .mapped = -1};
    gy_status status = gy_new(f->ctx, &m->way);
    if (status == GY_OK && !describe(m)) status = gy_h5_fail(f, what, NULL);
    if (status == GY_OK)
        *out = m;
    else
        gy_h5_maker_free(m);
    return status;
}

/* Back along the way to a group that a name lies below, too. */
static void go_back(gy_h5_maker *m, const char *name)
{
    gy_h5_way *way = m->way;
    for (; way->depth > 0; way->depth--) {
        size_t end = way->ends[way->depth - 1];
        if (strncmp(way->path, name, end) == 0 && name[end] == '/') return;
        (void)H5(m->f, H5Gclose(way->groups[way->depth - 1]));
    }
}

/* One group further, that ends at `end` of the name; made where it is not there. */
static bool go_on(gy_h5_maker *m, const char *name, size_t end)
{
    gy_h5 *f = m->f;
    gy_h5_way *way = m->way;
    size_t begin = way->depth == 0 ? 0 : way->ends[way->depth - 1];
    hid_t from = way->depth == 0 ? f->id : way->groups[way->depth - 1];
    memcpy(way->path + begin, name + begin, end - begin);
    way->path[end] = '\0';
    const char *link = way->path + begin + 1;
    bool there = H5(f, H5Lexists(from, link, H5P_DEFAULT)) > 0;
    hid_t group =
        (hid_t)(there ? H5(f, H5Gopen2(from, link, H5P_DEFAULT))
                      : H5(f, H5Gcreate2(from, link, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    if (group < 0) return false;
    way->ends[way->depth] = end;
    way->groups[way->depth++] = group;
    return true;
}

/* The group of a data set. < 0: failed */
static hid_t go_to(gy_h5_maker *m, const char *name, const char **link)
{
    const char *last = strrchr(name, '/');
    if (name[0] != '/' || last - name >= LONGEST) return -1;
    *link = last + 1;
    go_back(m, name);
    for (;;) {
        size_t at = m->way->depth == 0 ? 0 : m->way->ends[m->way->depth - 1];
        if (name + at == last)
            return m->way->depth == 0 ? m->f->id : m->way->groups[m->way->depth - 1];
        size_t end = (size_t)(strchr(name + at + 1, '/') - name);
        if (end == at + 1 || !go_on(m, name, end)) return -1;
    }
}

hid_t gy_h5_make(gy_h5_maker *m, const char *name, hid_t space, hid_t creation)
{
    const char *link = NULL;
    hid_t group = go_to(m, name, &link);
    if (group < 0) return group;
    return (hid_t)H5(
        m->f, H5Dcreate2(group, link, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
}

hid_t gy_h5_space(gy_h5 *f, const gy_shape *shape)
{
    hsize_t lengths[GY_DIMS] = {0};
    for (int i = 0; i < shape->n; i++) lengths[i] = (hsize_t)shape->d[i];
    return (hid_t)H5(f, H5Screate_simple(shape->n, lengths, NULL));
}

gy_status gy_h5_make_tensor(gy_h5_maker *m, const char *name, const gy_shape *shape, const float *x,
                            const gy_h5_mark *mark)
{
    gy_h5 *f = m->f;
    int64_t count = gy_shape_count(shape);
    gy_h5_calling(f); /* once for all calls in it */
    hid_t space = gy_h5_space(f, shape), id = -1;
    if (space >= 0) id = gy_h5_make(m, name, space, H5P_DEFAULT);
    bool good = id >= 0 && gy_h5_attach(f, id, mark) &&
                (count == 0 ||
                 H5(f, H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x)) >= 0);
    if (id >= 0) (void)H5(f, H5Dclose(id));
    if (space >= 0) (void)H5(f, H5Sclose(space));
    (void)gy_h5_called(f, 0);
    return good ? GY_OK : gy_h5_fail(f, what, name);
}
