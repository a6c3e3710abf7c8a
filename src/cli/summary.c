/* What is trained, on what, how: the first lines of a run. */
#include "terminal.h"

#include "page.h"
#include "table.h"

#include <string.h>

static int64_t whole(const gy_event *e, const char *name)
{
    return (int64_t)gy_event_number(e, name, 0);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void show_data(FILE *out, const gy_event *e)
{
    static const char *const parts[][2] = {
        {"train", "train_samples"}, {"validation", "validation_samples"}, {"test", "test_samples"}};
    char text[GY_TEXT], more[GY_TEXT] = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (gy_event_field(e, parts[i][0]) == NULL) continue;
        if (whole(e, "classes") > 0)
            (void)snprintf(more, sizeof more, ", %lld classes", (long long)whole(e, "classes"));
        const char *samples = gy_format_count(whole(e, parts[i][1]), text);
        const char *source = gy_event_text(e, parts[i][0], "");
        if (i == 0)
            gy_page_say(out, "%-11s %s samples of %s, shape %s (%s)%s", parts[i][0], samples,
                        source, e->anatomy->input, gy_event_text(e, "format", ""), more);
        else
            gy_page_say(out, "%-11s %s samples of %s", parts[i][0], samples, source);
    }
}

static void show_gradients(FILE *out, const gy_event *e)
{
    char bytes[GY_TEXT], buckets[128] = "", grains[128] = "", rates[128] = "";
    int64_t n = whole(e, "buckets"), g = whole(e, "grains");
    if (whole(e, "ranks") > 1 && n > 0)
        (void)snprintf(buckets, sizeof buckets, " in %lld bucket%s by %s", (long long)n, plural(n),
                       gy_event_text(e, "allreduce", ""));
    if (g > 0)
        (void)snprintf(grains, sizeof grains, ", %lld grains: the same bits on 1 to %lld ranks",
                       (long long)g, (long long)g);
    if (gy_event_field(e, "message_us") != NULL)
        (void)snprintf(rates, sizeof rates, " (measured: %.1f us a message, %.2f GB/s)",
                       gy_event_number(e, "message_us", 0),
                       gy_event_number(e, "wire_gb_per_second", 0));
    gy_page_say(out, "gradients   %s a step%s%s%s",
                gy_format_bytes(whole(e, "gradient_bytes"), bytes), buckets, grains, rates);
}

/* Characters of "OpenBLAS 0.3.21" in all that it says of itself. */
static int name_and_version(const char *library)
{
    size_t name = strcspn(library, " ");
    return (int)(library[name] == '\0' ? name : name + 1 + strcspn(library + name + 1, " "));
}

static void show_machine(FILE *out, const gy_event *e)
{
    int64_t ranks = whole(e, "ranks"), hosts = whole(e, "hosts"), threads = whole(e, "threads");
    const char *by = gy_event_text(e, "threads_by", "cores");
    const char *blas = gy_event_text(e, "blas", "");
    bool plain = strcmp(by, "threads") == 0 || strcmp(by, "cores") == 0;
    gy_page_say(
        out, "machine     %lld rank%s on %lld host%s, %lld thread%s each%s%s%s; %s, %.*s, %s",
        (long long)ranks, plural(ranks), (long long)hosts, plural(hosts), (long long)threads,
        plural(threads), plain ? "" : " (", plain ? "" : by, plain ? "" : ")",
        gy_event_text(e, "mpi", ""), name_and_version(blas), blas, gy_event_text(e, "simd", ""));
}

void gy_summary_show(FILE *out, const gy_event *e)
{
    char batch[GY_TEXT], epoch[GY_TEXT], all[GY_TEXT];
    gy_page_say(out, "gyre %s: %s in %s", gy_event_text(e, "version", ""),
                gy_event_text(e, "name", ""), gy_event_text(e, "run_dir", ""));
    show_machine(out, e);
    show_data(out, e);
    (void)fputc('\n', out);
    gy_table_layers(out, e->anatomy);
    (void)fputc('\n', out);
    gy_table_totals(out, e->anatomy);
    gy_page_say(out, "training    %s by %s; batch %s, %s step%s an epoch, %s in all",
                gy_event_text(e, "loss_kind", ""), gy_event_text(e, "optimizer", ""),
                gy_format_count(whole(e, "batch_size"), batch),
                gy_format_count(whole(e, "steps_an_epoch"), epoch),
                plural(whole(e, "steps_an_epoch")), gy_format_count(whole(e, "steps"), all));
    show_gradients(out, e);
    (void)fputc('\n', out);
}
