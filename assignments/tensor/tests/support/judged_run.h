/*
 * A run of the solutions' program, read as for a judge.
 */
#ifndef ASSIGNMENTS_TENSOR_TESTS_SUPPORT_JUDGED_RUN_H
#define ASSIGNMENTS_TENSOR_TESTS_SUPPORT_JUDGED_RUN_H

#include "assignments/tensor/judges/facts/places.h"
#include "grader/verdict/judge.h"

/* The options that the program reads of these arguments; fails the test if it would refuse one. */
void judged_run_options(const char *arguments, struct options *options);
/* The layers of the model of a run with these arguments, which becomes run->options; to tensor_places_free. */
struct tensor_places *judged_run_places(const char *arguments, struct outcome *run);

/* With these arguments, the seed included; it must end well. */
struct outcome judged_run(bool simulated, int ranks, const char *arguments);
void judged_run_clear(struct outcome *outcome);
/* Multiplies what a rank stored after step 0 under names with this prefix; fails the test if there is nothing. */
void judged_run_scale_stored(const struct outcome *outcome, int rank, const char *prefix,
                             float factor);

/* Fails the test unless the judge of this run says so, and `says` is in the headline and `mistake` what is
 * named; NULL: not looked at. */
void judged_run_expect(judge_function *judge, const struct outcome *outcome, enum verdict_kind kind,
                       const char *says, const char *mistake);

#endif
