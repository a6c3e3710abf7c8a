/* gyre verify CHECKPOINT|RUN */
#include "../command_list.h"

#include <stdio.h>

static gy_status run(gy_cli *cli, const void *settings, const gy_strings *operands)
{
    gy_verify_result result;
    char bytes[GY_TEXT];
    (void)settings;
    GY_TRY(gy_cli_operands(&gy_command_verify, operands, 1, 1));
    GY_TRY(gy_checkpoint_verify(cli->ctx, operands->v[0], gy_cli_print_line, NULL, &result));
    printf("%lld checkpoint%s whole: %lld files, %s\n", (long long)result.checkpoints,
           result.checkpoints == 1 ? " is" : "s are", (long long)result.files,
           gy_format_bytes(result.bytes, bytes));
    return GY_OK;
}

const gy_command gy_command_verify = {
    .kind = {.name = "verify",
             .help =
                 "reads every byte of a checkpoint, or of all of a run, and checks its checksums"},
    .operands = "CHECKPOINT|RUN",
    .alone = true,
    .run = run};
