/* What takes more than one setting to see, and no data. */
#include "config_impl.h"

#include "base/plain.h"
#include "comm/all_reduce_list.h"
#include "sync/compression_list.h"
#include "sync/wire_list.h"

#include <string.h>

/* The node at a path of dots, or the nearest above it that is there. */
static const gy_node *find(const gy_node *tree, const char *path)
{
    for (const char *key = path; *key != '\0';) {
        char name[64];
        size_t n = strcspn(key, ".");
        if (n >= sizeof name) break;
        memcpy(name, key, n);
        name[n] = '\0';
        const gy_node *child = gy_node_find(tree, name);
        if (child == NULL) break;
        tree = child;
        key += n + (key[n] == '.');
    }
    return tree;
}

/* One line for two settings that do not go together; the place is the key's. */
static gy_status refuse(const gy_node *tree, const char *path, const char *why, const char *hint)
{
    char at[GY_PLACE_TEXT];
    return gy_raise(GY_E_CONFIG, "wrong value of %s" GY_AT "%s" GY_WHY "%s" GY_HINT "%s", path,
                    gy_place_of_value(find(tree, path), at), why, hint);
}

/* These are shown in every line of a run; what a terminal would take for an order is no name. */
static gy_status check_plain(const gy_node *tree, const char *path, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);
    if (gy_plain_length(text, n, false) == n) return GY_OK;
    return refuse(tree, path, "it has a control character", "use letters and digits");
}

static gy_status check_run(const gy_config *c, const gy_node *tree)
{
    bool plain = strchr(c->name, '/') == NULL && c->name[0] != '.';
    if (!plain)
        return refuse(tree, "name", "it must not begin with a dot nor have a '/'",
                      "set run_dir for another place of the run's directory");
    GY_TRY(check_plain(tree, "name", c->name));
    return check_plain(tree, "run_dir", c->run_dir);
}

static gy_status check_data(const gy_config *c, const gy_node *tree)
{
    GY_TRY(check_plain(tree, "data.train", c->data.train));
    GY_TRY(check_plain(tree, "data.validation", c->data.validation));
    GY_TRY(check_plain(tree, "data.test", c->data.test));
    const char *const two = "keep one of the two";
    if (c->data.shuffle == GY_SHUFFLE_CHUNKS &&
        (c->data.validation_fraction > 0 || c->data.fold != NULL))
        return refuse(tree, "data.shuffle", "the validation's samples are drawn one by one",
                      "give data.validation a source, or rows of data.train's: ?rows=FROM:TO");
    if (c->data.validation != NULL && c->data.validation_fraction > 0)
        return refuse(tree, "data.validation_fraction", "data.validation is given too", two);
    if (c->data.train == NULL && c->data.validation_fraction > 0)
        return refuse(tree, "data.validation_fraction", "data.train is not given", "give it");
    if (c->data.train == NULL && c->data.fold != NULL)
        return refuse(tree, "data.fold", "data.train is not given", "give it");
    gy_fold fold;
    if (c->data.fold == NULL) return GY_OK;
    if (!gy_fold_parse(c->data.fold, &fold))
        return refuse(tree, "data.fold", "it must be which of how many", "write 2/5");
    if (c->data.validation != NULL)
        return refuse(tree, "data.fold", "data.validation is given too", two);
    if (c->data.validation_fraction > 0)
        return refuse(tree, "data.fold", "data.validation_fraction is given too", two);
    return GY_OK;
}

/* What lies with one rank alone dies with it; others' operations would wait in MPI, or in memory, for the dead. */
static gy_status check_survival(const gy_config *c, const gy_node *tree)
{
    const gy_kind *sum = c->comm.all_reduce.kind;
    const char *key = "comm.survive", *without = "leave one of the two out";
    if (!c->comm.survive) return GY_OK;
    if (c->comm.shard_optimizer)
        return refuse(tree, key, "with comm.shard_optimizer a part of the state dies with its rank",
                      without);
    if (((const gy_compression_kind *)c->comm.compression.kind)->create != NULL)
        return refuse(tree, key, "what comm.compression left out dies with its rank", without);
    if (sum == &gy_all_reduce_hierarchical.kind || sum == &gy_all_reduce_mpi.kind)
        return refuse(tree, key, "comm.allreduce passes no messages of its own",
                      "choose ring, direct, tree or auto");
    return GY_OK;
}

static gy_status check_comm(const gy_config *c, const gy_node *tree)
{
    GY_TRY(check_survival(c, tree));
    bool packs = ((const gy_wire_kind *)c->comm.wire.kind)->wire != NULL;
    if (c->comm.reproducible_grains > 0 && packs)
        return refuse(tree, "comm.wire", "comm.reproducible_grains sums without rounding",
                      "leave comm.wire at float32");
    if (((const gy_compression_kind *)c->comm.compression.kind)->create != NULL) {
        if (packs)
            return refuse(tree, "comm.compression", "it sends float32",
                          "leave comm.wire at float32");
        if (c->comm.reproducible_grains > 0)
            return refuse(tree, "comm.compression", "comm.reproducible_grains leaves nothing out",
                          "use one of the two");
    }
    return GY_OK;
}

/* A network that takes its own output takes it as it is. */
static gy_status check_rollout(const gy_config *c, const gy_node *tree)
{
    const gy_data_settings *d = &c->data;
    const gy_loss_kind *loss = gy_loss_kind_of(c->loss.kind);
    const char *key = "train.rollout";
    if (c->train.rollout == 1) return GY_OK;
    if (loss->target != GY_TARGET_VALUE || loss->width != NULL)
        return refuse(tree, key, "the loss is not of frames as the network takes them",
                      "choose mse, mae, huber or relative_l2");
    if (d->normalize != GY_NORMALIZE_NONE || d->normalize_targets != GY_NORMALIZE_NONE ||
        d->scale != 1 || d->offset != 0)
        return refuse(tree, key, "inputs and outputs must be in one unit",
                      "leave data.normalize, normalize_targets, scale and offset out");
    return GY_OK;
}

