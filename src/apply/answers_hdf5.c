/* Predictions as HDF5: /outputs [N, …], /classes [N, …] with its class_names, /probabilities [N, classes]. */
#include "answers.h"

#include "store/hdf5.h"

typedef struct file {
    gy_h5 *f;
    gy_h5_data *outputs, *classes, *probabilities; /* NULL: there is none */
} file;

static gy_status create_data(gy_answers *a, file *f)
{
    const gy_task *task = a->task;
    gy_shape all = {.n = task->out.n + 1, .d = {a->samples}};
    GY_REQUIRE(all.n <= GY_DIMS, GY_E_SHAPE, "cannot write the outputs" GY_WHY "too many axes");
    for (int i = 0; i < task->out.n; i++) all.d[i + 1] = task->out.d[i];
    GY_TRY(gy_h5_data_create(f->f, "/outputs", GY_H5_FLOAT32, &all, 0, 0, &f->outputs));
    if (a->probabilities != NULL)
        GY_TRY(gy_h5_data_create(f->f, "/probabilities", GY_H5_FLOAT32, &all, 0, 0,
                                 &f->probabilities));
    if (a->top == NULL) return GY_OK;
    all.n--;
    GY_TRY(gy_h5_data_create(f->f, "/classes", GY_H5_INT64, &all, 0, 0, &f->classes));
    if (a->names_json == NULL) return GY_OK;
    return gy_h5_write_text(f->f, "/classes", "class_names", a->names_json);
}

static gy_status begin(gy_answers *a)
{
    file *f;
    GY_TRY(gy_pool_new(&a->pool, &f));
    a->state = f;
    GY_TRY(gy_h5_create(a->ctx, gy_output_name(a->output), &f->f));
    return create_data(a, f);
}

static gy_status put(gy_answers *a, int64_t n, const float *y)
{
    const file *f = a->state;
    GY_TRY(gy_h5_data_write(f->outputs, a->written, n, GY_H5_FLOAT32, y));
    if (f->classes != NULL)
        GY_TRY(gy_h5_data_write(f->classes, a->written, n, GY_H5_INT64, a->top));
    if (f->probabilities == NULL) return GY_OK;
    return gy_h5_data_write(f->probabilities, a->written, n, GY_H5_FLOAT32, a->probabilities);
}

static gy_status end(gy_answers *a)
{
    file *f = a->state;
    if (f == NULL) return GY_OK;
    gy_h5_data_close(f->outputs);
    gy_h5_data_close(f->classes);
    gy_h5_data_close(f->probabilities);
    return gy_h5_close(f->f);
}

static const char *const endings[] = {".h5", ".hdf5", ".hdf", ".nc", NULL};

const gy_answers_kind gy_answers_hdf5 = {
    .endings = endings, .begin = begin, .put = put, .end = end};
