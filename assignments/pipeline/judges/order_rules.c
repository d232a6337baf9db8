/* The rules of the schedules; see order_rules.h. */
#include "assignments/pipeline/judges/order_rules.h"

#include "assignments/pipeline/placement.h"
#include "grader/evidence/evidence.h"

struct schedule **order_of_steps(const struct log_file *logs, int ranks, int steps, bool optimizer)
{
    struct schedule **schedule = g_new(struct schedule *, (gsize)MAX(1, steps));
    for (int step = 0; step < steps; step++)
        schedule[step] = schedule_new(ranks);
    for (int rank = 0; rank < ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&logs[rank]);
        for (guint i = 0; i < events->len; i++) {
            const struct evidence_event *event = EVIDENCE_EVENT(events, i);
            bool wanted = event->operation <= LOG_BACKWARD_WEIGHT ||
                          (optimizer && event->operation == LOG_OPTIMIZER_STEP);
            if (wanted && event->step >= 0 && event->step < steps)
                schedule_add(schedule[event->step], rank,
                             (struct schedule_operation){event->operation, event->stage,
                                                         event->micro_batch, (double)event->flops});
        }
    }
    return schedule;
}

void order_of_steps_free(struct schedule **schedule, int steps)
{
    for (int step = 0; schedule && step < steps; step++)
        schedule_free(schedule[step]);
    g_free(schedule);
}

/* Does one rank's order keep to one part of a rule? If not, says why. */
typedef bool order_part(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, int rank, GString *why);

static bool is_backward(const struct schedule_operation *operation)
{
    return operation->operation == LOG_BACKWARD || operation->operation == LOG_BACKWARD_INPUT;
}

/* "F3", or "F3.5" where a rank has several stages. */
static char *name_of(const struct schedule_operation *operation, struct schedule_shape shape)
{
    const char *letter = log_operation_name(operation->operation);
    if (shape.chunks > 1)
        return g_strdup_printf("%s%d.%d", letter, operation->micro_batch, operation->stage);
    return g_strdup_printf("%s%d", letter, operation->micro_batch);
}

/* ---- parts of rules ------------------------------------------------------------------- */

static bool forwards_first(const struct schedule_kind *kind, const struct schedule *schedule,
                           struct schedule_shape shape, int rank, GString *why)
{
    (void)kind, (void)shape;
    bool backwards = false;
    int late = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        late += operation->operation == LOG_FORWARD && backwards;
        backwards = backwards || is_backward(operation);
    }
    if (late > 0)
        g_string_printf(why,
                        "%d forward%s after the first backward, so this is not "
                        "all-forward-all-backward",
                        late, late == 1 ? " comes" : "s come");
    return late == 0;
}

/* Warm-up, then forwards and backwards in turn, then the backwards that are left. */
static bool alternates(const struct schedule_kind *kind, const struct schedule *schedule,
                       struct schedule_shape shape, int rank, GString *why)
{
    int all = shape.micro_batches * shape.chunks, warm_up = kind->warm_up(shape, rank);
    int forwards = 0, backwards = 0;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        bool forward = operation->operation == LOG_FORWARD;
        if (!forward && !is_backward(operation))
            continue;
        /* A forward is due until the warm-up is done, and whenever the two are level. */
        bool forward_due = forwards < all && forwards - warm_up <= backwards;
        if (forward != forward_due) {
            g_autofree char *name = name_of(operation, shape);
            g_string_printf(why,
                            "after %d forward%s and %d backward%s a %s is due, not %s: %d "
                            "forward%s come%s before the first backward here, then one backward "
                            "and one forward in turn",
                            forwards, forwards == 1 ? "" : "s", backwards,
                            backwards == 1 ? "" : "s", forward_due ? "forward" : "backward", name,
                            MIN(warm_up + 1, all), warm_up == 0 || all == 1 ? "" : "s",
                            warm_up == 0 || all == 1 ? "s" : "");
            return false;
        }
        forwards += forward;
        backwards += !forward;
    }
    return true;
}

