/* Starting and ending MPI, its version, its errors.
 *
 * A process started alone is a world of one rank. Open MPI would fork a daemon and open every
 * network for it, 0.3 s; told that it stays alone it starts in 0.02 s. What we tell it stands in
 * the environment during MPI_Init alone, so that no child inherits it. Other libraries ignore it.
 *
 * Whether we started MPI is kept by MPI itself, as the name of MPI_COMM_SELF: no global of ours. */
#include "comm_mpi.h"

#include "base/door.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char owner[] = "gyre";

/* Any of these says that a launcher started the process. SLURM's is there for a step alone. */
static bool launched(void)
{
    static const char *const signs[] = {
        "OMPI_COMM_WORLD_SIZE", "PMIX_RANK",    "PMIX_NAMESPACE", "PMI_RANK", "PMI_FD", "PMI_SIZE",
        "MPI_LOCALNRANKS",      "SLURM_STEP_ID"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (getenv(signs[i]) != NULL) return true;
    return false;
}

static int init_alone(void)
{
    static const char *const settings[][2] = {{"OMPI_MCA_ess_singleton_isolated", "1"},
                                              /* two that start or end at once take each other's */
                                              {"OMPI_MCA_orte_create_session_dirs", "0"},
                                              {"OMPI_MCA_pml", "ob1"},
                                              {"OMPI_MCA_btl", "self"}};
    enum { N = sizeof settings / sizeof *settings };
    bool ours[N];
    for (int i = 0; i < N; i++) {
        ours[i] = getenv(settings[i][0]) == NULL;
        if (ours[i]) (void)setenv(settings[i][0], settings[i][1], 0);
    }
    int level;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level);
    for (int i = 0; i < N; i++)
        if (ours[i]) (void)unsetenv(settings[i][0]);
    return code;
}

bool gy_mpi_runs(void)
{
    int begun = 0, ended = 0;
    return MPI_Initialized(&begun) == MPI_SUCCESS && begun &&
           MPI_Finalized(&ended) == MPI_SUCCESS && !ended;
}

bool gy_mpi_has_world(void)
{
    return true;
}

gy_status gy_comm_start(gy_context *ctx)
{
    GY_DOOR;
    (void)ctx;
    int ended = 0, level = MPI_THREAD_SINGLE;
    if (gy_mpi_runs()) return GY_OK;
    GY_MPI(MPI_Finalized(&ended));
    GY_REQUIRE(!ended, GY_E_COMM,
               "cannot start MPI" GY_WHY "it has ended already and starts once a process");
    if (launched())
        GY_MPI(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level));
    else
        GY_MPI(init_alone());
    GY_MPI(MPI_Comm_set_name(MPI_COMM_SELF, owner));
    return GY_OK;
}

bool gy_comm_takes_threads(void)
{
    int level = MPI_THREAD_SINGLE;
    return gy_mpi_runs() && MPI_Query_thread(&level) == MPI_SUCCESS &&
           level >= MPI_THREAD_SERIALIZED;
}

void gy_comm_stop(gy_context *ctx)
{
    (void)ctx;
    int length = 0;
    char name[MPI_MAX_OBJECT_NAME] = "";
    if (!gy_mpi_runs()) return;
    if (MPI_Comm_get_name(MPI_COMM_SELF, name, &length) != MPI_SUCCESS) return;
    if (strcmp(name, owner) == 0) (void)MPI_Finalize();
}

/* "Open MPI v4.1.4, package: …" → "Open MPI 4.1.4"; "MPICH Version:\t4.0.2\n…" → "MPICH 4.0.2" */
static void shorten(const char *full, char *out, size_t room)
{
    size_t used = 0;
    for (const char *p = full; *p != '\0' && *p != ',' && *p != '\n' && used + 2 < room; p++) {
        if (strncmp(p, "Version:", 8) == 0) p += 8;
        if (*p == 'v' && p[1] >= '0' && p[1] <= '9') continue;
        bool space = *p == ' ' || *p == '\t';
        if (space && (used == 0 || out[used - 1] == ' ')) continue;
        out[used++] = space ? ' ' : *p;
    }
    while (used > 0 && out[used - 1] == ' ') used--;
    out[used] = '\0';
}

const char *gy_comm_library(void)
{
    static _Thread_local char text[80]; /* MPI tells it at run time only; each thread has its own */
    char full[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    if (MPI_Get_library_version(full, &length) != MPI_SUCCESS) return "MPI";
    shorten(full, text, sizeof text);
    return text;
}

gy_status gy_mpi_status(int code, const char *call)
{
    if (code == MPI_SUCCESS) return GY_OK;
    char why[MPI_MAX_ERROR_STRING] = "unknown error";
    int length = 0;
    (void)MPI_Error_string(code, why, &length);
    return gy_raise(GY_E_COMM,
                    "communication failed" GY_AT "%.*s" GY_WHY "%s" GY_HINT
                    "see the messages of the MPI library above and the state of the other ranks",
                    (int)strcspn(call, "("), call, why);
}
