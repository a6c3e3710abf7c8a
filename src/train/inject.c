/* Faults on purpose: read from their texts, and struck at their moments. */
#include "fault_list.h"

#include "base/kind_text.h"
#include "comm/members.h"

#include <string.h>

#define ENTRY(name) &gy_fault_##name.kind,
GY_REGISTRY(gy_fault_registry, "fault", ENTRY, GY_FAULT_LIST)
#undef ENTRY

/* What must be given, and is not. */
static gy_status check(const gy_run *run, const char *text, const gy_fault_kind *kind,
                       const gy_fault_settings *s)
{
    for (const gy_setting *row = kind->kind.settings; row->key != NULL; row++) {
        const char *at = (const char *)s + row->offset;
        bool given = row->type == GY_SETTING_FLOAT ? *(const double *)(const void *)at >= 0
                                                   : *(const int64_t *)(const void *)at >= 0;
        if (given) continue;
        return gy_raise(GY_E_USAGE,
                        "not a fault" GY_AT "--inject %s" GY_WHY "%s is not given" GY_HINT
                        "see gyre help inject",
                        text, row->key);
    }
    GY_REQUIRE(s->rank < run->ranks, GY_E_USAGE,
               "wrong value of a fault" GY_AT "--inject %s" GY_WHY "there are ranks 0 to %d", text,
               run->ranks - 1);
    return GY_OK;
}

static gy_status parse(gy_run *run, const char *text, gy_injection *out)
{
    static const char option[] = "--inject", help[] = "inject";
    const gy_registry *all = &gy_fault_registry;
    const gy_kind *kind;
    gy_fault_settings *settings;
    char *rest;
    GY_TRY(gy_kind_text_find(&run->pool, all, option, help, text, &kind, &rest));
    GY_TRY(gy_pool_new(&run->pool, &settings));
    *settings =
        (gy_fault_settings){.rank = -1, .step = -1, .checkpoint = -1, .messages = -1, .ms = -1};
    GY_TRY(gy_kind_text_assign(&run->pool, all, option, help, text, kind, rest, settings));
    *out = (gy_injection){(const gy_fault_kind *)kind, settings};
    return check(run, text, out->kind, settings);
}

gy_status gy_run_take_faults(gy_run *run)
{
    const gy_train_options *options = run->options;
    gy_injection *faults;
    GY_TRY(gy_pool_array(&run->pool, options->n_inject, &faults));
    for (int i = 0; i < options->n_inject; i++) GY_TRY(parse(run, options->inject[i], &faults[i]));
    run->faults = faults;
    run->n_faults = options->n_inject;
    return GY_OK;
}

/* Whether it strikes now: `any` stands for every number. */
static bool is_now(int64_t wanted, int64_t now)
{
    return wanted < 0 || wanted == now;
}

void gy_run_strike(gy_run *run, gy_moment moment)
{
    int64_t step = moment == GY_MOMENT_UPDATED ? run->at.step : run->at.step + 1;
    for (int i = 0; i < run->n_faults; i++) {
        const gy_fault_kind *kind = run->faults[i].kind;
        const gy_fault_settings *s = run->faults[i].settings;
        if (kind->moment != moment || !is_now(s->rank, gy_comm_first_rank(run->comm))) continue;
        if (is_now(s->step, step) && is_now(s->checkpoint, run->saves)) kind->strike(run, s);
    }
}

bool gy_fault_describe(gy_context *ctx, const char *fault,
                       void (*line)(void *user, const char *text), void *user)
{
    enum { WIDTH = 40 };
    gy_buffer out;
    bool found = false;
    gy_buffer_init(&out, ctx);
    for (int i = 0; i < gy_fault_registry.n; i++) {
        const gy_kind *kind = gy_fault_registry.kinds[i];
        if (fault != NULL && strcmp(kind->name, fault) != 0) continue;
        found = true;
        gy_buffer_reset(&out);
        gy_buffer_format(&out, "  %s:", kind->name);
        for (const gy_setting *row = kind->settings; row->key != NULL; row++)
            gy_buffer_format(&out, "%s%s=N", row == kind->settings ? "" : ",", row->key);
        gy_buffer_format(&out, "%*s%s", out.bytes < WIDTH ? (int)(WIDTH - out.bytes) : 0, "",
                         kind->help);
        line(user, gy_buffer_text(&out));
    }
    gy_buffer_clear(&out);
    return found;
}
