/* How many bytes the ranks move to average; see messages_bytes.h. */
#include "assignments/data/judges/messages_bytes.h"

#include "assignments/data/judges/messages_sizes.h"
#include "common/log/log_fields.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/call_place.h"

/* Where every rank sends all it has to all others, p(p - 1) times what there is moves between ranks; for a sum 2(p - 1)
 * times is enough. Parameters that are sent again behind the step are p - 1 times more. */
#define MORE 1.05

static const struct mistake in_some_steps_only = {
    "gradients are averaged in some steps only",
    "In some steps the ranks send each other what an average takes, and in others they don't. "
    "From then on each rank trains for itself.",
    "on what it depends whether the ranks average: counters, and what is kept from one step to "
    "the next"};

static int steps_of(const struct outcome *run)
{
    size_t first, last;
    int steps = 0;
    while (log_find_step(&run->log[0], steps, &first, &last))
        steps++;
    return steps;
}

/* Bytes that move between ranks in each step. */
static double *moved_in_steps(const struct traffic *traffic, int steps)
{
    double *moved = g_new0(double, steps + 1);
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step >= 0 && entry->step < steps)
            moved[entry->step] += entry->volume;
    }
    return moved;
}

/* What is read or written in a window without a call of MPI's nobody sees. */
static bool has_windows(const struct outcome *run)
{
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < run->log[rank].count; i++)
            if (log_is_collective_on_window(run->log[rank].record[i].operation))
                return true;
    return false;
}

/* The first step in which less moves than all gradients' sum takes to get to all ranks, from one of them; or -1. */
static int step_with_too_few(const struct outcome *run, const double *moved, int steps, double all)
{
    if (has_windows(run))
        return -1;
    for (int step = 0; step < steps; step++)
        if (moved[step] < (run->ranks - 1) * all)
            return step;
    return -1;
}

/* ---- again beside an all-reduce --------------------------------------------------------------------------- */

/* In which steps one or several all-reduces of all ranks have all gradients. */
static bool *steps_with_all(const struct outcome *run, const struct traffic *traffic, int steps,
                            double all)
{
    bool *has_all = g_new0(bool, steps + 1);
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->operation == LOG_ALLREDUCE && entry->group && entry->step >= 0 &&
            entry->step < steps && group_size(entry->group) == run->ranks && entry->least >= all)
            has_all[entry->step] = true;
    }
    return has_all;
}

/* What a rank sends by messages, and into windows, in one step after the other. */
struct search {
    const struct log_file *log;
    int steps;
    double *sent;  /* [step]: bytes */
    size_t *first; /* [step]: the first of them */
};

/* Parameters may be sent again, behind the optimizer's step or in front of all. */
static bool is_behind_backward(const struct log_file *log, size_t record)
{
    while (record > 0 && log->record[record].operation != LOG_STEP_BEGIN) {
        const enum log_operation operation = log->record[record--].operation;
        if (operation == LOG_BACKWARD || operation == LOG_BACKWARD_INPUT)
            return true;
    }
    return false;
}

static bool is_in_front_of_optimizer(const struct log_file *log, size_t record)
{
    while (record < log->count && log->record[record].operation != LOG_STEP_END)
        if (log->record[record++].operation == LOG_OPTIMIZER_STEP)
            return true;
    return false;
}

static void look_at(const struct traffic_item *item, void *user)
{
    struct search *search = user;
    if (log_is_collective(item->operation) || item->step < 0 || item->step >= search->steps ||
        !is_behind_backward(search->log, item->record) ||
        !is_in_front_of_optimizer(search->log, item->record))
        return;
    search->sent[item->step] += (double)(item->bytes - item->own);
    search->first[item->step] = MIN(search->first[item->step], item->record);
}

