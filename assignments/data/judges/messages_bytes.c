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

/* What moves between the ranks in each step, and what there is to add up. */
struct movement {
    const struct outcome *run;
    struct traffic *traffic;
    int steps;
    double *moved; /* [step]: bytes */
    double all;    /* bytes of all gradients */
};

static int steps_of(const struct outcome *run)
{
    size_t first, last;
    int steps = 0;
    while (log_find_step(&run->log[0], steps, &first, &last))
        steps++;
    return steps;
}

/* The caller frees with movement_clear. */
static struct movement movement_of(const struct outcome *run, const struct model *model)
{
    struct movement movement = {.run = run,
                                .traffic = traffic_new(run->log, run->ranks),
                                .steps = steps_of(run),
                                .all = (double)data_gradient_bytes(model)};
    movement.moved = g_new0(double, movement.steps + 1);
    for (guint i = 0; i < movement.traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(movement.traffic->entries, struct traffic_entry, i);
        if (entry->step >= 0 && entry->step < movement.steps)
            movement.moved[entry->step] += entry->volume;
    }
    return movement;
}

static void movement_clear(struct movement *movement)
{
    traffic_free(movement->traffic);
    g_free(movement->moved);
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

/* Of what a sum of all gradients takes to get to all ranks, from one of them, is there enough in a step? */
static bool is_enough(const struct movement *movement, int step)
{
    return movement->moved[step] >= (movement->run->ranks - 1) * movement->all;
}

/* The first step in which less moves; or -1. */
static int step_with_too_few(const struct movement *movement)
{
    if (has_windows(movement->run))
        return -1;
    for (int step = 0; step < movement->steps; step++)
        if (!is_enough(movement, step))
            return step;
    return -1;
}

/* ---- again beside an all-reduce --------------------------------------------------------------------------- */

/* In which steps one or several all-reduces of all ranks have all gradients. */
static bool *steps_with_all(const struct movement *movement)
{
    bool *has_all = g_new0(bool, movement->steps + 1);
    for (guint i = 0; i < movement->traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(movement->traffic->entries, struct traffic_entry, i);
        if (entry->operation == LOG_ALLREDUCE && entry->group && entry->step >= 0 &&
            entry->step < movement->steps && group_size(entry->group) == movement->run->ranks &&
            entry->least >= movement->all)
            has_all[entry->step] = true;
    }
    return has_all;
}

/* What a rank sends by messages, and into windows, in one step after the other. */
struct search {
    const bool *between; /* [record] */
    int steps;
    double *sent;  /* [step]: bytes */
    size_t *first; /* [step]: the first of them */
};

/* Which records are behind a backward of their step and in front of an optimizer's: parameters may be sent again before
 * and behind. To be g_freed. */
static bool *between_backward_and_optimizer(const struct log_file *log)
{
    bool *between = g_new0(bool, log->count + 1);
    bool behind = false, in_front = false;
    for (size_t i = 0; i < log->count; i++) {
        const enum log_operation operation = log->record[i].operation;
        behind = operation != LOG_STEP_BEGIN &&
                 (behind || operation == LOG_BACKWARD || operation == LOG_BACKWARD_INPUT);
        between[i] = behind;
    }
    for (size_t i = log->count; i-- > 0;) {
        const enum log_operation operation = log->record[i].operation;
        in_front = operation != LOG_STEP_END && (in_front || operation == LOG_OPTIMIZER_STEP);
        between[i] = between[i] && in_front;
    }
    return between;
}

static void look_at(const struct traffic_item *item, void *user)
{
    struct search *search = user;
    if (log_is_collective(item->operation) || item->step < 0 || item->step >= search->steps ||
        !search->between[item->record])
        return;
    search->sent[item->step] += (double)(item->bytes - item->own);
    search->first[item->step] = MIN(search->first[item->step], item->record);
}

static bool rank_sends_nothing_again(const struct movement *movement, int rank, const bool *has_all,
                                     struct verdict *verdict)
{
    const struct log_file *log = &movement->run->log[rank];
    const int steps = movement->steps;
    g_autofree double *sent = g_new0(double, steps + 1);
    g_autofree size_t *first = g_new(size_t, steps + 1);
    for (int step = 0; step < steps; step++)
        first[step] = NO_RECORD;
    g_autofree bool *between = between_backward_and_optimizer(log);
    struct search search = {between, steps, sent, first};
    traffic_each(log, look_at, &search);
    for (int step = 0; step < steps; step++) {
        if (!has_all[step] || sent[step] < movement->all / 2)
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        call_place_name(movement->run->program, &log->record[first[step]], call);
        evidence_fail(verdict,
                      "step %d: rank %d sends %.0f bytes by messages, the first by %s, and all "
                      "gradients, %.0f bytes, are in all-reduces of this step",
                      step, rank, sent[step], call->str, movement->all);
        verdict_look(verdict, "what these messages are for");
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

/* Of all ranks: who adds up by an all-reduce has no need to send gradients besides. */
static bool sends_nothing_again(const struct movement *movement, struct verdict *verdict)
{
    g_autofree bool *has_all = steps_with_all(movement);
    for (int rank = 0; rank < movement->run->ranks; rank++)
        if (!rank_sends_nothing_again(movement, rank, has_all, verdict))
            return false;
    return true;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

/* Do no more bytes move in a step than if everybody sent all to all, and parameters went out again? */
static bool are_not_too_many(const struct movement *movement, struct verdict *verdict)
{
    const int ranks = movement->run->ranks;
    const double others = ranks - 1, all = movement->all;
    /* … or, of two ranks, as doubles to a root and back. */
    const double most = (MAX(3, ranks) + 1) * others * all * MORE + 16 * MESSAGES_SMALL * others;
    for (int step = 0; step < movement->steps; step++) {
        if (movement->moved[step] <= most)
            continue;
        evidence_fail(verdict,
                      "step %d: %.0f bytes move between the %d ranks, and there are %.0f bytes of "
                      "gradients: to add them up takes %.0f",
                      step, movement->moved[step], ranks, all, 2 * others * all);
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

/* *few: a step in which too little moves, told in `cause`; or -1, and `cause` stays as it is. */
static const struct mistake *mistake_of_steps(const struct movement *movement, GString *cause,
                                              int *few)
{
    *few = step_with_too_few(movement);
    if (*few < 0)
        return NULL;
    g_string_printf(cause,
                    "step %d: %.0f bytes move between the %d ranks, and there are %.0f "
                    "bytes of gradients, whose sum each of them needs",
                    *few, movement->moved[*few], movement->run->ranks, movement->all);
    for (int step = 0; step < movement->steps; step++)
        if (is_enough(movement, step))
            return &in_some_steps_only;
    return NULL;
}

static bool are_enough(const struct movement *movement, struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    int few;
    const struct mistake *mistake = mistake_of_steps(movement, cause, &few);
    if (few < 0)
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
    struct movement movement = movement_of(run, model);
    const bool right = are_not_too_many(&movement, verdict) && are_enough(&movement, verdict) &&
                       sends_nothing_again(&movement, verdict);
    movement_clear(&movement);
    return right;
}

const struct mistake *data_mistake_of_steps(const struct outcome *run, GString *cause)
{
    struct verdict *unheard = verdict_new();
    struct model *model =
        run->ranks > 1 && evidence_logs(run, unheard) ? evidence_model(run, unheard) : NULL;
    const struct mistake *mistake = NULL;
    if (model) {
        struct movement movement = movement_of(run, model);
        int few;
        mistake = mistake_of_steps(&movement, cause, &few);
        movement_clear(&movement);
    }
    model_free(model);
    verdict_free(unheard);
    return mistake;
}
