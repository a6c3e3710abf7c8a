/* What may be tried: configurations that are valid, of networks within the limits. Nothing is allocated for them. */
#include "search_impl.h"

#include <gyre/model.h>

#include "model/model.h"

#include <string.h>

static gy_status take_apart(gy_searching *g, const gy_config *config, gy_anatomy **out)
{
    gy_net_spec spec;
    gy_net network = {.ctx = NULL};
    GY_TRY(gy_config_network(config, g->alone, &spec));
    gy_status status = gy_net_open(g->s->ctx, &spec, &network);
    if (status == GY_OK) {
        gy_net_cut(&network, config->train.batch_size, g->s->ranks_each,
                   config->train.micro_batch_size);
        status = gy_config_take_apart(config, g->alone, &network, out);
    }
    gy_net_close(&network);
    return status;
}

static bool is_within(const gy_search_settings *limits, const gy_anatomy *a)
{
    const double mib = 1 << 20;
    const double bytes = (double)(a->parameter_bytes + a->gradient_bytes + a->optimizer_bytes +
                                  a->activation_bytes + a->checkpoint_bytes);
    if (limits->max_parameters > 0 && a->total > limits->max_parameters) return false;
    if (limits->max_flops > 0 && a->flops > limits->max_flops) return false;
    return limits->max_memory_mib == 0 || bytes <= limits->max_memory_mib * mib;
}

/* @param parameters  out: of its network, where that can be built */
static gy_status look_at(gy_searching *g, const gy_point *point, bool *within, int64_t *parameters)
{
    gy_config *config = NULL;
    gy_anatomy *anatomy = NULL;
    GY_TRY(gy_searching_configure(g, point, g->s->dir, &config));
    gy_status status = take_apart(g, config, &anatomy);
    if (status == GY_OK) {
        *within = is_within(&g->s->config->search, anatomy);
        *parameters = anatomy->total;
    }
    gy_anatomy_free(g->s->ctx, anatomy);
    gy_config_free(config);
    return status;
}

gy_status gy_searching_allows(void *g, const gy_point *point, bool *out)
{
    int64_t parameters;
    gy_status status = look_at(g, point, out, &parameters);
    if (status != GY_E_CONFIG && status != GY_E_SHAPE) return status;
    *out = false;
    return GY_OK;
}

gy_status gy_searching_count(gy_searching *g, const gy_point *point, int64_t *parameters)
{
    bool within;
    return look_at(g, point, &within, parameters);
}

/* The line of an override, as one of the space. */
static gy_status of_space(gy_status status)
{
    static const char word[] = "--set ", better[] = "space ";
    gy_error e = *gy_error_last();
    char *at = strstr(e.text, word);
    if (at == NULL) return status;
    memcpy(at, better, strlen(better));
    return gy_error_restore(&e);
}

/* Every choice; of a range its ends, and where any number is tried, one between them that is hardly a whole one. */
gy_status gy_searching_check(gy_searching *g)
{
    static const double of_range[] = {0, 1, 0.3819660112501051};
    const gy_space *space = g->search.space;
    const int of_each = g->search.kind->spaced ? 2 : 3;
    gy_point first = {{0}}, point;
    int64_t parameters;
    gy_status status = gy_searching_count(g, &first, &parameters);
    for (int i = 0; i < space->n && status == GY_OK; i++) {
        const bool chooses = space->v[i].kind == GY_AXIS_CHOICE;
        const int others = chooses ? space->v[i].n : of_each;
        for (int k = 1; k < others && status == GY_OK; k++) {
            gy_config *config = NULL;
            point = first;
            point.at[i] = chooses ? k : of_range[k];
            status = gy_searching_configure(g, &point, g->s->dir, &config);
            gy_config_free(config);
        }
    }
    return status == GY_OK ? GY_OK : of_space(status);
}
