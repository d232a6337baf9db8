/*
 * For tests: runs a program that hangs, on this computer or on the simulated
 * cluster, and makes an outcome of what it leaves behind. The grader's own watch
 * ends it, with less patience.
 */
#ifndef GRADER_TESTS_RUN_HANG_H
#define GRADER_TESTS_RUN_HANG_H

#include "common/tests/run_program.h"
#include "grader/hang.h"
#include "grader/judge.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdbool.h>

#define HANG_TEST_SECONDS 30.0

struct hung {
    struct outcome outcome;
    char folder[64];
    char program[PATH_MAX];
};

static inline bool simulator_is_here(void)
{
    g_autofree char *path = g_find_program_in_path("smpirun");
    return path != NULL;
}

/* In the child: becomes mpirun, or tools/simulate. */
static inline void become(const struct hung *hung, const char *way)
{
    g_autofree char *ranks = g_strdup_printf("%d", hung->outcome.ranks);
    g_autofree char *output = g_strdup_printf("%s/output.txt", hung->folder);
    int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
        _exit(126);
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    if (hung->outcome.simulated && hung->outcome.synchronous)
        execl("tools/simulate", "simulate", "--synchronous", ranks, "free", hung->program,
              hung->folder, way, (char *)NULL);
    else if (hung->outcome.simulated)
        execl("tools/simulate", "simulate", ranks, "free", hung->program, hung->folder, way,
              (char *)NULL);
    else
        execlp("mpirun", "mpirun", "--oversubscribe", "--bind-to", "none", "--mca",
               "mpi_yield_when_idle", "1", "-n", ranks, hung->program, hung->folder, way,
               (char *)NULL);
    _exit(127);
}

/* Waits for the end, or ends it; how it ended. */
static inline enum run_end wait_for_end(const struct hung *hung, pid_t child)
{
    struct hang_watch *watch = hang_watch_new(hung->folder, hung->outcome.ranks);
    watch->patience = 2.5;
    watch->patience_all = 0.6;
    gint64 began = g_get_monotonic_time();
    enum run_end end = RUN_FINISHED;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        double seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
        if (end == RUN_FINISHED && seconds > HANG_TEST_SECONDS)
            end = RUN_TIMED_OUT;
        else if (end == RUN_FINISHED && !hung->outcome.simulated && hang_is_stuck(watch, seconds))
            end = RUN_HUNG;
        if (end != RUN_FINISHED)
            kill(child, seconds > HANG_TEST_SECONDS + 5 ? SIGKILL : SIGTERM);
        g_usleep(50000);
    }
    hang_watch_free(watch);
    if (end != RUN_FINISHED)
        return end;
    bool signalled = WIFSIGNALED(status) || WEXITSTATUS(status) > 128;
    return signalled ? RUN_CRASHED : WEXITSTATUS(status) != 0 ? RUN_FAILED : RUN_FINISHED;
}

/* program: as in program_path(). hung_clear() afterwards. */
static inline void run_hang(struct hung *hung, const char *program, const char *way, int ranks,
                            bool simulated, bool synchronous)
{
    memset(hung, 0, sizeof *hung);
    strcpy(hung->folder, "/tmp/test_hangs_XXXXXX");
    if (mkdtemp(hung->folder) == NULL)
        abort();
    g_autofree char *name = g_strdup_printf("grader/tests/hangs/%s", program);
    program_path(name, hung->program);
    if (simulated) { /* build/programs/X → build/simulator/programs/X */
        g_autoptr(GString) path = g_string_new(hung->program);
        g_string_replace(path, "/programs/", "/simulator/programs/", 1);
        g_strlcpy(hung->program, path->str, sizeof hung->program);
    }
    struct outcome *outcome = &hung->outcome;
    *outcome = (struct outcome){.ranks = ranks,
                                .simulated = simulated,
                                .synchronous = synchronous,
                                .program = hung->program,
                                .folder = hung->folder};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become(hung, way);
    outcome->end = wait_for_end(hung, child);
    g_autofree char *output = g_strdup_printf("%s/output.txt", hung->folder);
    g_file_get_contents(output, &outcome->output, NULL, NULL);
    outcome->log = g_new0(struct log_file, ranks);
    for (int rank = 0; rank < ranks; rank++) {
        char path[128], error[LOG_ERROR_SIZE];
        snprintf(path, sizeof path, "%s/rank-%d.log", hung->folder, rank);
        if (!log_read(path, &outcome->log[rank], error))
            outcome->log[rank] = (struct log_file){.rank = rank};
        g_unlink(path);
    }
    g_unlink(output);
}

static inline void hung_clear(struct hung *hung)
{
    for (int rank = 0; rank < hung->outcome.ranks; rank++)
        log_destroy(&hung->outcome.log[rank]);
    g_free(hung->outcome.log);
    g_free(hung->outcome.output);
    g_rmdir(hung->folder);
}

#endif
