/*
 * What the ranks hand each other within one computation: all calls inside of the forwards or backwards of one
 * micro-batch, of all ranks together, in bytes that have to move.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_MOVED_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_MOVED_H

#include "grader/evidence/evidence.h"
#include "grader/evidence/traffic.h"

/* One line of a rank's source that hands something in. */
struct moved_line {
    int rank;
    size_t record; /* the first of its calls */
    enum log_operation operation;
    int times;
    double bytes; /* handed in, in all */
};

/* Up to here what a rank hands in may be how many come. */
#define MOVED_SMALL_BYTES 64

struct moved {
    int step, micro_batch;
    bool backward;
    double volume;   /* bytes that have to move between the ranks … */
    double added_up; /* … of these, in collectives that add up … */
    double counts;   /* … and in small ones of integers, and small messages, which may be sizes */
    double largest;  /* bytes that one call hands in */
    int collectives, messages; /* of the rank that takes most; barriers don't count */
    GArray *lines;             /* of struct moved_line */
};

/* Of every forward and backward in training steps: an array of struct moved, to tensor_moved_free. */
GArray *tensor_moved_of(const struct outcome *run);
void tensor_moved_free(GArray *moved);

/* Appends a list of the lines of one rank: "- MPI_Allreduce at operators.c:12 (…): 2 times, 1,776 bytes". */
void tensor_moved_describe(const struct outcome *run, const struct moved *moved, int rank,
                           GString *text);

#endif
