/*
 * The optimizer of slices of the flat vector: walks them tensor by tensor, because weight
 * decay, penalties and trust ratios differ from tensor to tensor, and lets the kind do the rest.
 *
 * Invariant: gaps between tensors are zero in w, g and slots, and stay so, since no pass touches
 * them.
 */
#include "optim_impl.h"

#include "kernel/elementwise.h"
#include "kernel/limbs.h"
#include "optim_list.h"

#include <math.h>

enum { FEW = 64 * GY_PARAM_ALIGN }; /* elements whose squares are taken together, apart */

#define ENTRY(name) &gy_optim_##name.kind,
GY_REGISTRY(gy_optim_registry, "optimizer", ENTRY, GY_OPTIM_LIST)

#define AT(field) .offset = offsetof(gy_optim_settings, field)
const gy_setting gy_optim_setting_rows[] = {
    {.key = "kind",
     .type = GY_SETTING_KIND,
     AT(kind),
     .standard = "adamw",
     .registry = &gy_optim_registry,
     .help = "the method"},
    {.key = "learning_rate",
     .type = GY_SETTING_FLOAT,
     AT(learning_rate),
     .standard = "0.001",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "length of the steps; see schedule"},
    {.key = "weight_decay",
     .type = GY_SETTING_FLOAT,
     AT(weight_decay),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "share of the weights taken off, as each method's paper has it"},
    {.key = "decay_all",
     .type = GY_SETTING_BOOL,
     AT(decay_all),
     .standard = "false",
     .help = "weight_decay, l1 and l2 act on biases and norms too"},
    {.key = "l1",
     .type = GY_SETTING_FLOAT,
     AT(l1),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "penalty l1 |w|; part of the gradient, not of the logged loss"},
    {.key = "l2",
     .type = GY_SETTING_FLOAT,
     AT(l2),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "penalty l2/2 w²; likewise"},
    GY_SETTING_END,
};

struct gy_optim {
    gy_context *ctx;
    const gy_kernel *kernel;
    gy_optim_settings settings;
    const gy_optim_kind *kind;
    const gy_params *params;
    gy_range *ranges;
    gy_ranges share;
    float *slots[GY_SLOTS]; /* packed */
    int n_slots;
};

static int count_slots(const gy_choice *kind)
{
    const gy_optim_kind *k = (const gy_optim_kind *)kind->kind;
    int n = 0;
    while (k->slots[n] != NULL) n++;
    return k->used != NULL ? k->used(kind->settings) : n;
}

gy_status gy_optim_create(gy_context *ctx, const gy_kernel *k, const gy_optim_settings *settings,
                          const gy_params *params, const gy_ranges *share, gy_optim **out)
{
    gy_status status;
    gy_optim *o = NULL;
    GY_TRY(gy_new(ctx, &o));
    o->ctx = ctx;
    o->kernel = k;
    o->settings = *settings;
    o->kind = (const gy_optim_kind *)settings->kind.kind;
    o->params = params;
    o->n_slots = count_slots(&settings->kind);
    GY_TRY_GOTO(fail, gy_new_array(ctx, share->n, &o->ranges));
    for (int i = 0; i < share->n; i++) o->ranges[i] = share->v[i];
    o->share = (gy_ranges){o->ranges, share->n};
    for (int i = 0; i < o->n_slots; i++)
        GY_TRY_GOTO(fail, gy_new_array(ctx, gy_ranges_count(share), &o->slots[i]));
    *out = o;
    return GY_OK;
fail:
    gy_optim_free(o);
    return status;
}

void gy_optim_free(gy_optim *o)
{
    if (o == NULL) return;
    for (int i = 0; i < GY_SLOTS; i++) gy_free(o->ctx, o->slots[i]);
    gy_free(o->ctx, o->ranges);
    gy_free(o->ctx, o);
}

int gy_optim_slots(const gy_optim *o)
{
    return o->n_slots;
}

const char *gy_optim_slot_name(const gy_optim *o, int slot)
{
    return o->kind->slots[slot];
}

float *gy_optim_slot(gy_optim *o, int slot)
{
    return o->slots[slot];
}

int64_t gy_optim_bytes(const gy_choice *kind, int64_t floats)
{
    return count_slots(kind) * floats * (int64_t)sizeof(float);
}

/** The part of a tensor that lies in a slice. */
typedef struct part {
    int tensor;     /* index in the table */
    int range;      /* of the share */
    int64_t packed; /* where that range begins in packed vectors */
    int64_t at, n;  /* place in the whole vector, elements */
    bool decays;    /* weight decay and penalties act on it, and it takes a trust ratio */
    float *slots[GY_SLOTS];
} part;

/* Takes what [from, to) has of a tensor. @return false where it has nothing */
static bool cut(const gy_optim *o, part *p, const gy_range *range)
{
    const gy_param *v = &o->params->v[p->tensor];
    int64_t end = v->offset + v->count < range->to ? v->offset + v->count : range->to;
    p->at = v->offset > range->from ? v->offset : range->from;
    p->n = end - p->at;
    p->decays = o->settings.decay_all || gy_role_decays(v->role);
    for (int i = 0; i < o->n_slots; i++)
        p->slots[i] = o->slots[i] + p->packed + (p->at - range->from);
    return p->n > 0;
}

