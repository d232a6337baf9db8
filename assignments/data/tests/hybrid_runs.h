/*
 * Runs of hybrids by the solutions, and what a judge says of them: for the tests of judges of hybrids.
 */
#ifndef ASSIGNMENTS_DATA_TESTS_HYBRID_RUNS_H
#define ASSIGNMENTS_DATA_TESTS_HYBRID_RUNS_H

#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "tests/support/program_outcome.h"
#include "tests/support/test.h"

#include <string.h>

#define DATA " --data synthetic:channels=1,height=4,width=5,train=64,classes=7 --seed 11 "
#define DUMP " --steps 2 --dump-gradients 0,1 --snapshots 0,1,2"
#define MLP  "--schedule afab --model mlp:depth=4,width=14" DATA DUMP
#define TIED                                                                                       \
    "--schedule afab --model gpt:depth=3,width=8,heads=2,tied=1 --data "                           \
    "synthetic-text:tokens=6,vocabulary=17,train=64 --seed 13" DUMP

static inline struct outcome run_of(bool simulated, int ranks, const char *arguments)
{
    return program_outcome(simulated, ranks, "solutions/data", &data_own_options, arguments);
}

/* NULL: not looked at. */
static inline void expect(judge_function *judge, const struct outcome *outcome,
                          enum verdict_kind kind, const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n" TEST_LONG, verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    ck_assert_msg(!mistake || !strcmp(verdict->mistake->str, mistake),
                  "\"%s\" is not \"%s\": %s\n" TEST_LONG, verdict->mistake->str, mistake,
                  verdict->headline->str, verdict->explanation->str);
    verdict_free(verdict);
}

#endif
