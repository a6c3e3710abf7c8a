/**
 * The configuration as plain structs, after the schema has checked it. The only room that knows what
 * the YAML tree means. Everything lives in the configuration's pool. Local.
 */
#ifndef GY_CONFIG_CONFIG_H
#define GY_CONFIG_CONFIG_H

#include <gyre/config.h>

#include "checkpoint/checkpoint.h"
#include "data/data.h"
#include "layer/layer.h"
#include "loss/loss.h"
#include "network/network.h"
#include "optim/optim.h"
#include "report/observer.h"
#include "search/search.h"
#include "sync/sync.h"

typedef struct gy_model_settings {
    gy_ints input;
    gy_layer_specs layers;
    const char *where; /* place of `layers` */
} gy_model_settings;

typedef struct gy_early_stopping_settings {
    const char *monitor;
    int64_t patience;
    double min_delta;
    bool restore_best;
} gy_early_stopping_settings;

typedef struct gy_not_finite_settings {
    int64_t skip;
} gy_not_finite_settings;

typedef struct gy_train_settings {
    int64_t epochs, steps; /* steps > 0 wins */
    int64_t batch_size, micro_batch_size;
    double clip_norm;
    gy_early_stopping_settings early_stopping;
    int64_t evaluate_every_epochs, evaluate_every_steps;
    double parameter_average;
    double time_limit_minutes;
    gy_not_finite_settings not_finite;
    int winograd;  /* a gy_precision */
    int recompute; /* 0 none, 1 blocks */
    int64_t rollout;
    int quantize;  /* 0 none, 1 int8 */
    int precision; /* a gy_precision */
} gy_train_settings;

/** The section `meta`: training on tasks. */
typedef struct gy_meta_settings {
    int64_t tasks; /* of a step; 0: samples are trained on as ever */
    int64_t shots, inner_steps;
    double inner_learning_rate, outer_learning_rate;
    int64_t adapt_steps, queries;
} gy_meta_settings;

typedef struct gy_log_settings {
    int64_t every_steps;
    gy_observer_settings observers;
} gy_log_settings;

/** A teacher whose outputs are imitated, too. */
typedef struct gy_distill_settings {
    const char *teacher; /* a checkpoint; NULL: none */
    double temperature, weight;
} gy_distill_settings;

/** Weights that are not there, in training. */
typedef enum gy_sparse_start { GY_SPARSE_DENSE, GY_SPARSE_RANDOM } gy_sparse_start;
typedef struct gy_sparse_settings {
    double target; /* share of weights that is not there in the end; 0: all are */
    int64_t start_step, end_step, every_steps;
    double regrow;
    int start; /* gy_sparse_start */
} gy_sparse_settings;

/** Adapters beside a base. */
typedef struct gy_adapt_settings {
    gy_model_adapt how; /* rank 0: none */
    const char *base;   /* a checkpoint; NULL: as --init, or the checkpoint of the adapters, says */
} gy_adapt_settings;

struct gy_config {
    gy_context *ctx;
    gy_pool pool;
    const char *name, *run_dir; /* run_dir resolved: never NULL */
    int64_t seed, threads;
    gy_data_settings data;
    gy_model_settings model;
    gy_choice loss;
    gy_strings metrics;
    gy_optim_settings optimizer;
    gy_schedule_settings schedule;
    gy_train_settings train;
    gy_meta_settings meta;
    gy_sync_settings comm;
    gy_checkpoint_settings checkpoint;
    gy_log_settings log;
    gy_distill_settings distill;
    gy_sparse_settings sparse;
    gy_adapt_settings adapt;
    gy_search_settings search;
    const char *text; /* resolved YAML */
};

/**
 * Gives all ranks rank 0's configuration, which it has where its `status` is GY_OK; the others come
 * with GY_OK and none. Collective; the same status on every rank. To be freed whatever comes.
 *
 * @param name  of the text, for messages
 */
gy_status gy_config_spread(gy_comm *comm, gy_status status, const char *name,
                           gy_config **config) GY_CHECKED;

/** gy_config_load() of a file that was read before. @param path  its name, for messages. Local. */
gy_status gy_config_load_text(gy_context *ctx, const char *path, const char *yaml,
                              const char *const *sets, int n, gy_config **out) GY_CHECKED;

/** Whether something is validated. Local. */
bool gy_config_validates(const gy_config *config);
/** Whether the larger of two monitored values is the better one. Local. */
bool gy_config_larger_is_better(const gy_config *config);

/**
 * Compares the ranks' configurations. Collective.
 * @return the same on every rank: GY_OK; GY_E_CONFIG naming a rank, a key and both values
 */
gy_status gy_config_agree(gy_comm *comm, const gy_config *config) GY_CHECKED;

/** The same configuration with other layers, without adapters, of a run in another directory. Local. */
gy_status gy_config_revise(const gy_config *config, const gy_layer_specs *layers,
                           const char *run_dir, gy_config **out) GY_CHECKED;

/** Parses one entry of `layers` ("dense: {units: 3}") into pool; for conformance tests. */
gy_status gy_config_layer(gy_pool *pool, const char *yaml, gy_layer_spec *out) GY_CHECKED;

/** Lines "path: old -> new" for what differs between two resolved texts, to `line`. */
gy_status gy_config_compare(gy_context *ctx, const char *old_yaml, const char *new_yaml,
                            void (*line)(void *user, const char *key, const char *old_value,
                                         const char *new_value),
                            void *user) GY_CHECKED;

/** Appends its YAML without what is as by default: the shortest that reads back to it. Local. */
gy_status gy_config_print_short(const gy_config *config, gy_buffer *out) GY_CHECKED;

/** Its network, on this rank: gy_net_open(). OMP_NUM_THREADS is rank 0's word. Collective. */
gy_status gy_config_network(const gy_config *c, gy_comm *comm, gy_net_spec *out) GY_CHECKED;
/** Whether vectors that all ranks need lie in memory that those of a host share. Local. */
bool gy_config_uses_host_memory(const gy_config *c, gy_comm *comm);
/** What training plans the memory of its network for, once that is cut. Local. */
gy_model_use gy_config_use(const gy_config *c, gy_comm *comm, const gy_net *n);
/** Takes the network apart, with the memory of all that training it holds. Local. */
gy_status gy_config_take_apart(const gy_config *c, gy_comm *comm, gy_net *n,
                               struct gy_anatomy **out) GY_CHECKED;

#endif
