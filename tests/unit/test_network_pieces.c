/* A network on plain arrays: its pieces cover a part once, whatever is passed at once, and give one tally. */
#include "gy_test.h"
#include "specs.h"

#include <gyre/model.h>

#include "loss/loss_list.h"
#include "network/network.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 37, IN = 3, OUT = 2 };

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_net network;
    float x[SAMPLES * IN], y[SAMPLES * OUT];
} fixture;

/* A network of one dense layer, for batches that one rank passes. */
static void begin(fixture *f, int grains, int64_t micro)
{
    *f = (fixture){.ctx = gy_test_context()};
    gy_pool_init(&f->pool, f->ctx);
    gy_test_list list = gy_test_layers(&f->pool);
    gy_test_add(&list, "dense", NULL, "units", "2", NULL);
    const gy_net_spec spec = {.input = {1, {IN}},
                              .layers = {list.v, list.n},
                              .where = "test",
                              .threads = 1,
                              .ranks = 1,
                              .grains = grains,
                              .loss = {.kind = &gy_loss_mse.kind}};
    const gy_shape target = {1, {OUT}};
    CU_ASSERT_EQUAL_FATAL(gy_net_open(f->ctx, &spec, &f->network), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_net_aim(&f->network, &target), GY_OK);
    gy_net_cut(&f->network, SAMPLES, 1, micro);
    CU_ASSERT_EQUAL_FATAL(gy_net_make_pieces(&f->network), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_allocate(f->network.model, false), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_start(f->network.model, 1), GY_OK);
    for (int i = 0; i < SAMPLES * IN; i++) f->x[i] = (float)(i % 11) - 5;
    for (int i = 0; i < SAMPLES * OUT; i++) f->y[i] = (float)(i % 7) - 3;
}

static void end(fixture *f)
{
    gy_net_close(&f->network);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

/* Mean of the squared errors, by plain loops in double. */
static double expected(const fixture *f)
{
    double sum = 0;
    const gy_params *p = gy_model_params(f->network.model);
    const float *values = gy_model_values(f->network.model);
    for (int i = 0; i < SAMPLES; i++) {
        for (int o = 0; o < OUT; o++) {
            double y = 0; /* biases start at 0 */
            for (int k = 0; k < IN; k++)
                y += (double)values[p->v[0].offset + o * IN + k] * (double)f->x[i * IN + k];
            sum += (y - (double)f->y[i * OUT + o]) * (y - (double)f->y[i * OUT + o]);
        }
    }
    return sum / (SAMPLES * OUT);
}

static void check(int grains, int64_t micro)
{
    fixture f;
    begin(&f, grains, micro);
    gy_net *net = &f.network;
    const gy_samples part = {.n = SAMPLES, .global = SAMPLES, .x = f.x, .y = f.y};
    double *tally = NULL;
    int64_t next = 0;
    int begun = 0, ended = 0;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(f.ctx, net->rows * net->task.sums, &tally), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(net->model, net->micro, GY_USE_EVALUATION), GY_OK);
    gy_model_run run = {.kernel = net->kernel, .scale = 1};
    for (gy_piece piece = {.x = NULL}; gy_piece_next(net, &part, &piece);) {
        float *y;
        CU_ASSERT_EQUAL(piece.first, next);
        CU_ASSERT(piece.n >= 1 && piece.n <= net->micro);
        CU_ASSERT(memcmp(piece.x, f.x + next * IN, (size_t)piece.n * IN * sizeof *f.x) == 0);
        CU_ASSERT_EQUAL_FATAL(gy_model_forward(net->model, &run, piece.n, piece.x, &y), GY_OK);
        const gy_task_batch batch = {piece.n, y, piece.y, piece.w, NULL};
        (void)gy_task_add(&net->task, net->kernel, &batch, 1, NULL,
                          tally + piece.grain * net->task.sums);
        next += piece.n;
        begun += piece.begins;
        ended += piece.ends;
    }
    CU_ASSERT_EQUAL(next, SAMPLES);
    CU_ASSERT_EQUAL(begun, grains);
    CU_ASSERT_EQUAL(ended, grains);
    gy_task_fold(&net->task, net->rows, tally);
    CU_ASSERT_DOUBLE_EQUAL(gy_task_loss(tally), expected(&f), 1e-5);
    gy_free(f.ctx, tally);
    end(&f);
}

static void pieces_cover_a_part(void)
{
    static const int64_t micros[] = {0, 1, 2, 5, 36, 37, 100};
    for (size_t i = 0; i < sizeof micros / sizeof *micros; i++) {
        check(0, micros[i]);
        check(1, micros[i]);
        check(4, micros[i]);
        check(SAMPLES, micros[i]);
    }
}

/* What make_pieces() takes is in the anatomy, also where the targets are not known yet. */
static void memory_has_the_pieces(void)
{
    for (int grains = 0; grains <= 4; grains += 4) {
        fixture f;
        begin(&f, grains, 0);
        gy_net *net = &f.network;
        gy_model_memory passes;
        int64_t room = gy_task_room(&net->task, net->micro);
        CU_ASSERT(room >= net->micro * (OUT + 2 * OUT + OUT)); /* terms, targets, answers */
        if (grains > 0) room += net->micro * (IN + OUT);
        CU_ASSERT_EQUAL(gy_model_measure(net->model, net->micro, GY_USE_STEPS, &passes), GY_OK);
        for (int known = 1; known >= (grains > 0); known--) {
            gy_anatomy *a = NULL;
            if (!known) CU_ASSERT_EQUAL_FATAL(gy_net_aim(net, NULL), GY_OK);
            CU_ASSERT_EQUAL_FATAL(gy_net_take_apart(net, "test", GY_USE_STEPS, &a), GY_OK);
            CU_ASSERT_EQUAL(a->activation_bytes, passes.activations + 4 * room);
            gy_anatomy_free(f.ctx, a);
        }
        end(&f);
    }
}

static void half_open_closes(void)
{
    gy_net nothing = {.ctx = NULL};
    gy_net_close(&nothing);
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool);
    gy_test_add(&list, "global_max_pool", NULL, NULL);
    gy_test_add(&list, "lstm", NULL, "units", "2", NULL);
    const gy_net_spec spec = {
        .input = {1, {IN}}, .layers = {list.v, list.n}, .where = "test", .threads = 1};
    CU_ASSERT_NOT_EQUAL(gy_net_open(ctx, &spec, &nothing), GY_OK);
    gy_net_close(&nothing);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(pieces_cover_a_part), GY_TEST(memory_has_the_pieces),
             GY_TEST(half_open_closes))