static bool bounds_in_flight(const struct schedule_kind *kind, const struct schedule *schedule,
                             struct schedule_shape shape, int rank, GString *why)
{
    int limit = kind->in_flight(shape, rank), now = 0;
    bool halves = kind->facts->halves; /* an I frees nothing: its W is still to come */
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        now += operation->operation == LOG_FORWARD;
        now -= operation->operation == LOG_BACKWARD || operation->operation == LOG_BACKWARD_WEIGHT;
        halves = halves || operation->operation == LOG_BACKWARD_INPUT;
        if (now <= limit)
            continue;
        g_autofree char *name = name_of(operation, shape);
        g_string_printf(why,
                        "with %s %d %s are in flight (their forward is done, their %s is not); at "
                        "most %s = %d may be here",
                        name, now, kind->facts->chunked ? "chunks" : "micro-batches",
                        halves ? "weight gradient W" : "backward", kind->in_flight_formula, limit);
        return false;
    }
    return true;
}

static bool begins_with_the_last_chunk(const struct schedule_kind *kind,
                                       const struct schedule *schedule, struct schedule_shape shape,
                                       int rank, GString *why)
{
    (void)kind;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        if (!is_backward(operation))
            continue;
        int chunk = placement_chunk(operation->stage, shape.ranks);
        if (chunk == shape.chunks - 1)
            return true;
        g_string_printf(why, "the first backward is of chunk %d (stage %d), not of the last, %d",
                        chunk, operation->stage, shape.chunks - 1);
        return false;
    }
    return true;
}

static bool is_in_halves(const struct schedule_kind *kind, const struct schedule *schedule,
                         struct schedule_shape shape, int rank, GString *why)
{
    (void)kind;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        if (operation->operation != LOG_BACKWARD)
            continue;
        g_autofree char *name = name_of(operation, shape);
        g_string_printf(why,
                        "%s is a whole backward; this schedule computes I "
                        "(stage_backward_input) and W (stage_backward_weight) apart",
                        name);
        return false;
    }
    return true;
}

/* Where every rank runs each W right behind its I, halves are of no use. How many a rank holds back is
 * seen in the time that the step takes. Told of the last rank, which has most to hold back. */
static bool weights_come_later(const struct schedule_kind *kind, const struct schedule *schedule,
                               struct schedule_shape shape, int rank, GString *why)
{
    (void)kind;
    if (shape.ranks < 2 || shape.micro_batches < 2 || rank < shape.ranks - 1)
        return true;
    for (int r = 0; r < schedule->ranks; r++)
        for (int i = 1; i < schedule->count[r]; i++) {
            const struct schedule_operation *before = &schedule->operation[r][i - 1];
            const struct schedule_operation *operation = &schedule->operation[r][i];
            if (operation->operation == LOG_BACKWARD_WEIGHT &&
                (before->operation != LOG_BACKWARD_INPUT ||
                 before->micro_batch != operation->micro_batch))
                return true;
        }
    g_string_assign(why, "every W comes directly behind its I, on all ranks: that is 1F1B. The "
                         "weight gradients have to come later, where a rank would wait");
    return false;
}

/* After every backward, before anything else, one step of the optimizer. */
static bool steps_after_every_backward(const struct schedule_kind *kind,
                                       const struct schedule *schedule, struct schedule_shape shape,
                                       int rank, GString *why)
{
    (void)kind;
    const struct schedule_operation *due = NULL; /* the backward that has had no step yet */
    for (int i = 0; i <= schedule->count[rank]; i++) {
        bool at_end = i == schedule->count[rank];
        const struct schedule_operation *operation = at_end ? NULL : &schedule->operation[rank][i];
        if (operation && operation->operation == LOG_BACKWARD_WEIGHT) {
            due = operation;
            continue;
        }
        bool step = operation && operation->operation == LOG_OPTIMIZER_STEP;
        if (step && !due) {
            g_string_assign(why, "the optimizer steps without a backward since its last step");
            return false;
        }
        if (!step && due) {
            g_autofree char *name = name_of(due, shape);
            g_string_printf(why, "the optimizer does not step between %s and what follows", name);
            return false;
        }
        due = operation && operation->operation == LOG_BACKWARD ? operation : NULL;
    }
    return true;
}

/* ---- rules ----------------------------------------------------------------------------- */

#define MOST_PARTS 3

