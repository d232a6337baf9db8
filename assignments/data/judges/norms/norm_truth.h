/*
 * What a synchronised batch norm gives in the trials of norm_cases.h: right, and with each known mistake. In double
 * precision, from the samples of all members.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_NORMS_NORM_TRUTH_H
#define ASSIGNMENTS_DATA_JUDGES_NORMS_NORM_TRUTH_H

#include "assignments/data/norm_cases.h"
#include "grader/verdict/judge.h"

/* What the probe stores of a trial, in the order in which it is judged. */
enum norm_thing {
    NORM_Y,         /* of each micro-batch */
    NORM_RUNNING,   /* behind the training */
    NORM_AGAIN_Y,   /* of the repeated forward */
    NORM_EVALUATED, /* on rank 0 of the group */
    NORM_DX,        /* of each micro-batch */
    NORM_GRADIENTS, /* of both together */
    NORM_THINGS
};

struct norm_fact {
    const char *name; /* of the tensor, behind the trial */
    const char *what; /* in words */
    int parts;        /* micro-batches that it is stored of; 1: of all */
    double room;      /* absolute */
};
extern const struct norm_fact norm_facts[NORM_THINGS];

/* The ways to compute y and dx, running averages and gradients, the right one first. */
enum { OF_ALL, OF_OWN, OF_MEANS, OF_LOCAL_VARIANCES, OF_BOTH };
enum { FOLLOWS, DIVIDES_BY_OWN, DIVIDES_BY_N, STAYS, FOLLOWS_OWN };
enum { BACK_ALL, BACK_OWN, BACK_UNWEIGHTED, BACK_CONSTANT };
enum { ADDS_OWN, ADDS_ALL, LAST_ONLY };

/* A way to compute a thing: number 0 is the right one, behind it known mistakes; NULL behind the last. */
const struct mistake *norm_mistake(enum norm_thing thing, int way);

/* By how much more rounding may change what is right where means are large beside deviations: 1 or more. */
double norm_room(const struct norm_case *one, int part);

/* What the caller of `one` gets, and *count: how many numbers. Free with g_free. */
double *norm_due(const struct norm_case *one, enum norm_thing thing, int part, int way, int *count);

#endif
