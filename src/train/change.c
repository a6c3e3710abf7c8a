/*
 * What a changed configuration does to a run that goes on: a row a key, or a group of keys. Every change
 * is named; what it makes void (state_list.h) starts anew, and that is said; the rest does what it says.
 * A changed model is an error.
 */
#include "train_impl.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define VOID(subject) GY_CHANGED(GY_OF_##subject)

typedef struct effect {
    const char *key;  /* the first one that a changed key begins with counts */
    unsigned changed; /* subjects */
    const char *says; /* NULL: nothing more than that it changed */
} effect;

static const char best_anew[] = "the best is sought anew";
static const char numbers[] =
    "the model sees other numbers than it was trained with, and the best is "
    "sought anew";
static const char digits[] = "from here on the last digits may be others";
static const char drawn_anew[] =
    "the rest of the epoch is drawn anew, samples may come twice or not at all in it";

static const char tasks_anew[] = "the rest of the epoch is drawn anew, and the best is sought anew";

static const effect effects[] = {
    {"model", VOID(model), NULL},
    {"seed", 0, drawn_anew},
    {"threads", 0, digits},
    {"data.train", VOID(data) | VOID(plan) | VOID(monitor),
     "the place in the epoch is kept, the samples are others, and the best is sought anew"},
    {"data.validation_fraction", VOID(data) | VOID(plan) | VOID(monitor),
     "the place in the epoch is kept, the samples are others, and the best is sought anew"},
    {"data.fold", VOID(data) | VOID(plan) | VOID(monitor),
     "the place in the epoch is kept, the samples are others, and the best is sought anew"},
    {"data.validation", VOID(plan) | VOID(monitor), best_anew},
    {"data.test", VOID(plan), NULL},
    {"data.shuffle", VOID(plan), drawn_anew},
    {"data.drop_last", VOID(plan), NULL},
    {"data.augment", VOID(plan), NULL},
    {"data.", VOID(data) | VOID(plan) | VOID(monitor), numbers},
    {"loss", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"label_smoothing", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"huber_delta", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"quantiles", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"class_weights", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"ignore_label", VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"adapt.base", 0, NULL},
    {"adapt", VOID(model), NULL},
    {"distill", VOID(plan) | VOID(sums), "the sums of this epoch start anew"},
    {"optimizer.kind", VOID(optimizer), "its state starts anew"},
    {"schedule.kind", VOID(schedule), NULL},
    {"train.early_stopping.monitor", VOID(plan) | VOID(monitor), best_anew},
    {"train.parameter_average", VOID(plan), NULL},
    {"train.batch_size", VOID(plan), "an epoch has another number of steps"},
    {"train.winograd", 0, digits},
    {"train.rollout", VOID(plan) | VOID(sums) | VOID(monitor),
     "the sums of this epoch start anew, and the best where it is of the loss"},
    {"train.quantize", VOID(plan) | VOID(sums) | VOID(monitor),
     "the model sees other numbers than it was trained with, and the best is sought anew"},
    {"train.precision", 0, digits},
    {"train.", VOID(plan), NULL},
    {"meta.outer_learning_rate", 0, NULL},
    {"meta.inner_learning_rate", VOID(monitor), best_anew},
    {"meta.adapt_steps", VOID(monitor), best_anew},
    {"meta.queries", VOID(monitor), best_anew},
    {"meta.tasks", VOID(plan) | VOID(monitor) | VOID(optimizer), tasks_anew},
    {"meta.", VOID(plan) | VOID(monitor), tasks_anew},
    {"comm.reproducible_grains", 0, "from here on the bits are those of other grains"},
    {"comm.power_sgd_rank", VOID(compression), "what the compression remembers starts anew"},
    {"comm.compression", VOID(compression), "what the compression remembers starts anew"},
    {"comm.allreduce", 0, digits},
    {"comm.bucket_mib", 0, digits},
    {"comm.wire", 0, digits},
};

static bool begins(const char *key, const char *with)
{
    return strncmp(key, with, strlen(with)) == 0;
}

static const effect *find(const char *key)
{
    static const effect none = {"", 0, NULL};
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (begins(key, effects[i].key)) return &effects[i];
    return &none;
}

/* The monitored value is of the loss alone, and not of what a metric counts. */
static bool monitors_loss(const gy_config *config)
{
    const char *monitor = config->train.early_stopping.monitor;
    return strcmp(monitor, "validation_loss") == 0 || strcmp(monitor, "validation_perplexity") == 0;
}

