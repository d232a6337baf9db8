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
    PLACE_BETWEEN_STEPS, /* at the end of a training step, in the kit's own code */
    PLACE_OUTSIDE        /* neither in MPI nor in the kit's computations */
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
    bool anybody;        /* who waits for anybody's message waits for everybody */
    GArray *cycle;       /* of int: ranks that wait for each other, in order; may be empty */
    GPtrArray *others;   /* of GArray *: further cycles, of other ranks */
    GArray *tails;       /* of int: those that wait for members of a cycle, or for the culprit */
    int culprit;         /* -1: none, or there is a cycle */
};

/* diagnose_places.c */
struct scene *scene_new(const struct outcome *outcome);
void scene_free(struct scene *scene);
/* Did the grader, or the simulator, stop the run because nobody could go on, or for its time? */
bool was_stopped(const struct outcome *outcome);

/* diagnose_graph.c */
/* Why does `rank` wait for `peer`? The first reason, or NULL. */
const struct wait *wait_for_peer(const struct scene *scene, int rank, int peer);
void find_cycles(struct scene *scene);
/* The rank at the end of a rank's waiting, where there is no circle: it waits for nobody. */
int end_of_chain(const struct scene *scene, int rank);
/* To be called when the culprit is known; where it is not, finds who waits for nobody. */
void find_tails(struct scene *scene);
bool is_in(const GArray *ranks, int rank);
bool in_any_cycle(const struct scene *scene, int rank);
/* The rank that follows a member of any cycle in it; -1: a member of none. */
int next_in_cycle(const struct scene *scene, int rank);

/* diagnose_show.c */
/* Who waits for whom, a line per pair, for people; nothing if nobody waits for anybody. */
void describe_graph(const struct scene *scene, GString *markdown);
bool draw_graph(const struct scene *scene, const char *title, const char *path);

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

/* Of a simulated run: the rank that was running when the program ended, as far as the logs show it;
 * -1: it may have been any of several. */
int one_that_ran(const struct scene *scene);

/* diagnose_chain.c: no circle; who holds the others up, and why? Notes the culprit. */
enum diagnosis_kind chain(struct scene *scene, GString *headline);

/* diagnose_ends.c */
bool stopped_itself(struct scene *scene, GString *headline);
bool finalizes_early(const struct scene *scene, GString *headline);
bool outlives_its_end(const struct scene *scene, GString *headline);

/* diagnose_crash.c: which rank, and where, as far as the output shows it. Notes the culprit. */
bool crashed(struct scene *scene, GString *headline);

/* diagnose_mistakes.c: the known mistake that the scene fits, and what to do about it; NULL: none. */
struct known_hang {
    const char *name;
    const char *remedy; /* Markdown */
};
const struct known_hang *known_hang(const struct scene *scene, enum diagnosis_kind kind);
/* diagnose_remedies.c: what to do about a kind, Markdown; "" where there is nothing to say. */
const char *remedy(enum diagnosis_kind kind);

/* diagnose_text.c: as Markdown. */
void describe_wait(const struct scene *scene, int rank, const struct wait *wait, GString *text);
/* " at file.c:12", or nothing. */
void describe_line(const struct scene *scene, int rank, size_t record, GString *text);
/* "in B of micro-batch 2 (stage 1)", "after F …", or "before any computation". */
void describe_computation(const struct scene *scene, int rank, GString *text);
/* A part of MPI_Startall or MPI_Sendrecv has no caller of its own; its call stands before it. */
size_t call_of(const struct scene *scene, int rank, size_t record);
void describe_scene(const struct scene *scene, GString *markdown);

#endif
