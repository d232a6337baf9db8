/*
 * What if? Two calls change places, a send waits for its receive, a call is not made: the trace is changed as the source would be,
 * on every rank and each time that the lines are passed, and replayed.
 */
#include "class/viva/question.h"

#include <string.h>

enum { MOST_TRIED = 40 };

/* What a change at one place of the source makes of the run. */
struct trial {
    const struct viva_call *first, *second; /* of the first time; second may be NULL */
    struct viva_outcome after;
    int times;
};

static void trial_clear(void *data)
{
    viva_outcome_clear(&((struct trial *)data)->after);
}

static const char how_replay[] =
    "The records of these calls were changed in the logs, on every rank and each time, and the "
    "logs replayed with free "
    "messages and FLOPs as time, once with sends that MPI copies and once with sends that wait.";

/* How much there is to talk about. */
static int weight(const struct viva *viva, const struct trial *trial)
{
    if (trial->after.deadlock)
        return 4;
    if (trial->after.deadlock_synchronous && !viva->before.deadlock_synchronous)
        return 3;
    if (trial->after.other_data > 0)
        return 2;
    return trial->after.makespan > viva->before.makespan * 1.0005 ? 1 : 0;
}

/* One of those with the most weight, and one of the others, drawn. */
static void pick(struct viva *viva, const GArray *trials, const struct trial *picked[2])
{
    picked[0] = picked[1] = NULL;
    if (trials->len == 0)
        return;
    const guint start = (guint)g_rand_int_range(viva->random, 0, (gint32)trials->len);
    for (guint i = 0; i < trials->len; i++) {
        const struct trial *trial = &g_array_index(trials, struct trial, (start + i) % trials->len);
        if (!picked[0] || weight(viva, trial) > weight(viva, picked[0]))
            picked[0] = trial;
    }
    for (guint i = 0; i < trials->len; i++) {
        const struct trial *trial = &g_array_index(trials, struct trial, (start + i) % trials->len);
        if (!picked[1] && weight(viva, trial) != weight(viva, picked[0]))
            picked[1] = trial;
    }
}

/* ---- two calls change places -------------------------------------------------------------------- */

static bool is_about(const struct log_record *record, uint64_t request)
{
    return log_request(record) == request &&
           (record->operation == LOG_COMPLETED || record->operation == LOG_WAITING_FOR);
}

/* Does the second need what the first starts? */
static bool is_wait_for(const struct log_file *log, const struct viva_call *first,
                        const struct viva_call *second)
{
    for (size_t started = first->begin; started <= first->end; started++) {
        const uint64_t request = log_request(&log->record[started]);
        for (size_t i = second->begin; request != 0 && i <= second->end; i++)
            if (is_about(&log->record[i], request))
                return true;
    }
    return false;
}

static bool may_be_swapped(const struct log_file *log, const struct viva_call *first,
                           const struct viva_call *second)
{
    const unsigned operation = log->record[first->begin].operation;
    return strcmp(first->place, second->place) != 0 && *first->file && *second->file &&
           operation < LOG_COMM_SPLIT && log->record[second->begin].operation < LOG_COMM_SPLIT &&
           !viva_computes_between(log, first->end, second->begin) &&
           !is_wait_for(log, first, second);
}

static bool same_statement(const struct viva_call *a, const struct viva_call *b)
{
    return strcmp(a->place, b->place) == 0;
}

static bool same_call(const struct viva_call *a, const struct viva_call *b)
{
    return strcmp(a->inner, b->inner) == 0;
}

static struct trial try_swap(const struct viva *viva, GArray **statements,
                             const struct viva_call *first, const struct viva_call *second)
{
    struct trial trial = {.first = first, .second = second};
    struct log_file *logs = viva_logs_copy(viva->run);
    for (int rank = 0; rank < viva->run->ranks; rank++)
        for (guint i = 0; i + 1 < statements[rank]->len; i++) {
            const struct viva_call *one = VIVA_CALL(statements, rank, i),
                                   *other = VIVA_CALL(statements, rank, i + 1);
            if (!same_statement(one, first) || !same_statement(other, second) ||
                !may_be_swapped(&viva->run->logs[rank], one, other))
                continue;
            viva_swap(&logs[rank], one, other);
            trial.times++;
            i++;
        }
    trial.after = viva_replay(viva->run, logs);
    viva_logs_free(logs, viva->run->ranks);
    return trial;
}

