#include "kind_text.h"

#include <string.h>

/* What a text is given to, for messages. */
typedef struct place {
    const char *noun, *option, *help, *text;
} place;

static gy_status refuse(const place *p, const char *what, const char *why)
{
    return gy_raise(GY_E_USAGE, "%s %s" GY_AT "%s %s" GY_WHY "%s" GY_HINT "see gyre help %s", what,
                    p->noun, p->option, p->text, why, p->help);
}

gy_status gy_kind_text_find(gy_pool *pool, const gy_registry *registry, const char *option,
                            const char *help, const char *text, const gy_kind **kind, char **rest)
{
    const place p = {registry->noun, option, help, text};
    const char *copy;
    GY_TRY(gy_pool_string(pool, text, &copy));
    char *name = (char *)copy, *colon = strchr(name, ':'); /* the copy is ours */
    if (colon != NULL) *colon = '\0';
    *rest = colon == NULL ? NULL : colon + 1;
    *kind = gy_registry_find(registry, name);
    if (*kind != NULL) return GY_OK;
    const char *near = gy_registry_nearest(registry, name);
    if (near == NULL) return refuse(&p, "unknown", "there is none of that name");
    return gy_raise(GY_E_USAGE, "unknown %s" GY_AT "%s %s" GY_HINT "did you mean %s?", p.noun,
                    option, text, near);
}

/* key=value */
static gy_status assign(gy_pool *pool, const place *p, const gy_kind *kind, char *item, bool first,
                        void *values)
{
    char *equals = strchr(item, '=');
    const char *value = equals == NULL ? item : equals + 1;
    if (equals != NULL) *equals = '\0';
    if (equals == NULL && (!first || kind->settings == NULL))
        return refuse(p, "not a", "it is written KIND:key=value,…");
    const gy_setting *row = equals == NULL ? kind->settings : gy_setting_find(kind->settings, item);
    if (row == NULL || row->key == NULL) return refuse(p, "not a", "it has no such key");
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status = GY_OK;
    if (!gy_setting_assign(row, &value, 1, false, pool, values, &why))
        status =
            why.status != GY_OK ? why.status : refuse(p, "wrong value of a", gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

gy_status gy_kind_text_assign(gy_pool *pool, const gy_registry *registry, const char *option,
                              const char *help, const char *text, const gy_kind *kind, char *rest,
                              void *values)
{
    const place p = {registry->noun, option, help, text};
    bool first = true;
    char *item = rest == NULL ? NULL : strtok_r(rest, ",", &rest);
    for (; item != NULL; item = strtok_r(NULL, ",", &rest), first = false)
        GY_TRY(assign(pool, &p, kind, item, first, values));
    return GY_OK;
}