typedef struct comparison {
    gy_run *run;
    gy_past *past;
    gy_status status;
} comparison;

static gy_status keep(const comparison *c, const char *key, const char *old_value,
                      const char *new_value)
{
    gy_change *change = NULL;
    GY_TRY(gy_pool_new(&c->run->pool, &change));
    GY_TRY(gy_pool_string(&c->run->pool, key, &change->key));
    GY_TRY(gy_pool_string(&c->run->pool, old_value, &change->old_value));
    GY_TRY(gy_pool_string(&c->run->pool, new_value, &change->new_value));
    gy_change **end = &c->past->changes;
    while (*end != NULL) end = &(*end)->next;
    *end = change;
    return GY_OK;
}

/* Whether it follows from other keys, which say it. */
static bool follows(const gy_config *config, const char *key)
{
    return config->meta.tasks > 0 &&
           (strcmp(key, "train.batch_size") == 0 || strcmp(key, "comm.reproducible_grains") == 0);
}

static void differ(void *user, const char *key, const char *old_value, const char *new_value)
{
    comparison *c = user;
    if (strcmp(key, "name") == 0 || strcmp(key, "run_dir") == 0 || c->status != GY_OK) return;
    if (follows(c->run->config, key)) return;
    unsigned changed = find(key)->changed;
    if (changed & VOID(sums) && !monitors_loss(c->run->config)) changed &= ~VOID(monitor);
    c->past->changed |= changed;
    c->status = keep(c, key, old_value, new_value);
}

gy_status gy_past_compare(gy_run *run, gy_past *past)
{
    comparison c = {.run = run, .past = past};
    GY_REQUIRE(gy_checkpoint_note_find(&past->head, "/state", "best_alone") == NULL, GY_E_USAGE,
               "cannot go on" GY_AT "%s" GY_WHY "it holds the best parameters alone" GY_HINT
               "use --init to start from them",
               past->path);
    GY_TRY(gy_config_compare(run->ctx, past->head.config, gy_config_text(run->config), differ, &c));
    GY_TRY(c.status);
    if (!(past->changed & VOID(model))) return GY_OK;
    if (run->options->init != NULL) {
        if (run->rank == 0)
            gy_log(run->ctx, GY_INFO, "resume: the model is another, the run starts from %s",
                   run->options->init);
        return GY_OK;
    }
    const gy_change *first = past->changes;
    while (!(find(first->key)->changed & VOID(model))) first = first->next;
    return gy_raise(GY_E_CONFIG,
                    "cannot go on" GY_AT "%s" GY_WHY "%s differs from the checkpoint's" GY_HINT
                    "use another --run-dir, or --init to take over parameters",
                    past->path, first->key);
}

/* Whether the learning rate follows from a key. */
static bool is_of_rate(const char *key)
{
    static const char *const keys[] = {
        "optimizer.learning_rate", "schedule", "train.epochs", "train.steps",
        "train.batch_size",        "data.",    "meta."};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (begins(key, keys[i])) return true;
    return false;
}

static void add(char *text, size_t room, const char *what)
{
    size_t n = strlen(text);
    (void)snprintf(text + n, room - n, "%s %s", n == 0 ? ":" : ",", what);
}

void gy_past_tell(const gy_run *run, const gy_past *past)
{
    char text[512], part[160];
    const double before = past->there.next_rate;
    const bool on =
        run->at.step == past->head.step; /* the run is there, and knows how it goes on */
    const double rate = on ? gy_run_rate(run) : before;
    for (const gy_change *c = past->changes; c != NULL && run->rank == 0; c = c->next) {
        text[0] = '\0';
        if (on && strcmp(c->key, "train.batch_size") == 0 && past->head.sample_in_epoch > 0) {
            (void)snprintf(part, sizeof part, "goes on from sample %lld of the epoch",
                           (long long)past->head.sample_in_epoch);
            add(text, sizeof text, part);
            if (run->config->data.shuffle == GY_SHUFFLE_CHUNKS) add(text, sizeof text, drawn_anew);
        }
        if (find(c->key)->says != NULL) add(text, sizeof text, find(c->key)->says);
        if (on && is_of_rate(c->key) && rate != before) {
            (void)snprintf(part, sizeof part,
                           "the learning rate goes on at %.4g, it was to be %.4g", rate, before);
            add(text, sizeof text, part);
        }
        gy_log(run->ctx, GY_INFO, "resume: %s changed from %s to %s%s", c->key, c->old_value,
               c->new_value, text);
    }
}
