/*
 * What a network says of data: loss and metrics, how often which class is taken for which, the samples that
 * it answers worst, and what it says of values beside what they are. One pass over the data; each rank
 * keeps the worst of its own part, and rank 0 the worst of these.
 */
#include "portrait.h"

#include "comm/comm.h"
#include "comm/watchdog.h"
#include "loss/confusion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST = 18, PAIRS = 3000, APART = 6 /* targets that are told apart */ };

typedef struct answers {
    gy_opened *o;
    const gy_task *task;
    int metrics;  /* that the configuration has */
    int at;       /* of the confusion's sums; 0: none */
    double *rows; /* [network.rows, task.sums] */
    int64_t done; /* samples of batches before this one */
    int n_worst, n_pairs;
    gy_portrait_example *worst; /* [WORST], the worst first */
    int64_t pixels;             /* of a sample that is a picture, else 0 */
    float *pictures;            /* [2 WORST, pixels], theirs; behind them room for another rank's */
    int64_t every;              /* of all targets one is a pair */
    gy_portrait_pair *pairs;    /* [2 PAIRS]: behind them room for another rank's */
} answers;

static bool has_one_class(const gy_task *t)
{
    return gy_task_classifies(t) && t->targets == 1 && t->outputs == t->classes;
}

static void take_class(const answers *a, const float *y, float target, gy_portrait_example *e)
{
    const int64_t classes = a->task->classes;
    double sum = 0;
    e->truth = e->said = -1;
    if (!has_one_class(a->task)) return;
    e->truth = (int64_t)target;
    e->said = gy_loss_top(classes, y);
    if (e->said < 0) return; /* not a number */
    for (int64_t i = 0; i < classes; i++) sum += exp((double)y[i] - (double)y[e->said]);
    e->sure = 1 / sum;
}

/* Puts a sample in its place among the worst. */
static void add_worst(answers *a, const gy_portrait_example *e, const float *x)
{
    const size_t each = (size_t)a->pixels * sizeof *a->pictures;
    int at = a->n_worst;
    for (; at > 0 && !(e->loss <= a->worst[at - 1].loss); at--)
        if (at < WORST) {
            a->worst[at] = a->worst[at - 1];
            if (each > 0)
                memcpy(a->pictures + at * a->pixels, a->pictures + (at - 1) * a->pixels, each);
        }
    if (at >= WORST) return;
    a->worst[at] = *e;
    if (each > 0) memcpy(a->pictures + at * a->pixels, x, each);
    if (a->n_worst < WORST) a->n_worst++;
}

/* Those of a sample's targets whose turn it is. @param y  in the targets' own unit */
static void add_pairs(answers *a, int64_t sample, const float *y, const float *target)
{
    const gy_task *t = a->task;
    const int64_t last = gy_shape_last(&t->out), each = gy_shape_last(&t->answers);
    for (int64_t i = 0; i < t->outputs; i++) {
        const gy_aspect aspect = gy_loss_aspect(t->loss, t->loss_settings, each, i % last);
        const int64_t to = i / last * each + aspect.target;
        if (!aspect.answers || to >= t->targets || (sample * t->targets + to) % a->every != 0)
            continue;
        if (a->n_pairs == PAIRS || !isfinite(y[i]) || !isfinite(target[to])) continue;
        a->pairs[a->n_pairs++] = (gy_portrait_pair){
            .target = t->targets <= APART ? (int)to : 0, .truth = target[to], .said = y[i]};
    }
}

static gy_status take(void *user, const gy_batch *batch, const gy_piece *piece, float *y)
{
    answers *a = user;
    const gy_task *t = a->task;
    const gy_net *net = &a->o->network;
    double *tally = a->rows + piece->grain * t->sums;
    const int64_t inputs = gy_shape_count(gy_model_input(net->model));
    for (int64_t i = 0; i < piece->n; i++) {
        float *one = y + i * t->outputs;
        const float *target = piece->y + i * t->targets;
        const gy_task_batch sample = {.n = 1,
                                      .y = one,
                                      .target = target,
                                      .weight =
                                          piece->w == NULL ? NULL : piece->w + i * t->weights};
        gy_portrait_example e = {.sample = batch->samples[piece->first + i]};
        e.loss = gy_task_add(t, net->kernel, &sample, 1, NULL, tally) / (double)t->count;
        take_class(a, one, target[0], &e);
        add_worst(a, &e, piece->x + i * inputs);
        if (t->loss->target != GY_TARGET_VALUE) continue;
        gy_task_restore(t, 1, one);
        add_pairs(a, a->done + batch->first + piece->first + i, one, target);
    }
    return GY_OK;
}

