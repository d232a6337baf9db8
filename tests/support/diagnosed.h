/*
 * Logs written by hand, as of a run that went wrong, and what is diagnosed.
 *
 *     diagnosed_begin(2);
 *     script_call(&diagnosed_rank[0], LOG_RECV, 1, 5, 100, false);
 *     script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
 *     ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
 *     diagnosed_says("ranks 0 and 1");
 */
#ifndef TESTS_SUPPORT_DIAGNOSED_H
#define TESTS_SUPPORT_DIAGNOSED_H

#include "grader/diagnosis/diagnose.h"
#include "tests/support/script.h"

extern struct script diagnosed_rank[4];

/* Empty logs of so many ranks. */
void diagnosed_begin(int ranks);

/* Diagnoses a run with these logs that ended so, and printed this (NULL: nothing). */
enum diagnosis_kind diagnosed(int ranks, enum run_end end, char *output);
/* The same of any outcome. */
enum diagnosis_kind diagnosed_outcome(const struct outcome *outcome);

extern GString *diagnosed_headline; /* of the last diagnosis */
/* Fails the test if the words are not in its headline. */
void diagnosed_says(const char *words);
/* Fails the test if the words are not in its text, or are. */
void diagnosed_explains(const char *words);
void diagnosed_does_not_explain(const char *words);

#endif