/* The activation that a layer ends with, by its settings; NULL where it has none. */
static const char *last_activation(const gy_layer_spec *spec)
{
    const gy_kind *kind = &spec->kind->kind;
    const char *key = strcmp(kind->name, "activation") == 0 ? "kind" : "activation";
    const gy_setting *s = gy_setting_find(kind->settings, key);
    if (s == NULL || s->type != GY_SETTING_CHOICE) return NULL;
    int choice = *(const int *)((const char *)spec->settings + s->offset);
    return choice < 0 ? NULL : s->choices[choice];
}

static gy_status check_model(const gy_config *c, const gy_node *tree)
{
    const gy_layer_specs *layers = &c->model.layers;
    bool fits = c->model.input.n >= 1 && c->model.input.n <= GY_DIMS;
    if (!fits)
        return refuse(tree, "model.input", "it must have 1 to 6 lengths", "write [T] for tokens");
    if (layers->n == 0)
        return refuse(tree, "model.layers", "there is no layer", "add `- dense: {units: 10}`");
    const gy_layer_spec *last = &layers->v[layers->n - 1];
    const char *loss = c->loss.kind->name, *activation = last_activation(last);
    bool logits = strcmp(loss, "cross_entropy") == 0 || strcmp(loss, "binary_cross_entropy") == 0;
    bool squashed = activation != NULL &&
                    (strcmp(activation, "softmax") == 0 || strcmp(activation, "sigmoid") == 0);
    if (!logits || !squashed) return GY_OK;
    return gy_raise(GY_E_CONFIG,
                    "wrong activation of the last layer" GY_AT "%s" GY_WHY
                    "%s takes logits and has its own %s" GY_HINT "leave the %s out",
                    last->where, loss, strcmp(loss, "cross_entropy") ? "sigmoid" : "softmax",
                    activation);
}

/* Something is validated: the other half of what early stopping and plateau need. */
bool gy_config_validates(const gy_config *c)
{
    return c->data.validation != NULL || c->data.validation_fraction > 0 || c->data.fold != NULL;
}

static bool is_measured(const gy_config *c, const char *monitor)
{
    static const char prefix[] = "validation_";
    if (strncmp(monitor, prefix, strlen(prefix)) != 0) return false;
    const char *name = monitor + strlen(prefix);
    if (strcmp(name, "loss") == 0) return true;
    for (int i = 0; i < c->metrics.n; i++)
        if (strcmp(c->metrics.v[i], name) == 0) return true;
    return false;
}

static gy_status check_train(const gy_config *c, const gy_node *tree)
{
    const gy_train_settings *t = &c->train;
    if (t->micro_batch_size > t->batch_size)
        return refuse(tree, "train.micro_batch_size", "it is larger than train.batch_size",
                      "use 0 for a rank's whole share");
    if (!is_measured(c, t->early_stopping.monitor))
        return refuse(tree, "train.early_stopping.monitor",
                      "it must be validation_loss or validation_ and one of metrics",
                      "add the metric to metrics");
    if (t->early_stopping.patience > 0 && !gy_config_validates(c))
        return refuse(tree, "train.early_stopping.patience", "nothing is validated",
                      "give data.validation, data.validation_fraction or data.fold");
    const gy_schedule_kind *schedule = (const gy_schedule_kind *)c->schedule.kind.kind;
    if (schedule->observe != NULL && !gy_config_validates(c))
        return refuse(tree, "schedule.kind", "it watches the validation, and nothing is validated",
                      "give data.validation, data.validation_fraction or data.fold");
    return GY_OK;
}

static gy_status check_sparse(const gy_config *c, const gy_node *tree)
{
    if (c->sparse.target == 0) return GY_OK;
    if (c->sparse.end_step < c->sparse.start_step)
        return refuse(tree, "sparse.end_step", "it is before sparse.start_step",
                      "give it a later step");
    if (c->comm.shard_optimizer)
        return refuse(tree, "comm.shard_optimizer",
                      "sparse.target asks for the gradients of all weights on every rank",
                      "leave one of the two out");
    return GY_OK;
}

/* Tasks are passed whole, each from the same start. */
static gy_status check_meta(const gy_config *c, const gy_node *tree)
{
    static const char why[] = "meta.tasks trains on whole tasks";
    const char *path = c->train.micro_batch_size > 0 ? "train.micro_batch_size"
                       : c->train.rollout > 1        ? "train.rollout"
                       : c->data.drop_last           ? "data.drop_last"
                       : c->sparse.target > 0        ? "sparse.target"
                       : c->distill.teacher != NULL  ? "distill.teacher"
                                                     : NULL;
    if (c->meta.tasks == 0 || path == NULL) return GY_OK;
    return refuse(tree, path, why, "leave it out");
}

gy_status gy_config_check(const gy_config *config, const gy_node *tree)
{
    GY_TRY(check_run(config, tree));
    GY_TRY(check_data(config, tree));
    GY_TRY(check_rollout(config, tree));
    GY_TRY(check_model(config, tree));
    GY_TRY(check_comm(config, tree));
    GY_TRY(check_sparse(config, tree));
    GY_TRY(check_meta(config, tree));
    return check_train(config, tree);
}
