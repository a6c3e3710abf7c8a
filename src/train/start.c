/* What a run is, told at its start: ranks and machine, data, model and memory, communication. */
#include "train_impl.h"

#include <gyre/gyre.h>

#include "sync/compression_list.h"
#include "sync/grains.h"

#include <stdio.h>

static void add_machine(const gy_run *run, gy_report *report)
{
    gy_report_text(report, "name", run->config->name);
    gy_report_text(report, "run_dir", run->config->run_dir);
    gy_report_text(report, "version", gy_version());
    gy_report_int(report, "ranks", run->ranks);
    gy_report_int(report, "hosts", gy_comm_hosts(run->comm));
    gy_report_int(report, "threads", gy_kernel_threads(run->network.kernel));
    gy_report_text(report, "threads_by", gy_threads_by_names[run->network.threads_by]);
    gy_report_text(report, "blas", gy_blas_name());
    gy_report_text(report, "simd", gy_context_simd(run->ctx));
    gy_report_text(report, "mpi", gy_comm_library());
}

static void add_data(const gy_run *run, gy_report *report)
{
    static const char *const samples[GY_PARTS] = {"train_samples", "validation_samples",
                                                  "test_samples"};
    for (int part = 0; part < GY_PARTS; part++) {
        if (run->feed.source[part] == NULL) continue;
        gy_report_text(report, gy_part_names[part], run->feed.text[part]);
        gy_report_int(report, samples[part], run->feed.split[part].samples);
    }
    const gy_source_info *info = gy_feed_info(&run->feed, GY_PART_TRAIN);
    gy_report_text(report, "format", info->format);
    if (info->classes > 0) gy_report_int(report, "classes", info->classes);
}

/* Of gradients, that are summed over the ranks. */
static int64_t bytes_a_step(const gy_run *run)
{
    const gy_params *params = gy_model_params(run->network.model);
    return run->network.grains > 0
               ? gy_grains_sent(params->trainable + gy_model_buffers(run->network.model)->floats)
               : gy_sync_bytes(&run->config->comm, params);
}

static void add_topology(const gy_run *run, gy_report *report)
{
    const gy_topology *t = gy_comm_topology(run->comm);
    if (!gy_comm_knows_topology(run->comm)) return;
    gy_report_float(report, "message_us", 1e6 * t->message_s);
    gy_report_float(report, "wire_gb_per_second", 1e-9 / t->byte_s);
}

static void add_plan(const gy_run *run, const gy_anatomy *anatomy, gy_report *report)
{
    const gy_config *config = run->config;
    gy_report_text(report, "products", anatomy->precision);
    if (anatomy->winograd != NULL)
        gy_report_text(report, "products_of_winograd", anatomy->winograd);
    gy_report_text(report, "products_by", anatomy->products_by);
    gy_report_int(report, "parameters", anatomy->total);
    gy_report_int(report, "memory_bytes",
                  anatomy->parameter_bytes + anatomy->gradient_bytes + anatomy->optimizer_bytes +
                      anatomy->activation_bytes + anatomy->checkpoint_bytes);
    gy_report_int(report, "gradient_bytes", bytes_a_step(run));
    if (run->network.grains > 0) gy_report_int(report, "grains", run->network.grains);
    if (run->sum != NULL) {
        gy_report_int(report, "buckets", gy_step_sum_buckets(run->sum));
        gy_report_text(report, "allreduce", gy_step_sum_algorithm(run->sum));
        if (run->network.grains == 0) add_topology(run, report);
    } else {
        const gy_params *params = gy_model_params(run->network.model);
        const gy_sync_vector vector = {.n = params->trainable, .params = params};
        bool packs = ((const gy_compression_kind *)config->comm.compression.kind)->create != NULL;
        if (run->network.grains == 0)
            gy_report_int(report, "buckets", gy_sync_count(&config->comm, &vector));
        gy_report_text(report, "allreduce",
                       packs ? config->comm.compression.kind->name
                             : config->comm.all_reduce.kind->name);
    }
    gy_report_text(report, "loss_kind", config->loss.kind->name);
    if (run->teacher != NULL) gy_report_text(report, "teacher", config->distill.teacher);
    gy_report_text(report, "optimizer", config->optimizer.kind.kind->name);
    gy_report_int(report, "batch_size", config->train.batch_size);
    gy_report_int(report, "micro_batch_size", run->network.micro);
    gy_report_int(report, "steps_an_epoch", run->batches);
    gy_report_int(report, "steps", run->steps);
    gy_report_bool(report, "dry_run", run->options->dry_run);
}

gy_status gy_run_tell_start(gy_run *run)
{
    gy_report report;
    gy_anatomy *anatomy = NULL;
    GY_TRY(gy_config_take_apart(run->config, run->comm, &run->network, &anatomy));
    int64_t teacher = 0;
    gy_status status = gy_run_measure_teacher(run, &teacher);
    anatomy->activation_bytes += teacher;
    if (run->sum != NULL) anatomy->gradient_bytes += gy_step_sum_room_bytes(run->sum);
    gy_report_begin(&report, "start");
    add_machine(run, &report);
    add_data(run, &report);
    add_plan(run, anatomy, &report);
    report.event.anatomy = anatomy;
    gy_run_tell(run, &report, !run->options->dry_run);
    gy_anatomy_free(run->ctx, anatomy);
    return status;
}
