/*
 * Who ended the run? A rank that ends before its time takes the others with it:
 * they hang, crash or are killed, in whichever order. Each rank's last words
 * (common/base/last_words.h) and its log have a time, so the first is known; what
 * follows from it is no cause.
 */
#ifndef GRADER_DIAGNOSIS_FIRST_END_H
#define GRADER_DIAGNOSIS_FIRST_END_H

#include "grader/verdict/judge.h"

enum first_end_kind {
    FIRST_END_UNKNOWN,
    FIRST_END_MESSAGE, /* fatal(), a failed MPI call among them */
    FIRST_END_CRASH,
    FIRST_END_EXIT,    /* exit() in the student's code */
    FIRST_END_ABORT,   /* MPI_Abort */
    FIRST_END_FINALIZE /* MPI_Finalize, and not at the program's end */
};

struct first_end {
    enum first_end_kind kind;
    int rank;      /* of several that end alike at about the same time the lowest */
    size_t record; /* of MPI_Abort or MPI_Finalize, in the rank's log */
};

/* FIRST_END_UNKNOWN where no rank left anything that tells. */
struct first_end diagnosis_first_end(const struct outcome *outcome);

/* Was a rank ended by mpirun, because of another's end? */
bool diagnosis_was_ended(const struct outcome *outcome, int rank);

/* The end of the whole run that follows from it: RUN_FAILED or RUN_CRASHED, or `end` where nothing is known.
 * Why (to be freed), as outcome.trouble has it, in *trouble, if it is not `end`. */
enum run_end diagnosis_end_of_run(const struct outcome *outcome, enum run_end end, char **trouble);

#endif
