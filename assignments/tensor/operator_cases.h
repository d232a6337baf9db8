/*
 * The calls of --probe operators: with which tensors each operator is called, drawn from the seed. Shared
 * by the program and the judge.
 *
 * There are two rounds: all ranks of the run together, and then the even and the odd ones as groups of their
 * own; an odd number of ranks stays together then, numbered from another one on. In each, every operator is
 * called with tensors of two, three and four dimensions, cut along the first, the last and one in between; and
 * twice one after the other with tensors of the same shape and other numbers, so that it shows if it keeps what
 * it returned. All numbers are whole and small, so that they and their sums are exact in whatever order they
 * are added up.
 */
#ifndef ASSIGNMENTS_TENSOR_OPERATOR_CASES_H
#define ASSIGNMENTS_TENSOR_OPERATOR_CASES_H

#include "common/base/tensor.h"

enum tensor_operator {
    COPY_FORWARD,
    COPY_BACKWARD,
    COPY_BACKWARD_IN_HALVES, /* copy_backward_begin and copy_backward_end */
    REDUCE_FORWARD,
    REDUCE_BACKWARD,
    SCATTER_FORWARD,
    SCATTER_BACKWARD,
    GATHER_FORWARD,
    GATHER_BACKWARD,
    OPERATORS
};

/* What a tensor is: the same on each rank, a term of a sum, or a part of the whole. */
enum extent { EXTENT_WHOLE, EXTENT_TERM, EXTENT_PART };

struct operator_facts {
    const char *name; /* of the function */
    enum extent takes, gives;
};
extern const struct operator_facts operator_table[OPERATORS];

enum { OPERATOR_ROUNDS = 2, OPERATOR_KINDS = 7, OPERATOR_CALLS = OPERATORS * OPERATOR_KINDS };

/* The ranks first, first + stride, … of a run that call an operator together; behind the last comes
 * rank 0. */
struct operator_group {
    int first, stride, of; /* of so many in the run */
    int ranks;
    int rank; /* of the caller, in the group */
};

struct operator_case {
    enum tensor_operator which;
    struct operator_group group;
    uint64_t seed;
    int number;         /* of the call, counted through all rounds */
    struct shape whole; /* of all ranks' parts together; of a sum, of each term */
    int dimension;      /* along which it is cut, or would be */
    bool again;         /* the shapes are those of the call before it */
    bool shared;        /* somebody else looks at the tensor, too: nothing may be written into it */
};

/* In which group a rank of the run is in a round. */
struct operator_group operator_group_of(int ranks, int rank, int round);
/* The rank of the run that a member is. */
int operator_member(struct operator_group group, int member);
/* The OPERATOR_CALLS calls of a round, in order. */
void operator_cases(uint64_t seed, struct operator_group group, int round,
                    struct operator_case cases[OPERATOR_CALLS]);

/* Which operator is called by its number, counted through all rounds. */
enum tensor_operator operator_of_call(int number);

/* The numbers of a whole: they tell where in it they stand. A new tensor. */
struct tensor *operator_whole(const struct operator_case *one);
/* The numbers of the term of rank `rank` of the run. A new tensor. */
struct tensor *operator_term(const struct operator_case *one, int rank);

#endif
