/* From the end of a run to an outcome: what is left behind, how it ended, in which words. */
#include "grader/run/outcome.h"

#include "common/base/unreadable.h"
#include "grader/diagnosis/first_end.h"
#include "grader/run/simulation.h"
#include "grader/text/text.h"
#include "grader/workplace/workplace.h"

#include <signal.h>
#include <string.h>

const char *outcome_end_name(enum run_end end)
{
    static const char *const names[] = {
        [RUN_FINISHED] = "finished",
        [RUN_REFUSED] = "refused its arguments",
        [RUN_FAILED] = "failed",
        [RUN_CRASHED] = "crashed",
        [RUN_HUNG] = "hung",
        [RUN_TIMED_OUT] = "took too long",
        [RUN_TOO_MUCH_MEMORY] = "needed too much memory",
        [RUN_TOO_MUCH_OUTPUT] = "wrote too much",
        [RUN_TOO_MANY_PROCESSES] = "started too many processes",
        [RUN_NOT_STARTED] = "was not started",
    };
    return names[end];
}

/* ---- what was printed ------------------------------------------------------------------ */

static bool is_rule(const char *line)
{
    return strlen(line) >= 70 && strspn(line, "-") == strlen(line);
}

/* Boxes in which mpirun tells that it noticed what the report says better. */
static bool is_noise(const char *box)
{
    static const char *const noises[] = {"MPI_ABORT was invoked", "Primary job",
                                         "mpirun has exited due to process rank",
                                         "mpirun detected that one or more processes exited"};
    for (guint i = 0; i < G_N_ELEMENTS(noises); i++)
        if (strstr(box, noises[i]))
            return true;
    return false;
}

static bool is_noisy_line(const char *line)
{
    return strstr(line, "ORTE_ERROR_LOG") || strstr(line, "orte_base_help_aggregate") ||
           strstr(line, "more process has sent help message") ||
           strstr(line, "more processes have sent help message") || simulation_is_own_line(line) ||
           /* smpirun's, which repeats its own command line */
           strstr(line, " --cfg=smpi/") || g_str_has_prefix(line, "Execution failed with code ") ||
           strstr(line, "SMPI process did not return 0");
}

char *outcome_quieten(const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    GString *kept = g_string_new(NULL);
    GString *box = NULL; /* from one rule to the next */
    for (char **line = lines; *line; line++) {
        bool rule = is_rule(*line);
        if (is_noisy_line(*line) || (!line[1] && !**line))
            continue;
        GString *to = box ? box : kept;
        if (rule && !box)
            to = box = g_string_new(NULL);
        else if (rule)
            rule = false; /* the closing one */
        g_string_append_printf(to, "%s\n", *line);
        if (box && !rule && is_rule(*line)) {
            g_string_append(kept, is_noise(box->str) ? "" : box->str);
            g_string_free(box, TRUE);
            box = NULL;
        }
    }
    if (box) {
        g_string_append(kept, box->str);
        g_string_free(box, TRUE);
    }
    return g_string_free(kept, FALSE);
}

/* ---- the end ------------------------------------------------------------------------ */

static void read_logs(struct outcome *outcome)
{
    outcome->log = g_new0(struct log_file, outcome->ranks);
    outcome->log_error = g_new0(char *, outcome->ranks);
    outcome->words = g_new0(struct last_words, outcome->ranks);
    for (int rank = 0; rank < outcome->ranks; rank++) {
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", outcome->folder, rank);
        char error[LOG_ERROR_SIZE];
        if (!log_read(path, &outcome->log[rank], error)) {
            outcome->log[rank] = (struct log_file){.rank = rank};
            outcome->log_error[rank] = text_clean(error, strlen(error), LOG_ERROR_SIZE);
        } else if (outcome->log[rank].damage[0]) {
            outcome->log_error[rank] = g_strdup(outcome->log[rank].damage);
        }
        g_autofree char *end = g_strdup_printf("%s/rank-%d.end", outcome->folder, rank);
        last_words_read(end, &outcome->words[rank]);
    }
}

