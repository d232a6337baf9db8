/*
 * Known mistakes of an all-reduce of one's own: in what comes out, and in what is sent.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_MISTAKES_H
#define ASSIGNMENTS_DATA_JUDGES_SUMS_SUM_MISTAKES_H

#include "assignments/data/judges/sums/sum_results.h"

/* The mistake that explains what all calls with whole numbers gave on all ranks, of which some are wrong; NULL: there
 * is none. */
const struct mistake *data_sum_mistake(const struct sum_results *all);

/* Of element i of a whole case on some rank: "rank 1's number is missing in it, rank 2's is in it 2 times"; NULL:
 * it is no sum of the members' numbers, or all are multiplied by the same, as the mistake says. A new string. */
char *data_sum_digits_text(const struct sum_case *one, int i, float found,
                           const struct mistake *mistake);

#endif
