/*
 * What a probe of one rank left behind, written by hand, and judged.
 */
#ifndef ASSIGNMENTS_TENSOR_TESTS_SUPPORT_JUDGED_PROBE_H
#define ASSIGNMENTS_TENSOR_TESTS_SUPPORT_JUDGED_PROBE_H

#include "grader/verdict/judge.h"

#include <jansson.h>

/* A checked fixture: the run, and its empty folder. */
void judged_probe_begin(void);
void judged_probe_end(void);
/* --parallel of the run. */
void judged_probe_set_way(const char *way);

/* Writes a file of the folder; takes over the table. */
void judged_probe_write(const char *name, json_t *table);

/* says: in the headline; mistake: what is named, or NULL for none. */
void judged_probe_expect(judge_function *judge, enum verdict_kind kind, const char *says,
                         const char *mistake);
/* The judge fails without a file of that name, and with ones that can't be used. */
void judged_probe_expect_unusable(judge_function *judge, const char *name);

#endif
