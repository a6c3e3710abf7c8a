/*
 * A file's tensors into a model. All are paired before any is read, so that a model which does not fit
 * stays as it was. Where a file does not say how its tensors lie, the convention is taken under which
 * most of them fit. Names that nobody gave (conv2d_1) may mean another layer there: where names leave
 * misfits, order alone is tried.
 */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

static const gy_convention *const conventions[] = {&gy_convention_torch, &gy_convention_gyre};

static const char *how(const gy_bond *bond, const gy_link_part *part, gy_pool *pool)
{
    const char *text;
    if (part->extra) return "added to it";
    if (bond->link->n == 1) return part->view.how;
    gy_status status = gy_pool_format(pool, &text, "one of %d parts%s%s", bond->link->n,
                                      part->view.how[0] == '\0' ? "" : ", ", part->view.how);
    return status == GY_OK ? text : "";
}

static void tell(const gy_take_options *options, const gy_bond *bond, gy_pool *pool,
                 const gy_model *model)
{
    for (int i = 0; i < bond->link->n && options->tell != NULL; i++) {
        const gy_link_part *part = &bond->link->parts[i];
        const gy_params *table = part->is_buffer ? gy_model_buffers(model) : gy_model_params(model);
        bool fits = gy_bond_fits(bond);
        gy_taken taken = {.name = part->name,
                          .fits = fits,
                          .is_buffer = part->is_buffer,
                          .shape = table->v[part->index].shape,
                          .how = fits ? how(bond, part, pool) : ""};
        if (bond->tensor != NULL) taken.from = bond->tensor->name;
        if (bond->tensor != NULL) taken.there = bond->tensor->shape;
        options->tell(options->tell_user, &taken);
    }
}

static void tell_additional(const gy_take_options *options, const gy_bonds *b)
{
    for (int i = 0; i < b->file->n && options->tell != NULL; i++) {
        const gy_tensor *t = &b->file->v[i];
        if (b->used[i] || gy_tensor_is_ignored(b->file, t)) continue;
        options->tell(options->tell_user,
                      &(gy_taken){.from = t->name, .there = t->shape, .how = ""});
    }
}

static gy_status read_all(gy_tensors *t, gy_bonds *b, gy_model *model,
                          const gy_take_options *options)
{
    int64_t most = 1;
    float *x;
    gy_status status = GY_OK;
    for (int i = 0; i < b->n; i++)
        if (gy_shape_count(&b->v[i].link->shape) > most)
            most = gy_shape_count(&b->v[i].link->shape);
    GY_TRY(gy_new_array(t->ctx, most, &x));
    for (int i = 0; i < b->n && status == GY_OK; i++) {
        const gy_bond *bond = &b->v[i];
        if (gy_bond_fits(bond) && !options->looks) {
            status = t->kind->read(t, bond->tensor, x);
            if (status == GY_OK) gy_link_scatter(bond->link, x, model);
        }
        if (status == GY_OK) tell(options, bond, b->pool, model);
    }
    gy_free(t->ctx, x);
    if (status == GY_OK) tell_additional(options, b);
    return status;
}

/* A way to pair: under a convention, by names and by order, or by order alone. */
typedef struct way {
    const gy_convention *convention;
    bool by_name;
} way;

static gy_status bind(gy_pool *pool, gy_tensors *t, const way *w, gy_model *model, const char *map,
                      gy_bonds *out)
{
    gy_homes *homes;
    t->convention = w->convention;
    GY_TRY(gy_pool_new(pool, &homes));
    GY_TRY(gy_homes_make(pool, model, w->convention, homes));
    return gy_bonds_make(pool, t, homes, map, w->by_name, out);
}

/* The bonds of the way that leaves the fewest misfits, the first of several. */
static gy_status choose(gy_pool *pool, gy_tensors *t, gy_model *model, const char *map,
                        gy_bonds *out)
{
    enum { CONVENTIONS = sizeof conventions / sizeof *conventions };
    const gy_convention *own = t->convention;
    way best = {NULL, true}, w;
    int least = -1;
    for (int i = 0; i < 2 * CONVENTIONS && least != 0; i++) {
        w = (way){own != NULL ? own : conventions[i % CONVENTIONS], i < CONVENTIONS};
        if (own != NULL && i % CONVENTIONS > 0) continue;
        GY_TRY(bind(pool, t, &w, model, map, out));
        int misfits = gy_bonds_misfits(out);
        if (least >= 0 && misfits >= least) continue;
        least = misfits;
        best = w;
    }
    return bind(pool, t, &best, model, map, out);
}

gy_status gy_tensors_take(gy_tensors *t, gy_model *model, const gy_take_options *options)
{
    gy_bonds bonds;
    gy_pool pool;
    bool any = false;
    gy_pool_init(&pool, t->ctx);
    gy_status status = choose(&pool, t, model, options->map, &bonds);
    for (int i = 0; status == GY_OK && i < bonds.n; i++) any = any || gy_bond_fits(&bonds.v[i]);
    if (status == GY_OK && (options->partial ? !any : gy_bonds_misfits(&bonds) > 0))
        status = gy_bonds_refuse(&bonds);
    if (status == GY_OK) status = read_all(t, &bonds, model, options);
    gy_pool_clear(&pool);
    return status;
}
