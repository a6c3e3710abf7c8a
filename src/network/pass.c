/*
 * Passes that are measured: the model hands its outputs to the task, all at once or a block of rows at a time,
 * and takes their gradient.
 */
#include "network.h"

typedef struct pupil {
    const gy_net *network;
    gy_lesson *lesson;
    gy_task_batch batch;
} pupil;

static void judge(void *user, int64_t row, int64_t rows, float *y, float *dy)
{
    pupil *p = user;
    gy_lesson *l = p->lesson;
    l->loss += gy_task_add_rows(&p->network->task, p->network->kernel, &p->batch, row, rows, y,
                                (float)l->scale, dy, l->tally);
}

gy_status gy_net_forward(gy_net *n, gy_model_run *run, gy_lesson *lesson)
{
    float *y = NULL;
    pupil p = {
        .network = n,
        .lesson = lesson,
        .batch = {
            .n = lesson->n, .target = lesson->y, .weight = lesson->w, .teacher = lesson->teacher}};
    lesson->loss = 0;
    gy_task_begin(&n->task, &p.batch, lesson->tally);
    run->judge = judge;
    run->judge_user = &p;
    gy_status status = gy_model_forward(n->model, run, lesson->n, lesson->x, &y);
    run->judge = NULL;
    run->judge_user = NULL;
    return status;
}

gy_status gy_net_backward(gy_net *n, gy_model_run *run, const gy_lesson *lesson)
{
    return gy_model_backward(n->model, run, lesson->n, lesson->x, NULL);
}
