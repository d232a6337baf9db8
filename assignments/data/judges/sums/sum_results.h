/*
 * What --probe all-reduce left behind, read with distrust, and what it should have been.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_RESULTS_H
#define ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_RESULTS_H

#include "assignments/data/options.h"
#include "assignments/data/sum_cases.h"
#include "common/files/tensor_file.h"
#include "grader/evidence/evidence.h"

/* One call on one rank. */
struct sum_result {
    struct sum_case one;
    bool done;
    int changed;
    const float *found; /* one.count numbers, which belong to the file; NULL: not done */
};

struct sum_results {
    int ranks;
    enum sum sum;
    bool reversed;             /* in MPI_COMM_WORLD the ranks are numbered the other way */
    struct tensor_file **file; /* [rank] */
    struct sum_result *result; /* [rank][call] */
};

/* Of all ranks; the caller frees with data_sum_results_free. NULL after setting the verdict. */
struct sum_results *data_sum_results_read(const struct outcome *run, struct verdict *verdict);
void data_sum_results_free(struct sum_results *all); /* NULL is allowed */

const struct sum_result *data_sum_result_of(const struct sum_results *all, int rank, int call);
/* The same call on another member of its group. */
const struct sum_result *data_sum_result_at(const struct sum_results *all,
                                            const struct sum_result *result, int member);

/* What is due, and how far from it each number may be: one.count numbers each, of whole numbers 0. */
void data_sum_expected(const struct sum_case *one, double *due, double *room);

/* "ring_all_reduce of 7 numbers on 3 ranks {4, 2, 0}" */
char *data_sum_text(const struct sum_results *all, const struct sum_case *one);
/* The function that --sum names. */
const char *data_sum_function(enum sum sum);

#endif
