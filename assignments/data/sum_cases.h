/*
 * The calls of --probe all-reduce: with which numbers the student's all-reduce is called, drawn from the seed. Shared
 * by the program and the judge.
 *
 * There are two rounds: all ranks of the run together, and then the even and the odd ones as groups of their own, in the
 * other order. In each, one call follows the other, with counts round the group's size p, where chunks are empty or of
 * different sizes, and with longer ones.
 *
 * Most numbers are whole: member m of the group contributes 4^m · factor to element i, the factor being the element's
 * own. The sum is exact, in whatever order it is made, and its digits to the base 4 say how often each member is in it.
 * The others are drawn, of a normal distribution: in another
 * order their sums are others in the last bits.
 *
 * What the probe writes, each rank R:
 *
 * probe-all-reduce-R.json         an array: for each call
 *     {"call": number, counted through both rounds, "done": bool: the function was called,
 *      "changed": numbers in front of and behind the `count` that changed}
 * probe-all-reduce-R.safetensors  of each call that was made, of one number or more, "call-NUMBER": what came out
 *
 * and rank 0 of --sum halving-doubling
 *
 * probe-halving.json              an array: for each number of ranks that can_halve_and_double was asked about
 *     {"ranks": number, "accepted": bool, "reason": text, empty if accepted, "overrun": bool: wrote behind its end}
 *
 * In the log each call is a training step, of the call's number.
 */
#ifndef ASSIGNMENTS_DATA_SUM_CASES_H
#define ASSIGNMENTS_DATA_SUM_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum { SUM_ROUNDS = 2, SUM_ROUND_CALLS = 11, SUM_CALLS = SUM_ROUNDS * SUM_ROUND_CALLS };
/* can_halve_and_double is asked about 1 … so many ranks. */
enum { SUM_ASKED = 40 };
/* Of so many ranks the sum of whole numbers is exact. */
enum { SUM_MOST_RANKS = 8 };

/* Ranks of the run that call together. */
struct sum_group {
    int ranks;
    int rank; /* of the caller, in the group */
    int last,
        stride; /* rank m of the group is rank last - m · stride of the run, or, with stride 0, m */
};

struct sum_case {
    struct sum_group group;
    uint64_t seed;
    int number; /* of the call, counted through both rounds */
    int count;
    bool whole; /* whole numbers, as above */
};

/* In which group a rank of the run is in a round. */
struct sum_group sum_group_of(int ranks, int rank, int round);
/* The rank of the run that a member is. */
int sum_member(const struct sum_group *group, int member);

/* Call number `number`, of the rank of a run of so many ranks. */
struct sum_case sum_case_of(uint64_t seed, int ranks, int rank, int number);
/* What element i of a whole case counts for each 4^m. */
int sum_factor(const struct sum_case *one, int i);
/* What a member contributes: one->count numbers. */
void sum_numbers(const struct sum_case *one, int member, float *numbers);

#endif
