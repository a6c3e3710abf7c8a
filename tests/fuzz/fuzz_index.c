/*
 * index.h5 and single files of tensors: any bytes give an index or an error with the file's name, and
 * nothing leaks. The corpus bears no seals, else nothing but the seal would be tried.
 */
#include "checkpoint/checkpoint_impl.h"
#include "store/hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds) abort();
}

/* A form that was taken for one leads nowhere. */
static void expand(gy_context *ctx, const gy_form *form)
{
    enum { MOST = 1 << 16 };
    float *x;
    if (form->rows * form->columns > MOST) return;
    check(gy_new_array(ctx, form->rows * form->columns, &x) == GY_OK);
    gy_form_expand(form, x);
    gy_free(ctx, x);
}

static void read_index(gy_context *ctx, const char *dir)
{
    gy_index index;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_index_read(ctx, dir, &pool, true, &index);
    check(status == GY_OK || (status == GY_E_IO && strstr(gy_error_last()->text, dir) != NULL));
    int64_t sum = 0;
    for (int i = 0; status == GY_OK && i < index.params.n; i++)
        if (index.params.v[i].form == NULL) sum += index.params.v[i].count;
    for (int i = 0; status == GY_OK && i < index.forms.n; i++) expand(ctx, &index.forms.v[i].form);
    check(status != GY_OK || sum == index.head.parameters);
    gy_pool_clear(&pool);
}

static void read_tensors(gy_context *ctx, gy_h5 *f, const char *path)
{
    enum { MOST = 1 << 16 };
    gy_entries entries;
    gy_formeds forms;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_entries_read(f, &pool, "/params", false, &entries);
    check(status == GY_OK || status == GY_E_DATA);
    if (status == GY_OK && gy_forms_join(f, &pool, path, true, &forms, &entries) == GY_OK)
        for (int i = 0; i < forms.n; i++) expand(ctx, &forms.v[i].form);
    for (int i = 0; status == GY_OK && i < entries.n; i++) {
        const char *name;
        float *x;
        if (entries.v[i].form != NULL || entries.v[i].count < 0 || entries.v[i].count > MOST)
            continue;
        check(gy_pool_format(&pool, &name, "/params/%s", entries.v[i].name) == GY_OK);
        check(gy_new_array(ctx, entries.v[i].count, &x) == GY_OK);
        gy_status read = gy_tensor_read(ctx, f, name, path, GY_E_DATA, x);
        check(read == GY_OK || read == GY_E_DATA);
        gy_free(ctx, x);
    }
    gy_pool_clear(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char dir[] = "/tmp/gyre-fuzz-XXXXXX", path[64];
    gy_context *ctx = NULL;
    gy_h5 *f;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK && mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/index.h5", dir);
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
    read_index(ctx, dir);
    gy_status status = gy_h5_open(ctx, path, GY_E_DATA, &f);
    check(status == GY_OK || status == GY_E_DATA);
    if (status == GY_OK) {
        read_tensors(ctx, f, path);
        check(gy_h5_close(f) == GY_OK);
    }
    check(unlink(path) == 0 && rmdir(dir) == 0);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
