/*
 * Predictions as CSV, a line a sample: the class, its name where there are names, and the probabilities of
 * all; where a sample has several classes these alone; else the outputs.
 */
#include "answers.h"

#include <string.h>

/* A text as a cell. */
static void add_cell(gy_buffer *b, const char *prefix, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        gy_buffer_format(b, "%s%s", prefix, text);
        return;
    }
    gy_buffer_format(b, "\"%s", prefix);
    for (const char *c = text; *c != '\0'; c++) gy_buffer_format(b, *c == '"' ? "\"\"" : "%c", *c);
    gy_buffer_add(b, "\"");
}

static void add_columns(gy_buffer *b, const char *name, int64_t n, const gy_answers *named)
{
    for (int64_t i = 0; i < n; i++) {
        gy_buffer_add(b, b->bytes > 0 ? "," : "");
        if (named != NULL && i < named->n_names)
            add_cell(b, name, named->names[i]);
        else
            gy_buffer_format(b, "%s%lld", name, (long long)i);
    }
}

static gy_status begin(gy_answers *a)
{
    const gy_task *task = a->task;
    gy_buffer *b;
    GY_TRY(gy_pool_new(&a->pool, &b));
    gy_buffer_init(b, a->ctx);
    a->state = b;
    if (a->probabilities != NULL) {
        gy_buffer_add(b, a->n_names > 0 ? "class,name" : "class");
        add_columns(b, "probability_", task->classes, a);
    } else if (a->top != NULL) {
        add_columns(b, "class_", task->outputs / task->classes, NULL);
    } else {
        add_columns(b, "output_", task->outputs, NULL);
    }
    gy_buffer_add(b, "\n");
    return b->status;
}

static void add_floats(gy_buffer *b, int64_t n, const float *v, bool first)
{
    for (int64_t i = 0; i < n; i++)
        gy_buffer_format(b, "%s%.9g", first && i == 0 ? "" : ",", (double)v[i]);
}

static gy_status put(gy_answers *a, int64_t n, const float *y)
{
    gy_buffer *b = a->state;
    const gy_task *task = a->task;
    const int64_t each = task->outputs / task->classes;
    for (int64_t i = 0; i < n; i++) {
        const int64_t *top = a->top == NULL ? NULL : a->top + i * each;
        for (int64_t k = 0; k < each && top != NULL; k++)
            gy_buffer_format(b, "%s%lld", k > 0 ? "," : "", (long long)top[k]);
        if (a->probabilities != NULL) {
            if (a->n_names > 0) gy_buffer_add(b, ",");
            if (*top >= 0 && *top < a->n_names) add_cell(b, "", a->names[*top]);
            add_floats(b, task->classes, a->probabilities + i * task->classes, false);
        } else if (top == NULL) {
            add_floats(b, task->outputs, y + i * task->outputs, true);
        }
        gy_buffer_add(b, "\n");
    }
    GY_TRY(b->status);
    gy_status status = gy_output_add(a->output, b->text, b->bytes);
    gy_buffer_reset(b);
    return status;
}

/* The heading alone, where there was no sample. */
static gy_status end(gy_answers *a)
{
    gy_buffer *b = a->state;
    if (b == NULL) return GY_OK;
    gy_status status = b->status;
    if (status == GY_OK && b->bytes > 0) status = gy_output_add(a->output, b->text, b->bytes);
    gy_buffer_clear(b);
    return status;
}

static const char *const endings[] = {".csv", NULL};

const gy_answers_kind gy_answers_csv = {.endings = endings, .begin = begin, .put = put, .end = end};
