/*
 * What a rubric must keep to beyond its form; rubric_load calls it.
 */
#ifndef GRADER_RUBRIC_RUBRIC_LINT_H
#define GRADER_RUBRIC_RUBRIC_LINT_H

#include "grader/rubric/rubric.h"
#include "grader/rubric/rubric_values.h"

/* Complains to the reader about each fault. root: what the rubric was read from. */
void rubric_lint(const struct rubric *rubric, const struct rubric_reader *reader,
                 config_setting_t *root);
/* The same of what its checks need of other assignments (rubric_needs.c). */
void rubric_lint_needs(const struct rubric *rubric, const struct rubric_reader *reader,
                       config_setting_t *root);
/* The setting of a check under a key, or, if there is none or no key, its whole group. */
config_setting_t *rubric_setting_of(config_setting_t *root, const struct rubric *rubric,
                                    const struct rubric_check *check, const char *key);
/* Appends "; did you mean …?" with checks whose names are near; nothing if none is. */
void rubric_append_meant_check(const struct rubric *rubric, const char *name, GString *text);

/* The rubric of another assignment, beside that of this path. A new string. */
char *rubric_beside(const char *path, const char *assignment);

/* Has the rubric of another assignment, beside that of this path, a check of that name? */
bool rubric_has_check_beside(const char *path, const char *assignment, const char *name);

#endif
