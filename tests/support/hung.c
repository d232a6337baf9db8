/* Programs that hang; see hung.h. */
#include "tests/support/hung.h"

#include "grader/run/hang.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_SECONDS 30.0

/* In the child: becomes mpirun, or smpirun. */
static void become(const struct hung *hung, const char *way)
{
    g_autofree char *ranks = g_strdup_printf("%d", hung->outcome.ranks);
    g_autofree char *output = g_build_filename(hung->folder, "output.txt", NULL);
    int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
        _exit(126);
    if (hung->outcome.synchronous)
        execl("tools/simulate", "simulate", "--synchronous", ranks, "free", hung->program,
              hung->folder, way, (char *)NULL);
    else if (hung->outcome.simulated)
        execl("tools/simulate", "simulate", ranks, "free", hung->program, hung->folder, way,
              (char *)NULL);
    else
        execl("tools/launch", "launch", "--mpirun-speaks", ranks, hung->program, hung->folder, way,
              (char *)NULL);
    _exit(127);
}

/* Waits for the end, or ends it; how it ended. */
static enum run_end wait_for_end(const struct hung *hung, pid_t child)
{
    struct hang_watch *watch = hang_watch_new(hung->folder, hung->outcome.ranks);
    watch->patience = 2.5;
    watch->patience_all = 0.6;
    gint64 began = g_get_monotonic_time();
    enum run_end end = RUN_FINISHED;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        double seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
        if (end == RUN_FINISHED && seconds > TEST_SECONDS)
            end = RUN_TIMED_OUT;
        else if (end == RUN_FINISHED && !hung->outcome.simulated && hang_is_stuck(watch, seconds))
            end = RUN_HUNG;
        if (end != RUN_FINISHED)
            kill(child, seconds > TEST_SECONDS + 5 ? SIGKILL : SIGTERM);
        g_usleep(50000);
    }
    hang_watch_free(watch);
    if (end != RUN_FINISHED)
        return end;
    bool signalled = WIFSIGNALED(status) || WEXITSTATUS(status) > 128;
    return signalled ? RUN_CRASHED : WEXITSTATUS(status) != 0 ? RUN_FAILED : RUN_FINISHED;
}

void hung_run(struct hung *hung, const char *program, const char *way, int ranks, bool simulated,
              bool synchronous, const struct assignment *assignment)
{
    *hung = (struct hung){.folder = test_folder_new(), .program = test_program(simulated, program)};
    struct outcome *outcome = &hung->outcome;
    *outcome = (struct outcome){.assignment = assignment,
                                .ranks = ranks,
                                .simulated = simulated,
                                .synchronous = synchronous,
                                .program = hung->program,
                                .folder = hung->folder};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become(hung, way);
    outcome->end = wait_for_end(hung, child);
    g_autofree char *output = g_build_filename(hung->folder, "output.txt", NULL);
    g_file_get_contents(output, &outcome->output, NULL, NULL);
    outcome->log = g_new0(struct log_file, ranks);
    outcome->words = g_new0(struct last_words, ranks);
    for (int rank = 0; rank < ranks; rank++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", hung->folder, rank);
        if (!log_read(path, &outcome->log[rank], error))
            outcome->log[rank] = (struct log_file){.rank = rank};
        g_autofree char *end = g_strdup_printf("%s/rank-%d.end", hung->folder, rank);
        last_words_read(end, &outcome->words[rank]);
    }
}

void hung_clear(struct hung *hung)
{
    for (int rank = 0; rank < hung->outcome.ranks; rank++)
        log_destroy(&hung->outcome.log[rank]);
    g_free(hung->outcome.log);
    g_free(hung->outcome.words);
    g_free(hung->outcome.output);
    g_free(hung->program);
    test_folder_free(hung->folder);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static char *digits(const GArray *ranks)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ranks->len; i++)
        g_string_append_printf(text, "%d", g_array_index(ranks, int, i));
    return g_string_free(text, FALSE);
}

void hung_assert_part(const char *all, const char *part)
{
    if (part)
        ck_assert_msg(strstr(all, part) != NULL, "no \"%s\" in: " TEST_LONG, part, all);
}

void hung_check(const struct hang *hang, bool simulated, const struct assignment *assignment)
{
    struct hung hung;
    if (!(hang->machines & (simulated ? HANG_SIMULATED : HANG_REAL)) ||
        (simulated && !test_has_simulator()))
        return;
    hung_run(&hung, hang->program, hang->way, hang->ranks, simulated, false, assignment);
    struct diagnosis *found = diagnosis_new(&hung.outcome, NULL, NULL);
    ck_assert_msg(found->kind == hang->kind, "%s %s: %s: %s\n%.3000s\n%.3000s", hang->program,
                  hang->way, diagnosis_kind_name(found->kind), found->headline->str,
                  found->markdown->str, hung.outcome.output);
    hung_assert_part(found->headline->str, hang->headline);
    hung_assert_part(found->markdown->str, hang->text);
    hung_assert_part(found->markdown->str, hang->more);
    ck_assert_str_eq(found->mistake->str, hang->mistake ? hang->mistake : "");
    g_autofree char *cycle = digits(found->cycle), *tails = digits(found->tails);
    ck_assert_str_eq(cycle, hang->cycle);
    if (hang->tails)
        ck_assert_str_eq(tails, hang->tails);
    if (hang->culprit != HANG_ANY_CULPRIT)
        ck_assert_int_eq(found->culprit, hang->culprit);
    diagnosis_free(found);
    hung_clear(&hung);
}
