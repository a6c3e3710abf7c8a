/*
 * Between the Fortran module (gyre.f90) and <gyre/network.h>: descriptors of Fortran's arrays become
 * views, of any kind, rank and section, read and written where they lie. Compiled by the C compiler that
 * goes with the Fortran compiler, whose descriptors it knows.
 *
 * Fortran's first axis is the fastest, C's the last: axes are taken in reverse. The sample's own come
 * first in records x(own…, samples…) and last in fields x(samples…, own…); a view has them last.
 */
#include <gyre/network.h>

#include <ISO_Fortran_binding.h>
#include <stdlib.h>
#include <string.h>

/* What a network of Fortran holds. */
typedef struct gy_fortran {
    gy_context *ctx;
    gy_comm *comm; /* NULL: this process alone */
    gy_network *net;
} gy_fortran;

typedef int gy_fortran_axes(const gy_network *net, int64_t shape[GY_NETWORK_AXES]);

void gy_fortran_close(gy_fortran *f)
{
    if (f == NULL) return;
    gy_network_close(f->net);
    gy_comm_free(f->comm);
    gy_context_free(f->ctx);
    free(f);
}

static gy_status out_of_memory(void)
{
    return gy_raise(GY_E_NOMEM, "out of memory");
}

/* sets: n texts, each closed by a NUL. A rank that lacks memory for their list must not leave the others waiting. */
static gy_status open_with(gy_fortran *f, const char *path, const int *comm, gy_network_options *o,
                           const char *sets)
{
    GY_TRY(gy_context_create(NULL, NULL, &f->ctx));
    if (comm != NULL) GY_TRY(gy_comm_create_f(f->ctx, *comm, &f->comm));
    const char **list = calloc((size_t)o->n_sets + 1, sizeof *list);
    gy_status status = list != NULL ? GY_OK : out_of_memory();
    for (int i = 0; list != NULL && i < o->n_sets; i++) {
        list[i] = sets;
        sets += strlen(sets) + 1;
    }
    o->sets = list;
    if (f->comm != NULL) status = gy_comm_agree(f->comm, status);
    if (status == GY_OK) status = gy_network_open(f->ctx, f->comm, path, o, &f->net);
    free(list);
    return status;
}

gy_status gy_fortran_open(const char *path, const int *comm, bool training, int threads,
                          int64_t most, const char *sets, int n_sets, gy_fortran **out)
{
    gy_network_options o = {
        .training = training, .threads = threads, .most = most, .n_sets = n_sets};
    gy_fortran *f = calloc(1, sizeof *f);
    const gy_status status = f == NULL ? out_of_memory() : open_with(f, path, comm, &o, sets);
    *out = NULL;
    if (status == GY_OK)
        *out = f;
    else
        gy_fortran_close(f);
    return status;
}

static gy_status is_open(const gy_fortran *f)
{
    return f != NULL ? GY_OK : gy_raise(GY_E_USAGE, "the network is not open");
}

gy_status gy_fortran_workspace(const gy_fortran *f, int64_t most, gy_workspace **out)
{
    *out = NULL;
    GY_TRY(is_open(f));
    return gy_workspace_create(f->net, most, out);
}

/* Its shape in Fortran's order. */
static int reversed(gy_fortran_axes *axes, const gy_fortran *f, int64_t shape[GY_NETWORK_AXES])
{
    int64_t c[GY_NETWORK_AXES];
    const int n = f == NULL ? 0 : axes(f->net, c);
    for (int i = 0; i < n; i++) shape[i] = c[n - 1 - i];
    return n;
}

int gy_fortran_input(const gy_fortran *f, int64_t shape[GY_NETWORK_AXES])
{
    return reversed(gy_network_input, f, shape);
}

int gy_fortran_output(const gy_fortran *f, int64_t shape[GY_NETWORK_AXES])
{
    return reversed(gy_network_output, f, shape);
}

int gy_fortran_target(const gy_fortran *f, int64_t shape[GY_NETWORK_AXES])
{
    return reversed(gy_network_target, f, shape);
}

int64_t gy_fortran_steps(const gy_fortran *f)
{
    return f == NULL ? 0 : gy_network_steps(f->net);
}

/* Whether the last axes of an array are these. */
static bool ends_with(const CFI_cdesc_t *a, int n, const int64_t *shape)
{
    for (int i = 0; i < n; i++)
        if (n > a->rank || a->dim[a->rank - n + i].extent != shape[i]) return false;
    return true;
}

