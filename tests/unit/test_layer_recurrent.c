/*
 * Recurrent layers as configured: names of parameters and how they start, shapes, what is refused,
 * and a sequence that comes in pieces.
 */
#include "layer_shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SEQUENCE(time, n) ((gy_shape){2, {time, n}})

/* Names and shapes of all parameters in one text: "input/weight 3x2 …". */
static void list(const gy_layer *l, char *out, size_t room)
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < l->n_params && at < room; i++) {
        const gy_tensor_spec *p = &l->params[i];
        at += (size_t)snprintf(out + at, room - at, "%s%s %d", i > 0 ? " " : "", p->name,
                               (int)p->shape.d[0]);
        if (p->shape.n > 1) at += (size_t)snprintf(out + at, room - at, "x%d", (int)p->shape.d[1]);
    }
}

static void expect(const char *kind, const char *params, gy_shape out,
                   const gy_shape_setting *settings)
{
    gy_shape_trial t;
    char text[2048];
    CU_ASSERT_EQUAL(gy_shape_try(&t, kind, SEQUENCE(5, 2), 0, settings), GY_OK);
    list(&t.l, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, params);
    if (strcmp(text, params) != 0) printf("\n    %s", text);
    CU_ASSERT(gy_shape_equal(&t.l.out, &out));
    gy_shape_end(&t);
}

static void parameters(void)
{
    expect("rnn", "hidden/weight 3x2 hidden/recurrent 3x3 hidden/bias 3", SEQUENCE(5, 3),
           GY_WITH({"units", "3"}));
    expect("rnn",
           "hidden/weight 3x2 hidden/recurrent 3x3 hidden/bias 3 reverse/hidden/weight 3x2 "
           "reverse/hidden/recurrent 3x3 reverse/hidden/bias 3",
           (gy_shape){1, {6}},
           GY_WITH({"units", "3"}, {"bidirectional", "true"}, {"return", "last"}));
    expect("gru",
           "new/weight 3x2 reset/weight 3x2 update/weight 3x2 reset/recurrent 3x3 "
           "update/recurrent 3x3 new/recurrent 3x3 new/bias 3 reset/bias 3 update/bias 3 "
           "new/recurrent_bias 3",
           SEQUENCE(5, 3), GY_WITH({"units", "3"}));
    expect("lstm",
           "input/weight 3x2 forget/weight 3x2 cell/weight 3x2 output/weight 3x2 "
           "input/recurrent 3x3 forget/recurrent 3x3 cell/recurrent 3x3 output/recurrent 3x3 "
           "input/bias 3 forget/bias 3 cell/bias 3 output/bias 3",
           (gy_shape){1, {3}}, GY_WITH({"units", "3"}, {"return", "last"}));
}

/* Recurrent matrices orthogonal, weights xavier_uniform, biases zero but for lstm's forget gate. */
static void starts(void)
{
    static const char *const kinds[] = {"rnn", "gru", "lstm"};
    for (int i = 0; i < 3; i++) {
        gy_shape_trial t;
        CU_ASSERT_EQUAL(gy_shape_try(&t, kinds[i], SEQUENCE(5, 2), 0,
                                     GY_WITH({"units", "3"}, {"bidirectional", "true"})),
                        GY_OK);
        for (int j = 0; j < t.l.n_params; j++) {
            const gy_tensor_spec *p = &t.l.params[j];
            gy_init_kind want = p->role == GY_ROLE_RECURRENT ? GY_INIT_orthogonal
                                : p->role == GY_ROLE_WEIGHT  ? GY_INIT_xavier_uniform
                                                             : GY_INIT_constant;
            CU_ASSERT_EQUAL(p->init.kind, want);
            if (p->role == GY_ROLE_BIAS)
                CU_ASSERT_EQUAL(p->init.scale, strstr(p->name, "forget/bias") != NULL);
        }
        gy_shape_end(&t);
    }
}

