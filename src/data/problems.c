/*
 * The problems of synthetic data. Every value is a function of (seed, sample) by the counter generator;
 * only what the samples have in common (centres, prototypes, chains) is in memory.
 */
#include "problems.h"

#include "base/number.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SUCCESSORS = 4 };

/* What a draw is for; part of its place. */
enum { DRAW_COMMON, DRAW_SAMPLE };

static gy_rng common_key(const gy_synthetic *s)
{
    return (gy_rng){(uint64_t)s->settings->seed, GY_RNG_SYNTHETIC, DRAW_COMMON};
}

static gy_rng sample_key(const gy_synthetic *s)
{
    return (gy_rng){(uint64_t)s->settings->seed, GY_RNG_SYNTHETIC, DRAW_SAMPLE};
}

static float normal(gy_rng key, int64_t a, int64_t b)
{
    return (float)gy_rng_normal(key, (uint64_t)a, (uint64_t)b);
}

static int64_t class_of(const gy_synthetic *s, int64_t sample)
{
    return sample % s->classes;
}

static gy_status draw_common(gy_synthetic *s, int64_t rows, float scale)
{
    int64_t n;
    GY_REQUIRE(gy_mul(rows, s->x_count, &n), GY_E_DATA, "synthetic data too large");
    GY_TRY(gy_new_array(s->ctx, n, &s->common));
    for (int64_t i = 0; i < n; i++) s->common[i] = scale * normal(common_key(s), i, 0);
    return GY_OK;
}

static gy_status describe(gy_synthetic *s, gy_source_info *info, int64_t classes)
{
    info->supervised = true;
    info->y_is_class = classes > 0;
    info->classes = classes;
    info->x_type = "float32";
    s->x_count = gy_shape_count(&info->x);
    GY_REQUIRE(s->x_count > 0, GY_E_DATA, "synthetic data too large");
    s->y_count = gy_shape_count(&info->y);
    return GY_OK;
}

/* blobs: normal clouds round a centre for each class */

static gy_status blobs_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    info->x = (gy_shape){1, {s->features}};
    GY_TRY(describe(s, info, s->classes));
    return draw_common(s, s->classes, 4.0f);
}

static void blobs_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    int64_t c = class_of(s, sample);
    float noise = s->settings->noise < 0 ? 1.0f : (float)s->settings->noise;
    for (int64_t j = 0; j < s->x_count; j++)
        x[j] = s->common[c * s->x_count + j] + noise * normal(sample_key(s), sample, j);
    if (y != NULL) *y = (float)c;
}

/* spirals: an arm for each class in the first two features, the others noise */

static gy_status spirals_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    GY_REQUIRE(s->features >= 2, GY_E_DATA,
               "not a valid source" GY_AT "synthetic:spirals, key features" GY_WHY
               "spirals have at least 2");
    info->x = (gy_shape){1, {s->features}};
    return describe(s, info, s->classes);
}

static void spirals_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    const double turn = 6.283185307179586;
    int64_t c = class_of(s, sample);
    gy_rng key = sample_key(s);
    float noise = s->settings->noise < 0 ? 0.05f : (float)s->settings->noise;
    for (int64_t j = 0; j < s->x_count; j++) x[j] = noise * normal(key, sample, j + 1);
    double r = 0.1 + 0.9 * gy_rng_uniform(key, (uint64_t)sample, 0);
    double angle = turn * ((double)c / (double)s->classes + 0.75 * r);
    x[0] += (float)(r * cos(angle));
    x[1] += (float)(r * sin(angle));
    if (y != NULL) *y = (float)c;
}

/* regression: y = w·x + sin(v·x) + noise */

static gy_status regression_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    info->x = (gy_shape){1, {s->features}};
    GY_TRY(describe(s, info, 0));
    return draw_common(s, 2, 1.0f / sqrtf((float)s->features));
}