static const struct {
    const char *text;
    order_part *part[MOST_PARTS]; /* the first that does not hold is told */
} rules[SCHEDULES] = {
    [SCHEDULE_NAIVE] = {"Every rank runs one forward and one backward of the whole batch.", {NULL}},
    [SCHEDULE_AFAB] = {"Every rank runs all its forwards before all its backwards.",
                       {forwards_first}},
    [SCHEDULE_1F1B] =
        {"Rank r of p runs min(p-r-1, m) forwards to warm up, then one forward and one backward in "
         "turn, then the backwards that are left; so at most min(p-r, m) micro-batches are in "
         "flight.",
         {alternates, bounds_in_flight}},
    [SCHEDULE_BOUNDED] =
        {"Any order in which no rank ever has more than p micro-batches in flight.",
         {bounds_in_flight}},
    [SCHEDULE_INTERLEAVED] =
        {"Rank r of p runs 2(p-r-1) + (v-1)p forwards of chunks to warm up (all, if there are "
         "fewer), "
         "then one forward and one backward in turn, then the backwards that are left. Stage s is "
         "chunk s/p of rank s%p; the first backward is of the last chunk.",
         {begins_with_the_last_chunk, alternates, bounds_in_flight}},
    [SCHEDULE_PIPEDREAM] = {"The order of 1F1B, with a step of the optimizer after every backward.",
                            {alternates, bounds_in_flight, steps_after_every_backward}},
    [SCHEDULE_ZERO_BUBBLE] =
        {"Every backward is split into I and W, W come later than directly behind their I, and no "
         "rank ever has more than p micro-batches in flight; how well the W fill the gaps is seen "
         "in the time that the step takes.",
         {is_in_halves, weights_come_later, bounds_in_flight}},
};

bool order_bounds_in_flight(const struct schedule_kind *kind, const struct schedule *schedule,
                            struct schedule_shape shape, GString *why, int *rank)
{
    for (*rank = 0; *rank < schedule->ranks; ++*rank)
        if (!bounds_in_flight(kind, schedule, shape, *rank, why))
            return false;
    return true;
}

const char *order_rule(const struct schedule_kind *kind)
{
    return rules[schedule_id(kind->facts)].text;
}

bool order_follows_rule(const struct schedule_kind *kind, const struct schedule *schedule,
                        struct schedule_shape shape, GString *why, int *rank)
{
    order_part *const *part = rules[schedule_id(kind->facts)].part;
    for (int i = 0; i < MOST_PARTS && part[i]; i++)
        for (*rank = 0; *rank < schedule->ranks; ++*rank)
            if (!part[i](kind, schedule, shape, *rank, why))
                return false;
    return true;
}

/* Does the rank keep to the rule with its first `count` operations? What is cut off right behind a
 * backward would have had its step of the optimizer. */
static bool beginning_follows(const struct schedule_kind *kind, const struct schedule *schedule,
                              struct schedule_shape shape, int rank, int count, GString *why)
{
    struct schedule *beginning = schedule_new(schedule->ranks);
    for (int i = 0; i < count; i++)
        schedule_add(beginning, rank, schedule->operation[rank][i]);
    const enum log_operation last = schedule->operation[rank][count - 1].operation;
    if (kind->facts->asynchronous && (last == LOG_BACKWARD || last == LOG_BACKWARD_WEIGHT))
        schedule_add(beginning, rank, (struct schedule_operation){LOG_OPTIMIZER_STEP, -1, -1, 0});
    int about;
    const bool follows = order_follows_rule(kind, beginning, shape, why, &about);
    schedule_free(beginning);
    return follows;
}

int order_leaves_rule(const struct schedule_kind *kind, const struct schedule *schedule,
                      struct schedule_shape shape, int rank, GString *why)
{
    int keeps = 0,
        leaves = schedule->count[rank]; /* operations that keep to it, and one too many */
    if (leaves == 0 || beginning_follows(kind, schedule, shape, rank, leaves, why))
        return -1;
    while (leaves - keeps > 1) {
        const int middle = keeps + (leaves - keeps) / 2;
        if (beginning_follows(kind, schedule, shape, rank, middle, why))
            keeps = middle;
        else
            leaves = middle;
    }
    beginning_follows(kind, schedule, shape, rank, leaves, why);
    return leaves - 1;
}
