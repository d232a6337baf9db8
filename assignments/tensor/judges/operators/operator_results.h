/*
 * What --probe operators left behind, read with distrust, and what it should have been.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_RESULTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_RESULTS_H

#include "assignments/tensor/operator_cases.h"
#include "assignments/tensor/tensor.h"
#include "common/files/tensor_file.h"
#include "grader/evidence/evidence.h"

enum { OPERATOR_ALL_CALLS = OPERATOR_ROUNDS * OPERATOR_CALLS };

/* One call on one rank. */
struct operator_result {
    struct operator_case one;
    struct part part; /* what the student's split says */
    int leaked, changed;
    const struct tensor *returned; /* belongs to the file */
};

struct operator_results {
    int ranks;
    bool reversed;                   /* in MPI_COMM_WORLD the ranks are numbered the other way */
    struct tensor_file **file;       /* [rank] */
    struct operator_result *results; /* [rank][call] */
};

/* Of all ranks; the caller frees with operator_results_free. NULL after setting the verdict. */
struct operator_results *operator_results_read(const struct outcome *run, struct verdict *verdict);
void operator_results_free(struct operator_results *all); /* NULL is allowed */

const struct operator_result *operator_result_of(const struct operator_results *all, int rank,
                                                 int call);
/* The same call on another member of its group. */
const struct operator_result *operator_result_at(const struct operator_results *all,
                                                 const struct operator_result *result, int member);

/* What a rank has to return. A new tensor. */
struct tensor *operator_expected(const struct operator_result *result);
/* The sum of the terms of the group's members; a part of the numbers of the whole. New tensors. */
struct tensor *operator_sum(const struct operator_result *result);
struct tensor *operator_part(const struct operator_result *result, struct part part);

/* Where the two are not the same, whole numbers as they are: the first element; -1: nowhere. NaN in what is
 * expected stands for any number. They are of one shape. */
int operator_first_difference(const struct tensor *found, const struct tensor *expected);
bool operator_is_right(const struct operator_result *result);

#endif
