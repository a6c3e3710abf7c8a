/* Draws a token from logits: the likeliest, or at random among the likeliest. */
#include "sample.h"

#include "base/select.h"

#include <math.h>
#include <string.h>

gy_status gy_sampler_init(gy_sampler *s, gy_context *ctx, int64_t n, int64_t never,
                          double temperature, int64_t top_k)
{
    *s = (gy_sampler){
        .ctx = ctx, .n = n, .never = never, .temperature = temperature, .top_k = top_k};
    if (top_k == 0 || top_k > n) s->top_k = n;
    GY_TRY(gy_new_array(ctx, n, &s->sorted));
    return gy_new_array(ctx, n, &s->weight);
}

void gy_sampler_clear(gy_sampler *s)
{
    if (s->ctx == NULL) return;
    gy_free(s->ctx, s->sorted);
    gy_free(s->ctx, s->weight);
}

static int64_t likeliest(const gy_sampler *s, const float *logits)
{
    int64_t best = s->never == 0 && s->n > 1 ? 1 : 0;
    for (int64_t i = best + 1; i < s->n; i++)
        if (i != s->never && logits[i] > logits[best]) best = i;
    return best;
}

/* The least logit that is among the top k, and how many of that very value are. */
static float threshold(const gy_sampler *s, const float *logits, int64_t *ties)
{
    memcpy(s->sorted, logits, (size_t)s->n * sizeof *logits);
    if (s->never >= 0) s->sorted[s->never] = -INFINITY;
    float least = gy_kth_largest(s->sorted, s->n, s->top_k);
    *ties = s->top_k;
    for (int64_t i = 0; i < s->n; i++) *ties -= i != s->never && logits[i] > least;
    return least;
}

int64_t gy_sampler_draw(gy_sampler *s, const float *logits, double u)
{
    const int64_t best = likeliest(s, logits);
    if (s->temperature == 0) return best;
    int64_t ties;
    const float least = threshold(s, logits, &ties);
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        bool in = i != s->never && (logits[i] > least || (logits[i] == least && ties-- > 0));
        double e = ((double)logits[i] - (double)logits[best]) / s->temperature;
        s->weight[i] = in ? exp(e) : 0;
        sum += s->weight[i];
    }
    double at = u * sum;
    int64_t last = best;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->weight[i] == 0) continue;
        last = i;
        at -= s->weight[i];
        if (at < 0) break;
    }
    return last;
}