bool outcome_is_complete(const struct outcome *outcome)
{
    for (int rank = 0; rank < outcome->ranks; rank++)
        if (!outcome->log[rank].complete || outcome->log_error[rank])
            return false;
    return true;
}

bool outcome_has_logs(const struct outcome *outcome)
{
    for (int rank = 0; rank < outcome->ranks; rank++)
        if (outcome->log[rank].count > 0)
            return true;
    return false;
}

/* mpirun ends the others as soon as one rank has ended with another status than 0: those may be on their way
 * out still, behind all that they had to do. */
static bool is_on_its_way_out(const struct log_file *log)
{
    return log->complete ||
           (log->count > 0 && log->record[log->count - 1].operation == LOG_FINALIZE);
}

static bool are_on_their_way_out(const struct outcome *outcome)
{
    bool out = true;
    for (int rank = 0; rank < outcome->ranks; rank++)
        out = out && is_on_its_way_out(&outcome->log[rank]);
    return out;
}

bool outcome_is_refusal(const struct outcome *outcome, int status)
{
    /* A refusal may come before there are logs: then none has a record. */
    return status == 2 && (are_on_their_way_out(outcome) || !outcome_has_logs(outcome));
}

bool outcome_ended_in_finalize(const struct outcome *outcome)
{
    bool crashed = outcome->end == RUN_CRASHED && !outcome->fault;
    return (crashed || outcome->end == RUN_HUNG) && are_on_their_way_out(outcome);
}

/* mpirun and shells report a signal as 128 + its number; but a program may also end with such a status, and
 * then mpirun says "Exit code:    N", or it has it of its own, where it could start none. 0: there was no
 * signal. */
static int signal_of(const struct sandbox_result *result)
{
    if (result->end == SANDBOX_SIGNALLED)
        return result->status;
    if (result->end != SANDBOX_EXITED || result->status <= 128 || result->status > 128 + SIGRTMAX)
        return 0;
    g_autofree char *said =
        g_strdup_printf("^ *Exit code: +%d$|^mpirun was unable to (start|launch) ", result->status);
    return g_regex_match_simple(said, result->output->str, G_REGEX_MULTILINE, 0)
               ? 0
               : result->status - 128;
}

static enum run_end end_of_exit(const struct outcome *outcome, const struct sandbox_result *result)
{
    if (outcome->signal != 0)
        return RUN_CRASHED;
    if (outcome_is_refusal(outcome, result->status))
        return RUN_REFUSED;
    return result->status == 0 && outcome_is_complete(outcome) ? RUN_FINISHED : RUN_FAILED;
}

static enum run_end end_of(const struct outcome *outcome, const struct sandbox_result *result)
{
    switch (result->end) {
    case SANDBOX_EXITED:
    case SANDBOX_SIGNALLED:
        return outcome->simulated ? simulation_end(outcome, result) : end_of_exit(outcome, result);
    case SANDBOX_TIME:
        return RUN_TIMED_OUT;
    case SANDBOX_STUCK:
        return RUN_HUNG;
    case SANDBOX_MEMORY:
        return RUN_TOO_MUCH_MEMORY;
    case SANDBOX_PROCESSES:
        return RUN_TOO_MANY_PROCESSES;
    case SANDBOX_OUTPUT:
    case SANDBOX_FILES:
        return RUN_TOO_MUCH_OUTPUT;
    case SANDBOX_MACHINE:
    case SANDBOX_NOT_STARTED:
        break;
    }
    return RUN_NOT_STARTED;
}

static char *trouble_of(const struct outcome *outcome, const struct sandbox_result *result)
{
    if (result->trouble)
        return g_strdup(result->trouble);
    if (outcome->end == RUN_CRASHED)
        return g_strdup_printf("ended by signal %d (%s)", outcome->signal,
                               strsignal(outcome->signal));
    if (outcome->end == RUN_HUNG)
        return g_strdup("the simulator stopped: no rank can go on any more");
    if (outcome->end == RUN_FAILED && result->status == 0)
        return g_strdup("exit status 0, but not every rank came to its end");
    if (outcome->end == RUN_FAILED)
        return g_strdup_printf("exit status %d", result->status);
    return NULL;
}

