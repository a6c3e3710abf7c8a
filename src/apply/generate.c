/*
 * Text from a language model, token by token.
 *
 * Each token is a pass of one position; what layers need of those before is carried along
 * (gy_model_run.carry). The prompt is passed in one piece. Where the window is full that bounds a
 * model (attention, positions), it begins again with the last half of it.
 *
 * A draw is a function of (seed, number of the token). Tokens that are bytes may make no character:
 * text is written in whole characters, and what is none becomes U+FFFD.
 */
#include "opened.h"

#include "base/clock.h"
#include "base/door.h"
#include "base/rng.h"
#include "sample.h"
#include "text/utf8.h"

#include <string.h>

typedef struct generator {
    gy_opened *o;
    const gy_generate_options *options;
    gy_vocabulary *vocabulary;
    int64_t window;
    bool bounded;
    gy_model *one;       /* passes one token */
    float *carry;        /* [floats] */
    int64_t floats;      /* of carry */
    int64_t position;    /* tokens passed since the carry began */
    const float *logits; /* of the last token passed: in the model's arena, or `kept`; the model may
                            have more of them than the vocabulary has tokens */
    float *kept;         /* [vocabulary] */
    float *input;        /* [window] */
    int32_t *tokens;     /* the prompt's, then those drawn */
    int64_t n_prompt, n;
    gy_sampler sampler;
    gy_buffer text;  /* printed, not written yet */
    gy_buffer whole; /* written */
} generator;

static gy_status make_piece_model(generator *g, int64_t length, gy_model **out)
{
    gy_status status;
    const gy_config *config = g->o->config;
    gy_model *m = NULL;
    gy_model_spec spec = {.input = {1, {length}},
                          .layers = config->model.layers,
                          .where = config->model.where,
                          .threads = gy_kernel_threads(g->o->network.kernel),
                          .window = g->window,
                          .forms = g->o->network.spec.forms,
                          .adapt = g->o->network.spec.adapt,
                          .quantize = g->o->network.spec.quantize};
    GY_TRY(gy_model_create(g->o->ctx, &spec, &m));
    gy_model_borrow(m, g->o->network.model);
    GY_TRY_GOTO(fail, gy_model_plan(m, 1, GY_USE_EVALUATION));
    *out = m;
    return GY_OK;
fail:
    gy_model_free(m);
    return status;
}

/* Passes tokens [from, from + n) as one piece through m; the last one's logits to g->logits. */
static gy_status pass(generator *g, gy_model *m, int64_t from, int64_t n)
{
    float *y = NULL;
    gy_model_run run = {
        .kernel = g->o->network.kernel, .scale = 1, .carry = g->carry, .position = g->position};
    for (int64_t i = 0; i < n; i++) g->input[i] = (float)g->tokens[from + i];
    GY_TRY(gy_model_forward(m, &run, 1, g->input, &y));
    g->position += n;
    g->logits = y + (n - 1) * gy_shape_last(gy_model_output(m));
    return GY_OK;
}

/* Begins a sequence with tokens [from, to). */
static gy_status begin_with(generator *g, int64_t from, int64_t to)
{
    memset(g->carry, 0, (size_t)g->floats * sizeof *g->carry);
    g->position = 0;
    while (from < to) {
        int64_t n = to - from < g->window ? to - from : g->window;
        gy_model *m = NULL;
        GY_TRY(make_piece_model(g, n, &m));
        gy_status status = pass(g, m, from, n);
        if (status == GY_OK)
            memcpy(g->kept, g->logits, (size_t)gy_vocabulary_size(g->vocabulary) * sizeof *g->kept);
        gy_model_free(m);
        g->logits = g->kept;
        if (status != GY_OK) return status;
        from += n;
    }
    return GY_OK;
}

/* Where to begin so that there is room again: nothing before the last half of a window. */
static int64_t restart(const generator *g)
{
    int64_t half = g->window > 1 ? g->window / 2 : 1;
    return g->n > half ? g->n - half : 0;
}

static void write_text(generator *g, const char *text, size_t bytes)
{
    const gy_generate_options *options = g->options;
    if (bytes > 0 && options->write != NULL) options->write(options->write_user, text, bytes);
    gy_buffer_add_bytes(&g->whole, text, bytes);
}

/* Hands on the whole characters of what is printed; at the end all of it. Zero is none. */
static void write_characters(generator *g, bool all)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t at = 0, n = g->text.bytes;
    if (n == 0) return;
    while (at < n) {
        const char *text = g->text.text + at;
        size_t valid = gy_utf8_valid(text, strnlen(text, n - at));
        write_text(g, text, valid);
        at += valid;
        if (at == n || (!all && gy_utf8_may_go_on(text + valid, n - at))) break;
        write_text(g, replacement, sizeof replacement - 1);
        at++;
    }
    memmove(g->text.text, g->text.text + at, n - at);
    g->text.bytes = n - at;
}

static void print_tokens(generator *g, int64_t from)
{
    for (int64_t i = from; i < g->n; i++)
        gy_vocabulary_print(g->vocabulary, g->tokens[i], i > 0 ? g->tokens[i - 1] : -1, &g->text);
    write_characters(g, false);
}

