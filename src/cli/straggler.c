/*
 * A rank that the others wait for.
 *
 * An event "step" has the phases of the step over ranks, as least, mean and most. The slowest rank
 * waits least: what others wait longer than it, the step is longer by its doing. The phase whose most
 * is furthest above its mean says what it is slow at.
 */
#include "straggler.h"

#include <stdio.h>
#include <string.h>

static const double MUCH = 1.0 / 3, LONG_S = 60;

void gy_straggler_init(gy_straggler *s)
{
    *s = (gy_straggler){.rank = -1, .since = -1};
}

/* Share of the step that is lost. @param slow  the phase that it is lost in */
static double find_loss(const gy_event *e, const char **slow)
{
    double all = 0, lost = 0, most = 0;
    *slow = "";
    for (int i = 0; i < e->n; i++) {
        const gy_field *f = &e->fields[i];
        if (f->type != GY_FIELD_PHASE) continue;
        all += f->number;
        if (strcmp(f->name, "communication") == 0) {
            lost = f->max - f->min;
        } else if (f->max - f->number > most) {
            most = f->max - f->number;
            *slow = f->name;
        }
    }
    return all > 0 ? lost / all : 0;
}

bool gy_straggler_observe(gy_straggler *s, const gy_event *e, char *out)
{
    const char *phase;
    double loss = find_loss(e, &phase);
    int64_t rank = (int64_t)gy_event_number(e, "slowest_rank", -1);
    if (loss < MUCH || rank < 0) {
        gy_straggler_init(s);
        return false;
    }
    if (rank != s->rank) *s = (gy_straggler){.rank = rank, .since = e->time};
    if (s->told || e->time - s->since < LONG_S) return false;
    s->told = true;
    (void)snprintf(out, GY_STRAGGLER_TEXT,
                   "rank %lld on %s is slower than the others, which wait for it %.0f%% of the "
                   "time; it is slow in %s: look at that host",
                   (long long)rank, gy_event_text(e, "slowest_host", "?"), 100 * loss, phase);
    return true;
}
