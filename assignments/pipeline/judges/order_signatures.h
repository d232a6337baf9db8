/*
 * The signatures of known mistakes in an order of computations, and nobody else's
 * business than order_mistakes.c's: what each means in words is there.
 *
 * Each is a definition, with all that excludes it, on all ranks: an order that
 * satisfies it has that mistake, whatever else is wrong with it. `whole` false:
 * the order may be the beginning of one, cut off anywhere. Then a signature holds
 * only if no way to go on would make it false.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_ORDER_SIGNATURES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_ORDER_SIGNATURES_H

#include "assignments/pipeline/schedules/schedule_formulas.h"

typedef bool order_signature(const struct schedule_kind *kind, const struct schedule *schedule,
                             struct schedule_shape shape, bool whole);

/* ---- what they share --------------------------------------------------------------------------- */

static inline bool order_is_forward(const struct schedule_operation *operation)
{
    return operation->operation == LOG_FORWARD;
}

static inline bool order_is_backward(const struct schedule_operation *operation)
{
    return operation->operation == LOG_BACKWARD || operation->operation == LOG_BACKWARD_INPUT;
}

/* Forwards that a rank has to run in a step. */
static inline int order_all(struct schedule_shape shape)
{
    return shape.micro_batches * shape.chunks;
}

/* How often a rank ran this of a micro-batch of a stage; stage -1: of any. */
int order_count(const struct schedule *schedule, int rank, enum log_operation operation, int stage,
                int micro_batch);
/* Does a rank run each of these exactly once for every stage of its own and micro-batch? */
bool order_has_all_forwards(const struct schedule *schedule, struct schedule_shape shape, int rank);
bool order_has_all_backwards(const struct schedule *schedule, struct schedule_shape shape,
                             int rank);

/* ---- order_warm_ups.c: how many forwards come before the first backward ------------------------ */

order_signature order_all_forwards_first;
order_signature order_warm_up_from_the_wrong_end;
order_signature order_warm_up_one_too_many;
order_signature order_warm_up_too_short;
order_signature order_no_cool_down;

/* ---- order_chunks.c: interleaved ---------------------------------------------------------------- */

order_signature order_first_forward_of_another_chunk;
order_signature order_chunk_after_chunk_per_micro_batch;
order_signature order_whole_batch_per_chunk;
order_signature order_chunks_not_reversed;
order_signature order_backwards_of_other_micro_batches;

/* ---- order_parts.c: what is missing, or there twice, and the halves of backwards ---------------- */

order_signature order_weights_at_once;
order_signature order_held_back_by_the_wrong_number;
order_signature order_weights_twice;
order_signature order_micro_batch_twice;
order_signature order_step_before_the_last_weights;
order_signature order_last_weights_left_out;
order_signature order_micro_batches_never_run;
order_signature order_backwards_never_run;

/* The micro-batches that no rank has begun, while every other one is complete on all stages:
 * "28 and 29". Empty if it is not so, or if there are none. The caller frees it. */
char *order_never_run(const struct schedule *schedule, struct schedule_shape shape);

#endif
