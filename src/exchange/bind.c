/*
 * Links of a model and tensors of a file, paired: layer by layer, then name by name.
 *
 *     map     as the user says, a layer or a tensor
 *     name    the layer's path, or its last word where only one on each side has that
 *     order   what is left of both, one after the other, where there are as many
 *
 * A *group* is what stands before a parameter's name: `layers.0` of `layers.0.weight`.
 */
#include "bind.h"

#include "text/tree.h"

#include <stdlib.h>
#include <string.h>

/* Calls for each of the names `a|b|c`. @return the length of the name at *at, moved behind it */
static size_t next_name(const char **at, const char **name)
{
    *name = *at;
    size_t n = strcspn(*at, "|");
    *at += n + ((*at)[n] == '|');
    return n;
}

/* Whether a tensor's name ends in a parameter's; what stands before it has `before` characters. */
static bool ends_in(const gy_tensors *file, const char *name, const char *own, size_t n,
                    size_t *before)
{
    size_t length = strlen(name);
    if (length < n || strncmp(name + length - n, own, n) != 0) return false;
    if (length > n && name[length - n - 1] != file->convention->separator) return false;
    *before = length == n ? 0 : length - n - 1;
    return true;
}

/* The longest parameter's name that a tensor's ends in: what is left is its group. */
static void find_group(const gy_bonds *b, const char *name, const char *theirs, size_t *longest,
                       size_t *before)
{
    const char *at = theirs, *own;
    size_t prefix = 0;
    while (*at != '\0') {
        size_t n = next_name(&at, &own);
        if (n < *longest || n == 0 || !ends_in(b->file, name, own, n, &prefix)) continue;
        *longest = n;
        *before = prefix;
    }
}

bool gy_tensor_is_ignored(const gy_tensors *file, const gy_tensor *t)
{
    const char *const *ignored = file->convention->ignored;
    size_t before;
    for (; ignored != NULL && *ignored != NULL; ignored++)
        if (ends_in(file, t->name, *ignored, strlen(*ignored), &before)) return true;
    return false;
}

static gy_status name_groups(gy_bonds *b)
{
    const gy_tensors *file = b->file;
    for (int i = 0; i < file->n; i++) {
        const char *name = file->v[i].name;
        size_t longest = 0, before = 0;
        if (gy_tensor_is_ignored(file, &file->v[i])) continue;
        for (int j = 0; j < b->homes->n; j++)
            for (int k = 0; k < b->homes->v[j].n; k++)
                find_group(b, name, b->homes->v[j].v[k].theirs, &longest, &before);
        if (longest == 0) continue;
        GY_TRY(gy_pool_format(b->pool, &b->group[i], "%.*s", (int)before, name));
    }
    return GY_OK;
}

/* Texts in order, but numbers in them by their value: layers.2 before layers.10. */
static int natural(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
        if (na > 0 && nb > 0) {
            while (*a == '0' && na > 1) a++, na--;
            while (*b == '0' && nb > 1) b++, nb--;
            int order = na != nb ? (na < nb ? -1 : 1) : strncmp(a, b, na);
            if (order != 0) return order;
            a += na;
            b += nb;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

/* A group by its first tensor. */
typedef struct first {
    const char *group;
    const gy_tensor *tensor;
} first;

static int by_group(const void *a, const void *b)
{
    return natural(((const first *)a)->group, ((const first *)b)->group);
}

static gy_status order_groups(gy_bonds *b)
{
    gy_names seen = {NULL, 0, 0};
    first *v;
    int n = 0, other;
    GY_TRY(gy_pool_array(b->pool, b->file->n + 1, &v));
    GY_TRY(gy_pool_array(b->pool, b->file->n + 1, &b->ordered));
    for (int i = 0; i < b->file->n; i++) {
        if (b->group[i] == NULL || gy_names_find(&seen, b->group[i], &other)) continue;
        GY_TRY(gy_names_set(b->pool, &seen, b->group[i], i));
        v[n++] = (first){b->group[i], &b->file->v[i]};
    }
    if (!b->file->ordered) qsort(v, (size_t)n, sizeof *v, by_group);
    for (int i = 0; i < n; i++) b->ordered[i] = v[i].tensor;
    b->n_groups = n;
    return GY_OK;
}

static const char *group_of(const gy_bonds *b, int i)
{
    return b->group[b->ordered[i] - b->file->v];
}

static const char *last_word(const char *path, char separator)
{
    const char *last = strrchr(path, separator);
    return last == NULL ? path : last + 1;
}

/* Whether two paths are the same but for what separates their words. */
static bool same_path(const gy_bonds *b, const char *ours, const char *theirs)
{
    const char separator = b->file->convention->separator;
    for (; *ours != '\0' && *theirs != '\0'; ours++, theirs++)
        if (*ours != *theirs && !(*ours == '/' && *theirs == separator)) return false;
    return *ours == *theirs;
}

/* The one group whose path, or whose last word alone, is a home's; −1: none, or several. */
static int find_named(const gy_bonds *b, const char *path, bool whole)
{
    int found = -1;
    for (int i = 0; i < b->n_groups; i++) {
        const char *group = group_of(b, i);
        bool same = whole ? same_path(b, path, group)
                          : strcmp(last_word(path, '/'),
                                   last_word(group, b->file->convention->separator)) == 0;
        if (!same) continue;
        if (found >= 0) return -1;
        found = i;
    }
    return found;
}

static bool is_only_one(const gy_bonds *b, int home)
{
    for (int i = 0; i < b->homes->n; i++)
        if (i != home && strcmp(last_word(b->homes->v[i].path, '/'),
                                last_word(b->homes->v[home].path, '/')) == 0)
            return false;
    return true;
}

static void pair_by_name(gy_bonds *b, bool *taken)
{
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < b->homes->n; i++) {
            if (b->path[i] != NULL || (turn == 1 && !is_only_one(b, i))) continue;
            int group = find_named(b, b->homes->v[i].path, turn == 0);
            if (group < 0 || taken[group]) continue;
            taken[group] = true;
            b->path[i] = group_of(b, group);
        }
    }
}

