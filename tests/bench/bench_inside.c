/*
 * A network in memory on one thread, µs a call: opened, applied and trained by a step; or applied beside ONNX Runtime
 * by its C interface, in turns, where its library and the same network are given (compare_inside.py does).
 *
 *     bench_inside NETWORK.yaml [LIBRARY NETWORK.onnx] N…
 *
 * Of many short turns, each the median of its calls, the least is told: what others do on the machine lengthens
 * some turns, not all. The peer's input is [n, x]; of a network of axes and channels it may have the channels first.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <gyre/network.h>

#include "base/clock.h"
#include "bench.h"

#include <dlfcn.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPENED = 7, MOST_CALLS = 2000, MOST_TURNS = 60 };
static const double turn_us = 1e4,
                    all_us = 1e7; /* of a turn, if a call takes no longer; of all of one number */

/* What is called. */
typedef struct subject {
    gy_network *net;
    int64_t n;
    float *x, *y, *classes;
    void *session, *in, *out; /* ONNX Runtime's */
} subject;

/* ONNX Runtime's functions by their places in its table, as of interface 17; a status that is not NULL is a failure. */
enum {
    ORT_VERSION = 17,
    ORT_MESSAGE = 2,
    ORT_ENVIRONMENT = 3,
    ORT_SESSION = 7,
    ORT_RUN = 9,
    ORT_OPTIONS = 10,
    ORT_OPTIMIZATION = 23,
    ORT_THREADS_WITHIN = 24,
    ORT_THREADS_BETWEEN = 25,
    ORT_TENSOR = 49,
    ORT_MEMORY = 69
};
static void *const *ort;
#define ORT(place, ...) ((void *(*)(__VA_ARGS__))(uintptr_t)ort[place])

static void check_ort(void *status, const char *what)
{
    if (status == NULL) return;
    printf("%s: %s\n", what, ((const char *(*)(void *))(uintptr_t)ort[ORT_MESSAGE])(status));
    exit(1);
}

static void *open_ort(const char *library, const char *model)
{
    typedef struct base {
        void *const *(*get)(uint32_t version);
    } base;
    void *env, *options, *session, *lib = dlopen(library, RTLD_NOW);
    const base *(*get)(void) = NULL;
    if (lib != NULL) *(void **)&get = dlsym(lib, "OrtGetApiBase");
    if (get == NULL) exit(1);
    ort = get()->get(ORT_VERSION);
    check_ort(ORT(ORT_ENVIRONMENT, int, const char *, void **)(3, "gyre", &env), "environment");
    check_ort(ORT(ORT_OPTIONS, void **)(&options), "options");
    check_ort(ORT(ORT_THREADS_WITHIN, void *, int)(options, 1), "threads");
    check_ort(ORT(ORT_THREADS_BETWEEN, void *, int)(options, 1), "threads");
    check_ort(ORT(ORT_OPTIMIZATION, void *, int)(options, 99), "optimization");
    check_ort(
        ORT(ORT_SESSION, void *, const char *, void *, void **)(env, model, options, &session),
        "session");
    return session;
}

static void *tensor(float *data, int64_t n, int axes, const int64_t *shape, int64_t count)
{
    static void *memory;
    int64_t all[GY_NETWORK_AXES + 1] = {n};
    void *out = NULL;
    memcpy(all + 1, shape, (size_t)axes * sizeof *shape);
    if (memory == NULL) check_ort(ORT(ORT_MEMORY, int, int, void **)(1, 0, &memory), "memory");
    check_ort(ORT(ORT_TENSOR, void *, void *, size_t, const int64_t *, size_t, int, void **)(
                  memory, data, (size_t)(n * count) * sizeof *data, all, (size_t)axes + 1, 1, &out),
              "tensor");
    return out;
}

static void apply(subject *s)
{
    gy_bench_check(gy_network_apply(s->net, NULL, s->n, s->x, s->y));
}

static void train(subject *s)
{
    gy_bench_check(gy_network_step(s->net, s->n, s->x, s->classes, NULL, NULL));
}

static void apply_ort(subject *s)
{
    const char *in = "x", *out = "y";
    check_ort(ORT(ORT_RUN, void *, void *, const char *const *, void *const *, size_t,
                  const char *const *, size_t,
                  void **)(s->session, NULL, &in, &s->in, 1, &out, 1, &s->out),
              "run");
}

