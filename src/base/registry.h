/**
 * Kinds and the lists of them.
 *
 * Whatever is added again and again (layers, losses, optimizers, formats, commands, …) is a *kind*:
 * a constant descriptor in a file of its own that begins with a gy_kind, and one line X(name) in
 * the room's list:
 *
 *     #define GY_LOSS_LIST(X) X(cross_entropy) X(mse)                 in loss_list.h
 *     #define GY_LOSS_DECLARE(name) extern const gy_loss_kind gy_loss_##name;
 *     GY_LOSS_LIST(GY_LOSS_DECLARE)
 *
 *     #define ENTRY(name) &gy_loss_##name.kind,                       in loss.c
 *     GY_REGISTRY(gy_loss_registry, "loss", ENTRY, GY_LOSS_LIST)
 *
 * both declares and tabulates: the linker keeps every kind, and the order is there to see.
 */
#ifndef GY_BASE_REGISTRY_H
#define GY_BASE_REGISTRY_H

#include <gyre/status.h>

#include <stddef.h>

struct gy_setting;

/** The head of every descriptor. */
typedef struct gy_kind {
    const char *name;                  /* key in configurations and files; never used again */
    const char *help;                  /* one line, no full stop */
    const struct gy_setting *settings; /* closed by a row with key NULL; NULL = none */
    size_t settings_size;              /* bytes of the settings' struct */
} gy_kind;

typedef struct gy_registry {
    const char *noun;            /* "layer": for messages */
    const gy_kind *const *kinds; /* [n], in the order of the list */
    int n;
} gy_registry;

/** Defines a registry from a list; ENTRY(name) gives the address of a kind's head. */
#define GY_REGISTRY(object, noun_, ENTRY, LIST)                                                    \
    static const gy_kind *const object##_kinds[] = {LIST(ENTRY)};                                  \
    const gy_registry object = {noun_, object##_kinds,                                             \
                                (int)(sizeof object##_kinds / sizeof *object##_kinds)};

/** The kind of that name, NULL if there is none. Local. */
const gy_kind *gy_registry_find(const gy_registry *r, const char *name);

/** Its place in the list, −1 if there is none. Local. */
int gy_registry_index(const gy_registry *r, const char *name);

/**
 * The known name that is meant by a wrong one: what another program's word is here (foreign.h), else
 * the most like it (Damerau–Levenshtein distance at most a third of its length, at least one); NULL if
 * none is near. Local.
 */
const char *gy_nearest(const char *wrong, const char *const *names, int n);

enum { GY_NAMES_TEXT = 512 };

/** "a, b, c", for messages: names that are not empty, "…" where there are more than go in. @return out */
const char *gy_names_text(const char *const *names, int n, char out[GY_NAMES_TEXT]);

/** gy_nearest over the names of a registry. */
const char *gy_registry_nearest(const gy_registry *r, const char *wrong);

#endif
