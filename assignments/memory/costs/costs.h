/*
 * What a way to train a transformer costs, by published formulas, closed: what a search over all ways can afford.
 *
 * Memory:
 *   state         Rajbhandari et al. 2020: 2 + 2 + 12 bytes a parameter with Adam in 16 bits, shared out by ZeRO's stage;
 *                 besides, with stages 2 and 3, one layer's whole gradients (and parameters)
 *   activations   Korthikanti et al. 2022, section 4: sbh · (10 + 24/t + 5as/(ht)) a layer; without 5as²b/t with attention
 *                 recomputed; 2sbh for each segment with whole layers recomputed; min(p, m) micro-batches on the first
 *                 stage, which holds most of all: it has the embedding, and most in flight
 * Time:
 *   computing     Narayanan et al. 2021, appendix: 72Bslh² (1 + s/(6h) + V/(12lh)), 96Bslh² (1 + s/(6h) + V/(16lh)) with
 *                 layers recomputed; bubble (p - 1)/m of it, section 2.2.1
 *   messages      bytes over the slowest link that they cross, 2(n - 1)/n of an all-reduce's; none is hidden
 *
 * Assumed: dropout with masks of one byte; a copy of the embedding's table on the last stage; the batch divides, and layers
 * divide among the stages. Not counted: the logits and what the loss keeps, scratch space, the optimizer's time, latencies,
 * and that the head is all on the last stage.
 */
#ifndef ASSIGNMENTS_MEMORY_COSTS_COSTS_H
#define ASSIGNMENTS_MEMORY_COSTS_COSTS_H

#include "assignments/memory/arithmetic.h"

struct way_costs {
    struct rank_memory memory; /* of a rank of the first stage */
    double bytes;              /* all of that */
    /* Of one step. computing, layer_sums and stage_messages go with the bubble besides. */
    double computing, layer_sums, stage_messages, bubble, gradient_sums;
    double seconds;
};

/* way->format must be FORMAT_SIXTEEN_BITS. */
struct way_costs way_costs(const struct job *job, const struct way *way);

/* Can the job be done in this way, whether it fits or not? As choose_parallelism says. Else *why says why not. */
bool way_is_possible(const struct job *job, const struct way *way, const char **why);

#endif
