/*
 * Diagnosis of a run that did not come to its end: where was every rank, who
 * waited for whom, what does that amount to, and what can be done about it?
 */
#ifndef GRADER_DIAGNOSIS_DIAGNOSE_H
#define GRADER_DIAGNOSIS_DIAGNOSE_H

#include "grader/verdict/judge.h"

/* What kind of end it was. */
enum diagnosis_kind {
    DIAGNOSIS_NONE,               /* the logs show nothing that explains it */
    DIAGNOSIS_SANITIZED,          /* a sanitizer ended the program */
    DIAGNOSIS_CRASHED,            /* a signal: memory that is not the program's, … */
    DIAGNOSIS_STOPPED_ITSELF,     /* the kit, or MPI, ended the program with a message */
    DIAGNOSIS_TRUNCATION,         /* more bytes sent than the receive has room for */
    DIAGNOSIS_COLLECTIVES_DIFFER, /* the ranks are in different collectives */
    DIAGNOSIS_GROUPS_DIFFER,      /* a collective among other ranks than those that others call it
                                        among */
    DIAGNOSIS_THROUGH_WORLD,      /* a message meant for a rank of the run's communicator went
                                        through MPI_COMM_WORLD, where the numbers are others */
    DIAGNOSIS_TAG_MISMATCH,       /* sent with one tag, waited for with another */
    DIAGNOSIS_ASKED_TWICE,        /* a receive for a message that was received already */
    DIAGNOSIS_SENT_TWICE,         /* in place of another, a second with a former one's tag */
    DIAGNOSIS_COMMUNICATOR_MISMATCH, /* sent in one communicator, received in another */
    DIAGNOSIS_BOTH_SEND_FIRST,       /* a circle of sends whose receives would come later */
    DIAGNOSIS_BOTH_RECEIVE_FIRST,    /* a circle of receives */
    DIAGNOSIS_CYCLE,                 /* a circle of waits of both sorts */
    DIAGNOSIS_CROSSWISE,             /* a circle of collectives on several communicators */
    DIAGNOSIS_WINDOW_HELD, /* a window that another rank has locked, or has not opened or left */
    DIAGNOSIS_COLLECTIVE_MISSING, /* a rank did not enter a collective that others are in */
    DIAGNOSIS_UNKNOWN_REQUEST,    /* a rank waits for a request that was never made */
    DIAGNOSIS_REQUEST_NOT_WAITED, /* a rank began a message and never waited for it */
    DIAGNOSIS_RANK_GONE,          /* others wait for a rank that came to its end */
    DIAGNOSIS_ENDED_EARLY,        /* a rank ended without its final record */
    DIAGNOSIS_POLLING,            /* a rank tests again and again for what never comes */
    DIAGNOSIS_ENDLESS_LOOP,       /* a rank is outside of MPI and does not come back */
};

struct scene; /* scene.h */

struct diagnosis {
    enum diagnosis_kind kind;
    const struct scene *scene; /* where everybody was; only while the diagnosis is being made */
    GString *headline;         /* one line of plain text; empty where nothing explains it */
    GString *markdown;         /* kind and remedy, the ranks as a table, who waits for whom */
    GString
        *mistake;  /* the known mistake that it fits, by name (the assignment says); else empty */
    GString *look; /* what to look at next; empty where nothing is known */
    GArray *cycle; /* of int: ranks of which each waits for the next, the last for the first */
    GArray *tails; /* of int: ranks outside of the cycle that wait for it, or for the culprit */
    uint64_t sent; /* bytes of the smallest send in the cycle; if MPI copied them, it would not
                          hang like this. 0: no send is in it */
    int culprit;   /* the rank that holds the others up, where there is no cycle; -1: none */
};

/* The caller frees with diagnosis_free. With a path, draws who waits for whom to PATH.svg and
 * PATH.png, if anybody waits for anybody; `drawn` (may be NULL) says whether it did. */
struct diagnosis *diagnosis_new(const struct outcome *outcome, const char *picture_path,
                                bool *drawn);
void diagnosis_free(struct diagnosis *diagnosis);

/* "both send first", … */
const char *diagnosis_kind_name(enum diagnosis_kind kind);

/* The short form: kind, headline and Markdown alone. Either text may be NULL. */
enum diagnosis_kind diagnosis_tell(const struct outcome *outcome, GString *headline,
                                   GString *markdown);

#endif
