/*
 * What ranks that share a model's state may hold and send, by formula, for any --zero, --precision and --recompute.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_COSTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_COSTS_H

#include "grader/evidence/evidence.h"

/* Of a run, in numbers, not bytes. */
struct zero_sizes {
    int ranks;
    int zero_stage;
    int micro_batches; /* of each rank */
    double all;        /* parameters: Ψ */
    double shard;      /* the most that a rank's shards may have: each unit's, rounded up */
    double padded;     /* as many ranks' */
    double layers[2]; /* the parameters of the layer that has most, and of the two that have most */
    const struct model *model;
    bool prefetches, recomputes;
    double parameter_bytes; /* of one: 4, or 2 */
    int states; /* numbers of float32 that a parameter's optimizer keeps, masters counted */
};

/* The model must outlive it. */
struct zero_sizes memory_zero_sizes(const struct outcome *run, const struct model *model);

/* How long the messages of a training step are, all ranks' together, in units of (N - 1) · Ψ numbers: what an all-gather or a
 * reduce-scatter of everything takes. An all-reduce counts as the reduce-scatter that would do. */
struct zero_traffic {
    double found;      /* of the step with most */
    double gradients;  /* of it, what is sent by reductions */
    double allreduced; /* how much more all-reduces take than they count here */
    double limit;      /* by formula */
    int step;
};
struct zero_traffic memory_zero_traffic(const struct outcome *run, const struct zero_sizes *sizes,
                                        double gradient_bytes);
/* Fails the run, whose logs are accepted, unless its messages are no longer than the formula says. */
bool memory_zero_traffic_is_right(const struct outcome *run, const struct zero_sizes *sizes,
                                  double gradient_bytes, struct verdict *verdict);

/* Fails the run, which has --log-memory, unless each rank holds what the formula says, to the byte, between steps, and no
 * more than that and the layers at work while a layer computes. The result, in bytes, of one gradient: 4 or 2; 0: it failed. */
double memory_zero_memory_is_right(const struct outcome *run, const struct zero_sizes *sizes,
                                   struct verdict *verdict);

/* What stands in the memory of a rank by formula, for the explanation. */
void memory_zero_explain_memory(const struct zero_sizes *sizes, double gradient_bytes,
                                struct verdict *verdict);

#endif
