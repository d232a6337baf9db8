/*
 * Diagnosis of a run that did not come to its end: where was every rank, who
 * waited for whom, and what does that amount to?
 */
#ifndef GRADER_DIAGNOSE_H
#define GRADER_DIAGNOSE_H

#include "grader/judge.h"

/* What kind of end it was. */
enum diagnosis_kind {
    DIAGNOSIS_NONE,                  /* the logs show nothing that explains it */
    DIAGNOSIS_CRASHED,               /* a signal: memory that is not the program's, … */
    DIAGNOSIS_STOPPED_ITSELF,        /* the kit, or MPI, ended the program with a message */
    DIAGNOSIS_TRUNCATION,            /* more bytes sent than the receive has room for */
    DIAGNOSIS_COLLECTIVES_DIFFER,    /* the ranks are in different collectives */
    DIAGNOSIS_TAG_MISMATCH,          /* sent with one tag, waited for with another */
    DIAGNOSIS_COMMUNICATOR_MISMATCH, /* sent in one communicator, received in another */
    DIAGNOSIS_BOTH_SEND_FIRST,       /* a circle of sends whose receives would come later */
    DIAGNOSIS_BOTH_RECEIVE_FIRST,    /* a circle of receives */
    DIAGNOSIS_CYCLE,                 /* a circle of waits of both sorts */
    DIAGNOSIS_COLLECTIVE_MISSING,    /* a rank did not enter a collective that others are in */
    DIAGNOSIS_RANK_GONE,             /* others wait for a rank that came to its end */
    DIAGNOSIS_ENDED_EARLY,           /* a rank ended without its final record */
    DIAGNOSIS_POLLING,               /* a rank tests again and again for what never comes */
    DIAGNOSIS_ENDLESS_LOOP,          /* a rank is outside of MPI and does not come back */
};

/* The headline (one line of plain text) and a Markdown text: a table of the ranks, and the
 * chain or cycle of waiting. Either may be NULL. */
enum diagnosis_kind diagnose(const struct outcome *outcome, GString *headline, GString *markdown);

#endif
