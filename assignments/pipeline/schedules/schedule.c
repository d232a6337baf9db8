/* Schedules as lists, as a replay has them, and run by their dependencies alone. */
#include "assignments/pipeline/schedules/schedule.h"
#include "assignments/pipeline/placement.h"

#include <math.h>

struct schedule *schedule_new(int ranks)
{
    struct schedule *schedule = g_new0(struct schedule, 1);
    schedule->ranks = ranks;
    schedule->count = g_new0(int, (gsize)ranks);
    schedule->operation = g_new0(struct schedule_operation *, (gsize)ranks);
    return schedule;
}

void schedule_add(struct schedule *schedule, int rank, struct schedule_operation operation)
{
    int count = schedule->count[rank]++;
    if ((count & (count - 1)) == 0) /* room for a power of two */
        schedule->operation[rank] = g_renew(struct schedule_operation, schedule->operation[rank],
                                            count == 0 ? 1 : 2 * (gsize)count);
    schedule->operation[rank][count] = operation;
}

void schedule_free(struct schedule *schedule)
{
    if (!schedule)
        return;
    for (int rank = 0; rank < schedule->ranks; rank++)
        g_free(schedule->operation[rank]);
    g_free(schedule->operation);
    g_free(schedule->count);
    g_free(schedule);
}

#define MOST_NUMBERS 8 /* of a list in a sentence */

void schedule_append_numbers(GString *text, const bool *marked, int count)
{
    int all = 0, named = 0;
    for (int i = 0; i < count; i++)
        all += marked[i];
    int shown = all > MOST_NUMBERS ? MOST_NUMBERS - 1 : all;
    for (int i = 0; i < count && named < shown; i++) {
        if (!marked[i])
            continue;
        const char *between = named == 0 ? "" : named + 1 == all ? " and " : ", ";
        g_string_append_printf(text, "%s%d", between, i);
        named++;
    }
    if (all > shown)
        g_string_append_printf(text, " and %d more", all - shown);
}

char *schedule_text(const struct schedule *schedule, int rank, bool with_stages, gsize most)
{
    static const char *const letters[] = {[LOG_FORWARD] = "F",
                                          [LOG_BACKWARD] = "B",
                                          [LOG_BACKWARD_INPUT] = "I",
                                          [LOG_BACKWARD_WEIGHT] = "W"};
    GString *text = g_string_new(NULL);
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        const char *space = text->len ? " " : "";
        if (text->len > most) {
            g_string_append(text, " …");
            break;
        }
        if (operation->operation > LOG_BACKWARD_WEIGHT)
            g_string_append_printf(text, "%sstep", space);
        else if (with_stages)
            g_string_append_printf(text, "%s%s%d.%d", space, letters[operation->operation],
                                   operation->micro_batch, operation->stage);
        else
            g_string_append_printf(text, "%s%s%d", space, letters[operation->operation],
                                   operation->micro_batch);
    }
    return g_string_free(text, FALSE);
}

/* ---- as a replay has it ------------------------------------------------------------------ */

/* Room for what is found per (stage, micro-batch). */
struct found {
    struct schedule_costs costs;
    double *forward, *input, *weight, *optimizer;
    int *forwards, *inputs, *weights,
        *steps; /* how many of each; a whole backward is both halves */
};

static struct found found_new(int ranks, int chunks, int micro_batches)
{
    gsize stages = (gsize)ranks * (gsize)chunks, places = stages * (gsize)micro_batches;
    struct found found = {
        .costs = {.ranks = ranks, .chunks = chunks, .micro_batches = micro_batches},
        .forward = g_new0(double, places),
        .input = g_new0(double, places),
        .weight = g_new0(double, places),
        .optimizer = g_new0(double, stages),
        .forwards = g_new0(int, places),
        .inputs = g_new0(int, places),
        .weights = g_new0(int, places),
        .steps = g_new0(int, stages)};
    found.costs.forward = found.forward;
    found.costs.backward_input = found.input;
    found.costs.backward_weight = found.weight;
    found.costs.optimizer = found.optimizer;
    return found;
}

static void found_free(struct found *found)
{
    g_free(found->forward);
    g_free(found->input);
    g_free(found->weight);
    g_free(found->optimizer);
    g_free(found->forwards);
    g_free(found->inputs);
    g_free(found->weights);
    g_free(found->steps);
}

static bool take(struct found *found, int rank, const struct interval *interval)
{
    int stages = found->costs.ranks * found->costs.chunks, stage = interval->stage;
    int micro_batch = interval->micro_batch;
    double duration = interval->end - interval->begin;
    bool own = stage >= 0 && stage < stages && placement_rank(stage, found->costs.ranks) == rank;
    if (interval->operation == LOG_OPTIMIZER_STEP) {
        /* A log may leave the stage of a step open; then it is the rank's only one. */
        int place = own ? stage : rank;
        found->optimizer[place] += duration;
        found->steps[place]++;
        return true;
    }
    if (!own || micro_batch < 0 || micro_batch >= found->costs.micro_batches)
        return false;
    int place = stage * found->costs.micro_batches + micro_batch;
    if (interval->operation == LOG_FORWARD) {
        found->forward[place] += duration;
        found->forwards[place]++;
    }
    if (interval->operation == LOG_BACKWARD || interval->operation == LOG_BACKWARD_INPUT) {
        found->input[place] += duration;
        found->inputs[place]++;
    }
    if (interval->operation == LOG_BACKWARD_WEIGHT)
        found->weight[place] += duration;
    if (interval->operation == LOG_BACKWARD || interval->operation == LOG_BACKWARD_WEIGHT)
        found->weights[place]++;
    return true;
}