static gy_status pass_all(answers *a, gy_part part, int64_t samples)
{
    gy_opened *o = a->o;
    gy_loader *loader = o->feed.loader[part];
    GY_TRY(gy_loader_seek(loader, 0, 0));
    for (int64_t i = 0, n = gy_loader_batches(loader); i < n && a->done < samples; i++) {
        gy_batch batch = {.n = 0};
        gy_watchdog_note(o->comm, o->head.step, "look at answers", GY_WORKS);
        GY_TRY(gy_opened_pass(o, part, true, &batch, take, a));
        a->done += batch.global;
    }
    return GY_OK;
}

/* Rank 0 takes the others' worst among its own, and their pairs. */
static gy_status receive(answers *a, int from)
{
    gy_comm *comm = a->o->comm;
    int n[2];
    gy_portrait_example worst[WORST];
    float *pictures = a->pictures + WORST * a->pixels; /* behind its own */
    GY_TRY(gy_comm_receive(comm, n, sizeof n, from));
    GY_TRY(gy_comm_receive(comm, worst, n[0] * (int64_t)sizeof *worst, from));
    GY_TRY(gy_comm_receive(comm, pictures, n[0] * a->pixels * (int64_t)sizeof *pictures, from));
    for (int i = 0; i < n[0]; i++) add_worst(a, &worst[i], pictures + i * a->pixels);
    GY_TRY(gy_comm_receive(comm, a->pairs + a->n_pairs, n[1] * (int64_t)sizeof *a->pairs, from));
    a->n_pairs = a->n_pairs + n[1] < PAIRS ? a->n_pairs + n[1] : PAIRS;
    return GY_OK;
}

static gy_status gather(answers *a)
{
    gy_comm *comm = a->o->comm;
    const int n[2] = {a->n_worst, a->n_pairs};
    for (int r = 1; r < a->o->ranks && a->o->rank == 0; r++) GY_TRY(receive(a, r));
    if (a->o->rank == 0) return GY_OK;
    GY_TRY(gy_comm_send(comm, n, sizeof n, 0));
    GY_TRY(gy_comm_send(comm, a->worst, n[0] * (int64_t)sizeof *a->worst, 0));
    GY_TRY(gy_comm_send(comm, a->pictures, n[0] * a->pixels * (int64_t)sizeof *a->pictures, 0));
    return gy_comm_send(comm, a->pairs, n[1] * (int64_t)sizeof *a->pairs, 0);
}

static gy_status name_class(gy_portrayal *p, const gy_source_info *info, int64_t i,
                            const char **out)
{
    if (info->class_names != NULL && i < info->classes)
        return gy_pool_string(&p->pool, info->class_names[i], out);
    return gy_pool_format(&p->pool, out, "%lld", (long long)i);
}

static gy_status take_classes(gy_portrayal *p, const answers *a, const gy_source_info *info)
{
    const gy_task *t = a->task;
    gy_portrait_class *classes;
    GY_TRY(gy_pool_array(&p->pool, t->classes, &classes));
    for (int64_t i = 0; i < t->classes; i++) {
        const gy_class_score score = gy_confusion_score(a->rows + a->at, t->classes, i);
        double *said = NULL;
        classes[i] = (gy_portrait_class){
            .precision = score.precision, .recall = score.recall, .f1 = score.f1, .met = score.met};
        GY_TRY(name_class(p, info, i, &classes[i].name));
        if (!gy_task_classifies(t)) continue;
        GY_TRY(gy_pool_array(&p->pool, t->classes, &said));
        memcpy(said, score.said, (size_t)t->classes * sizeof *said);
        classes[i].said = said;
    }
    p->portrait.classes = classes;
    p->portrait.n_classes = t->classes;
    return GY_OK;
}