static bool is_tried(const GArray *trials, const struct viva_call *first,
                     const struct viva_call *second)
{
    for (guint i = 0; i < trials->len; i++) {
        const struct trial *trial = &g_array_index(trials, struct trial, i);
        if (second ? same_statement(trial->first, first) && same_statement(trial->second, second)
                   : same_call(trial->first, first))
            return true;
    }
    return false;
}

static bool has_operation(const struct log_file *log, const struct viva_call *call, bool sends)
{
    for (size_t i = call->begin; i <= call->end; i++) {
        const unsigned operation = log->record[i].operation;
        const bool send = operation >= LOG_SEND && operation <= LOG_IRSEND,
                   receive = operation == LOG_RECV || operation == LOG_IRECV ||
                             operation == LOG_SENDRECV || operation == LOG_SENDRECV_REPLACE ||
                             operation == LOG_WAIT || operation == LOG_WAITALL ||
                             log_is_collective((enum log_operation)operation);
        if (sends ? send || log_is_collective((enum log_operation)operation) : receive)
            return true;
    }
    return false;
}

/* The order of calls does not show that. */
static const char *data_words(const struct viva *viva, const struct trial *trial)
{
    const struct log_file *log = &viva->run->logs[trial->first->rank];
    const bool may_depend = !trial->after.deadlock && has_operation(log, trial->first, false) &&
                            has_operation(log, trial->second, true);
    return may_depend ? " That is the order alone: if what the second hands in is made of what the "
                        "first brought, the numbers "
                        "are wrong."
                      : "";
}

void viva_ask_swaps(struct viva *viva)
{
    g_autoptr(GArray) trials = g_array_new(FALSE, FALSE, sizeof(struct trial));
    g_array_set_clear_func(trials, trial_clear);
    GArray **statements = viva_statements_new(viva->run, viva->calls);
    for (int rank = 0; rank < viva->run->ranks; rank++)
        for (guint i = 0; i + 1 < statements[rank]->len && trials->len < MOST_TRIED; i++) {
            const struct viva_call *one = VIVA_CALL(statements, rank, i),
                                   *other = VIVA_CALL(statements, rank, i + 1);
            if (!may_be_swapped(&viva->run->logs[rank], one, other) || is_tried(trials, one, other))
                continue;
            const struct trial trial = try_swap(viva, statements, one, other);
            g_array_append_val(trials, trial);
        }
    const struct trial *picked[2];
    pick(viva, trials, picked);
    for (int i = 0; i < 2 && picked[i]; i++) {
        g_autofree char *words = viva_outcome_words(&viva->before, &picked[i]->after);
        viva_ask(viva, "swap", picked[i]->first,
                 g_strdup_printf("Your rank %d calls %s before %s. What would happen if it were "
                                 "the other way round (on every "
                                 "rank, each time that these two follow each other: %d times)?",
                                 picked[i]->first->rank, picked[i]->first->place,
                                 picked[i]->second->place, picked[i]->times),
                 g_strdup_printf("%s%s", words, data_words(viva, picked[i])), how_replay);
    }
    viva_statements_free(statements, viva->run->ranks);
}

/* ---- a change of one call ------------------------------------------------------------------------- */

/* False: nothing was changed. */
typedef bool change_function(struct log_file *log, const struct viva_call *call);

static bool change_synchronous(struct log_file *log, const struct viva_call *call)
{
    return viva_make_synchronous(log, call);
}

static bool change_left_out(struct log_file *log, const struct viva_call *call)
{
    viva_leave_out(log, call);
    return true;
}

