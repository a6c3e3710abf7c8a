/*
 * Which learning rate a ramp speaks for. Losses of single batches scatter: through each and its
 * neighbours on both sides a line is laid, over the logarithm of the rate, whose value and slope there
 * are what is looked at. The loss is a sum of what all rates so far have done: where it falls fastest,
 * a rate does most; where it is least, rates have begun to do harm.
 */
#include "ramp.h"

#include <math.h>
#include <stdio.h>

const double gy_ramp_low = 1e-7, gy_ramp_high = 10;

enum { NEIGHBOURS = 8 }; /* on either side: 0.4 of a decade */
/* how the mean forgets that ends the ramp; how much of the fall so far it may grow above its least */
static const double FORGETS = 0.8, GROWS = 1.5;
static const double ENOUGH = 0.05; /* of the loss must be gone for a suggestion */

double gy_ramp_rate(int i)
{
    return gy_ramp_low * pow(gy_ramp_high / gy_ramp_low, (double)i / (GY_RAMP_POINTS - 1));
}

bool gy_ramp_add(gy_ramp *r, double loss)
{
    if (r->n == 0) r->least_follow = r->first;
    r->rate[r->n] = gy_ramp_rate(r->n);
    r->loss[r->n] = loss;
    r->n++;
    r->follow = FORGETS * r->follow + (1 - FORGETS) * loss;
    r->weight = FORGETS * r->weight + (1 - FORGETS);
    const double mean = r->follow / r->weight;
    double fall = r->first - r->least_follow, some = 0.5 * fabs(r->first);
    if (!isfinite(mean)) return true;
    if (mean > r->least_follow + GROWS * (fall > some ? fall : some)) return true;
    if (mean < r->least_follow) r->least_follow = mean;
    return r->n == GY_RAMP_POINTS;
}

/* The line at point i: least squares over its neighbours. */
static void fit(const gy_ramp *r, int i, double *value, double *slope)
{
    const int from = i < NEIGHBOURS ? 0 : i - NEIGHBOURS;
    const int to = i + NEIGHBOURS < r->n ? i + NEIGHBOURS + 1 : r->n;
    double x = 0, y = 0, xx = 0, xy = 0;
    const double n = to - from;
    for (int j = from; j < to; j++) {
        x += j - i;
        y += r->loss[j];
        xx += (double)(j - i) * (j - i);
        xy += (j - i) * r->loss[j];
    }
    *slope = n < 2 ? 0 : (n * xy - x * y) / (n * xx - x * x);
    *value = (y - *slope * x) / n;
}

static bool has_grown(const gy_ramp *r)
{
    return r->n < GY_RAMP_POINTS;
}

static void say_none(const gy_ramp *r, gy_suggestion *out)
{
    (void)snprintf(out->reason, sizeof out->reason,
                   "the loss falls from %.4g by less than a twentieth of that at any rate",
                   r->first);
}

static void say(gy_suggestion *out)
{
    int n = snprintf(out->reason, sizeof out->reason,
                     "the loss falls fastest there, and is least at %.2g", out->least);
    if (!isnan(out->grows))
        (void)snprintf(out->reason + n, sizeof out->reason - (size_t)n, "; at %.2g it has grown",
                       out->grows);
}

void gy_ramp_suggest(gy_ramp *r, gy_suggestion *out)
{
    *out = (gy_suggestion){.rate = NAN, .least = NAN, .grows = NAN};
    int fastest = 0, least = 0;
    double steep = 0, slopes[GY_RAMP_POINTS];
    /* the losses that ended the ramp say no more than that */
    while (r->n > 0 && !isfinite(r->loss[r->n - 1])) r->n--;
    for (int i = 0; i < r->n; i++) {
        fit(r, i, &r->fit[i], &slopes[i]);
        if (r->fit[i] < r->fit[least]) least = i;
    }
    for (int i = 0; i <= least && i < r->n; i++) {
        if (slopes[i] >= steep) continue;
        steep = slopes[i];
        fastest = i;
    }
    if (r->n > 0 && has_grown(r)) out->grows = r->rate[r->n - 1];
    if (r->n == 0 || steep >= 0 || r->first - r->fit[least] < ENOUGH * fabs(r->first)) {
        say_none(r, out);
        return;
    }
    out->rate = r->rate[fastest];
    out->least = r->rate[least];
    say(out);
}
