/* gyre plot RUN… */
#include "../command_list.h"
#include "../page.h"

#include <gyre/report.h>

#include <stdio.h>

typedef struct settings {
    const char *o;
    bool terminal;
    int against;
    const char *curves;
} settings;

static const char *const axes[] = {"step", "epoch", "time", NULL};

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the picture to write, .svg or .png"},
    {.key = "terminal",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, terminal),
     .standard = "false",
     .help = "draw in text, on standard output"},
    {.key = "against",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(settings, against),
     .standard = "step",
     .choices = axes,
     .help = "what lies along the axis"},
    {.key = "curves",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, curves),
     .standard = "",
     .help = "names of those to draw, with commas, as the legend has them; all, if none is given"},
    GY_SETTING_END,
};

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    enum { RUNS = 64 };
    GY_TRY(gy_cli_operands(&gy_command_plot, operands, 1, RUNS));
    GY_REQUIRE(s->terminal != (s->o != NULL), GY_E_USAGE,
               "nowhere to draw" GY_AT "gyre plot" GY_WHY
               "-o FILE or --terminal is needed, one of them" GY_HINT "see gyre help plot");
    int columns = gy_page_columns(stdout);
    const gy_plot_options options = {.path = s->o,
                                     .columns = columns > 0 ? columns : GY_PAGE_WIDTH,
                                     .against = (gy_against)s->against,
                                     .curves = s->curves};
    return gy_plot(cli->ctx, operands->v, operands->n, &options);
}

const gy_command gy_command_plot = {
    .kind = {.name = "plot",
             .help = "curves of one or more runs as a picture, or in the terminal; by gnuplot",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "RUN… -o FILE.svg|.png",
    .more = "  gyre plot runs/digits -o curves.svg\n"
            "  gyre plot runs/digits runs/wide --terminal --against epoch\n"
            "  gyre plot runs/* --curves 'validation loss' -o compared.svg\n"
            "Of several runs the legend says which settings differ from the first one's.",
    .alone = true,
    .run = run};
