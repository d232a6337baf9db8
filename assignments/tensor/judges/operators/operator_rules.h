/*
 * What wrong operators return: for each way to be wrong a function that makes it, for one call on one rank. NaN in
 * it is any number.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_RULES_H
#define ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_RULES_H

#include "assignments/tensor/judges/operators/operator_results.h"

/* A new tensor. */
typedef struct tensor *operator_rule(const struct operator_results *all,
                                     const struct operator_result *result);

/* ---- of any operator: as it came in; what is due, times or by the number of ranks; zeros -------- */

operator_rule operator_as_it_came, operator_times_ranks, operator_by_ranks, operator_zeros;
/* Where the call before had the same shapes: what was due there. */
operator_rule operator_returned_before;

/* ---- of those that add up ------------------------------------------------------------------------- */

operator_rule operator_maximum, operator_sum_so_far, operator_term_of_rank_0;
operator_rule operator_sum_of_the_world; /* of all ranks of the run */

/* ---- of those that cut ---------------------------------------------------------------------------- */

operator_rule operator_part_of_rank_0;
operator_rule operator_first_ones; /* as many as it should, from the begin on */
operator_rule operator_one_piece;  /* of the right shape, but out of memory in one piece */
operator_rule operator_dealt_out;  /* one for each rank, and round again: rank, rank + ranks, … */

/* ---- of those that gather ------------------------------------------------------------------------- */

operator_rule operator_pieces; /* all parts, one behind the other in memory */
operator_rule operator_own_part_and_zeros, operator_own_part_and_anything;
operator_rule operator_own_part_at_0; /* the own part is at the begin, the others in their places */
operator_rule operator_dealt_back;    /* the other way: one of each rank, and round again */
operator_rule operator_in_the_worlds_order; /* the parts as MPI_COMM_WORLD numbers the ranks */

#endif
