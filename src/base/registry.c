/* Look-up in lists of kinds, and the name that was perhaps meant. */
#include "registry.h"

#include "foreign.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 63 };

int gy_registry_index(const gy_registry *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->kinds[i]->name, name) == 0) return i;
    return -1;
}

const gy_kind *gy_registry_find(const gy_registry *r, const char *name)
{
    int i = gy_registry_index(r, name);
    return i < 0 ? NULL : r->kinds[i];
}

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance: insertions, deletions, exchanges, swaps of neighbours. */
static int distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST_NAME || nb > LONGEST_NAME) return INT32_MAX;
    int rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= nb; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int cost = a[i - 1] != b[j - 1];
            now[j] = min3(before[j] + 1, now[j - 1] + 1, before[j - 1] + cost);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && earlier[j - 2] + 1 < now[j]) now[j] = earlier[j - 2] + 1;
        }
    }
    return rows[na % 3][nb];
}

const char *gy_nearest(const char *wrong, const char *const *names, int n)
{
    const char *meant = gy_foreign_word(wrong);
    for (int i = 0; i < n && meant != NULL; i++)
        if (strcmp(names[i], meant) == 0) return names[i];
    int length = (int)strlen(wrong);
    int best = length / 3 > 1 ? length / 3 : 1;
    const char *found = NULL;
    for (int i = 0; i < n; i++) {
        int d = distance(wrong, names[i]);
        if (d > best || (d == best && found != NULL)) continue;
        best = d;
        found = names[i];
    }
    return found;
}

const char *gy_registry_nearest(const gy_registry *r, const char *wrong)
{
    const char *names[256];
    int n = r->n < 256 ? r->n : 256;
    for (int i = 0; i < n; i++) names[i] = r->kinds[i]->name;
    return gy_nearest(wrong, names, n);
}

const char *gy_names_text(const char *const *names, int n, char out[GY_NAMES_TEXT])
{
    static const char more[] = "…";
    const size_t room = GY_NAMES_TEXT - 2 - sizeof more;
    size_t used = 0;
    bool all = true;
    for (int i = 0; i < n; i++) {
        const size_t bytes = strlen(names[i]);
        if (bytes == 0) continue;
        const bool fits = used + 2 + bytes <= room;
        all = all && fits;
        if (bytes + 2 > room) continue; /* no list has room for it */
        if (!fits) break;
        used += (size_t)snprintf(out + used, GY_NAMES_TEXT - used, "%s%s", used == 0 ? "" : ", ",
                                 names[i]);
    }
    (void)snprintf(out + used, GY_NAMES_TEXT - used, "%s%s", used == 0 || all ? "" : ", ",
                   all ? "" : more);
    return out;
}
