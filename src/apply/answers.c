/* The kind of a file of predictions, and what is made of outputs before they are written. */
#include "answers.h"

#include "text/tree.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* By the ending; a name without one, such as `lr0.001`, is the first's. */
static gy_status find_kind(const char *path, const gy_answers_kind **out)
{
    static const gy_answers_kind *const kinds[] = {&gy_answers_hdf5, &gy_answers_csv};
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash == NULL ? path : slash, '.');
    *out = kinds[0];
    if (dot == NULL || !isalpha((unsigned char)dot[1])) return GY_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *out = kinds[i];
        for (const char *const *ending = kinds[i]->endings; *ending != NULL; ending++)
            if (strcasecmp(dot, *ending) == 0) return GY_OK;
    }
    return gy_raise(GY_E_USAGE,
                    "cannot write predictions" GY_AT "%s" GY_WHY
                    "they are written as HDF5 or as CSV" GY_HINT "end the name in .h5 or .csv",
                    path);
}

static gy_status take_names(gy_answers *a, const char *json)
{
    gy_node *list;
    const char **names;
    if (json == NULL) return GY_OK;
    GY_TRY(gy_json_parse(&a->pool, "class_names", json, strlen(json), &list));
    if (list->type != GY_NODE_LIST || list->n > a->task->classes) return GY_OK;
    GY_TRY(gy_pool_array(&a->pool, list->n + 1, &names));
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        names[a->n_names++] = item->type == GY_NODE_SCALAR ? item->text : "";
    a->names = names;
    a->names_json = json;
    return GY_OK;
}

gy_status gy_answers_begin(gy_answers *a, gy_context *ctx, const gy_task *task, gy_output *output,
                           const char *path, const char *names, int64_t samples, int64_t most)
{
    const gy_answers_kind *kind;
    *a = (gy_answers){.ctx = ctx, .task = task, .output = output, .samples = samples};
    gy_pool_init(&a->pool, ctx);
    GY_TRY(find_kind(path, &kind));
    if (gy_task_classifies(task)) {
        GY_TRY(take_names(a, names));
        GY_TRY(gy_new_array(ctx, most * (task->outputs / task->classes), &a->top));
        if (task->outputs == task->classes)
            GY_TRY(gy_new_array(ctx, most * task->classes, &a->probabilities));
    }
    a->kind = kind;
    return kind->begin(a);
}

static void softmax(int64_t n, const float *y, float *p)
{
    float most = y[0];
    double sum = 0;
    for (int64_t i = 1; i < n; i++) most = y[i] > most ? y[i] : most;
    for (int64_t i = 0; i < n; i++) sum += exp((double)y[i] - (double)most);
    for (int64_t i = 0; i < n; i++) p[i] = (float)(exp((double)y[i] - (double)most) / sum);
}

gy_status gy_answers_put(gy_answers *a, int64_t n, const float *y)
{
    const gy_task *task = a->task;
    const int64_t rows = n * (task->outputs / task->classes);
    if (n == 0) return GY_OK;
    for (int64_t i = 0; i < rows && a->top != NULL; i++)
        a->top[i] = gy_loss_top(task->classes, y + i * task->classes);
    for (int64_t i = 0; i < rows && a->probabilities != NULL; i++)
        softmax(task->classes, y + i * task->classes, a->probabilities + i * task->classes);
    GY_TRY(a->kind->put(a, n, y));
    a->written += n;
    return GY_OK;
}

gy_status gy_answers_end(gy_answers *a)
{
    if (a->ctx == NULL) return GY_OK;
    gy_status status = a->kind == NULL ? GY_OK : a->kind->end(a);
    gy_free(a->ctx, a->top);
    gy_free(a->ctx, a->probabilities);
    gy_pool_clear(&a->pool);
    *a = (gy_answers){.ctx = NULL};
    return status;
}
