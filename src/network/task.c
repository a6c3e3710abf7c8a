/*
 * The task: loss and metrics over batches, as sums that ranks can add.
 *
 *     tally   | loss | Σ its weights | Σ weights of metrics | sums of metric 0 | sums of metric 1 | …
 *
 * Metrics are weighted by the data and by what is ignored, the loss by its classes too; each sees targets
 * in a unit of its own. What that needs of a piece lies in the task's room:
 *
 *     room    | imitation | weights of the loss | weights of metrics | targets of the loss | answers
 */
#include "task.h"

#include "base/count.h"
#include "base/param.h"
#include "loss/confusion.h"

#include <math.h>
#include <string.h>

enum { LOSS, WEIGHT, COUNT, METRICS };

static gy_status take_metrics(gy_task *t, const gy_strings *names)
{
    GY_REQUIRE(names->n <= GY_TASK_METRICS, GY_E_CONFIG,
               "too many metrics" GY_AT "metrics" GY_WHY "there may be %d", GY_TASK_METRICS);
    t->sums = METRICS;
    for (int i = 0; i < names->n; i++) {
        const gy_kind *kind = gy_registry_find(&gy_metric_registry, names->v[i]);
        t->metrics[i] = gy_metric_kind_of(kind);
        GY_TRY(gy_metric_check(t->metrics[i], t->loss, t->classes));
        t->at[i] = t->sums;
        t->sums += gy_metric_sums(t->metrics[i], t->classes);
    }
    t->n_metrics = names->n;
    return GY_OK;
}

int64_t gy_task_class_weights(const gy_task *t)
{
    return t->loss->target == GY_TARGET_CLASS ? t->classes : 2;
}

bool gy_task_balances(const gy_task *t)
{
    return t->by_class != NULL && t->by_class->weights.choice >= 0;
}

bool gy_task_ignores(const gy_task *t, float target)
{
    const gy_class_settings *c = t->by_class;
    return c != NULL && c->ignore.choice < 0 && target == (float)c->ignore.v;
}

static gy_status take_classes(gy_task *t)
{
    t->by_class = t->loss->classes == NULL ? NULL : t->loss->classes(t->loss_settings);
    if (t->by_class == NULL || t->by_class->weights.choice >= 0) return GY_OK;
    const gy_floats *given = &t->by_class->weights;
    if (given->n == 0) return GY_OK;
    double sum = 0;
    for (int i = 0; i < given->n; i++) sum += given->v[i];
    GY_REQUIRE(given->n == gy_task_class_weights(t), GY_E_CONFIG,
               "wrong value of class_weights" GY_AT "loss %s" GY_WHY
               "there are %d for %lld classes" GY_HINT "give one a class, or balanced",
               t->loss->kind.name, given->n, (long long)gy_task_class_weights(t));
    GY_REQUIRE(sum > 0, GY_E_CONFIG,
               "wrong value of class_weights" GY_AT "loss %s" GY_WHY
               "all are 0, so that nothing is learned",
               t->loss->kind.name);
    t->class_weights = given->v;
    return GY_OK;
}

gy_status gy_task_init(gy_task *t, const gy_choice *loss, const gy_strings *metrics,
                       const gy_shape *out, const gy_shape *target)
{
    *t = (gy_task){.loss = gy_loss_kind_of(loss->kind),
                   .loss_settings = loss->settings,
                   .out = *out,
                   .outputs = gy_shape_count(out)};
    if (t->loss->check != NULL) GY_TRY(t->loss->check(loss->settings));
    GY_TRY(gy_loss_answer_shape(t->loss, loss->settings, out, &t->answers));
    t->classes = gy_shape_last(&t->answers);
    if (target != NULL) {
        t->targets = gy_shape_count(target);
        GY_TRY(gy_loss_shape(t->loss, loss->settings, out, target, &t->count));
    }
    GY_TRY(take_classes(t));
    return take_metrics(t, metrics);
}

