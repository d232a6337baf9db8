/*
 * The memory of one rank, record by record, and what must hold at each.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_READING_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_ZERO_READING_H

#include "assignments/memory/judges/zero/zero_costs.h"
#include "common/base/memory.h"

/* One rank, record by record. */
struct zero_reading {
    const struct outcome *run;
    const struct zero_sizes *sizes;
    int rank, step;
    double live[MEMORY_KINDS];
    double
        workspace_at_first; /* of the kit, when it had made all it needs: it has opened the data */
    double owned;           /* numbers of this rank's shards, by its state */
    double gradient_bytes;
    bool computes, backwards;
    bool at_layer;  /* between two parts of a computation: the program has been told of a layer */
    double outputs; /* bytes that the kit takes in the first step */
    double before[MEMORY_KINDS];
    double scratch; /* the most that the kit takes while layers compute */
    double reduced; /* bytes that reductions of a step send, for each of (N - 1) · Ψ */
};

/* Each sets the verdict to a failure, and returns false, unless what is live is what it must be: at the begin of a step, while a
 * layer computes, and between computations. */
bool memory_zero_begin_is_right(struct zero_reading *reading, struct verdict *verdict);
bool memory_zero_layers_are_right(const struct zero_reading *reading, struct verdict *verdict);
bool memory_zero_buffers_are_right(const struct zero_reading *reading, struct verdict *verdict);

#endif
