/** Configurations: one YAML file and what overrides it. */
#ifndef GYRE_CONFIG_H
#define GYRE_CONFIG_H

#include <gyre/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_config gy_config;

/**
 * Reads a configuration, checks it against the schema, and fills in every default. Local.
 *
 * The order of precedence: `sets`, environment (GYRE_SET_<KEY__PATH>), file.
 *
 * @param path  a YAML file
 * @param sets  [n] "key.path=value"
 * @param out   free with gy_config_free()
 * @return GY_OK; GY_E_CONFIG naming file, line, column and key; GY_E_NOMEM
 */
GY_API gy_status gy_config_load(gy_context *ctx, const char *path, const char *const *sets, int n,
                                gy_config **out) GY_CHECKED;

/**
 * The same for all ranks by rank 0's word: it alone reads the file and its environment, the others take
 * what comes of it. Collective; the same status on every rank.
 */
GY_API gy_status gy_config_read(gy_comm *comm, const char *path, const char *const *sets, int n,
                                gy_config **out) GY_CHECKED;

/** The same from a text in memory (a checkpoint's); the environment is not looked at. Local. */
GY_API gy_status gy_config_parse(gy_context *ctx, const char *name, const char *yaml,
                                 const char *const *sets, int n, gy_config **out) GY_CHECKED;

GY_API void gy_config_free(gy_config *config);

/** The resolved configuration as YAML, every default written out; owned by the configuration. Local. */
GY_API const char *gy_config_text(const gy_config *config);

/**
 * Describes the schema, a line a setting, to `line`: `topic` is a section ("train"), a key at any
 * depth ("batch_size"), a kind of any list ("dense", "adam", "ring"), a word that a setting can be,
 * the plural of a list ("losses"), or NULL for everything. Local. @return whether there is such a
 * topic
 */
GY_API int gy_config_describe(gy_context *ctx, const char *topic,
                              void (*line)(void *user, const char *text), void *user);

/**
 * The schema as a JSON Schema on one line, given once to `line`: what editors of YAML take. Local.
 * @return GY_OK; GY_E_NOMEM
 */
GY_API gy_status gy_config_schema(gy_context *ctx, void (*line)(void *user, const char *text),
                                  void *user) GY_CHECKED;

/** Every key by its whole path ("train.batch_size"), those of kinds, too; not those of layers. Local. */
GY_API void gy_config_keys(void (*line)(void *user, const char *path), void *user);

/** The topic most like a wrong one; NULL if none is near. Local. */
GY_API const char *gy_config_nearest(const char *topic);

#ifdef __cplusplus
}
#endif
#endif
