/* All ways of a job, tried one after the other, by published formulas; see arithmetic.h. */
#include "assignments/memory/judges/arithmetic/arithmetic.h"

/* Each whole number from 1 to `most` for each degree; what is not possible is left out. */
static void try_recomputations(const struct job *job, double memory, struct way *way,
                               struct decision *decision)
{
    for (int again = RECOMPUTE_NOTHING; again <= RECOMPUTE_LAYERS; again++)
        for (int zero = 0; zero <= 3; zero++) {
            way->recompute = (enum recompute)again;
            way->zero_stage = zero;
            if (!way_is_possible(job, way, NULL))
                continue;
            const struct way_costs costs = way_costs(job, way);
            if (decision->least == 0 || costs.bytes < decision->least) {
                decision->smallest = *way;
                decision->least = costs.bytes;
            }
            if (costs.bytes > memory || (decision->fits && costs.seconds >= decision->seconds))
                continue;
            decision->fits = true;
            decision->best = *way;
            decision->bytes = costs.bytes;
            decision->seconds = costs.seconds;
        }
}

static void try_micro_batches(const struct job *job, double memory, struct way *way,
                              struct decision *decision)
{
    const int share = job->batch_size / way->data;
    for (int m = 1; m <= share; m++)
        if (share % m == 0) {
            way->micro_batches = m;
            way->micro_batch_samples = share / m;
            try_recomputations(job, memory, way, decision);
        }
}

struct decision memory_arithmetic_decision(const struct job *job, double margin)
{
    const double memory = job->cluster.memory * (1 - margin);
    struct decision decision = {0};
    struct way way = {.optimizer = STATE_ADAM,
                      .format = FORMAT_SIXTEEN_BITS,
                      .order = ORDER_ONE_FORWARD_ONE_BACKWARD};
    const int ranks = job->cluster.ranks;
    for (way.data = 1; way.data <= ranks; way.data++)
        for (way.tensor = 1; ranks % way.data == 0 && way.tensor <= ranks / way.data; way.tensor++)
            if (ranks / way.data % way.tensor == 0) {
                way.pipeline = ranks / way.data / way.tensor;
                try_micro_batches(job, memory, &way, &decision);
            }
    way = (struct way){.data = ranks,
                       .tensor = 1,
                       .pipeline = 1,
                       .optimizer = STATE_ADAM,
                       .format = FORMAT_SIXTEEN_BITS,
                       .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                       .micro_batch_samples = 1,
                       .micro_batches = 1};
    const struct way_costs one = way_costs(job, &way);
    decision.bytes_on_one = one.bytes;
    decision.state_on_one = one.bytes - one.memory.activations;
    return decision;
}
