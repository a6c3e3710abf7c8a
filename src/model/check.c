/*
 * Walks a finished program in its places and tells whether each step reads what it should: proof, on
 * this model, of the rules at the heads of program.c, gradient.c and plan.c.
 *
 * Numbers stand for tensors: every value, kept tensor and part of a gradient has a word of its own;
 * sums of gradients are sums of words. A storage holds the word that was written to it last, and
 * rubbish once anything was written to a place that it overlaps. What a step has to find is known
 * from the model alone.
 */
#include "model_impl.h"

typedef struct checker {
    const gy_model *m;
    const gy_plan *plan;
    int n;                /* storages, then parameters' gradients */
    int64_t *begin, *end; /* [n] places in the arena; none for those beside it */
    uint64_t *holds;      /* [n] */
    uint64_t *y, *dy;     /* [values] what is to be found */
    uint64_t *dw;         /* [params] */
    bool *begun;          /* [params] their gradients are added to from now on */
    uint64_t rubbish;
    const gy_step *step;
    int now;           /* its number */
    const char *wrong; /* the first read that finds something else, and where */
    int wrong_step;
} checker;

enum { Y = 1, KEEP, DX, DW, REMADE, LOSS, RUBBISH };

/* A word like no other (splitmix64). */
static uint64_t word(uint64_t what, int unit, int j)
{
    uint64_t z = what * 0x100000000000000 + (uint64_t)unit * 0x10000 + (uint64_t)j;
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* What the steps have to find, by the model alone. */
static void know(checker *c)
{
    const gy_model *m = c->m;
    c->y[0] = word(Y, m->n_units, 0); /* the samples, which no unit makes */
    for (int i = 0; i < m->n_units; i++) {
        const gy_unit *u = m->units[i];
        c->y[u->y] = u->layer.relation.view ? c->y[u->x[0]] : word(Y, i, 0);
    }
    c->dy[m->output] = word(LOSS, 0, 0);
    for (int i = m->n_units - 1; i >= 0; i--) {
        const gy_unit *u = m->units[i];
        const bool hands_on = u->layer.relation.view || u->layer.relation.adds;
        if (!u->backward) continue;
        for (int j = 0; j < u->layer.inputs; j++)
            c->dy[u->x[j]] += hands_on ? c->dy[u->y] : word(DX, i, j);
        for (int j = 0; j < u->n_params; j++) c->dw[u->params[j]] += word(DW, i, j);
    }
}

/* The caller makes dy where the output lies. */
static int place_of(const checker *c, int storage)
{
    return storage == GY_STORAGE_DY ? c->plan->program.out : storage;
}

static void find(checker *c, int storage, uint64_t what, const char *wrong)
{
    if (c->wrong != NULL) return;
    if (storage != GY_STORAGE_NONE && c->holds[place_of(c, storage)] == what) return;
    c->wrong = wrong;
    c->wrong_step = c->now;
}

static void put(checker *c, int storage, uint64_t what)
{
    const int s = place_of(c, storage);
    if (storage == GY_STORAGE_NONE) return;
    for (int t = 0; t < c->n; t++)
        if (c->begin[t] < c->end[s] && c->begin[s] < c->end[t])
            c->holds[t] = word(RUBBISH, (int)++c->rubbish, 0);
    c->holds[s] = what;
}

static void find_x(checker *c, const gy_unit *u, int from)
{
    for (int j = from; j < u->layer.inputs; j++)
        find(c, c->step->x[j], c->y[u->x[j]], "its input is not there");
}

static void put_spare(checker *c)
{
    put(c, c->step->scratch, 0);
    put(c, c->step->buffers, 0);
    put(c, c->step->joined, 0);
}

/* While a call writes, what it reads has to stay, but for what it may write over. */
static void walk_forward(checker *c, const gy_unit *u)
{
    const gy_step *s = c->step;
    const bool over = u->layer.relation.in_place && s->y == s->x[0];
    find_x(c, u, 0);
    put_spare(c);
    put(c, s->keep, word(KEEP, u->index, 0));
    put(c, s->y, c->y[u->y]);
    find_x(c, u, over);
    if (s->keep != GY_STORAGE_NONE) find(c, s->keep, word(KEEP, u->index, 0), "it is not kept");
}

static void walk_remake(checker *c, const gy_unit *u)
{
    const gy_step *s = c->step;
    const int x = u->layer.relation.remakes == GY_REMAKE_OF_X_AND_KEEP ? 0 : u->layer.inputs;
    find_x(c, u, x);
    find(c, s->keep, word(KEEP, u->index, 0), "what it kept is not there");
    put(c, s->y, c->y[u->y]);
    put(c, s->keep, word(REMADE, u->index, 0));
    find_x(c, u, x);
    find(c, s->y, c->y[u->y], "what it remakes is lost");
}

static void find_for_backward(checker *c, const gy_unit *u, bool dy)
{
    const gy_step *s = c->step;
    if (dy) find(c, s->dy, c->dy[u->y], "its gradient is not there");
    if (u->layer.memory.needs & GY_NEEDS_X) find_x(c, u, 0);
    if (u->layer.memory.needs & GY_NEEDS_Y) find(c, s->y, c->y[u->y], "its output is not there");
}

static void walk_backward(checker *c, const gy_unit *u)
{
    const gy_step *s = c->step;
    const gy_size keep = u->layer.memory.keep;
    const bool over = u->layer.relation.in_place && s->dy == s->dx[0];
    find_for_backward(c, u, true);
    if (keep.per_sample > 0 || keep.fixed > 0)
        find(c, s->keep, word(s->remade ? REMADE : KEEP, u->index, 0), "what it kept is not there");
    put_spare(c);
    put(c, s->keep, 0);
    for (int j = 0; j < u->layer.inputs; j++) put(c, s->dx[j], word(DX, u->index, j));
    for (int j = 0; j < u->n_params; j++) {
        const int param = u->params[j], p = c->plan->program.n_storages + param;
        put(c, p, word(DW, u->index, j) + (c->begun[param] ? c->holds[p] : 0));
        c->begun[param] = true;
    }
    find_for_backward(c, u, !over);
    for (int j = 0; j < u->layer.inputs; j++)
        if (s->dx[j] != GY_STORAGE_NONE)
            find(c, s->dx[j], word(DX, u->index, j), "the gradient it makes is lost");
}

/* Outputs in blocks: what it reads has to stay until the last. */
static void walk_by_rows(checker *c, const gy_unit *u)
{
    const gy_step *s = c->step;
    walk_forward(c, u);
    put(c, s->y, c->dy[u->y]);
    if (s->dy != GY_STORAGE_NONE) walk_backward(c, u);
    find_x(c, u, 0);
}

static void walk_moves(checker *c)
{
    const gy_step *s = c->step;
    for (int i = 0; i < s->n_moves; i++) {
        const int from = place_of(c, s->moves[i].from), to = place_of(c, s->moves[i].to);
        put(c, to, c->holds[from] + (s->moves[i].add ? c->holds[to] : 0));
    }
}

static void walk(checker *c)
{
    const gy_program *p = &c->plan->program;
    for (int i = 0; i < p->n_steps; i++) {
        const gy_step *s = c->step = p->steps[c->now = i];
        const gy_unit *u = s->unit < 0 ? NULL : c->m->units[s->unit];
        if (s->call && s->op == GY_OP_BACKWARD) walk_backward(c, u);
        if (s->call && s->op == GY_OP_REMAKE) walk_remake(c, u);
        if (s->call && s->op < GY_OP_REMAKE) walk_forward(c, u);
        if (s->call && s->op == GY_OP_LOSS) walk_by_rows(c, u);
        if (!s->call && s->op == GY_OP_BACKWARD) find(c, s->dy, c->dy[u->y], "no gradient there");
        walk_moves(c);
        if (s->op < GY_OP_REMAKE) find(c, s->y, c->y[u->y], "its output is lost");
        if (s->op != GY_OP_LOSS || s->call) continue;
        find(c, p->out, c->y[c->m->output], "the model's output is not there");
        put(c, p->out, c->dy[c->m->output]);
    }
    for (int i = 0; i < c->m->params.n && p->loss < p->n_steps - 1; i++)
        if (c->m->params.v[i].trainable)
            find(c, p->n_storages + i, c->dw[i], "the gradient of a parameter is lost");
}

static gy_status prepare(checker *c, gy_pool *pool)
{
    const gy_program *p = &c->plan->program;
    const gy_params *params = &c->m->params;
    c->n = p->n_storages + params->n;
    GY_TRY(gy_pool_array(pool, c->n, &c->begin));
    GY_TRY(gy_pool_array(pool, c->n, &c->end));
    GY_TRY(gy_pool_array(pool, c->n, &c->holds));
    GY_TRY(gy_pool_array(pool, c->m->n_values, &c->y));
    GY_TRY(gy_pool_array(pool, c->m->n_values, &c->dy));
    GY_TRY(gy_pool_array(pool, params->n + 1, &c->dw));
    GY_TRY(gy_pool_array(pool, params->n + 1, &c->begun));
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++) {
        c->begin[i] = c->plan->offset[i];
        c->end[i] = c->begin[i] + gy_plan_floats(c->plan, i);
    }
    for (int i = 0; i < params->n && c->plan->use == GY_USE_STEPS; i++) {
        if (!params->v[i].trainable) continue;
        c->begin[p->n_storages + i] = params->v[i].offset;
        c->end[p->n_storages + i] = params->v[i].offset + gy_align_floats(params->v[i].count);
    }
    know(c);
    c->holds[GY_STORAGE_X] = c->y[0];
    return GY_OK;
}

gy_status gy_plan_check(const gy_model *m, const gy_plan *plan)
{
    gy_status status;
    gy_pool pool;
    checker c = {.m = m, .plan = plan};
    gy_pool_init(&pool, m->ctx);
    GY_TRY_GOTO(fail, prepare(&c, &pool));
    walk(&c);
    if (c.wrong != NULL) {
        const int unit = plan->program.steps[c.wrong_step]->unit;
        status = gy_raise(GY_E_CONFIG, "memory plan" GY_AT "step %d, layer %s" GY_WHY "%s",
                          c.wrong_step, unit < 0 ? "loss" : m->units[unit]->layer.path, c.wrong);
    }
fail:
    gy_pool_clear(&pool);
    return status;
}
