/*
 * Is a running program stuck? Its logs tell: no rank has written a record for a
 * while, none is inside a computation, and at least one is inside an MPI call.
 * How much processor time is used says nothing, as waiting ranks poll. Where all
 * ranks are inside MPI calls nobody can do anything but wait, so that is noticed
 * sooner.
 *
 * Where ranks sleep, loop or poll for ever outside of MPI calls, the time limit ends
 * the run. A hasty watch does not wait for that, nor as long as others: it is for
 * submissions that have hung before.
 */
#ifndef GRADER_RUN_HANG_H
#define GRADER_RUN_HANG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HANG_SECONDS     4.0 /* of an idle machine's clock */
#define HANG_ALL_SECONDS 2.0 /* of any clock, if all ranks are inside MPI calls, … */
#define HANG_ALL_IDLE    0.4 /* … and of the idle machine's, for a crowded one */

#define HANG_HASTY_SECONDS 3.0 /* of any clock, for a hasty watch, wherever the ranks are, … */
#define HANG_HASTY_IDLE    1.5 /* … and of the idle machine's */

struct hang_watch {
    const char *folder; /* with rank-R.log */
    int ranks;
    uint64_t *written;    /* per rank: records so far */
    double changed;       /* when that last changed */
    int64_t changed_wall; /* the same in microseconds of the wall clock */
    /* How long to wait; hang_watch_new sets HANG_SECONDS, HANG_ALL_SECONDS and HANG_ALL_IDLE. */
    double patience, patience_all, patience_idle;
    bool hasty;           /* hang_watch_new sets false */
    bool stuck_for_haste; /* it was, only because the watch is hasty */
};

struct hang_watch *hang_watch_new(const char *folder, int ranks);
/* Waits so many times as long. */
void hang_be_patient(struct hang_watch *watch, double factor);
void hang_watch_free(struct hang_watch *watch);

/* For sandbox_command.is_stuck; context is a struct hang_watch. */
bool hang_is_stuck(void *context, double seconds);

/* For sandbox_command.before_end: asks every rank where it is. It writes that to its last words
 * (common/base/last_words.h) and does nothing any more. Those that can't answer are not waited for long. */
void hang_ask_where(void *context, const GArray *pids);

#endif