/* What is left of both, where there are as many. */
static void pair_by_order(gy_bonds *b, const bool *taken)
{
    int homes = 0, groups = 0, at = 0;
    for (int i = 0; i < b->homes->n; i++) homes += b->path[i] == NULL;
    for (int i = 0; i < b->n_groups; i++) groups += !taken[i];
    if (homes != groups) return;
    for (int i = 0; i < b->homes->n; i++) {
        if (b->path[i] != NULL) continue;
        while (taken[at]) at++;
        b->path[i] = group_of(b, at++);
    }
}

/* What the map says of a layer or a parameter; NULL: nothing. */
static const char *mapped(const gy_bonds *b, const char *ours)
{
    for (int i = 0; i < b->n_map; i++)
        if (strcmp(b->map[2 * i], ours) == 0) return b->map[2 * i + 1];
    return NULL;
}

static void pair_by_map(gy_bonds *b, bool *taken)
{
    for (int i = 0; i < b->homes->n; i++) {
        const char *theirs = mapped(b, b->homes->v[i].path);
        if (theirs == NULL) continue;
        b->path[i] = theirs;
        for (int j = 0; j < b->n_groups; j++)
            if (strcmp(group_of(b, j), theirs) == 0) taken[j] = true;
    }
}

static gy_status read_map(gy_bonds *b, const char *path)
{
    gy_node *map;
    if (path == NULL) return GY_OK;
    GY_TRY(gy_yaml_read(b->pool, path, &map));
    GY_REQUIRE(map->type == GY_NODE_MAP, GY_E_CONFIG,
               "not a map" GY_AT "%s" GY_WHY "it must be lines `ours: theirs`", path);
    GY_TRY(gy_pool_array(b->pool, 2 * map->n + 1, &b->map));
    for (const gy_node *c = map->first; c != NULL; c = c->next) {
        GY_REQUIRE(c->type == GY_NODE_SCALAR, GY_E_CONFIG,
                   "not a map" GY_AT "%s:%d" GY_WHY "%s must be the name of a layer or a tensor",
                   path, c->line, c->key);
        bool known = false;
        for (int i = 0; i < b->homes->n && !known; i++) {
            const gy_home *home = &b->homes->v[i];
            known = strcmp(home->path, c->key) == 0;
            for (int k = 0; k < home->n && !known; k++)
                known = strcmp(home->v[k].parts[0].name, c->key) == 0;
        }
        GY_REQUIRE(known, GY_E_CONFIG,
                   "not a map" GY_AT "%s:%d" GY_WHY "the model has no layer or parameter %s", path,
                   c->key_line, c->key);
        b->map[2 * b->n_map] = c->key;
        b->map[2 * b->n_map++ + 1] = c->text;
    }
    return GY_OK;
}

