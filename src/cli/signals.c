/*
 * Signals as requests to a run: SIGUSR1 saves; SIGTERM, SIGINT, SIGUSR2, SIGHUP (a terminal that closes)
 * and SIGXCPU (the end of a time limit) save and stop; a second SIGTERM or SIGINT ends the process as
 * if it were not caught. Before a run asks for the first time there is nothing to save: then a stop ends
 * the process at once, however long it would still be building a model or reading. A closed pipe and a limit of file sizes are no signals but failures of the call
 * that meets them. The flags are the process's, as signals are: the only global state of the program,
 * and none of the library's.
 */
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t checkpoint_asked, stop_asked, is_listening;

/* Of an end before that. */
static const char *last_words;
static int last_code;

static void take(int signal_number)
{
    if (signal_number == SIGUSR1) {
        checkpoint_asked = 1;
        return;
    }
    if (!is_listening) {
        if (last_words != NULL && write(STDERR_FILENO, last_words, strlen(last_words)) < 0) {}
        _exit(last_code);
    }
    bool again = stop_asked && (signal_number == SIGTERM || signal_number == SIGINT);
    stop_asked = 1;
    if (!again) return;
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

void gy_signals_begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
}

void gy_signals_catch(const char *words, int code)
{
    last_words = words;
    last_code = code;
    is_listening = 0;
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGXCPU};
    struct sigaction action = {.sa_handler = take, .sa_flags = SA_RESTART}, before;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        bool known = sigaction(signals[i], NULL, &before) == 0;
        if (signals[i] == SIGHUP && known && before.sa_handler == SIG_IGN) continue; /* nohup */
        (void)sigaction(signals[i], &action, NULL);
    }
}

int gy_signals_take(void *user)
{
    (void)user;
    is_listening = 1;
    int requests = stop_asked ? GY_REQUEST_STOP : 0;
    if (checkpoint_asked) { /* only what was seen is cleared: the next may come in between */
        checkpoint_asked = 0;
        requests |= GY_REQUEST_CHECKPOINT;
    }
    return requests;
}

void gy_signals_ignore(void)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGXCPU};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) (void)signal(signals[i], SIG_IGN);
}