static void refuse(gy_shape in, int64_t window, const char *why, const gy_shape_setting *settings)
{
    gy_shape_trial t;
    CU_ASSERT_EQUAL(gy_shape_try(&t, "gru", in, window, settings), GY_E_SHAPE);
    CU_ASSERT(strstr(gy_error_last()->text, why) != NULL);
    if (strstr(gy_error_last()->text, why) == NULL) printf("\n    %s", gy_error_last()->text);
    gy_shape_end(&t);
}

static void refusals(void)
{
    refuse((gy_shape){1, {4}}, 0, "its input has 1 axes instead of 2", GY_WITH({"units", "3"}));
    refuse(SEQUENCE(5, 2), 9, "reads backwards",
           GY_WITH({"units", "3"}, {"bidirectional", "true"}));
}

enum { TIME = 4, IN = 3, UNITS = 5, BATCH = 2, ROOM = 1 << 16 };
static float keep[ROOM], scratch[ROOM], weights[ROOM];

/* y of one piece, from the state that `carry` holds. */
static void run_piece(const char *kind, int64_t window, int64_t time, const float *x, float *carry,
                      float *y)
{
    gy_shape_trial t;
    gy_kernel *k = NULL;
    const float *w[16];
    CU_ASSERT_EQUAL_FATAL(
        gy_shape_try(&t, kind, SEQUENCE(time, IN), window, GY_WITH({"units", "5"})), GY_OK);
    CU_ASSERT_TRUE_FATAL(gy_size_at(t.l.memory.keep, BATCH) <= ROOM &&
                         gy_size_at(t.l.memory.scratch, BATCH) <= ROOM && t.l.n_params <= 16);
    CU_ASSERT_EQUAL(gy_size_at(t.l.memory.carry, BATCH) > 0, window > 0);
    for (int i = 0; i < t.l.n_params; i++) w[i] = weights + 100 * i;
    if (gy_kernel_create(t.ctx, 1, GY_PRECISION_float32, &k) != GY_OK) abort();
    gy_pass p = {.kernel = k,
                 .batch = BATCH,
                 .x = {x},
                 .y = y,
                 .w = w,
                 .keep = keep,
                 .scratch = scratch,
                 .carry = carry};
    CU_ASSERT_EQUAL(t.l.kind->forward(&t.l, &p), GY_OK);
    gy_kernel_free(k);
    gy_shape_end(&t);
}

/* A window's pieces of 3 and 1 positions give what the whole sequence gives. */
static void pieces(void)
{
    static const char *const kinds[] = {"rnn", "gru", "lstm"};
    float x[BATCH * TIME * IN], first[BATCH * 3 * IN], second[BATCH * IN], carry[256];
    float whole[BATCH * TIME * UNITS], y[BATCH * 3 * UNITS], rest[BATCH * UNITS];
    for (int i = 0; i < BATCH * TIME * IN; i++) x[i] = (float)(i * 7 % 11 - 5) / 5;
    for (int i = 0; i < ROOM; i++) weights[i] = (float)(i * 5 % 17 - 8) / 9;
    for (int b = 0; b < BATCH; b++) {
        memcpy(first + b * 3 * IN, x + b * TIME * IN, 3 * IN * sizeof *x);
        memcpy(second + b * IN, x + (b * TIME + 3) * IN, IN * sizeof *x);
    }
    for (int i = 0; i < 3; i++) {
        memset(carry, 0, sizeof carry);
        run_piece(kinds[i], 0, TIME, x, NULL, whole);
        run_piece(kinds[i], 8, 3, first, carry, y);
        run_piece(kinds[i], 8, 1, second, carry, rest);
        double worst = 0;
        for (int b = 0; b < BATCH; b++)
            for (int j = 0; j < TIME * UNITS; j++) {
                float got = j < 3 * UNITS ? y[b * 3 * UNITS + j] : rest[b * UNITS + j - 3 * UNITS];
                worst = fmax(worst, fabs((double)(got - whole[b * TIME * UNITS + j])));
            }
        CU_ASSERT(worst <= 1e-6);
    }
}

GY_TEST_MAIN(GY_TEST(parameters), GY_TEST(starts), GY_TEST(refusals), GY_TEST(pieces))
