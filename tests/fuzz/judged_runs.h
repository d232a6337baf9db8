/*
 * For the fuzzers: runs of the solutions, each with the judge of its check, as the grader would have them.
 *
 * `make_corpus` makes them once: FOLDER/ASSIGNMENT/CHECK-N is what run N of a check left behind.
 */
#ifndef TESTS_FUZZ_JUDGED_RUNS_H
#define TESTS_FUZZ_JUDGED_RUNS_H

#include "grader/rubric/rubric.h"
#include "grader/verdict/judge.h"

struct judged_runs {
    const struct rubric *rubric;
    const struct rubric_check *check;
    int outcomes;
    struct outcome *outcome; /* all finished; they have no program: no line is looked up */
};

/* Every check of every assignment that has runs and a judge of its own, in the rubrics' order: of struct
 * judged_runs. Ends the program, with a message, where anything can't be read. */
GArray *judged_runs_load(const char *folder);
/* A line for each run of them, for make_corpus: ASSIGNMENT CHECK N RANKS MACHINE ARGUMENTS, where the machine
 * is "real", or a platform, with "--synchronous" behind a colon. */
void judged_runs_list(void);

#define JUDGED_RUNS(all, i) (&g_array_index(all, struct judged_runs, i))

/* What the check's judge makes of these outcomes, which may be changed ones, with what is asked of every run that is
 * judged: was the work done, is it luck, which tags. Nothing is kept. */
enum verdict_kind judged_runs_judge(const struct judged_runs *runs, struct outcome *outcomes);
/* What all runs are looked at with, whatever their check: the diagnosis of each bad end, timeline, tables, memory,
 * the export. */
void judged_runs_show(const struct outcome *outcome);

#endif
