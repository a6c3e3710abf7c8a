/* What does not fit of a file and a model, in one line. */
#include "bind.h"

enum { NAMED = 3 }; /* of each sort */

/* Begins the next name of a sort. @return whether there is room for it */
static bool begin(gy_buffer *out, const char *sort, int *n)
{
    if ((*n)++ >= NAMED) return false;
    if (*n == 1) gy_buffer_format(out, "%s%s ", out->bytes > 0 ? "; " : "", sort);
    if (*n > 1) gy_buffer_add(out, ", ");
    return true;
}

static void end(gy_buffer *out, int n)
{
    if (n > NAMED) gy_buffer_format(out, " and %d more", n - NAMED);
}

static void list_missing(const gy_bonds *b, gy_buffer *out)
{
    int n = 0;
    for (int i = 0; i < b->n; i++) {
        const gy_bond *bond = &b->v[i];
        if (bond->tensor != NULL || gy_bond_may_miss(bond)) continue;
        if (begin(out, "missing:", &n)) gy_buffer_format(out, "%.80s", bond->link->parts[0].name);
    }
    end(out, n);
}

static void list_additional(const gy_bonds *b, gy_buffer *out)
{
    char shape[GY_SHAPE_TEXT];
    int n = 0;
    for (int i = 0; i < b->file->n; i++) {
        const gy_tensor *t = &b->file->v[i];
        if (b->used[i] || gy_tensor_is_ignored(b->file, t)) continue;
        if (begin(out, "additional:", &n))
            gy_buffer_format(out, "%.80s %s", t->name, gy_shape_text(&t->shape, shape));
    }
    end(out, n);
}

static void list_wrong(const gy_bonds *b, gy_buffer *out)
{
    char there[GY_SHAPE_TEXT], want[GY_SHAPE_TEXT];
    int n = 0;
    for (int i = 0; i < b->n; i++) {
        const gy_bond *bond = &b->v[i];
        if (bond->tensor == NULL || gy_bond_fits(bond)) continue;
        if (begin(out, "of another shape:", &n))
            gy_buffer_format(out, "%.80s %s, not %s for %.80s", bond->tensor->name,
                             gy_shape_text(&bond->tensor->shape, there),
                             gy_shape_text(&bond->link->shape, want), bond->link->parts[0].name);
    }
    end(out, n);
}

gy_status gy_bonds_refuse(const gy_bonds *b)
{
    gy_buffer all;
    gy_buffer_init(&all, b->pool->ctx);
    list_missing(b, &all);
    list_wrong(b, &all);
    list_additional(b, &all);
    gy_status status = all.status;
    if (status == GY_OK)
        status = gy_raise(GY_E_CONFIG,
                          "the tensors do not fit the model" GY_AT "%s" GY_WHY "%s" GY_HINT
                          "name the layers as the file does, or pair them in a --map",
                          b->file->path, gy_buffer_text(&all));
    gy_buffer_clear(&all);
    return status;
}
