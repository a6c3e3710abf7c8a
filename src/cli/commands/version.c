/* gyre version */
#include "../command_list.h"
#include "../page.h"

#include <stdio.h>

static gy_status run(gy_cli *cli, const void *settings, const gy_strings *operands)
{
    (void)settings;
    GY_TRY(gy_cli_operands(&gy_command_version, operands, 0, 0));
    printf("gyre %s\n", gy_version());
    gy_page_say(stdout, "mpi   %s", gy_comm_library());
    gy_page_say(stdout, "blas  %s", gy_model_library());
    gy_page_say(stdout, "hdf5  %s", gy_checkpoint_library());
    printf("bf16  products by %s\n", gy_model_bfloat16_by(cli->ctx));
    printf("simd  %s\n", gy_context_simd(cli->ctx));
    return GY_OK;
}

const gy_command gy_command_version = {
    .kind = {.name = "version",
             .help = "the version, the libraries' versions, and the instruction set in use"},
    .operands = "",
    .alone = true,
    .run = run};