static void regression_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    gy_rng key = sample_key(s);
    float noise = s->settings->noise < 0 ? 0.1f : (float)s->settings->noise;
    const float *w = s->common, *v = s->common + s->x_count;
    float straight = 0.0f, bent = 0.0f;
    for (int64_t j = 0; j < s->x_count; j++) {
        x[j] = normal(key, sample, j + 1);
        straight += w[j] * x[j];
        bent += v[j] * x[j];
    }
    if (y != NULL) *y = straight + sinf(bent) + noise * normal(key, sample, 0);
}

/* images: a prototype for each class plus even noise of deviation `noise` */

static gy_status read_shape(const char *text, gy_shape *out)
{
    char item[24];
    *out = (gy_shape){0};
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "x");
        bool last_is_x = p[n] == 'x' && p[n + 1] == '\0';
        bool ok = n > 0 && n < sizeof item && out->n < GY_DIMS - 1 && !last_is_x;
        if (ok) {
            memcpy(item, p, n);
            item[n] = '\0';
            ok = gy_number_int(item, &out->d[out->n]) && out->d[out->n] >= 1;
        }
        GY_REQUIRE(ok, GY_E_DATA,
                   "not a valid source" GY_AT "synthetic:images, key shape" GY_WHY
                   "'%s' is no shape" GY_HINT "write 32x32x3",
                   text);
        out->n++;
        p += n + (p[n] == 'x');
    }
    return GY_OK;
}

static gy_status images_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    GY_TRY(read_shape(s->settings->shape, &info->x));
    GY_TRY(describe(s, info, s->classes));
    return draw_common(s, s->classes, 1.0f);
}

static void images_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    enum { DRAWS = 16 }; /* bytes of one call of the generator */
    int64_t c = class_of(s, sample), n = s->x_count;
    const float *prototype = s->common + c * n;
    gy_rng key = sample_key(s);
    float noise = s->settings->noise < 0 ? 1.0f : (float)s->settings->noise;
    float step = noise * 3.4641016f / 256.0f; /* even over [−√3, √3] noise */
    for (int64_t j = 0; j < n; j += DRAWS) {
        uint32_t words[4];
        uint8_t bytes[DRAWS];
        gy_rng_words(key, (uint64_t)sample, (uint64_t)j, words);
        memcpy(bytes, words, sizeof bytes);
        int64_t some = n - j < DRAWS ? n - j : DRAWS;
        for (int64_t i = 0; i < some; i++)
            x[j + i] = prototype[j + i] + step * ((float)bytes[i] - 127.5f);
    }
    if (y != NULL) *y = (float)c;
}

/* fields: images whose targets are the prototypes */

static gy_status fields_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    GY_TRY(images_open(s, pool, info));
    info->y = info->x;
    return describe(s, info, 0);
}

static void fields_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    const float *prototype = s->common + class_of(s, sample) * s->x_count;
    images_make(s, sample, x, NULL);
    if (y != NULL) memcpy(y, prototype, sizeof *y * (size_t)s->y_count);
}

/* sequence: a Markov chain; each token has four successors with chances 1/2, 1/4, 1/8, 1/8 */

static gy_status sequence_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    int64_t vocabulary = s->settings->vocabulary;
    info->x = info->y = (gy_shape){1, {s->settings->length}};
    GY_TRY(describe(s, info, vocabulary));
    info->x_type = "int32";
    info->x_is_tokens = true;
    info->vocabulary = vocabulary;
    GY_TRY(gy_new_array(s->ctx, vocabulary * SUCCESSORS, &s->successors));
    for (int64_t i = 0; i < vocabulary * SUCCESSORS; i++)
        s->successors[i] =
            (int32_t)(gy_rng_word(common_key(s), (uint64_t)i, 1) % (uint64_t)vocabulary);
    return GY_OK;
}