/** Goes to the next part; begin with tensor = −1. @return false at the end */
static bool next(const gy_optim *o, part *p)
{
    for (; p->range < o->share.n; p->range++) {
        const gy_range *range = &o->share.v[p->range];
        while (++p->tensor < o->params->n) {
            const gy_param *v = &o->params->v[p->tensor];
            if (!v->trainable || v->offset >= range->to) break; /* ascending, frozen ones last */
            if (cut(o, p, range)) return true;
        }
        p->packed += range->to - range->from;
        p->tensor -= p->tensor > 0 ? 2 : 1; /* the last one may go on in the next slice */
    }
    return false;
}

double gy_optim_prepare(const gy_optim *o, const float *w, float *g)
{
    const float l1 = (float)o->settings.l1, l2 = (float)o->settings.l2;
    double squares = 0.0;
    for (part p = {.tensor = -1}; next(o, &p);)
        squares += p.decays && (l1 > 0.0f || l2 > 0.0f)
                       ? gy_penalize(o->kernel, p.n, l1, l2, w + p.at, g + p.at)
                       : gy_sum_squares(o->kernel, p.n, g + p.at);
    return squares;
}

double gy_optim_prepare_all(const gy_optim *o, const float *w, float *g)
{
    const gy_range all = {0, o->params->trainable};
    gy_optim whole = *o;
    whole.share = (gy_ranges){&all, 1};
    whole.n_slots = 0; /* those are of the share */
    return gy_optim_prepare(&whole, w, g);
}

double gy_clip_factor(double clip_norm, double norm)
{
    return clip_norm > 0.0 ? fmin(1.0, clip_norm / (norm + 1e-6)) : 1.0;
}

double gy_trust_ratio(const gy_update *u, double d_norm)
{
    return u->scaled && u->norms[0] > 0.0 && d_norm > 0.0 ? u->norms[0] / d_norm : 1.0;
}

bool gy_optim_needs_squares(const gy_optim *o)
{
    return o->kind->squares != NULL;
}

static gy_update update_of(const gy_optim *o, const part *p, int64_t step, double rate, double clip)
{
    return (gy_update){.step = step,
                       .rate = rate,
                       .clip = clip,
                       .weight_decay = p->decays ? o->settings.weight_decay : 0.0,
                       .scaled = p->decays};
}

static void add_squares(const gy_optim *o, const part *p, const gy_update *u, const float *w,
                        const float *g, double squares[2])
{
    if (!u->scaled) return; /* never asked for */
    o->kind->squares(o->settings.kind.settings, o->kernel, u, p->n, p->n, w + p->at, g + p->at,
                     p->slots, squares);
}

void gy_optim_squares(const gy_optim *o, int64_t step, double clip, const float *w, const float *g,
                      double *squares)
{
    for (part p = {.tensor = -1}; next(o, &p);) {
        const gy_update u = update_of(o, &p, step, 0.0, clip);
        add_squares(o, &p, &u, w, g, squares + 2 * p.tensor);
    }
}

/* Of the next few of a part, which begin at a multiple of GY_PARAM_ALIGN of their tensor. */
static void add_limbs(const gy_optim *o, const part *few, const gy_update *u, const float *w,
                      const float *g, double *limbs)
{
    double squares[2 * FEW / GY_PARAM_ALIGN] = {0};
    o->kind->squares(o->settings.kind.settings, o->kernel, u, few->n, GY_PARAM_ALIGN, w + few->at,
                     g + few->at, few->slots, squares);
    for (int64_t i = 0; i < few->n; i += GY_PARAM_ALIGN)
        for (int j = 0; j < 2; j++)
            gy_limbs_add(limbs + j * GY_LIMBS, squares[2 * i / GY_PARAM_ALIGN + j]);
}

void gy_optim_squares_in_limbs(const gy_optim *o, int64_t step, double clip, const float *w,
                               const float *g, double *limbs)
{
    for (part p = {.tensor = -1}; next(o, &p);) {
        const gy_update u = update_of(o, &p, step, 0.0, clip);
        part few = p;
        for (int64_t left = u.scaled ? p.n : 0; left > 0; left -= FEW) {
            few.n = left < FEW ? left : FEW;
            add_limbs(o, &few, &u, w, g, limbs + 2 * (int64_t)p.tensor * GY_LIMBS);
            few.at += FEW;
            for (int i = 0; i < o->n_slots; i++) few.slots[i] += FEW;
        }
    }
}

void gy_optim_squares_take(const gy_optim *o, const double *limbs, double *squares)
{
    for (int64_t i = 0; i < 2 * (int64_t)o->params->n; i++)
        squares[i] = gy_limbs_value(limbs + i * GY_LIMBS);
}

void gy_optim_update(gy_optim *o, int64_t step, double rate, double clip, float *w, const float *g,
                     const double *squares)
{
    for (part p = {.tensor = -1}; next(o, &p);) {
        gy_update u = update_of(o, &p, step, rate, clip);
        if (o->kind->squares != NULL) {
            double own[2] = {0.0, 0.0};
            if (squares == NULL) add_squares(o, &p, &u, w, g, own);
            const double *of = squares != NULL ? squares + 2 * p.tensor : own;
            for (int i = 0; i < 2; i++) u.norms[i] = sqrt(of[i]);
        }
        o->kind->update(o->settings.kind.settings, o->kernel, &u, p.n, w + p.at, g + p.at, p.slots);
    }
}