gy_status gy_task_take_weights(gy_task *t, int64_t n)
{
    const char *whole = t->loss->whole ? t->loss->kind.name : NULL;
    for (int i = 0; i < t->n_metrics; i++)
        if (t->metrics[i]->whole) whole = t->metrics[i]->kind.name;
    GY_REQUIRE(n <= 1 || whole == NULL, GY_E_CONFIG,
               "the weights do not suit %s" GY_WHY
               "it is of whole samples, and there are %lld weights for each" GY_HINT
               "give one weight a sample",
               whole, (long long)n);
    t->weights = n;
    return GY_OK;
}

gy_status gy_task_count_classes(gy_task *t, int *at)
{
    GY_REQUIRE(t->loss->target != GY_TARGET_VALUE && t->classes <= GY_CONFUSION_CLASSES, GY_E_USAGE,
               "cannot tell classes apart" GY_AT "loss %s" GY_WHY
               "its targets are %s, with %lld outputs" GY_HINT "this is for up to %d classes",
               t->loss->kind.name, gy_target_text(t->loss->target), (long long)t->classes,
               GY_CONFUSION_CLASSES);
    GY_REQUIRE(t->n_metrics < GY_TASK_METRICS, GY_E_USAGE,
               "cannot tell classes apart" GY_AT "metrics" GY_WHY "there are too many" GY_HINT
               "give fewer by --set metrics=…");
    *at = t->at[t->n_metrics] = t->sums;
    t->metrics[t->n_metrics++] = &gy_metric_confusion;
    t->sums += gy_metric_sums(&gy_metric_confusion, t->classes);
    return GY_OK;
}

bool gy_task_weighs(const gy_task *t)
{
    return t->weights > 0 || t->class_weights != NULL ||
           (t->by_class != NULL && t->by_class->ignore.choice < 0);
}

/* The weight of element i of a sample's targets in metrics. */
static double weight_at(const gy_task *t, const float *target, const float *weight, int64_t i)
{
    if (gy_task_ignores(t, target[i])) return 0;
    return t->weights == 0 || weight == NULL ? 1 : (double)weight[i / (t->targets / t->weights)];
}

/* And in the loss. */
static double class_weight_at(const gy_task *t, float target, double weight)
{
    const int64_t n = gy_task_class_weights(t);
    if (t->class_weights == NULL || weight <= 0 || isnan(target)) return weight;
    const int64_t class = target < 0 ? 0 : target >= (float)n ? n - 1 : (int64_t)target;
    return weight * t->class_weights[class];
}

/* Σ weights of a sample in the loss; each into `loss` [count] and `metric` [targets] unless NULL. */
static double weigh(const gy_task *t, const float *target, const float *weight, float *loss,
                    float *metric)
{
    double sum = 0;
    for (int64_t i = 0; i < t->targets; i++) {
        const double w = weight_at(t, target, weight, i), c = class_weight_at(t, target[i], w);
        if (metric != NULL) metric[i] = (float)w;
        if (i >= t->count) continue; /* a sample counts once */
        sum += (double)(float)c;
        if (loss != NULL) loss[i] = (float)c;
    }
    return sum;
}

static const float *weights_of(const gy_task *t, const gy_task_batch *b, int64_t i)
{
    return b->weight == NULL ? NULL : b->weight + i * t->weights;
}

void gy_task_weigh(const gy_task *t, const gy_task_batch *b, double limbs[GY_LIMBS])
{
    for (int64_t i = 0; i < b->n; i++)
        gy_limbs_add(limbs, weigh(t, b->target + i * t->targets, weights_of(t, b, i), NULL, NULL));
}

static bool has_own_answers(const gy_task *t)
{
    return t->loss->target == GY_TARGET_VALUE && (t->unit.n > 0 || t->loss->aspect != NULL);
}

static int64_t align(int64_t floats)
{
    return gy_round_up(floats, GY_PARAM_ALIGN);
}