/* only: one rank alone does it; -1: all. */
static struct trial try_call(const struct viva *viva, const struct viva_call *about,
                             change_function *change, int only)
{
    struct trial trial = {.first = about};
    struct log_file *logs = viva_logs_copy(viva->run);
    for (int rank = 0; rank < viva->run->ranks; rank++)
        for (guint i = 0; (only < 0 || rank == only) && i < viva->calls[rank]->len; i++) {
            const struct viva_call *call = VIVA_CALL(viva->calls, rank, i);
            if (same_call(call, about) && change(&logs[rank], call))
                trial.times++;
        }
    trial.after = viva_replay(viva->run, logs);
    viva_logs_free(logs, viva->run->ranks);
    return trial;
}

static bool is_send(unsigned operation)
{
    return operation == LOG_SEND || operation == LOG_ISEND;
}

/* Sends, or what a rank may leave out so that others miss it. */
static bool is_missed(unsigned operation)
{
    return is_send(operation) || operation == LOG_RECV || operation == LOG_WAIT ||
           operation == LOG_WAITALL || (log_is_collective((enum log_operation)operation));
}

static GArray *trials_of(struct viva *viva, bool (*wanted)(unsigned operation),
                         change_function *change, bool one_rank)
{
    GArray *trials = g_array_new(FALSE, FALSE, sizeof(struct trial));
    g_array_set_clear_func(trials, trial_clear);
    for (int rank = 0; rank < viva->run->ranks; rank++)
        for (guint i = 0; i < viva->calls[rank]->len && trials->len < MOST_TRIED; i++) {
            const struct viva_call *call = VIVA_CALL(viva->calls, rank, i);
            const unsigned operation = viva->run->logs[rank].record[call->begin].operation;
            if (!*call->inner_file || !wanted(operation) || is_tried(trials, call, NULL))
                continue;
            const struct trial trial = try_call(viva, call, change, one_rank ? rank : -1);
            g_array_append_val(trials, trial);
        }
    return trials;
}

/* About the innermost line. */
static void ask_inside(struct viva *viva, const char *kind, const struct viva_call *call, char *ask,
                       char *answer, const char *how)
{
    const struct viva_call about = {.file = call->inner_file, .line = call->inner_line};
    viva_ask(viva, kind, &about, ask, answer, how);
}

void viva_ask_synchronous(struct viva *viva)
{
    g_autoptr(GArray) trials = trials_of(viva, is_send, change_synchronous, false);
    const struct trial *picked[2];
    pick(viva, trials, picked);
    for (int i = 0; i < 2 && picked[i]; i++)
        ask_inside(viva, "synchronous", picked[i]->first,
                   g_strdup_printf("%s: what would happen if this were an MPI_Ssend, which comes "
                                   "back only when the receive has "
                                   "begun?",
                                   picked[i]->first->inner),
                   viva_outcome_words(&viva->before, &picked[i]->after), how_replay);
}

void viva_ask_left_out(struct viva *viva)
{
    g_autoptr(GArray) trials = trials_of(viva, is_missed, change_left_out, true);
    const struct trial *picked[2];
    pick(viva, trials, picked);
    for (int i = 0; i < 2 && picked[i]; i++) {
        const struct viva_call *call = picked[i]->first;
        const unsigned operation = viva->run->logs[call->rank].record[call->begin].operation;
        const bool waits = operation == LOG_WAIT || operation == LOG_WAITALL;
        g_autofree char *words = viva_outcome_words(&viva->before, &picked[i]->after);
        ask_inside(
            viva, "left out", call,
            g_strdup_printf("What would happen if your rank %d, and no other, did not call %s?",
                            call->rank, call->inner),
            g_strdup_printf(
                "%s%s", words,
                waits && weight(viva, picked[i]) < 3
                    ? " What it waited for may not be there when it is used, nor a buffer be "
                      "free when it is written to: the order does not show that."
                    : ""),
            "The records of these calls of that rank were taken out of its log, with the waits for "
            "what they had "
            "started, and the logs replayed.");
    }
}
