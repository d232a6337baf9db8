/* What the end of a simulated run means. The texts are those of SimGrid 3.32. */
#include "grader/run/simulation.h"

#include "grader/run/outcome.h"
#include "grader/trace/deadlock.h"
#include "grader/trace/replay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char deadlock_text[] = "Deadlock detected"; /* SimGrid */
static const char mpi_error_text[] = "instead of MPI_SUCCESS";

/* Calls that SMPI knows by name only, and settings that it refuses. */
static const char *const unknown_texts[] = {"Not yet implemented", "not yet implemented",
                                            "Unimplemented", "unimplemented", "is not implemented"};

/* ---- how it ended --------------------------------------------------------------------------- */

/* Is a rank inside of an MPI call when its log ends? What is noted about the call may stand behind
 * its begin. */
static bool ends_in_call(const struct log_file *log)
{
    for (size_t i = log->count; i-- > 0;) {
        const struct log_record *record = &log->record[i];
        if (log_is_behind_begin(record) || record->operation == LOG_COMPLETED)
            continue;
        return record->phase == LOG_BEGIN && record->operation >= LOG_SEND;
    }
    return false;
}

/* Nobody can go on. Whoever is not inside of an MPI call has ended without a last word: then the
 * others only wait for that one. */
static bool all_wait(const struct outcome *outcome)
{
    for (int rank = 0; rank < outcome->ranks; rank++)
        if (!outcome->log[rank].complete && !ends_in_call(&outcome->log[rank]))
            return false;
    return true;
}

enum run_end simulation_end(const struct outcome *outcome, const struct sandbox_result *result)
{
    const char *said = result->output->str;
    int status = result->end == SANDBOX_EXITED ? result->status : 128 + result->status;
    if (status == 0 && outcome_is_complete(outcome))
        return RUN_FINISHED;
    bool deadlock = strstr(said, deadlock_text) || strstr(said, DEADLOCK_WAITING);
    if (strstr(said, DEADLOCK_POLLING) || (deadlock && all_wait(outcome)))
        return RUN_HUNG;
    if (outcome->signal != 0)
        return strstr(said, mpi_error_text) ? RUN_FAILED : RUN_CRASHED;
    return outcome_is_refusal(outcome, status) ? RUN_REFUSED : RUN_FAILED;
}

/* ---- whether to believe it ------------------------------------------------------------------ */

/* The line of the output that holds a text, or NULL. A new string. */
static char *line_with(const char *output, const char *text)
{
    const char *found = strstr(output, text);
    if (!found)
        return NULL;
    const char *begin = found;
    while (begin > output && begin[-1] != '\n')
        begin--;
    return g_strndup(begin, strcspn(begin, "\n"));
}

/* "[host-1:1:(2) 0.000000] ./src/smpi/mpi/smpi_request.cpp:1052: [root/CRITICAL] …" */
static bool is_simulators(const char *line)
{
    static const char begin[] =
        "^\\[[^]]*\\d\\.\\d+\\] .*\\[\\w+/(DEBUG|VERBOSE|INFO|WARNING|ERROR|CRITICAL)\\]";
    return line[0] == '[' && g_regex_match_simple(begin, line, 0, 0);
}

/* MPI_Finalize waits for the others, who are stuck; the replay does not know that. */
static bool ends_in_finalize(const struct log_file *log)
{
    const struct log_record *last = log->count > 0 ? &log->record[log->count - 1] : NULL;
    return last && last->operation == LOG_FINALIZE && last->phase == LOG_BEGIN;
}

/* In a deadlock nobody can go on: the replay must be stuck in every call in which a rank was. */
static bool replay_agrees(const struct outcome *outcome)
{
    struct replay *replay = replay_run(
        outcome->log, outcome->ranks, NULL,
        (struct replay_options){.synchronous = outcome->synchronous, .step = REPLAY_ALL_STEPS});
    bool agrees = replay->deadlock;
    for (int rank = 0; rank < outcome->ranks; rank++)
        agrees = agrees && (outcome->log[rank].complete || replay->rank[rank].stuck ||
                            ends_in_finalize(&outcome->log[rank]));
    replay_free(replay);
    return agrees;
}

static bool was_found_by_simulator(const struct outcome *outcome)
{
    return outcome->end == RUN_HUNG && outcome->exit_status >= 0;
}

char *simulation_defect(const struct outcome *outcome)
{
    for (guint i = 0; i < G_N_ELEMENTS(unknown_texts); i++) {
        g_autofree char *line = line_with(outcome->output, unknown_texts[i]);
        /* A program may say of itself that it is not yet implemented. */
        if (line && is_simulators(line) && outcome->end != RUN_FINISHED)
            return g_strdup_printf("the simulator can't do all that MPI can: %s", line);
    }
    bool polled = strstr(outcome->output, DEADLOCK_POLLING) != NULL;
    if (was_found_by_simulator(outcome) && !polled && !replay_agrees(outcome))
        return g_strdup("the simulator reports a deadlock that is none: by what the ranks recorded "
                        "one of them could go on");
    return NULL;
}

bool simulation_is_doubtful(const struct outcome *outcome)
{
    bool polled = was_found_by_simulator(outcome) && strstr(outcome->output, DEADLOCK_POLLING);
    /* MPI forbids it, whether or not some machine lets it pass */
    bool failed = (outcome->end == RUN_CRASHED || outcome->end == RUN_FAILED) &&
                  !strstr(outcome->output, COLLECTIVES_CLASH);
    /* without numbers a program is only made for the simulator */
    return (polled || failed) && outcome->options.device != DEVICE_META;
}

bool simulation_is_own_line(const char *line)
{
    if (strstr(line, mpi_error_text) || !is_simulators(line))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(unknown_texts); i++)
        if (strstr(line, unknown_texts[i]))
            return false;
    return true;
}

bool simulation_is_possible(void)
{
    static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], "smpirun", NULL);
        if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
            return true;
    }
    return false;
}
