/*
 * What the probes write, and the judges read.
 *
 * A probe calls functions of the student's and writes what they did to the folder of --evidence:
 *
 * probe-split.json       an array of
 *     {"size", "ranks": numbers, "accepted": what can_split returned, "reason": text (empty if accepted),
 *      "overrun": bool: can_split wrote behind the end of reason,
 *      "parts": [[begin, end] of each rank]; empty where can_split says no}
 *
 * probe-forms.json       an array, of what the function for --parallel chose, of
 *     {"links": [numbers, enum link], "forms": [numbers, enum form; UNTOUCHED_FORM where nothing was
 *      written], "overrun": bool: wrote outside of the array}
 *
 * probe-heads.json       by rank 0, with the trials of parallel_attention: an array of
 *     {"heads", "ranks": numbers, "accepted": what can_split_heads returned, "reason": bool: it wrote one}
 *
 * probe-operators-R.json and probe-operators-R.safetensors, by each rank: for each call
 * (operator_cases.h) of each round an entry of an array
 *     {"call": number, counted through all rounds, "begin", "end": what split() says of the dimension,
 *      "leaked": tensors that were made or taken over and never freed,
 *      "changed": numbers of the tensor that changed although somebody else looked at it, too}
 *   and a tensor "call-NUMBER", a copy of what was returned.
 *
 * probe-loss-R.json and probe-loss-R.safetensors, by each rank: for each case of loss_cases.h an entry of an
 * array
 *     {"changed": numbers of the logits that are not what they were, "leaked": as above}
 *   and tensors "loss-CASE-MICRO_BATCH" (1) and "gradient-CASE-MICRO_BATCH". In the log the forwards of case c
 *   are training step 2c, its backwards step 2c + 1.
 */
#ifndef ASSIGNMENTS_TENSOR_PROBES_H
#define ASSIGNMENTS_TENSOR_PROBES_H

enum { UNTOUCHED_FORM = -1000000000 };

/* The probe of split tries all sizes up to the first, on all numbers of ranks up to the second. */
enum { SPLIT_ALL_SIZES = 24, SPLIT_ALL_RANKS = 9 };

/* The trials of attention ask for all numbers of heads up to the first, on all numbers of ranks up to the second. */
enum { HEADS_ALL = 9, HEADS_ALL_RANKS = 5 };

#define LOSS_FORWARD_STEP(number)  (2 * (number))
#define LOSS_BACKWARD_STEP(number) (2 * (number) + 1)

#endif
