/* gyre report RUN… */
#include "../command_list.h"

#include <gyre/report.h>

#include <string.h>
#include <strings.h>

typedef struct settings {
    const char *o, *data;
    int64_t samples;
} settings;

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the page to write, .html"},
    {.key = "data",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, data),
     .standard = "",
     .help = "a source that the networks answer; else the test or validation data of each run"},
    {.key = "samples",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, samples),
     .standard = "20000",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "that they answer at most, the first ones; 0 = all"},
    GY_SETTING_END,
};

enum { RUNS = 64 };

/* Portraits of all runs, then their page. @param portraits  freed by the caller */
static gy_status draw(gy_cli *cli, const settings *s, const gy_strings *runs,
                      gy_portrait *portraits[RUNS])
{
    const gy_portrait_options options = {.data = s->data, .samples = s->samples};
    gy_status status = GY_OK;
    for (int i = 0; i < runs->n; i++)
        GY_TRY(gy_portrait_create(cli->ctx, cli->comm, runs->v[i], &options, &portraits[i]));
    if (cli->rank == 0)
        status = gy_portraits_write(cli->ctx, runs->v, (const gy_portrait *const *)portraits,
                                    runs->n, s->o);
    return gy_comm_agree(cli->comm, status);
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_report, operands, 1, RUNS));
    GY_TRY(gy_cli_output(&gy_command_report, "page", s->o));
    const char *dot = strrchr(s->o, '.');
    GY_REQUIRE(
        dot != NULL && (strcasecmp(dot, ".html") == 0 || strcasecmp(dot, ".htm") == 0), GY_E_USAGE,
        "cannot write the page" GY_AT "%s" GY_WHY "pages are .html" GY_HINT "give -o report.html",
        s->o);
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_portrait *portraits[RUNS] = {NULL};
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    gy_status status = draw(cli, s, operands, portraits);
    for (int i = 0; i < operands->n; i++) gy_portrait_free(portraits[i]);
    return status;
}

const gy_command gy_command_report = {
    .kind = {.name = "report",
             .help = "a page of one or more runs: curves, parameters, answers, phases",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "RUN… -o FILE.html",
    .more = "  gyre report runs/digits -o digits.html\n"
            "  gyre report runs/digits runs/wide -o both.html\n"
            "The page needs nothing from elsewhere. What cannot be found out is left out, and says "
            "why.",
    .run = run};
