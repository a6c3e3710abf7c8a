/* Gnuplot gets a script on its standard input; popen() copies neither memory nor threads of MPI. */
#include "gnuplot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { MISSING = 127 };

gy_status gy_gnuplot_run(const gy_buffer *script)
{
    GY_TRY(script->status);
    (void)fflush(stdout); /* what was said before stands before the picture */
    FILE *pipe = popen("command -v gnuplot >/dev/null || exit 127; exec gnuplot 2>/dev/null", "w");
    GY_REQUIRE(pipe != NULL, GY_E_IO, "cannot start gnuplot" GY_WHY "%s", strerror(errno));
    bool ok = fwrite(gy_buffer_text(script), 1, script->bytes, pipe) == script->bytes;
    const int status = pclose(pipe);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    GY_REQUIRE(code != MISSING, GY_E_IO,
               "cannot draw" GY_WHY "gnuplot is not installed" GY_HINT
               "install it (Debian, Ubuntu: gnuplot-nox); metrics.jsonl has the numbers");
    GY_REQUIRE(ok && code == 0, GY_E_IO, "cannot draw" GY_WHY "gnuplot failed with code %d", code);
    return GY_OK;
}