static bool collect(struct found *found, const struct replay *replay)
{
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++)
            if (!take(found, rank, &replay->rank[rank].interval[i]))
                return false;
    int stages = found->costs.ranks * found->costs.chunks;
    for (int place = 0; place < stages * found->costs.micro_batches; place++)
        if (found->forwards[place] != 1 || found->inputs[place] != 1 || found->weights[place] != 1)
            return false;
    for (int stage = 0; stage < stages; stage++)
        if (found->steps[stage] > 1)
            found->optimizer[stage] /= found->steps[stage];
    return true;
}

struct schedule *schedule_like(const struct replay *replay, int chunks, schedule_maker *maker)
{
    int forwards = 0;
    for (int i = 0; replay->ranks > 0 && i < replay->rank[0].count; i++)
        forwards += replay->rank[0].interval[i].operation == LOG_FORWARD;
    if (chunks < 1 || forwards == 0 || forwards % chunks != 0)
        return NULL;
    struct found found = found_new(replay->ranks, chunks, forwards / chunks);
    struct schedule *schedule = collect(&found, replay) ? maker(&found.costs) : NULL;
    found_free(&found);
    return schedule;
}

struct schedule *schedule_of_replay(const struct replay *replay)
{
    struct schedule *schedule = schedule_new(replay->ranks);
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            schedule_add(schedule, rank,
                         (struct schedule_operation){interval->operation, interval->stage,
                                                     interval->micro_batch,
                                                     interval->end - interval->begin});
        }
    return schedule;
}

/* ---- running one ----------------------------------------------------------------------- */

/* When each operation of each (stage, micro-batch) was done; NaN: not yet. */
struct times {
    int stages, micro_batches;
    double *forward;  /* [stage * micro_batches + micro_batch] */
    double *backward; /* B, or I */
};

static struct times times_new(const struct schedule *schedule)
{
    struct times times = {0};
    for (int rank = 0; rank < schedule->ranks; rank++)
        for (int i = 0; i < schedule->count[rank]; i++) {
            const struct schedule_operation *operation = &schedule->operation[rank][i];
            if (operation->operation == LOG_OPTIMIZER_STEP) /* nothing depends on it */
                continue;
            times.stages = MAX(times.stages, operation->stage + 1);
            times.micro_batches = MAX(times.micro_batches, operation->micro_batch + 1);
        }
    gsize places = (gsize)times.stages * (gsize)times.micro_batches;
    times.forward = g_new(double, places);
    times.backward = g_new(double, places);
    for (gsize i = 0; i < places; i++)
        times.forward[i] = times.backward[i] = NAN;
    return times;
}

static int place_of(const struct times *times, const struct schedule_operation *operation)
{
    return operation->stage * times->micro_batches + operation->micro_batch;
}

/* When may this operation begin, by its dependencies? NaN: not known yet. */
static double earliest(const struct times *times, const struct schedule_operation *operation)
{
    if (operation->operation == LOG_OPTIMIZER_STEP)
        return 0;
    int place = place_of(times, operation);
    bool last = operation->stage == times->stages - 1;
    switch (operation->operation) {
    case LOG_FORWARD:
        return operation->stage == 0 ? 0 : times->forward[place - times->micro_batches];
    case LOG_BACKWARD_WEIGHT:
        return times->backward[place];
    default: {
        double own = times->forward[place];
        double next = last ? own : times->backward[place + times->micro_batches];
        return isnan(own) || isnan(next) ? NAN : fmax(own, next);
    }
    }
}

/* Does the rank's next operation, if it can begin. */
static bool advance(const struct schedule *schedule, struct times *times, int rank,
                    struct replay_rank *result)
{
    if (result->count == schedule->count[rank])
        return false;
    const struct schedule_operation *operation = &schedule->operation[rank][result->count];
    double ready = earliest(times, operation);
    if (isnan(ready))
        return false;
    double free_from = result->count == 0 ? 0 : result->interval[result->count - 1].end;
    double begin = fmax(ready, free_from), end = begin + operation->duration;
    result->interval[result->count++] = (struct interval){operation->operation, operation->stage,
                                                          operation->micro_batch, begin, end};
    result->busy += operation->duration;
    if (operation->operation == LOG_FORWARD)
        times->forward[place_of(times, operation)] = end;
    else if (operation->operation == LOG_BACKWARD || operation->operation == LOG_BACKWARD_INPUT)
        times->backward[place_of(times, operation)] = end;
    return true;
}

struct replay *schedule_run(const struct schedule *schedule)
{
    struct replay *replay = g_new0(struct replay, 1);
    struct times times = times_new(schedule);
    replay->ranks = replay->steps_found = schedule->ranks;
    replay->rank = g_new0(struct replay_rank, (gsize)schedule->ranks);
    for (int rank = 0; rank < schedule->ranks; rank++)
        replay->rank[rank].interval = g_new(struct interval, (gsize)schedule->count[rank]);
    for (bool moved = true; moved;) {
        moved = false;
        for (int rank = 0; rank < schedule->ranks; rank++)
            while (advance(schedule, &times, rank, &replay->rank[rank]))
                moved = true;
    }
    for (int rank = 0; rank < schedule->ranks; rank++) {
        struct replay_rank *result = &replay->rank[rank];
        if (result->count > 0)
            replay->makespan = fmax(replay->makespan, result->interval[result->count - 1].end);
        result->stuck = result->count < schedule->count[rank];
        result->stuck_in = result->stuck ? (size_t)result->count : NO_RECORD;
        result->waits_for = LOG_NO_PEER;
        replay->deadlock |= result->stuck;
    }
    for (int rank = 0; rank < schedule->ranks; rank++)
        replay->rank[rank].idle = replay->makespan - replay->rank[rank].busy;
    g_free(times.forward);
    g_free(times.backward);
    return replay;
}