static bool rank_sends_nothing_again(const struct outcome *run, int rank, const bool *has_all,
                                     int steps, double all, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    g_autofree double *sent = g_new0(double, steps + 1);
    g_autofree size_t *first = g_new(size_t, steps + 1);
    for (int step = 0; step < steps; step++)
        first[step] = NO_RECORD;
    struct search search = {log, steps, sent, first};
    traffic_each(log, look_at, &search);
    for (int step = 0; step < steps; step++) {
        if (!has_all[step] || sent[step] < all / 2)
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        call_place_name(run->program, &log->record[first[step]], call);
        evidence_fail(verdict,
                      "step %d: rank %d sends %.0f bytes by messages, the first by %s, and all "
                      "gradients, %.0f bytes, are in all-reduces of this step",
                      step, rank, sent[step], call->str, all);
        verdict_look(verdict, "what these messages are for");
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

/* Of all ranks: who adds up by an all-reduce has no need to send gradients besides. */
static bool sends_nothing_again(const struct outcome *run, const struct traffic *traffic, int steps,
                                double all, struct verdict *verdict)
{
    g_autofree bool *has_all = steps_with_all(run, traffic, steps, all);
    for (int rank = 0; rank < run->ranks; rank++)
        if (!rank_sends_nothing_again(run, rank, has_all, steps, all, verdict))
            return false;
    return true;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

/* Do no more bytes move in a step than if everybody sent all to all, and parameters went out again? */
static bool are_not_too_many(const struct outcome *run, const double *moved, int steps, double all,
                             struct verdict *verdict)
{
    const double others = run->ranks - 1;
    /* … or, of two ranks, as doubles to a root and back. */
    const double most =
        (MAX(3, run->ranks) + 1) * others * all * MORE + 16 * MESSAGES_SMALL * others;
    for (int step = 0; step < steps; step++) {
        if (moved[step] <= most)
            continue;
        evidence_fail(verdict,
                      "step %d: %.0f bytes move between the %d ranks, and there are %.0f bytes of "
                      "gradients: to add them up takes %.0f",
                      step, moved[step], run->ranks, all, 2 * others * all);
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

static const struct mistake *mistake_of_steps(const struct outcome *run, const double *moved,
                                              int steps, double all, GString *cause)
{
    const int few = step_with_too_few(run, moved, steps, all);
    bool enough = false;
    for (int step = 0; step < steps; step++)
        enough = enough || moved[step] >= (run->ranks - 1) * all;
    if (few < 0)
        return NULL;
    g_string_printf(cause,
                    "step %d: %.0f bytes move between the %d ranks, and there are %.0f bytes of "
                    "gradients, whose sum each of them needs",
                    few, moved[few], run->ranks, all);
    return enough ? &in_some_steps_only : NULL;
}

static bool are_enough(const struct outcome *run, const double *moved, int steps, double all,
                       struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = mistake_of_steps(run, moved, steps, all, cause);
    if (cause->len == 0)
        return true;
    evidence_fail(verdict, "%s", cause->str);
    verdict->basis = BASIS_AMOUNT;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}

bool data_bytes_are_right(const struct outcome *run, const struct model *model,
                          struct verdict *verdict)
{
    const double all = (double)data_gradient_bytes(model);
    const int steps = steps_of(run);
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    g_autofree double *moved = moved_in_steps(traffic, steps);
    const bool right = are_not_too_many(run, moved, steps, all, verdict) &&
                       are_enough(run, moved, steps, all, verdict) &&
                       sends_nothing_again(run, traffic, steps, all, verdict);
    traffic_free(traffic);
    return right;
}

const struct mistake *data_mistake_of_steps(const struct outcome *run, GString *cause)
{
    struct verdict *unheard = verdict_new();
    struct model *model =
        run->ranks > 1 && evidence_logs(run, unheard) ? evidence_model(run, unheard) : NULL;
    const struct mistake *mistake = NULL;
    if (model) {
        const int steps = steps_of(run);
        struct traffic *traffic = traffic_new(run->log, run->ranks);
        g_autofree double *moved = moved_in_steps(traffic, steps);
        mistake = mistake_of_steps(run, moved, steps, (double)data_gradient_bytes(model), cause);
        traffic_free(traffic);
    }
    model_free(model);
    verdict_free(unheard);
    return mistake;
}
