/*
 * Reference schedules: lists of forwards and backwards per rank, and how long
 * they take when nothing but their order and their dependencies holds them up.
 */
#include "grader/replay.h"

#include <glib.h>
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
    if (schedule == NULL)
        return;
    for (int rank = 0; rank < schedule->ranks; rank++)
        g_free(schedule->operation[rank]);
    g_free(schedule->operation);
    g_free(schedule->count);
    g_free(schedule);
}

/* ---- the usual ones ------------------------------------------------------------------ */

static void add(struct schedule *schedule, enum log_operation operation, int stage, int micro_batch,
                int micro_batches, const double *duration)
{
    schedule_add(schedule, stage,
                 (struct schedule_operation){operation, stage, micro_batch,
                                             duration[stage * micro_batches + micro_batch]});
}

struct schedule *schedule_afab(int stages, int micro_batches, const double *forward,
                               const double *backward)
{
    struct schedule *schedule = schedule_new(stages);
    for (int stage = 0; stage < stages; stage++) {
        for (int i = 0; i < micro_batches; i++)
            add(schedule, LOG_FORWARD, stage, i, micro_batches, forward);
        for (int i = 0; i < micro_batches; i++)
            add(schedule, LOG_BACKWARD, stage, i, micro_batches, backward);
    }
    return schedule;
}

struct schedule *schedule_1f1b(int stages, int micro_batches, const double *forward,
                               const double *backward)
{
    struct schedule *schedule = schedule_new(stages);
    for (int stage = 0; stage < stages; stage++) {
        int warm_up = MIN(stages - stage - 1, micro_batches);
        for (int i = 0; i < warm_up; i++)
            add(schedule, LOG_FORWARD, stage, i, micro_batches, forward);
        for (int i = 0; i < micro_batches; i++) {
            if (warm_up + i < micro_batches)
                add(schedule, LOG_FORWARD, stage, warm_up + i, micro_batches, forward);
            add(schedule, LOG_BACKWARD, stage, i, micro_batches, backward);
        }
    }
    return schedule;
}

/* Sums the durations of one kind per (stage, micro-batch); counts how many there were. */
static bool collect(const struct replay *replay, int micro_batches, double *forward,
                    double *backward, int *forwards, int *backwards)
{
    for (int rank = 0; rank < replay->ranks; rank++) {
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation == LOG_OPTIMIZER_STEP)
                continue;
            if (interval->stage != rank || interval->micro_batch < 0 ||
                interval->micro_batch >= micro_batches)
                return false;
            int place = rank * micro_batches + interval->micro_batch;
            double duration = interval->end - interval->begin;
            if (interval->operation == LOG_FORWARD) {
                forward[place] += duration;
                forwards[place]++;
            } else {
                /* Two halves make one backward. */
                backward[place] += duration;
                backwards[place] += interval->operation == LOG_BACKWARD ? 2 : 1;
            }
        }
    }
    for (int place = 0; place < replay->ranks * micro_batches; place++)
        if (forwards[place] != 1 || backwards[place] != 2)
            return false;
    return true;
}

struct schedule *schedule_like(const struct replay *replay, schedule_maker *maker)
{
    int micro_batches = 0;
    for (int i = 0; replay->ranks > 0 && i < replay->rank[0].count; i++)
        micro_batches += replay->rank[0].interval[i].operation == LOG_FORWARD;
    if (micro_batches == 0)
        return NULL;
    gsize places = (gsize)replay->ranks * (gsize)micro_batches;
    double *forward = g_new0(double, places), *backward = g_new0(double, places);
    int *forwards = g_new0(int, places), *backwards = g_new0(int, places);
    struct schedule *schedule = NULL;
    if (collect(replay, micro_batches, forward, backward, forwards, backwards))
        schedule = maker(replay->ranks, micro_batches, forward, backward);
    g_free(forward);
    g_free(backward);
    g_free(forwards);
    g_free(backwards);
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
            times.stages = MAX(times.stages, schedule->operation[rank][i].stage + 1);
            times.micro_batches =
                MAX(times.micro_batches, schedule->operation[rank][i].micro_batch + 1);
        }
    gsize places = (gsize)times.stages * (gsize)times.micro_batches;
    times.forward = g_new(double, places);
    times.backward = g_new(double, places);
    for (gsize i = 0; i < places; i++)
        times.forward[i] = times.backward[i] = NAN;
    return times;
}

/* When may this operation begin, by its dependencies? NaN: not known yet. */
static double earliest(const struct times *times, const struct schedule_operation *operation)
{
    int place = operation->stage * times->micro_batches + operation->micro_batch;
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
    int place = operation->stage * times->micro_batches + operation->micro_batch;
    if (operation->operation == LOG_FORWARD)
        times->forward[place] = end;
    else if (operation->operation != LOG_BACKWARD_WEIGHT)
        times->backward[place] = end;
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

double makespan_formula(int stages, int micro_batches, double forward, double backward)
{
    return (micro_batches + stages - 1) * (forward + backward);
}

double bubble_formula(int stages, int micro_batches)
{
    return (double)(stages - 1) / (micro_batches + stages - 1);
}