/* How many of a field's last axes are the sample's own: its shape, or what of it is longer than 1. */
static int own_axes(const CFI_cdesc_t *a, gy_fortran_axes *axes, const gy_fortran *f)
{
    int64_t shape[GY_NETWORK_AXES], longer[GY_NETWORK_AXES];
    const int n = axes == NULL ? 0 : reversed(axes, f, shape);
    int m = 0;
    for (int i = 0; i < n; i++)
        if (shape[i] != 1) longer[m++] = shape[i];
    return ends_with(a, n, shape) || !ends_with(a, m, longer) ? n : m;
}

/* The axis of an array that is the i-th of its view. */
static int axis_of(const CFI_cdesc_t *a, int i, int own)
{
    const int samples = a->rank - own;
    return i < samples ? samples - 1 - i : a->rank - 1 - (i - samples);
}

/*
 * Cannot fail, as other ranks may wait in the call: what is no view becomes one of no type, which the call refuses on
 * all of them.
 */
static gy_view view_of(const CFI_cdesc_t *a, gy_fortran_axes *axes, const gy_fortran *f,
                       bool fields)
{
    const gy_view none = {.type = (gy_real)-1};
    const bool is_double = a->type == CFI_type_double;
    const CFI_index_t bytes = is_double ? sizeof(double) : sizeof(float);
    const int own = fields ? own_axes(a, axes, f) : 0;
    gy_view v = {.type = is_double ? GY_DOUBLE : GY_FLOAT, .data = a->base_addr, .axes = a->rank};
    if (!is_double && a->type != CFI_type_float) return none;
    if (a->rank > GY_NETWORK_AXES) return v; /* refused by their number */
    for (int i = 0; i < a->rank; i++) {
        const CFI_dim_t *dim = &a->dim[own <= a->rank ? axis_of(a, i, own) : i];
        if (dim->sm % bytes != 0) return none; /* within a derived type of another size */
        v.extent[i] = dim->extent;             /* −1 where it is of assumed size: refused, too */
        v.stride[i] = dim->sm / bytes;
    }
    return v;
}

gy_status gy_fortran_apply(const gy_fortran *f, gy_workspace *work, const CFI_cdesc_t *x,
                           const CFI_cdesc_t *y, bool fields)
{
    GY_TRY(is_open(f));
    const gy_view in = view_of(x, gy_network_input, f, fields);
    const gy_view out = view_of(y, gy_network_output, f, fields);
    return gy_network_apply_view(f->net, work, &in, &out);
}

/* What gy_network_step_view and gy_network_loss_view are. */
typedef gy_status taught(gy_network *net, const gy_view *x, const gy_view *y, const gy_view *weight,
                         double *loss);

static gy_status teach(taught *by, const gy_fortran *f, const CFI_cdesc_t *x, const CFI_cdesc_t *y,
                       const CFI_cdesc_t *weight, double *loss, bool fields)
{
    gy_view w;
    GY_TRY(is_open(f));
    const gy_view in = view_of(x, gy_network_input, f, fields);
    const gy_view target = view_of(y, gy_network_target, f, fields);
    if (weight != NULL) w = view_of(weight, NULL, f, fields);
    return by(f->net, &in, &target, weight == NULL ? NULL : &w, loss);
}

gy_status gy_fortran_step(const gy_fortran *f, const CFI_cdesc_t *x, const CFI_cdesc_t *y,
                          const CFI_cdesc_t *weight, double *loss, bool fields)
{
    return teach(gy_network_step_view, f, x, y, weight, loss, fields);
}

gy_status gy_fortran_loss(const gy_fortran *f, const CFI_cdesc_t *x, const CFI_cdesc_t *y,
                          const CFI_cdesc_t *weight, double *loss, bool fields)
{
    return teach(gy_network_loss_view, f, x, y, weight, loss, fields);
}

gy_status gy_fortran_learn(const gy_fortran *f, const CFI_cdesc_t *x, const CFI_cdesc_t *y,
                           bool fields)
{
    gy_view target;
    GY_TRY(is_open(f));
    const gy_view in = view_of(x, gy_network_input, f, fields);
    if (y != NULL) target = view_of(y, gy_network_target, f, fields);
    return gy_network_learn_view(f->net, &in, y == NULL ? NULL : &target);
}

gy_status gy_fortran_save(const gy_fortran *f, const char *run_dir)
{
    GY_TRY(is_open(f));
    return gy_network_save(f->net, run_dir);
}

const char *gy_fortran_error(int *length)
{
    const char *text = gy_error_last()->text;
    *length = (int)strlen(text);
    return text;
}
