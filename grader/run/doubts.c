/* Could it be the machine's? See doubts.h. */
#include "grader/run/doubts.h"

#include "grader/run/outcome.h"
#include "grader/workplace/workplace.h"

#include <signal.h>
#include <string.h>

static bool is_in_question(enum run_end end)
{
    return end == RUN_FAILED || end == RUN_CRASHED || end == RUN_HUNG || end == RUN_TIMED_OUT;
}

/* Did a rank of the run send it? The first words of whoever got it know the sender. */
static bool is_from_a_rank(const struct outcome *outcome)
{
    for (int rank = 0; outcome->words && rank < outcome->ranks; rank++) {
        const struct last_words *words = &outcome->words[rank];
        if (words->kind != LAST_WORDS_SIGNAL || words->number != outcome->signal || words->code > 0)
            continue;
        for (int other = 0; other < outcome->ranks; other++)
            if (words->sender > 0 && (int64_t)outcome->log[other].pid == words->sender)
                return true;
    }
    return false;
}

bool doubts_was_sent_signal(const struct outcome *outcome)
{
    static const int sent[] = {SIGKILL, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++)
        if (outcome->end == RUN_CRASHED && outcome->signal == sent[i])
            return !is_from_a_rank(outcome);
    return false;
}

bool doubts_had_no_device(const struct outcome *outcome)
{
    return outcome->device && outcome->end == RUN_FAILED && !outcome_has_logs(outcome) &&
           outcome->output && strstr(outcome->output, ": device_open: ");
}

/* Not one that a program brings about by a wrong access or by abort(). */
static bool is_doubtful_signal(int signal)
{
    return signal == SIGILL || signal == SIGBUS || signal == SIGXCPU || signal == SIGXFSZ ||
           signal == SIGSYS;
}

/* All ranks ended, and what started them did not. */
static bool is_outlived(const struct outcome *outcome)
{
    return (outcome->end == RUN_HUNG || outcome->end == RUN_TIMED_OUT) &&
           outcome_is_complete(outcome);
}

bool doubts_about(const struct outcome *outcome)
{
    if (!is_in_question(outcome->end))
        return false;
    for (int rank = 0; rank < outcome->ranks; rank++) {
        const char *error = outcome->log_error[rank];
        if (outcome->log[rank].count == 0 || (error && workplace_is_suspicious(error)))
            return true;
    }
    return doubts_was_sent_signal(outcome) || is_outlived(outcome) ||
           is_doubtful_signal(outcome->signal) || workplace_is_suspicious(outcome->output);
}