int64_t gy_task_room(const gy_task *t, int64_t n)
{
    const bool values = t->loss->target == GY_TARGET_VALUE; /* those of classes are the outputs */
    const int64_t answers = gy_shape_count(&t->answers);
    int64_t targets = t->targets, count = t->count;
    if (targets == 0) {
        targets = values ? answers : answers / t->classes;
        count = t->loss->whole ? 1 : targets;
    }
    return align(t->imitation.weight > 0 ? n * t->outputs : 0) + align(n * count) +
           2 * align(n * targets) + align(values ? n * answers : 0);
}

/* The parts of the room for a batch; the first is the gradient of an imitation. */
typedef struct room {
    float *imitation, *loss, *metric, *target, *answer;
} room;

static room cut(const gy_task *t, int64_t n)
{
    room r = {.imitation = t->room};
    r.loss = r.imitation + align(t->imitation.weight > 0 ? n * t->outputs : 0);
    r.metric = r.loss + align(n * t->count);
    r.target = r.metric + align(n * t->targets);
    r.answer = r.target + align(n * t->targets);
    return r;
}

static void make_targets(const gy_task *t, int64_t n, const float *target, float *out)
{
    const gy_target_unit *u = &t->unit;
    for (int64_t i = 0; i < n * t->targets; i++)
        out[i] = (target[i] - u->mean[i % u->n]) / u->deviation[i % u->n];
}

/* In the targets' own unit. */
static float restored(const gy_target_unit *u, int64_t i, bool log_variance, float v)
{
    if (u->n == 0) return v;
    const float deviation = u->deviation[i % u->n];
    return log_variance ? v + 2 * logf(deviation) : v * deviation + u->mean[i % u->n];
}

/* Outputs in a unit: every one of them into `all`, those that answer into `answers`, unless NULL. */
static void restore(const gy_task *t, const gy_target_unit *unit, int64_t n, const float *y,
                    float *all, float *answers)
{
    const int64_t last = gy_shape_last(&t->out), each = gy_shape_last(&t->answers);
    const int64_t all_answers = gy_shape_count(&t->answers);
    for (int64_t j = 0; j < last; j++) {
        const gy_aspect a = gy_loss_aspect(t->loss, t->loss_settings, each, j);
        for (int64_t row = 0; row < n * t->outputs / last; row++) {
            const int64_t to = row * each + a.target;
            const float v = restored(unit, to % all_answers, a.log_variance, y[row * last + j]);
            if (all != NULL) all[row * last + j] = v;
            if (answers != NULL && a.answers) answers[to] = v;
        }
    }
}

void gy_task_restore(const gy_task *t, int64_t n, float *y)
{
    if (t->unit.n > 0) restore(t, &t->unit, n, y, y, NULL);
}

static void add_metrics(const gy_task *t, gy_loss_batch b, const room *r, double *tally)
{
    const bool own = has_own_answers(t);
    if (t->n_metrics == 0) return;
    if (own) {
        restore(t, &t->unit, b.batch, b.y, NULL, r->answer);
        b.y = r->answer;
        b.out = &t->answers;
        b.outputs = gy_shape_count(&t->answers);
    }
    for (int i = 0; i < t->n_metrics; i++) t->metrics[i]->add(&b, tally + t->at[i]);
}

/* The loss beside a teacher's outputs, its gradient into dy. */
static double imitate(const gy_task *t, gy_loss_batch b, const float *teacher, const room *r,
                      float scale, float *dy)
{
    static const gy_target_unit none = {.n = 0}; /* outputs of both are in that of the loss */
    b.target = teacher;
    if (t->loss->imitate != NULL) return t->loss->imitate(&b, t->imitation.temperature, scale, dy);
    if (t->loss->aspect != NULL) { /* there are fewer answers than outputs */
        restore(t, &none, b.batch, teacher, NULL, r->answer);
        b.target = r->answer;
    }
    return t->loss->run(t->loss_settings, &b, scale, dy);
}

/* The loss of outputs, by targets and by the teacher where there is one; dy may be b->y. */
static double run(const gy_task *t, const gy_loss_batch *b, const float *teacher, const room *r,
                  float scale, float *dy)
{
    const double share = teacher == NULL ? 0 : t->imitation.weight, own = 1 - share;
    if (share == 0) return t->loss->run(t->loss_settings, b, scale, dy);
    double loss = share * imitate(t, *b, teacher, r, (float)share * scale, r->imitation);
    loss += own * t->loss->run(t->loss_settings, b, (float)own * scale, dy);
    for (int64_t i = 0; dy != NULL && i < b->batch * b->outputs; i++) dy[i] += r->imitation[i];
    return loss;
}