static void sequence_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    enum { STEPS = 16 }; /* bytes of one call of the generator, one a step */
    gy_rng key = sample_key(s);
    int64_t length = s->x_count;
    uint64_t token = gy_rng_word(key, (uint64_t)sample, 0) % (uint64_t)s->settings->vocabulary;
    uint8_t bytes[STEPS] = {0};
    for (int64_t t = 0; t < length; t++) {
        if (t % STEPS == 0) {
            uint32_t words[4];
            gy_rng_words(key, (uint64_t)sample, (uint64_t)t + 1, words);
            memcpy(bytes, words, sizeof bytes);
        }
        x[t] = (float)token;
        unsigned draw = bytes[t % STEPS];
        unsigned pick = draw < 128 ? 0 : draw < 192 ? 1 : draw < 224 ? 2 : 3;
        token = (uint64_t)s->successors[token * SUCCESSORS + pick];
        if (y != NULL) y[t] = (float)token;
    }
}

/* sinusoid: so many points of each of many waves y = a sin(x − b) (Finn et al. 2017), a group each */

enum { WAVE_HEIGHT, WAVE_PHASE };
static const double PI = 3.141592653589793;

int64_t gy_synthetic_group(const gy_synthetic *s, int64_t sample)
{
    return sample / s->settings->points;
}

static gy_status sinusoid_open(gy_synthetic *s, gy_pool *pool, gy_source_info *info)
{
    (void)pool;
    info->x = info->y = (gy_shape){1, {1}};
    info->grouped = true;
    return describe(s, info, 0);
}

static double between(double low, double high, double share)
{
    return low + (high - low) * share;
}

static void sinusoid_make(const gy_synthetic *s, int64_t sample, float *x, float *y)
{
    const uint64_t wave = (uint64_t)gy_synthetic_group(s, sample);
    const double share = gy_rng_uniform(sample_key(s), (uint64_t)sample, 0);
    const double noise = s->settings->noise < 0 ? 0 : s->settings->noise;
    const double height = between(0.1, 5, gy_rng_uniform(common_key(s), wave, WAVE_HEIGHT));
    const double phase = between(0, PI, gy_rng_uniform(common_key(s), wave, WAVE_PHASE));
    x[0] = (float)between(-5, 5, share);
    if (y == NULL) return;
    y[0] = (float)(height * sin(x[0] - phase));
    if (noise > 0) y[0] += (float)noise * normal(sample_key(s), sample, 1);
}

static const gy_problem problems[] = {
    {"blobs", 2, 3, blobs_open, blobs_make},
    {"spirals", 2, 3, spirals_open, spirals_make},
    {"regression", 8, 0, regression_open, regression_make},
    {"images", 0, 10, images_open, images_make},
    {"fields", 0, 10, fields_open, fields_make},
    {"sequence", 0, 0, sequence_open, sequence_make},
    {"sinusoid", 0, 0, sinusoid_open, sinusoid_make},
};
enum { PROBLEMS = sizeof problems / sizeof *problems, NAMES = 256 };

/* "blobs, spirals and images". */
static void list_names(char out[NAMES])
{
    size_t used = 0;
    for (int i = 0; i < PROBLEMS; i++)
        used += (size_t)snprintf(out + used, NAMES - used, "%s%s",
                                 i == 0             ? ""
                                 : i < PROBLEMS - 1 ? ", "
                                                    : " and ",
                                 problems[i].name);
}

gy_status gy_problem_find(const char *name, const gy_problem **out)
{
    const char *names[PROBLEMS];
    char all[NAMES];
    for (int i = 0; i < PROBLEMS; i++) {
        names[i] = problems[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        *out = &problems[i];
        return GY_OK;
    }
    list_names(all);
    const char *nearest = gy_nearest(name, names, PROBLEMS);
    return gy_raise(GY_E_DATA,
                    "unknown synthetic data" GY_AT "synthetic:%s" GY_WHY "the kinds are %s%s%s%s",
                    name, all, nearest == NULL ? "" : "; did you mean ",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}
