/* The observers of a run: opened in the order of their list, each told every event that is kept. */
#include "observer.h"

#include "event/event.h"
#include "store/file.h"

#define DECLARE(name, help) extern const gy_observer_kind gy_observer_##name;
GY_OBSERVER_LIST(DECLARE)
#undef DECLARE

#define COUNT(name, help) +1
enum { KINDS = 0 GY_OBSERVER_LIST(COUNT) };
#undef COUNT

struct gy_observers {
    gy_context *ctx;
    gy_pool pool;
    struct {
        const gy_observer_kind *kind;
        void *state;
    } v[KINDS];
    int n;
    gy_status status; /* of what is told while they are opened */
};

static gy_status take(gy_observers *o, const gy_event *event, bool earlier)
{
    for (int i = 0; i < o->n; i++)
        if (!earlier || o->v[i].kind->anew) GY_TRY(o->v[i].kind->take(o->v[i].state, event));
    return GY_OK;
}

static void take_earlier(void *user, const gy_event *event)
{
    gy_observers *o = user;
    if (o->status == GY_OK) o->status = take(o, event, true);
}

static gy_status add(gy_observers *o, const gy_observed *of, const gy_observer_kind *kind)
{
    const char *dir;
    void *state = NULL;
    GY_TRY(gy_pool_format(&o->pool, &dir, "%s/observed/%s", of->run_dir, kind->kind.name));
    GY_TRY(gy_directory_make(o->ctx, dir));
    GY_TRY(kind->open(of, dir, &state));
    o->v[o->n].kind = kind;
    o->v[o->n++].state = state;
    return GY_OK;
}

static gy_status open_all(gy_observers *o, const gy_observer_settings *wanted,
                          const gy_observed *of)
{
#define OPEN(name, help)                                                                           \
    if (wanted->name) GY_TRY(add(o, of, &gy_observer_##name));
    GY_OBSERVER_LIST(OPEN)
#undef OPEN
    if (o->n == 0 || of->step == 0) return GY_OK;
    GY_TRY(gy_events_read(o->ctx, of->journal, take_earlier, o));
    return o->status;
}

gy_status gy_observers_open(const gy_observer_settings *wanted, const gy_observed *of,
                            gy_observers **out)
{
    gy_observers *o;
    GY_TRY(gy_new(of->ctx, &o));
    o->ctx = of->ctx;
    gy_pool_init(&o->pool, of->ctx);
    gy_status status = open_all(o, wanted, of);
    if (status == GY_OK)
        *out = o;
    else
        gy_observers_close(o);
    return status;
}

gy_status gy_observers_take(gy_observers *o, const gy_event *event)
{
    return o == NULL ? GY_OK : take(o, event, false);
}

void gy_observers_close(gy_observers *o)
{
    if (o == NULL) return;
    for (int i = o->n - 1; i >= 0; i--) o->v[i].kind->close(o->v[i].state);
    gy_pool_clear(&o->pool);
    gy_free(o->ctx, o);
}
