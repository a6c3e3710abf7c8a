/* A network aimed at a part's targets. */
#include "feed.h"

/* Numbers of classes are no values where they stand for names, or for one output each. */
static gy_status check_values(const gy_loss_kind *loss, const gy_shape *out, const char *data,
                              const gy_source_info *info)
{
    bool named = info->class_names != NULL && loss->target == GY_TARGET_VALUE;
    bool told_apart = info->y_is_class && !gy_shape_alike(out, &info->y);
    GY_REQUIRE(!named && !told_apart, GY_E_DATA,
               "wrong targets" GY_AT "%s" GY_WHY "they are classes, %s takes %s" GY_HINT "%s", data,
               loss->kind.name, gy_target_text(loss->target),
               named
                   ? "choose cross_entropy, or have labels read as numbers (libsvm: ?labels=values)"
                   : "choose cross_entropy, or end the model with as many outputs as targets");
    return GY_OK;
}

/* Targets must be of the kind that the loss is for, and the outputs enough for them. */
static gy_status check_targets(const gy_net *network, const char *data, const gy_source_info *info)
{
    const gy_loss_kind *loss = gy_loss_kind_of(network->spec.loss.kind);
    const gy_shape *out = gy_model_output(network->model);
    const int64_t classes = gy_shape_last(out);
    GY_REQUIRE(info->supervised, GY_E_DATA,
               "no targets" GY_AT "%s" GY_WHY "the samples have no y" GY_HINT
               "give a source with targets",
               data);
    gy_shape answers;
    GY_TRY(gy_loss_answer_shape(loss, network->spec.loss.settings, out, &answers));
    if (loss->target != GY_TARGET_CLASS) return check_values(loss, &answers, data, info);
    GY_REQUIRE(info->y_is_class, GY_E_DATA,
               "wrong targets" GY_AT "%s" GY_WHY "%s needs classes" GY_HINT "%s", data,
               loss->kind.name,
               gy_shape_alike(out, &info->y)
                   ? "take the argmax of one-hot rows; choose mse, mae or huber for values"
                   : "number them from 0, as integers; choose mse, mae or huber for values");
    GY_REQUIRE(info->classes <= classes, GY_E_SHAPE,
               "too few outputs" GY_AT "model.layers" GY_WHY
               "the model has %lld, the classes of %s go up to %lld" GY_HINT
               "give the last layer %lld units, or look for stray classes",
               (long long)classes, data, (long long)info->classes - 1, (long long)info->classes);
    return GY_OK;
}

gy_status gy_feed_teach(const gy_feed *f, gy_net *network)
{
    gy_task *task = &network->task;
    const int64_t classes = gy_task_class_weights(task);
    task->unit = (gy_target_unit){f->unit.n, f->unit.mean, f->unit.deviation};
    if (!gy_task_balances(task)) return GY_OK;
    GY_REQUIRE(f->n_class_weights == classes, GY_E_SHAPE,
               "the weights of classes do not fit" GY_AT "class_weights" GY_WHY
               "%lld were learned, there are %lld classes",
               (long long)f->n_class_weights, (long long)classes);
    task->class_weights = f->class_weights;
    return GY_OK;
}

gy_status gy_feed_aim_at(gy_feed *f, gy_net *network, const gy_shape *target)
{
    GY_TRY(gy_net_aim(network, target));
    f->target = network->task.loss->target;
    f->classes = network->task.classes;
    return gy_feed_teach(f, network);
}

gy_status gy_feed_aim(gy_feed *f, gy_net *network, gy_part part)
{
    const gy_source_info *info = gy_feed_info(f, part);
    GY_TRY(check_targets(network, f->text[part], info));
    GY_TRY(gy_feed_aim_at(f, network, &info->y));
    return info->weighted ? gy_task_take_weights(&network->task, gy_shape_count(&info->w)) : GY_OK;
}
