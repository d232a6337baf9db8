/*
 * What ranks hand in to be moved: messages, collectives, one-sided accesses; and how much of a
 * collective has to move at the least, whatever messages MPI makes it of.
 */
#ifndef GRADER_EVIDENCE_TRAFFIC_H
#define GRADER_EVIDENCE_TRAFFIC_H

#include "grader/trace/collectives.h"

#include <glib.h>

/* One call, or one message of a call, by which a rank hands something in. */
struct traffic_item {
    size_t record; /* its begin, or part */
    int step;      /* training step; -1: outside of one */
    /* the blocking form of a collective; LOG_SEND: a message; LOG_PUT: to another's window */
    enum log_operation operation;
    uint64_t bytes; /* handed in */
    uint64_t own;   /* of these, what is for the rank itself, as far as it says */
    bool is_double; /* numbers in double precision; only collectives say so */
};
typedef void traffic_function(const struct traffic_item *item, void *user);

/* Calls f for everything that a rank's log says it handed in; collectives to which this rank only
 * contributes its coming have 0 bytes. Communicators and windows are made without any. */
void traffic_each(const struct log_file *log, traffic_function *f, void *user);

/* Bytes that have to move from one rank to another in a collective, in all, at the least. members: how
 * many. most, total, own: of the bytes that its ranks hand in, those of the rank with the most, of all
 * together, and what of them is for the rank itself. Per rank it is that by the members: 2(p-1)/p·n for
 * the all-reduce of n bytes. After E. Chan, M. Heimlich, A. Purkayastha and R. van de Geijn, Collective
 * communication: theory, practice, and experience (2007), table 1, for bandwidth. */
double traffic_volume(enum log_operation operation, int members, double most, double total,
                      double own);

/* All calls of one kind, in one step and among the same ranks. */
struct traffic_entry {
    int step;
    enum log_operation operation; /* as of an item */
    const struct group *group;    /* NULL: messages and accesses to windows … */
    int rank;                     /* … of this rank; else -1 */
    int count;                    /* collectives, each once; messages */
    double least, most;           /* bytes handed in: of its rank that hands in least, and most */
    double volume;                /* bytes that have to move between ranks … */
    double of_doubles; /* … and what of these are collectives' numbers in double precision */
    double *handed_in; /* [ranks]; NULL for messages */
};

struct traffic {
    int ranks;
    struct collectives *collectives;
    GArray *entries; /* of struct traffic_entry, by step */
};

/* Of all ranks' logs. The caller frees with traffic_free. */
struct traffic *traffic_new(const struct log_file *logs, int ranks);
void traffic_free(struct traffic *traffic);

/* A line for each entry; steps that are alike in one:
 * "steps 1 to 9: all-reduce among {0, 2}: 4 times, 1.2 MiB handed in per rank, 2.4 MiB between ranks" */
void traffic_describe(const struct traffic *traffic, GString *text);

#endif
