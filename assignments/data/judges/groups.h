/*
 * Groups that a probe asked the student's functions for, as it wrote them down.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_GROUPS_H
#define ASSIGNMENTS_DATA_JUDGES_GROUPS_H

#include "assignments/data/group_cases.h"
#include "grader/evidence/evidence.h"

enum dimension { DATA, PIPELINE, TENSOR, DIMENSIONS };
/* In the place of a dimension, of the probe of tied embeddings. */
enum { EMBEDDING = DATA };

/* The members of one group, in their order. */
struct members {
    int count; /* 0: MPI_COMM_NULL */
    int rank[GROUP_MOST_RANKS];
};

/* One case: the groups of each of its ranks. */
struct grid_case {
    struct group_case is;
    struct members of[GROUP_MOST_RANKS][DIMENSIONS];
};

int members_place(const struct members *members, int rank); /* -1: it is none of them */
bool members_equal(const struct members *a, const struct members *b);
void members_describe(const struct members *members, GString *text); /* "{0, 3}", "no group" */
/* How many ranks a grid has along a dimension. */
int grid_case_size(const struct group_case *grid, enum dimension dimension);

/* Judge "groups", of one run. */
judge_run_function data_judge_groups_of;

/* What is wrong with the groups of a case, appended to `why`: is it a grid, whatever the order? In three dimensions,
 * is it the grid in the order that data.h states? True: nothing is. *mistake: the known one that it is, or NULL. */
bool grid_case_is_right(const struct grid_case *one, GString *why, const struct mistake **mistake);

#endif
