/*
 * Shared by the files of the diagnosis, and nobody else.
 */
#ifndef GRADER_DIAGNOSE_PARTS_H
#define GRADER_DIAGNOSE_PARTS_H

#include "grader/collectives.h"
#include "grader/diagnose.h"
#include "grader/match.h"

enum place_state {
    PLACE_NO_LOG,
    PLACE_FINISHED, /* wrote its final record */
    PLACE_IN_CALL,  /* inside an MPI call */
    PLACE_POLLING,  /* the last thing it did was to test in vain */
    PLACE_COMPUTING,
    PLACE_OUTSIDE /* neither in MPI nor in the kit's computations */
};

enum wait_kind { WAIT_SEND, WAIT_RECEIVE, WAIT_COLLECTIVE };

/* One thing that a rank waits for. */
struct wait {
    enum wait_kind kind;
    int peer;       /* whose turn it is; LOG_NO_PEER: anybody's */
    int message;    /* or NO_MESSAGE */
    int collective; /* or NO_COLLECTIVE */
    size_t posted;  /* the record that began it */
    bool possible;  /* the other side has done its part, so this is not what holds things up */
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
    struct place *place; /* [rank] */
    GArray *cycle;       /* of int: ranks that wait for each other, in order; may be empty */
};

/* diagnose_places.c */
struct scene *scene_new(const struct outcome *outcome);
void scene_free(struct scene *scene);
/* Why does `rank` wait for `peer`? The first reason, or NULL. */
const struct wait *wait_for_peer(const struct scene *scene, int rank, int peer);

/* diagnose_kinds.c: each returns whether (or which) it is and then has written the headline, which
 * is plain text. */
typedef bool wait_test(const struct scene *scene, int rank, const struct wait *wait,
                       GString *headline);
/* Tries a test on everything that anybody waits for. */
bool any_wait(const struct scene *scene, wait_test *test, GString *headline);
wait_test truncates, tags_differ, communicators_differ;
bool collectives_differ(const struct scene *scene, GString *headline);
enum diagnosis_kind circle(const struct scene *scene, GString *headline);
/* "MPI_Recv at file.c:12" */
void name_call(const struct scene *scene, int rank, size_t record, GString *text);

/* diagnose_ends.c */
bool finalizes_early(const struct scene *scene, GString *headline);
bool outlives_its_end(const struct scene *scene, GString *headline);
/* ", at tensor.c:145 (tensor_free), called at train_step_afab.c:31 (train_step_afab)", as far as
 * the output shows it; plain text. */
void describe_crash(const struct scene *scene, GString *text);

/* diagnose_text.c: as Markdown. */
void describe_wait(const struct scene *scene, int rank, const struct wait *wait, GString *text);
/* " at file.c:12", or nothing. */
void describe_line(const struct scene *scene, int rank, size_t record, GString *text);
/* "in B of micro-batch 2 (stage 1)", "after F …", or "before any computation". */
void describe_computation(const struct scene *scene, int rank, GString *text);
void describe_scene(const struct scene *scene, GString *markdown);

#endif