bool gy_task_takes_rows(const gy_choice *loss)
{
    const gy_loss_kind *kind = loss->kind == NULL ? NULL : gy_loss_kind_of(loss->kind);
    return kind != NULL && kind->target == GY_TARGET_CLASS && !kind->whole; /* a class a row */
}

void gy_task_begin(const gy_task *t, const gy_task_batch *b, double *tally)
{
    const int64_t n = b->n;
    const room r = cut(t, n);
    double weight = (double)(n * t->count), count = (double)(n * t->targets);
    if (gy_task_weighs(t)) {
        weight = count = 0;
        for (int64_t i = 0; i < n; i++)
            weight += weigh(t, b->target + i * t->targets, weights_of(t, b, i),
                            r.loss + i * t->count, r.metric + i * t->targets);
        for (int64_t i = 0; i < n * t->targets; i++) count += (double)r.metric[i];
    }
    tally[WEIGHT] += weight;
    tally[COUNT] += count;
}

double gy_task_add_rows(const gy_task *t, const gy_kernel *k, const gy_task_batch *batch,
                        int64_t first, int64_t n, const float *y, float scale, float *dy,
                        double *tally)
{
    const int64_t last = gy_shape_last(&t->out);
    const gy_shape row = {1, {last}};
    const float *teacher = batch->teacher;
    room r = cut(t, batch->n);
    gy_loss_batch b = {.loss = t->loss,
                       .kernel = k,
                       .batch = batch->n,
                       .out = &t->out,
                       .outputs = t->outputs,
                       .y = y,
                       .target = batch->target,
                       .samples = t->weights == 1 ? batch->weight : NULL};
    if (n * last < batch->n * t->outputs) { /* each as a sample */
        b.batch = n;
        b.out = &row;
        b.outputs = last;
        b.samples = NULL;
        b.target += first;
        r.loss += first;
        r.metric += first;
        if (teacher != NULL) teacher += first * last;
    }
    if (gy_task_weighs(t)) b.weight = r.metric;
    add_metrics(t, b, &r, tally);
    if (b.weight != NULL) b.weight = r.loss;
    if (t->unit.n > 0) {
        make_targets(t, b.batch, b.target, r.target);
        b.target = r.target;
    }
    const double loss = run(t, &b, teacher, &r, scale, dy); /* may overwrite y */
    tally[LOSS] += loss;
    return loss;
}

double gy_task_add(const gy_task *t, const gy_kernel *k, const gy_task_batch *b, float scale,
                   float *dy, double *tally)
{
    if (b->n == 0) return 0;
    gy_task_begin(t, b, tally);
    return gy_task_add_rows(t, k, b, 0, b->n * t->outputs / gy_shape_last(&t->out), b->y, scale, dy,
                            tally);
}

void gy_task_fold(const gy_task *t, int n, double *rows)
{
    for (int row = 1; row < n; row++)
        for (int i = 0; i < t->sums; i++) rows[i] += rows[row * t->sums + i];
}

bool gy_task_classifies(const gy_task *t)
{
    return t->loss->target == GY_TARGET_CLASS;
}

double gy_task_loss(const double *tally)
{
    return tally[WEIGHT] == 0 ? tally[LOSS] : tally[LOSS] / tally[WEIGHT];
}

double gy_task_metric(const gy_task *t, int i, const double *tally)
{
    return gy_metric_value(t->metrics[i], tally + t->at[i], t->classes, tally[COUNT]);
}

bool gy_task_larger_is_better(const gy_task *t, const char *name)
{
    for (int i = 0; i < t->n_metrics; i++)
        if (strcmp(t->metrics[i]->kind.name, name) == 0) return t->metrics[i]->larger_is_better;
    return false;
}