/* tools/simulate sends people to the grader; they are there. */
static void drop_line(char *output, const char *begin)
{
    char *line = g_str_has_prefix(output, begin) ? output : NULL;
    g_autofree char *behind = g_strconcat("\n", begin, NULL);
    char *found = line ? NULL : strstr(output, behind);
    line = found ? found + 1 : line;
    if (!line)
        return;
    const char *next = line + strcspn(line, "\n");
    next += *next == '\n';
    memmove(line, next, strlen(next) + 1);
}

void outcome_conclude(struct outcome *outcome, const struct sandbox_result *result)
{
    g_autoptr(GString) lacking = g_string_new(NULL);
    outcome_take_evidence(outcome->folder, lacking);
    unreadable_forget();
    read_logs(outcome);
    outcome_read_fault(outcome);
    outcome->seconds = result->seconds;
    outcome->output = outcome_quieten(result->output->str);
    outcome->exit_status = result->end == SANDBOX_EXITED ? result->status : -1;
    outcome->signal = signal_of(result);
    char *reason, *full = NULL;
    enum culprit culprit;
    outcome->end = end_of(outcome, result);
    outcome->culprit = outcome->end == RUN_NOT_STARTED ? CULPRIT_MACHINE : CULPRIT_NOBODY;
    outcome->end = diagnosis_end_of_run(outcome, outcome->end, &reason);
    if (outcome->end == RUN_HUNG)
        drop_line(outcome->output, "tools/simulate: deadlock: ");
    if (unreadable_first() && lacking->len == 0)
        g_string_append(lacking, unreadable_first());
    if (result->end == SANDBOX_FILES || result->end == SANDBOX_MACHINE)
        outcome_empty_evidence(outcome->folder); /* nothing of it is judged */
    else if (outcome->end != RUN_FINISHED && lacking->len == 0)
        workplace_has_room(outcome->folder,
                           lacking); /* a failure on a full disk is the machine's */
    if (lacking->len > 0) {
        outcome_discount(outcome, CULPRIT_MACHINE, g_strdup(lacking->str));
        g_free(reason);
    } else if (outcome->end != RUN_FINISHED && (full = outcome_full_log(outcome, &culprit))) {
        outcome_discount(outcome, culprit, full);
        outcome->end = culprit == CULPRIT_SUBMISSION ? RUN_TOO_MUCH_OUTPUT : RUN_NOT_STARTED;
        g_free(reason);
    } else {
        outcome->trouble = reason ? reason : trouble_of(outcome, result);
    }
    g_autofree char *path = g_build_filename(outcome->folder, "output.txt", NULL);
    g_file_set_contents(path, result->output->str, -1, NULL); /* a copy, for people */
}

void outcome_discount(struct outcome *outcome, enum culprit culprit, char *trouble)
{
    outcome->end = RUN_NOT_STARTED;
    outcome->culprit = culprit;
    g_free(outcome->trouble);
    outcome->trouble = trouble;
}

void outcome_not_started(struct outcome *outcome, enum culprit culprit, char *trouble)
{
    outcome_discount(outcome, culprit, trouble);
    outcome->exit_status = -1;
    outcome->log = g_new0(struct log_file, outcome->ranks);
    outcome->log_error = g_new0(char *, outcome->ranks);
    outcome->output = g_strdup("");
}

void outcome_clear(struct outcome *outcome)
{
    for (int rank = 0; outcome->log && rank < outcome->ranks; rank++) {
        log_destroy(&outcome->log[rank]);
        g_free(outcome->log_error[rank]);
    }
    g_free(outcome->log);
    g_free(outcome->log_error);
    g_free(outcome->words);
    g_free(outcome->platform);
    g_free(outcome->platform_file);
    g_free(outcome->trouble);
    g_free(outcome->command);
    g_free(outcome->by_hand);
    g_free(outcome->sanitized);
    g_free(outcome->fault);
    g_free(outcome->folder);
    g_free(outcome->output);
    g_free(outcome->program);
    *outcome = (struct outcome){.end = RUN_NOT_STARTED};
}
