/* What all forms have in common. */
#include "form_list.h"

#include <string.h>

#define ENTRY(name) &gy_form_##name.kind,
GY_REGISTRY(gy_form_registry, "form", ENTRY, GY_FORM_LIST)
#undef ENTRY

#define BYTES(name, type) sizeof(type),
const size_t gy_element_bytes[GY_ELEMENTS] = {GY_ELEMENT_LIST(BYTES)};
#undef BYTES

const gy_formed *gy_formed_find(const gy_formeds *list, const char *name)
{
    for (int i = 0; list != NULL && i < list->n; i++)
        if (strcmp(list->v[i].name, name) == 0) return &list->v[i];
    return NULL;
}

gy_form gy_form_of(const gy_form_kind *kind, const gy_shape *shape)
{
    const int64_t count = gy_shape_count(shape);
    return (gy_form){
        .kind = kind, .shape = *shape, .rows = shape->d[0], .columns = count / shape->d[0]};
}

gy_status gy_form_part_new(gy_pool *pool, gy_form *form, int part, gy_element type, int64_t count)
{
    gy_form_part *p = &form->parts[part];
    *p = (gy_form_part){.type = type, .count = count};
    return gy_pool_alloc(pool, (size_t)count * gy_element_bytes[type] + GY_FORM_SLACK, &p->v);
}

gy_status gy_form_pack(gy_pool *pool, const gy_form_kind *kind, const void *settings,
                       const gy_shape *shape, const float *w, gy_form *out)
{
    *out = gy_form_of(kind, shape);
    return kind->pack(pool, settings, w, out);
}

void gy_form_expand(const gy_form *form, float *out)
{
    form->kind->expand(form, 0, form->rows, out);
}

bool gy_form_is_valid(const gy_form *form)
{
    const gy_form_row *row = form->kind->parts;
    for (int i = 0; row->name != NULL; i++, row++) {
        const gy_form_part *p = &form->parts[i];
        if (p->count < 0 || (p->count > 0 && (row->types & 1U << p->type) == 0)) return false;
    }
    return form->kind->is_valid(form);
}

int64_t gy_form_bytes(const gy_form *form)
{
    int64_t bytes = 0;
    for (int i = 0; i < GY_FORM_PARTS; i++)
        bytes += form->parts[i].count * (int64_t)gy_element_bytes[form->parts[i].type];
    return bytes;
}
