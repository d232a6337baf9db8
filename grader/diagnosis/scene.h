/*
 * The scene of a run that did not come to its end: where every rank was, what it
 * waited for, and who waits in a circle.
 *
 * An assignment that recognises the mistake behind a hang (mistake_of_hang in
 * grader/verdict/assignment.h) reads it, in diagnosis->scene. It belongs to the
 * diagnosis, which frees it: nothing of it may be kept or changed. It comes from
 * logs that may be cut off or forged: a rank or record in it exists, whatever else
 * a record says must be doubted.
 */
#ifndef GRADER_DIAGNOSIS_SCENE_H
#define GRADER_DIAGNOSIS_SCENE_H

#include "grader/trace/collective_faults.h"
#include "grader/trace/match.h"
#include "grader/verdict/judge.h"

#include <glib.h>

enum place_state {
    PLACE_NO_LOG,
    PLACE_FINISHED, /* wrote its final record */
    PLACE_IN_CALL,  /* inside an MPI call */
    PLACE_POLLING,  /* the last thing it did was to test in vain */
    PLACE_COMPUTING,
    PLACE_BETWEEN_STEPS, /* at the end of a training step, in the kit's own code */
    PLACE_OUTSIDE        /* neither in MPI nor in the kit's computations */
};

enum wait_kind { WAIT_SEND, WAIT_RECEIVE, WAIT_COLLECTIVE, WAIT_WINDOW };

/* One thing that a rank waits for. */
struct wait {
    enum wait_kind kind;
    int peer;                   /* whose turn it is; LOG_NO_PEER: anybody's */
    int message;                /* or NO_MESSAGE */
    int collective;             /* or NO_COLLECTIVE */
    size_t posted;              /* the record that began it */
    enum log_operation awaited; /* WAIT_WINDOW: the call that the peer has to make */
    bool possible; /* the other side has done its part, so this is not what holds things up */
};

/* Where a rank was at the end. */
struct place {
    enum place_state state;
    size_t call;        /* the call that it is in, or tests with; else NO_RECORD */
    GArray *waits;      /* of struct wait */
    size_t computation; /* the last one, or NO_RECORD */
    int step;           /* training step; -1: outside of one */
};

struct scene {
    const struct outcome *outcome;
    struct matching *matching;
    struct collectives *collectives;
    GArray *faults; /* of struct collectives_fault: what the ranks disagree about */
    const struct collectives_fault *told; /* of these the one that is the headline; else NULL */
    struct place *place;                  /* [rank] */
    bool anybody;                         /* who waits for anybody's message waits for everybody */
    GArray *cycle;     /* of int: ranks that wait for each other, in order; may be empty */
    GPtrArray *others; /* of GArray *: further cycles, of other ranks */
    GArray *tails;     /* of int: those that wait for members of a cycle, or for the culprit */
    int culprit;       /* -1: none, or there is a cycle */
};

/* Why does `rank` wait for `peer`? The first reason, or NULL. */
const struct wait *scene_wait_for_peer(const struct scene *scene, int rank, int peer);

/* The message that a rank has received already in this step, and asks for once more with this wait, by
 * its tag; NO_MESSAGE if it does not. Only where tags tell the messages of this pair of ranks apart. */
int scene_asked_again(const struct scene *scene, int rank, const struct wait *wait);
/* The second message with one tag that the peer sent while this wait is for another, and that nobody
 * receives; *first: the one that was received. NO_MESSAGE: there is none. */
int scene_sent_again(const struct scene *scene, int rank, const struct wait *wait, int *first);

#endif
