/*
 * A run of no assignment's program, with logs written by hand (script.h), for tests of what reads
 * evidence and of judges that any assignment may name.
 *
 *     struct logged_run *run = logged_run_new(2);
 *     script_compute(&run->script[0], LOG_FORWARD, 0, 0, 10);
 *     logged_run_end(run);
 *     …                                                        run->outcome
 *     logged_run_free(run);
 */
#ifndef TESTS_SUPPORT_LOGGED_RUN_H
#define TESTS_SUPPORT_LOGGED_RUN_H

#include "grader/verdict/judge.h"
#include "tests/support/script.h"

#define LOGGED_RANKS 4

struct logged_run {
    struct outcome outcome;
    struct script script[LOGGED_RANKS];
    struct log_file log[LOGGED_RANKS];
    char *log_error[LOGGED_RANKS];
    char folder[64]; /* empty, of the evidence */
};

/* The default options and at most LOGGED_RANKS ranks. The logs are still open. */
struct logged_run *logged_run_new(int ranks);
/* Ends all logs, and makes them those of the outcome. */
void logged_run_end(struct logged_run *run);
/* Removes the folder, too. */
void logged_run_free(struct logged_run *run);

/* Fails the test unless the verdict is of this kind and its headline has `says` (NULL: any) in it.
 * Frees it. */
void logged_run_expect(struct verdict *verdict, enum verdict_kind kind, const char *says);

#endif