static gy_status go_on(generator *g)
{
    const gy_generate_options *options = g->options;
    GY_TRY(begin_with(g, g->bounded && g->n > g->window ? restart(g) : 0, g->n));
    print_tokens(g, 0);
    while (g->n < g->n_prompt + options->length) {
        gy_rng key = {(uint64_t)options->seed, GY_RNG_GENERATE, 0};
        double u = gy_rng_uniform(key, (uint64_t)(g->n - g->n_prompt), 0);
        g->tokens[g->n] = (int32_t)gy_sampler_draw(&g->sampler, g->logits, u);
        g->n++;
        print_tokens(g, g->n - 1);
        GY_TRY(g->text.status);
        GY_TRY(g->whole.status);
        if (g->n == g->n_prompt + options->length) break;
        if (g->bounded && g->position == g->window)
            GY_TRY(begin_with(g, restart(g), g->n));
        else
            GY_TRY(pass(g, g->one, g->n - 1, 1));
    }
    write_characters(g, true);
    return g->whole.status;
}

/* What the model must be; in words of its configuration. */
static gy_status check_model(generator *g)
{
    gy_model *model = g->o->network.model;
    const char *where = g->o->config->model.where;
    const gy_shape *in = gy_model_input(model), *out = gy_model_output(model);
    char have[GY_SHAPE_TEXT];
    GY_REQUIRE(gy_model_takes_tokens(model) && in->n == 1, GY_E_SHAPE,
               "cannot generate" GY_AT "%s" GY_WHY "the model takes no tokens", where);
    int64_t size = gy_vocabulary_size(g->vocabulary);
    GY_REQUIRE(out->n == 2 && out->d[0] == in->d[0] && out->d[1] >= size, GY_E_SHAPE,
               "cannot generate" GY_AT "%s" GY_WHY
               "the model's output is %s, not a token of %lld for each of %lld positions",
               where, gy_shape_text(out, have), (long long)size, (long long)in->d[0]);
    return GY_OK;
}

static gy_status prepare(generator *g, const char *fit)
{
    gy_context *ctx = g->o->ctx;
    const gy_generate_options *options = g->options;
    GY_TRY(gy_vocabulary_create(ctx, fit, &g->vocabulary));
    GY_TRY(check_model(g));
    int32_t *prompt = NULL;
    GY_TRY(gy_vocabulary_read(g->vocabulary, "--prompt", options->prompt, &prompt, &g->n_prompt));
    g->n = g->n_prompt;
    gy_status status = gy_new_array(ctx, g->n_prompt + options->length + 1, &g->tokens);
    if (status == GY_OK) memcpy(g->tokens, prompt, (size_t)g->n_prompt * sizeof *prompt);
    gy_free(ctx, prompt);
    GY_TRY(status);
    GY_REQUIRE(g->n_prompt > 0, GY_E_USAGE,
               "no prompt" GY_AT "--prompt" GY_WHY "it holds no token" GY_HINT
               "give the beginning of a text");
    g->window = gy_model_input(g->o->network.model)->d[0];
    g->bounded = gy_model_is_bounded(g->o->network.model);
    GY_TRY(gy_model_pack(g->o->network.model, g->o->network.kernel));
    GY_TRY(make_piece_model(g, 1, &g->one));
    g->floats = gy_model_carry(g->one, 1);
    GY_TRY(gy_new_array(ctx, g->floats, &g->carry));
    GY_TRY(gy_new_array(ctx, gy_vocabulary_size(g->vocabulary), &g->kept));
    GY_TRY(gy_new_array(ctx, g->window, &g->input));
    return gy_sampler_init(&g->sampler, ctx, gy_vocabulary_size(g->vocabulary),
                           gy_vocabulary_unknown(g->vocabulary), options->temperature,
                           options->top_k);
}

static void clear(generator *g)
{
    gy_context *ctx = g->o->ctx;
    gy_sampler_clear(&g->sampler);
    gy_buffer_clear(&g->text);
    gy_buffer_clear(&g->whole);
    gy_free(ctx, g->input);
    gy_free(ctx, g->kept);
    gy_free(ctx, g->carry);
    gy_free(ctx, g->tokens);
    gy_model_free(g->one);
    gy_vocabulary_free(g->vocabulary);
}

static void tell(const generator *g, double seconds)
{
    gy_report report;
    gy_report_begin(&report, "generate");
    gy_report_text(&report, "text", gy_buffer_text(&g->whole));
    gy_report_int(&report, "prompt_tokens", g->n_prompt);
    gy_report_int(&report, "tokens", g->n - g->n_prompt);
    gy_report_float(&report, "seconds", seconds);
    gy_opened_tell(g->o, &report);
}

static gy_status work(gy_opened *o, const gy_generate_options *options)
{
    generator g = {.o = o, .options = options};
    double start = gy_clock_s();
    gy_buffer_init(&g.text, o->ctx);
    gy_buffer_init(&g.whole, o->ctx);
    gy_status status = prepare(&g, o->taught.fit);
    if (status == GY_OK) status = go_on(&g);
    if (status == GY_OK) tell(&g, gy_clock_s() - start);
    clear(&g);
    return status;
}

/* The whole model lends its vectors and packed weights; it is never planned, so it takes no other memory. */
gy_status gy_generate(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_generate_options *options)
{
    GY_DOOR;
    const gy_opening opening = {.path = path,
                                .sets = options->sets,
                                .n_sets = options->n_sets,
                                .observer = options->observer,
                                .observer_user = options->observer_user};
    gy_opened o;
    gy_status status = gy_opened_open(ctx, comm, &opening, &o);
    if (status == GY_OK) status = gy_comm_agree(comm, gy_opened_build(&o));
    if (status == GY_OK) status = gy_opened_read(&o);
    if (status == GY_OK) status = gy_comm_agree(comm, o.rank == 0 ? work(&o, options) : GY_OK);
    gy_opened_close(&o);
    return status;
}