/* The tensor of a link below its layer's path there. */
static gy_status find_tensor(const gy_bonds *b, const char *path, const gy_link *link, int *out)
{
    const char *at = link->theirs, *own;
    const char separator[] = {path[0] == '\0' ? '\0' : b->file->convention->separator, '\0'};
    *out = -1;
    while (*at != '\0' && *out < 0) {
        const char *name;
        size_t n = next_name(&at, &own);
        GY_TRY(gy_pool_format(b->pool, &name, "%s%s%.*s", path, separator, (int)n, own));
        if (!gy_names_find(&b->names, name, out)) *out = -1;
    }
    return GY_OK;
}

static gy_status bind_link(gy_bonds *b, int home, const gy_link *link)
{
    const char *exact = mapped(b, link->parts[0].name);
    int found = -1;
    gy_bond *bond = &b->v[b->n++];
    *bond = (gy_bond){.home = &b->homes->v[home], .link = link};
    if (exact != NULL && !gy_names_find(&b->names, exact, &found))
        return gy_raise(GY_E_CONFIG,
                        "cannot pair the tensors" GY_AT "%s" GY_WHY
                        "it has no %s, which the map names",
                        b->file->path, exact);
    if (exact == NULL && b->path[home] != NULL) GY_TRY(find_tensor(b, b->path[home], link, &found));
    if (found < 0) return GY_OK;
    bond->tensor = &b->file->v[found];
    b->used[found] = true;
    return GY_OK;
}

static gy_status index_tensors(gy_bonds *b)
{
    const gy_tensors *file = b->file;
    int other;
    for (int i = 0; i < file->n; i++) {
        GY_REQUIRE(!gy_names_find(&b->names, file->v[i].name, &other), GY_E_DATA,
                   "the file is damaged" GY_AT "%s" GY_WHY "the tensor %s is there twice",
                   file->path, file->v[i].name);
        GY_TRY(gy_names_set(b->pool, &b->names, file->v[i].name, i));
    }
    return GY_OK;
}

gy_status gy_bonds_make(gy_pool *pool, const gy_tensors *file, const gy_homes *homes,
                        const char *map, bool by_name, gy_bonds *out)
{
    bool *taken;
    int links = 0;
    *out = (gy_bonds){.pool = pool, .file = file, .homes = homes};
    for (int i = 0; i < homes->n; i++) links += homes->v[i].n;
    GY_TRY(gy_pool_array(pool, file->n + 1, &out->group));
    GY_TRY(gy_pool_array(pool, file->n + 1, &out->used));
    GY_TRY(gy_pool_array(pool, file->n + 1, &taken));
    GY_TRY(gy_pool_array(pool, homes->n + 1, &out->path));
    GY_TRY(gy_pool_array(pool, links + 1, &out->v));
    GY_TRY(index_tensors(out));
    GY_TRY(name_groups(out));
    GY_TRY(order_groups(out));
    GY_TRY(read_map(out, map));
    pair_by_map(out, taken);
    if (by_name) pair_by_name(out, taken);
    pair_by_order(out, taken);
    for (int i = 0; i < homes->n; i++)
        for (int k = 0; k < homes->v[i].n; k++) GY_TRY(bind_link(out, i, &homes->v[i].v[k]));
    return GY_OK;
}

/* Whether two shapes are one but that the first axis of b is two of a: its directions are apart. */
static bool is_split(const gy_shape *a, const gy_shape *b)
{
    if (b->n == 0 || a->n != b->n + 1 || a->d[0] * a->d[1] != b->d[0]) return false;
    for (int i = 1; i < b->n; i++)
        if (a->d[i + 1] != b->d[i]) return false;
    return true;
}

bool gy_bond_fits(const gy_bond *bond)
{
    const gy_shape *want = &bond->link->shape;
    const gy_tensor *t = bond->tensor;
    return t != NULL && (gy_shape_alike(&t->shape, want) || is_split(&t->shape, want));
}

bool gy_bond_may_miss(const gy_bond *bond)
{
    return bond->tensor == NULL && bond->link->parts[0].is_buffer;
}

int gy_bonds_misfits(const gy_bonds *b)
{
    int n = 0;
    for (int i = 0; i < b->n; i++) n += !gy_bond_fits(&b->v[i]) && !gy_bond_may_miss(&b->v[i]);
    for (int i = 0; i < b->file->n; i++)
        n += !b->used[i] && !gy_tensor_is_ignored(b->file, &b->file->v[i]);
    return n;
}
