/*
 * Running the program of a submission once, in the sandbox, and collecting what
 * it left behind.
 */
#ifndef GRADER_RUN_RUNNER_H
#define GRADER_RUN_RUNNER_H

#include "grader/builder/build.h"
#include "grader/rubric/rubric.h"
#include "grader/run/outcome.h"
#include "grader/run/runner_data.h"
#include "grader/verdict/judge.h"

/* Said of a run that was ended sooner than others would have been. */
#define RUNNER_HASTE "others hung before it, so it was given less time"

struct runner {
    const char *assignment;
    const char *submission; /* as the user named it, for commands to repeat */
    const char *check;      /* which the runs are of, for the same */
    const char *which;      /* the case of its sizes, "1-0-2"; NULL: the kit's own */
    const char *kit;        /* the kit's folder: data sets are looked for there */
    const char *work;       /* a folder of the grader's own that the sandbox's users may pass */
    const struct build *build;
    const struct runner_data *data;
    bool hasty; /* the submission has hung before: hang.h */
};

/* Fills an outcome, which outcome_clear frees. A run that failed in a way that could be the machine's
 * fault is made once more, and does not count where the workplace's control fails, too (doubts.h). check
 * and number name the evidence's folder; slot: 0, 1, …, different for runs at the same time. */
void runner_run(const struct runner *runner, const struct rubric_run *run, const char *check,
                int number, uint64_t seed, int slot, struct outcome *outcome);

#endif