static gy_status take_values(gy_portrayal *p, const answers *a)
{
    gy_portrait_value *values;
    GY_TRY(gy_pool_array(&p->pool, 1 + a->metrics, &values));
    values[0] = (gy_portrait_value){"loss", gy_task_loss(a->rows)};
    for (int i = 0; i < a->metrics; i++)
        values[1 + i] = (gy_portrait_value){a->task->metrics[i]->kind.name,
                                            gy_task_metric(a->task, i, a->rows)};
    p->portrait.values = values;
    p->portrait.n_values = 1 + a->metrics;
    return GY_OK;
}

/* Into the portrait, on rank 0. */
static gy_status keep(gy_portrayal *p, answers *a, gy_part part)
{
    gy_portrait *out = &p->portrait;
    const gy_shape *sample = gy_model_input(a->o->network.model);
    const gy_source_info *info = gy_feed_info(&a->o->feed, part);
    gy_task_fold(a->task, a->o->network.rows, a->rows);
    GY_TRY(gy_pool_string(&p->pool, a->o->feed.text[part], &out->data));
    out->of_samples = a->o->feed.split[part].samples;
    out->samples = a->done < out->of_samples ? a->done : out->of_samples;
    out->worst = a->worst;
    out->n_worst = a->n_worst;
    out->pairs = a->pairs;
    out->n_pairs = a->n_pairs;
    out->targets = a->task->targets <= APART ? (int)a->task->targets : 1;
    if (a->pixels > 0)
        out->worst_pictures = (gy_portrait_pictures){.of = "samples",
                                                     .n = a->n_worst,
                                                     .height = (int)sample->d[0],
                                                     .width = (int)sample->d[1],
                                                     .channels = (int)sample->d[2],
                                                     .v = a->pictures};
    GY_TRY(take_values(p, a));
    return a->at > 0 ? take_classes(p, a, info) : GY_OK;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

static gy_status make_room(gy_portrayal *p, answers *a, int64_t samples)
{
    gy_net *network = &a->o->network;
    const gy_shape *sample = gy_model_input(network->model);
    gy_task *task = &network->task;
    const int64_t sums = samples * task->targets;
    if (gy_portray_is_picture(sample)) a->pixels = gy_shape_count(sample);
    if (task->loss->target != GY_TARGET_VALUE && task->classes <= GY_CONFUSION_CLASSES &&
        task->n_metrics < GY_TASK_METRICS)
        GY_TRY(gy_task_count_classes(task, &a->at));
    a->every = sums / PAIRS + 1; /* by turns all targets of a sample are met */
    while (common_divisor(a->every, task->targets) != 1) a->every++;
    GY_TRY(gy_pool_array(&p->pool, WORST, &a->worst));
    GY_TRY(gy_pool_array(&p->pool, 2 * WORST * a->pixels, &a->pictures));
    GY_TRY(gy_pool_array(&p->pool, 2 * PAIRS, &a->pairs));
    GY_TRY(gy_pool_array(&p->pool, network->rows * task->sums, &a->rows));
    return gy_model_plan(network->model, network->micro, GY_USE_EVALUATION);
}

gy_status gy_portray_answers(gy_portrayal *p, gy_opened *o, gy_part part, int64_t samples)
{
    answers a = {.o = o, .task = &o->network.task, .metrics = o->network.task.n_metrics};
    const int64_t all = o->feed.split[part].samples;
    if (samples == 0 || samples > all) samples = all;
    GY_REQUIRE(gy_feed_info(&o->feed, part)->supervised, GY_E_DATA,
               "cannot look at answers" GY_AT "%s" GY_WHY "the samples have no targets",
               o->feed.text[part]);
    GY_TRY(gy_comm_agree(o->comm, make_room(p, &a, samples)));
    GY_TRY(gy_comm_agree(o->comm, pass_all(&a, part, samples)));
    GY_TRY(gy_feed_sum_rows(&o->feed, &o->network, a.rows));
    GY_TRY(gather(&a));
    return gy_comm_agree(o->comm, o->rank == 0 ? keep(p, &a, part) : GY_OK);
}
