/* A trial on its way: its numbers, then its texts. */
#include "order.h"

#include <string.h>

typedef struct head {
    int64_t number, until, config, from; /* bytes of the texts with their zeros; 0: none */
} head;

static head head_of(const gy_trial *t)
{
    head h = {.number = t->number, .until = t->until};
    if (t->config != NULL) h.config = (int64_t)strlen(t->config) + 1;
    if (t->from != NULL) h.from = (int64_t)strlen(t->from) + 1;
    return h;
}

gy_status gy_order_send(gy_study *s, const gy_trial *trial, int to)
{
    const head h = head_of(trial);
    GY_TRY(gy_comm_send(s->comm, &h, sizeof h, to));
    if (h.config > 0) GY_TRY(gy_comm_send(s->comm, trial->config, h.config, to));
    if (h.from > 0) GY_TRY(gy_comm_send(s->comm, trial->from, h.from, to));
    return GY_OK;
}

static gy_status receive_text(gy_study *s, int64_t bytes, char **out)
{
    if (bytes == 0) return GY_OK;
    GY_TRY(gy_new_array(s->ctx, bytes, out));
    return gy_comm_receive(s->comm, *out, bytes, 0);
}

/* The trial is made of the texts. */
static void refer(gy_order *order, const head *h)
{
    order->trial = (gy_trial){
        .number = h->number, .until = h->until, .config = order->config, .from = order->from};
}

gy_status gy_order_receive(gy_study *s, gy_order *out)
{
    head h;
    *out = (gy_order){.config = NULL};
    GY_TRY(gy_comm_receive(s->comm, &h, sizeof h, 0));
    GY_TRY(receive_text(s, h.config, &out->config));
    GY_TRY(receive_text(s, h.from, &out->from));
    refer(out, &h);
    return GY_OK;
}

gy_status gy_order_spread(gy_study *s, gy_order *order)
{
    head h = head_of(&order->trial);
    char *config = (char *)order->trial.config, *from = (char *)order->trial.from;
    GY_TRY(gy_comm_broadcast(s->group, &h, sizeof h, 0));
    GY_TRY(gy_comm_broadcast_text(s->group, &config));
    GY_TRY(gy_comm_broadcast_text(s->group, &from));
    if (s->leads) return GY_OK;
    order->config = config;
    order->from = from;
    refer(order, &h);
    return GY_OK;
}

void gy_order_clear(gy_study *s, gy_order *order)
{
    gy_free(s->ctx, order->config);
    gy_free(s->ctx, order->from);
    *order = (gy_order){.config = NULL};
}
