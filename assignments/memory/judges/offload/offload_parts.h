/*
 * What the judge of offload looks at, one after the other. Each function sets the verdict to a failure and returns false, or
 * returns true. Runs' logs are accepted ones.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_OFFLOAD_OFFLOAD_PARTS_H
#define ASSIGNMENTS_MEMORY_JUDGES_OFFLOAD_OFFLOAD_PARTS_H

#include "assignments/memory/judges/zero/zero_costs.h"
#include "assignments/memory/judges/zero/zero_snapshot.h"

struct offload_run {
    const struct outcome *run;
    struct zero_sizes sizes;
    bool parameters;       /* --offload parameters: they are on the host, too */
    double gradient_bytes; /* of one: 4, or as the parameters */
    double *own; /* [rank]: numbers in its shards, as it told them before the first step */
};

/* offload_memory.c (--log-memory): between steps, and while layers compute, is what only the optimizer needs on the host, to the
 * byte, and nothing of it on the device? Fills in gradient_bytes. */
bool memory_offload_memory_is_right(struct offload_run *offload, struct verdict *verdict);

/* offload_transfers.c: has each transfer come to its end, undisturbed, and has each step moved each rank's own gradients to the
 * host once, and its own parameters back once, behind them? */
bool memory_offload_transfers_are_right(const struct offload_run *offload, struct verdict *verdict);
/* offload_fetches.c, of --offload parameters: does each step fetch each rank's own parameters for every forward and backward, and
 * no more? */
bool memory_offload_fetched_right(const struct offload_run *offload, int rank, int step,
                                  double bytes, struct verdict *verdict);
/* On a simulated cluster, are they under way while the layer in front computes? */
bool memory_offload_fetches_overlap(const struct offload_run *offload, struct verdict *verdict);
/* Once numbers are wrong: names what the log shows of why, or does nothing. */
void memory_offload_explain_order(const struct offload_run *offload, struct verdict *verdict);

/* offload_overlap.c: on a simulated cluster, are gradients under way while the backward goes on? */
bool memory_offload_overlaps(const struct offload_run *offload, struct verdict *verdict);

/* offload_numbers.c: do the masters begin as the parameters, and are the parameters the masters, rounded, before each step that was
 * stored? */
bool memory_offload_masters_are_right(const struct offload_run *offload, struct verdict *verdict);
/* With 16 bits: is each step that of the judge's own, up to rounding? */
bool memory_offload_steps_are_right(const struct offload_run *offload, struct verdict *verdict);
/* The run's first snapshot says what each rank owns. False after setting the verdict. */
bool memory_offload_find_own(struct offload_run *offload, struct verdict *verdict);

#endif
