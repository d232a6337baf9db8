/* The reference schedules, each by the rule that defines it. */
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/schedules/schedule.h"

static void add(struct schedule *schedule, const struct schedule_costs *costs,
                enum log_operation operation, int stage, int micro_batch)
{
    int place = stage * costs->micro_batches + micro_batch;
    double duration = 0;
    switch (operation) {
    case LOG_FORWARD:
        duration = costs->forward[place];
        break;
    case LOG_BACKWARD:
        duration = costs->backward_input[place] + costs->backward_weight[place];
        break;
    case LOG_BACKWARD_INPUT:
        duration = costs->backward_input[place];
        break;
    case LOG_BACKWARD_WEIGHT:
        duration = costs->backward_weight[place];
        break;
    default:
        break;
    }
    schedule_add(schedule, placement_rank(stage, costs->ranks),
                 (struct schedule_operation){operation, stage, micro_batch, duration});
}

static void add_optimizer(struct schedule *schedule, const struct schedule_costs *costs, int stage)
{
    double duration = costs->optimizer ? costs->optimizer[stage] : 0;
    schedule_add(schedule, placement_rank(stage, costs->ranks),
                 (struct schedule_operation){LOG_OPTIMIZER_STEP, stage, -1, duration});
}

/* ---- one stage per rank ------------------------------------------------------------- */

/* AFAB of `group` micro-batches, again and again. */
static struct schedule *in_groups(const struct schedule_costs *costs, int group)
{
    struct schedule *schedule = schedule_new(costs->ranks);
    for (int stage = 0; stage < costs->ranks; stage++)
        for (int first = 0; first < costs->micro_batches; first += group) {
            int end = MIN(first + group, costs->micro_batches);
            for (int i = first; i < end; i++)
                add(schedule, costs, LOG_FORWARD, stage, i);
            for (int i = first; i < end; i++)
                add(schedule, costs, LOG_BACKWARD, stage, i);
        }
    return schedule;
}

struct schedule *schedule_afab(const struct schedule_costs *costs)
{
    return in_groups(costs, MAX(1, costs->micro_batches));
}

struct schedule *schedule_bounded(const struct schedule_costs *costs)
{
    return in_groups(costs, costs->ranks);
}

static struct schedule *one_forward_one_backward(const struct schedule_costs *costs, bool optimizer)
{
    struct schedule *schedule = schedule_new(costs->ranks);
    for (int stage = 0; stage < costs->ranks; stage++) {
        int warm_up = MIN(costs->ranks - stage - 1, costs->micro_batches);
        for (int i = 0; i < warm_up; i++)
            add(schedule, costs, LOG_FORWARD, stage, i);
        for (int i = 0; i < costs->micro_batches; i++) {
            if (warm_up + i < costs->micro_batches)
                add(schedule, costs, LOG_FORWARD, stage, warm_up + i);
            add(schedule, costs, LOG_BACKWARD, stage, i);
            if (optimizer)
                add_optimizer(schedule, costs, stage);
        }
    }
    return schedule;
}

struct schedule *schedule_1f1b(const struct schedule_costs *costs)
{
    return one_forward_one_backward(costs, false);
}

struct schedule *schedule_pipedream(const struct schedule_costs *costs)
{
    return one_forward_one_backward(costs, true);
}

struct schedule *schedule_zero_bubble(const struct schedule_costs *costs)
{
    struct schedule *schedule = schedule_new(costs->ranks);
    int m = costs->micro_batches;
    for (int stage = 0; stage < costs->ranks; stage++) {
        int warm_up = MIN(costs->ranks - stage - 1, m), held_back = stage;
        for (int i = 0; i < warm_up; i++)
            add(schedule, costs, LOG_FORWARD, stage, i);
        for (int i = 0; i < m; i++) {
            if (warm_up + i < m)
                add(schedule, costs, LOG_FORWARD, stage, warm_up + i);
            add(schedule, costs, LOG_BACKWARD_INPUT, stage, i);
            if (i >= held_back)
                add(schedule, costs, LOG_BACKWARD_WEIGHT, stage, i - held_back);
        }
        for (int i = MAX(0, m - held_back); i < m; i++)
            add(schedule, costs, LOG_BACKWARD_WEIGHT, stage, i);
    }
    return schedule;
}

/* ---- several stages per rank -------------------------------------------------------- */

/* The forward, or backward, number `number` of a rank: groups of p micro-batches, in each of them
 * chunk after chunk; backwards begin with the last chunk. */
static void add_chunk(struct schedule *schedule, const struct schedule_costs *costs, int rank,
                      int number, enum log_operation operation)
{
    int p = costs->ranks, v = costs->chunks;
    int group = number / (p * v), chunk = number % (p * v) / p;
    if (operation == LOG_BACKWARD)
        chunk = v - 1 - chunk;
    add(schedule, costs, operation, placement_stage(rank, chunk, p), group * p + number % p);
}

struct schedule *schedule_interleaved(const struct schedule_costs *costs)
{
    int p = costs->ranks, v = costs->chunks, all = costs->micro_batches * v;
    if (costs->micro_batches % p != 0)
        return NULL;
    struct schedule *schedule = schedule_new(p);
    for (int rank = 0; rank < p; rank++) {
        int warm_up = MIN(2 * (p - rank - 1) + (v - 1) * p, all);
        for (int i = 0; i < warm_up; i++)
            add_chunk(schedule, costs, rank, i, LOG_FORWARD);
        for (int i = 0; i < all; i++) {
            if (warm_up + i < all)
                add_chunk(schedule, costs, rank, warm_up + i, LOG_FORWARD);
            add_chunk(schedule, costs, rank, i, LOG_BACKWARD);
        }
    }
    return schedule;
}

/* ---- equal stages -------------------------------------------------------------------- */

static double *filled(gsize count, double value)
{
    double *array = g_new(double, count);
    for (gsize i = 0; i < count; i++)
        array[i] = value;
    return array;
}

struct schedule *schedule_equal(schedule_maker *maker, int ranks, int chunks, int micro_batches,
                                double forward, double backward_input, double backward_weight)
{
    gsize places = (gsize)ranks * (gsize)chunks * (gsize)micro_batches;
    g_autofree double *f = filled(places, forward);
    g_autofree double *i = filled(places, backward_input);
    g_autofree double *w = filled(places, backward_weight);
    return maker(&(struct schedule_costs){.ranks = ranks,
                                          .chunks = chunks,
                                          .micro_batches = micro_batches,
                                          .forward = f,
                                          .backward_input = i,
                                          .backward_weight = w});
}
