/*
 * What the operators return in a run of their probe that never was: right ones, number by number, and ones with a
 * known mistake.
 */
#ifndef ASSIGNMENTS_TENSOR_TESTS_SUPPORT_MADE_OPERATORS_H
#define ASSIGNMENTS_TENSOR_TESTS_SUPPORT_MADE_OPERATORS_H

#include "assignments/tensor/operator_cases.h"
#include "tests/support/logged_run.h"

struct made_call {
    const struct operator_case *one;
    int ranks, rank;         /* of the run */
    int begin[LOGGED_RANKS]; /* of each member's part; the next one's is where it ends */
    int end[LOGGED_RANKS];
};

/* The first members have one more; with `last`, the last ones. */
struct made_call made_call_of(const struct operator_case *one, int ranks, int rank, bool last);

/* A new tensor: what is returned on call->rank. */
typedef struct tensor *operator_maker(const struct made_call *call);

operator_maker made_right;
/* In place of a sum. */
operator_maker made_own_term, made_first_term, made_scanned, made_averaged, made_nothing;
/* t times what is right; right on rank 0 only; in one call only not; in the second of two calls with tensors of one
 * shape what was due in the first. */
operator_maker made_too_large, made_on_rank_0, made_one_call_off, made_before;
/* In place of the own part. */
operator_maker made_whole, made_first_ones, made_part_of_0, made_dealt_out;
/* In place of the whole. */
operator_maker made_own_part, made_own_part_and_zeros, made_own_part_and_dust, made_own_part_first;
operator_maker made_worlds_order, made_one_below_the_other, made_dealt_back;
/* Right only along the last dimension; only where parts are of one size. */
operator_maker made_where_last, made_where_even;

#endif
