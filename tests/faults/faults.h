/*
 * Faults of the machine, and what the grader makes of them.
 *
 * A fault is one of:
 *     a call      a function of the C library fails in the grader and its workers (inject.c)
 *     a program   one that grading starts is missing, or ends otherwise than it should (stand_in.c)
 *     a place     a folder is full, read-only, not to be entered …
 *     a kill      a process of the run is ended from outside
 *
 * Each is tried on submissions of the example: a right one, a wrong one, one that calls what it may not, and
 * one that enters the system by an instruction. Of a fault only three things may come: full marks, "not
 * judged" with a sentence that says what is wrong with the machine, or a refusal to grade, with such a
 * sentence and exit status 1.
 */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include "tests/faults/inject.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

enum fault_kind { FAULT_CALL, FAULT_PROGRAM, FAULT_PLACE, FAULT_KILL, FAULT_KINDS };

#define FAULT_COUNTED "counted" /* how a call "fails" that is only counted */

struct fault {
    enum fault_kind kind;
    const char *what; /* the function, program, place or process */
    const char *how;  /* "ENOSPC", "missing", "full", "once" */
    int nth; /* of a call: 0: each fails; of a place: KiB or files that it has room for; of what happens
                while the grader runs: after how many milliseconds */
};

/* What came of a fault. */
enum fault_end {
    FAULT_FULL,       /* full marks */
    FAULT_NOT_JUDGED, /* by the fault of the machine, or of nobody knows what; the sentence says why */
    FAULT_REFUSED,    /* not graded at all, with a sentence and exit status 1 */
    FAULT_FAILED,     /* a wrong submission failed, as it should */
    FAULT_SKIPPED,    /* it can't be tried here */
    FAULT_WRONG,      /* from here on nothing may be */
    FAULT_COSTS = FAULT_WRONG, /* a right submission failed */
    FAULT_PASSES,              /* a wrong submission passed */
    FAULT_BLAMES_KIT,          /* not judged, by a fault of the kit, which has none */
    FAULT_NO_WORD,             /* the grader died, or something is missing, and nothing says so */
    FAULT_HANGS,
    FAULT_LEAVES /* processes, or files in TMPDIR */
};
const char *fault_end_name(enum fault_end end);

enum fault_submission {
    FAULT_RIGHT_ONE,
    FAULT_WRONG_ONE,
    FAULT_CALLING_ONE,
    FAULT_HIDING_ONE,
    FAULT_SUBMISSIONS
};

struct fault_result {
    enum fault_end end;
    char sentence[1200]; /* what the grader said; empty after full marks */
    char culprit[16];
    double seconds;
    /* Of a call that is only counted: the first from each place. */
    int places;
    int place[INJECT_PLACES];
};

/* ---- table.c: which faults there are ------------------------------------------------------------ */

struct fault_row {
    const char *what;
    const char *hows; /* names with blanks between them */
    const char *note; /* what it is, for the page; may be NULL */
};
/* The rows of a kind; the last has no `what`. */
const struct fault_row *fault_rows(enum fault_kind kind);
const char *fault_kind_name(enum fault_kind kind);

/* ---- place.c: making a fault ---------------------------------------------------------------------- */

struct fault_place {
    char *folder;  /* of this trial */
    char *tmp;     /* TMPDIR */
    char *out;     /* the reports */
    char *counter; /* file of the number of calls */
};

/* In a process of its own with a mount name space of its own, before the grader starts. False: it can't be
 * made here, and why. build: where the kit was built. Adds variables of the grader's environment. */
bool fault_make(const struct fault *fault, const struct fault_place *place, const char *build,
                char ***environment, GString *why);
/* To be called again and again while the grader runs: what happens meanwhile. done: how often it did. */
void fault_watch(const struct fault *fault, const struct fault_place *place, pid_t grader,
                 int *done);

/* ---- trial.c: grading under a fault ---------------------------------------------------------------- */

struct fault_trial {
    struct fault fault;
    enum fault_submission submission;
    const char *assignment;
    const char *checks;       /* NULL: all */
    const char *build_folder; /* where the kit was built */
};
struct fault_result fault_try(const struct fault_trial *trial);

/* ---- judge.c: what came of it ------------------------------------------------------------------------ */

/* How the grader ended. */
struct fault_ended {
    int status;       /* as of waitpid */
    bool hung;        /* it had to be ended */
    char *complaints; /* its standard error */
};
/* Reads the reports, looks what is left in TMPDIR, and ends processes that are left. */
void fault_judge(enum fault_submission submission, const struct fault_place *place,
                 const struct fault_ended *ended, struct fault_result *result);
void fault_say(struct fault_result *result, enum fault_end end, const char *sentence);

/* ---- page.c: docs/faults.md ------------------------------------------------------------------------- */

/* Keeps results for the page; those of the same faults that were known before go. False: can't be written. */
bool fault_results_add(const char *build_folder, const struct fault_trial *trial,
                       const struct fault_result *result, guint count);
/* Writes the tables of all results that are kept. */
bool fault_page_write(const char *build_folder);

#endif