/* The median of some calls in µs, after one that finds the caches filled by others. */
static double median(void (*call)(subject *), subject *s, int calls)
{
    static double times[MOST_CALLS];
    call(s);
    for (int i = 0; i < calls; i++) {
        const double start = gy_clock_s();
        call(s);
        times[i] = 1e6 * (gy_clock_s() - start);
    }
    return gy_bench_median(times, calls);
}

/* The least of the medians of `first` and of `second`, in turns. */
static void compare(void (*first)(subject *), void (*second)(subject *), subject *s, double us[2])
{
    const double once = fmax(median(first, s, 1), median(second, s, 1));
    const int calls = (int)fmax(1, fmin(MOST_CALLS, turn_us / once));
    const int turns = (int)fmax(3, fmin(MOST_TURNS, all_us / 2 / once / (calls + 1)));
    us[0] = us[1] = INFINITY;
    for (int i = 0; i < turns; i++) {
        us[0] = fmin(us[0], median(first, s, calls));
        us[1] = fmin(us[1], median(second, s, calls));
    }
}

/* Whether it takes inputs of that shape. */
static bool suits(subject *s)
{
    const char *in = "x", *out = "y";
    return ORT(ORT_RUN, void *, void *, const char *const *, void *const *, size_t,
               const char *const *, size_t,
               void **)(s->session, NULL, &in, &s->in, 1, &out, 1, &s->out) == NULL;
}

static void measure(subject *s)
{
    int64_t in[GY_NETWORK_AXES], out[GY_NETWORK_AXES];
    const int in_axes = gy_network_input(s->net, in), out_axes = gy_network_output(s->net, out);
    const int64_t x = gy_bench_count(in_axes, in), y = gy_bench_count(out_axes, out);
    double us[2];
    s->x = malloc((size_t)(s->n * x) * sizeof *s->x);
    s->y = malloc((size_t)(s->n * y) * sizeof *s->y);
    s->classes = calloc((size_t)(s->n * y), sizeof *s->classes);
    if (s->x == NULL || s->y == NULL || s->classes == NULL) exit(1);
    for (int64_t i = 0; i < s->n * x; i++) s->x[i] = (float)(i * 7919 % 2003 - 1001) / 1001;
    if (s->session != NULL) {
        s->in = tensor(s->x, s->n, in_axes, in, x);
        s->out = tensor(s->y, s->n, out_axes, out, y);
        const int64_t turned[] = {in[in_axes - 1], in[0]};
        if (in_axes == 2 && !suits(s)) s->in = tensor(s->x, s->n, in_axes, turned, x);
    }
    compare(apply, s->session != NULL ? apply_ort : train, s, us);
    printf("%6lld  %10.2f  %10.2f", (long long)s->n, us[0], us[1]);
    if (s->session != NULL) printf("  %5.2f", us[0] / us[1]);
    printf("\n");
    free(s->x);
    free(s->y);
    free(s->classes);
}

/* The first, and the least of some. */
static gy_network *open_often(gy_context *ctx, const char *path)
{
    const gy_network_options options = {.training = true};
    gy_network *net = NULL;
    double first = 0, again = INFINITY;
    for (int i = 0; i < OPENED; i++) {
        gy_network_close(net);
        const double start = gy_clock_s();
        gy_bench_check(gy_network_open(ctx, NULL, path, &options, &net));
        const double ms = 1e3 * (gy_clock_s() - start);
        if (i == 0)
            first = ms;
        else
            again = fmin(again, ms);
    }
    printf("open: %.2f ms, again %.2f ms\n", first, again);
    return net;
}

int main(int argc, char **argv)
{
    gy_context *ctx = NULL;
    cpu_set_t one;
    if (argc < 3) return 2;
    CPU_ZERO(&one);
    CPU_SET(1, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    gy_bench_check(gy_context_create(NULL, NULL, &ctx));
    subject s = {.net = open_often(ctx, argv[1])};
    const bool peer = atoi(argv[2]) == 0;
    if (peer && argc > 3) s.session = open_ort(argv[2], argv[3]);
    printf("%6s  %10s  %12s\n", "n", "apply", peer ? "ONNX Runtime  ratio" : "step");
    for (int i = peer ? 4 : 2; i < argc; i++) {
        s.n = atoll(argv[i]);
        measure(&s);
    }
    gy_network_close(s.net);
    gy_context_free(ctx);
    return 0;
}
