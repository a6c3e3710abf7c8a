/* A network aimed at a part's targets. */
#include "feed.h"

/* Targets must be of the kind that the loss is for, and the outputs enough for them. */
static gy_status check_targets(const gy_network *network, const char *data,
                               const gy_source_info *info)
{
    const gy_loss_kind *kind = gy_loss_kind_of(network->spec.loss.kind);
    const char *loss = kind->kind.name;
    const int64_t classes = gy_shape_last(gy_model_output(network->model));
    GY_REQUIRE(info->supervised, GY_E_DATA,
               "no targets" GY_AT "%s" GY_WHY "the samples have no y" GY_HINT
               "give a source with targets",
               data);
    GY_REQUIRE(!kind->classifies || info->y_is_class, GY_E_DATA,
               "wrong targets" GY_AT "%s" GY_WHY "%s needs whole numbers of classes" GY_HINT
               "choose mse, mae or huber for values",
               data, loss);
    GY_REQUIRE(!kind->classifies || info->classes <= classes, GY_E_SHAPE,
               "too few outputs" GY_AT "model.layers" GY_WHY
               "the model has %lld, the classes of %s go up to %lld" GY_HINT
               "give the last layer %lld units, or look for stray classes",
               (long long)classes, data, (long long)info->classes - 1, (long long)info->classes);
    return GY_OK;
}

gy_status gy_feed_aim(gy_feed *f, gy_network *network, gy_part part)
{
    const gy_source_info *info = gy_feed_info(f, part);
    GY_TRY(check_targets(network, f->text[part], info));
    GY_TRY(gy_network_aim(network, &info->y));
    f->classes = network->task.loss->classifies ? network->task.classes : 0;
    return GY_OK;
}
