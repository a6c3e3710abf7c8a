/* A program of somebody else: trains in process, and takes its results from the events. */
#include <gyre/gyre.h>

#include <stdio.h>
#include <string.h>

static const char config_text[] = "name: consumer\n"
                                  "run_dir: run\n"
                                  "data: {train: 'synthetic:blobs?n=200&features=4&classes=3'}\n"
                                  "model: {input: [4], layers: [dense: {units: 3}]}\n"
                                  "train: {epochs: 2, batch_size: 20}\n";

static void observe(void *user, const gy_event *event)
{
    int *epochs = user;
    *epochs += strcmp(event->type, "epoch") == 0;
}

int main(void)
{
    int epochs = 0;
    gy_context *ctx = NULL;
    gy_comm *comm = NULL;
    gy_config *config = NULL;
    gy_train_options options = {.observer = observe, .observer_user = &epochs};
    gy_status status = gy_context_create(NULL, NULL, &ctx);
    if (status == GY_OK) status = gy_comm_start(ctx);
    if (status == GY_OK) status = gy_comm_create(ctx, NULL, &comm);
    if (status == GY_OK) status = gy_config_parse(ctx, "consumer", config_text, NULL, 0, &config);
    if (status == GY_OK) status = gy_train(ctx, comm, config, &options);
    if (status != GY_OK) fprintf(stderr, "%s\n", gy_error_last()->text);
    gy_config_free(config);
    gy_comm_free(comm);
    if (ctx != NULL) gy_comm_stop(ctx);
    if (ctx != NULL && gy_context_balance(ctx) != 0) return 3;
    gy_context_free(ctx);
    return status == GY_OK && epochs == 2 ? 0 : 1;
}
