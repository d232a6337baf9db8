/*
 * What the planner asks the memory assignment (struct plan_part): a search for what fits.
 *
 *     search_plan.c       what is searched for, and what it registers
 *     search_simulate.c   the best of it on the simulated cluster
 *     search_step.c       … of published transformers
 *     search_table.c      the ten best as tables; search_dropped.c, why the rest is not among them
 *     search_csv.c        all of it
 */
#ifndef ASSIGNMENTS_MEMORY_PLANNER_SEARCH_PLAN_H
#define ASSIGNMENTS_MEMORY_PLANNER_SEARCH_PLAN_H

#include "assignments/memory/costs/search.h"
#include "planner/planner.h"

enum { SEARCH_PLAN_SHOWN = 10 };

/* What a simulated run says; or why there is none. */
struct search_plan_run {
    struct simulated *simulated; /* or NULL */
    bool only_time;              /* memory and what is sent are not those of a training program */
    char *missing;               /* one line, or NULL */
};

/* What the plan searches for. */
struct search_job search_plan_job(const struct plan *plan);
/* The first `count` ways found, as far as there is time for; the caller frees with search_plan_runs_free. */
struct search_plan_run *search_plan_runs_new(const struct plan *plan, const struct search_job *job,
                                             const struct search_found *found, int count,
                                             const char *missing);
/* A step of a published transformer, as charges and messages: the time of one of its equal pipelines simulated, and what
 * comes behind it by formula. The caller frees with plan_simulated_free. */
struct simulated *search_plan_step(const struct plan *plan, const struct search_job *job,
                                   const struct search_found *found, GString *error);
/* By the clock, about. */
double search_plan_seconds_of_step(const struct search_job *job, const struct search_way *way);
void search_plan_runs_free(struct search_plan_run *runs, int count);
/* The options of the solutions' program for the way that is in the plan's degrees. */
void search_plan_options(const struct plan *plan, const struct plan_method *method,
                         GPtrArray *words);

/* runs: of the first `shown`. */
void search_plan_append_tables(GString *text, const struct plan *plan, const struct search_job *job,
                               const struct search_result *result,
                               const struct search_plan_run *runs, int shown);
void search_plan_append_dropped(GString *text, const struct search_job *job,
                                const struct search_result *result, int shown);
void search_plan_append_csv(GString *text, const struct search_job *job,
                            const struct search_result *result);
/* "data 16, tensor 8, pipeline 4, ZeRO 1, recompute layers, 96 micro-batches of 1" */
char *search_plan_words(const struct search_way *way);

#endif
