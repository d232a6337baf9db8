/*
 * Reading a rubric value by value. Whatever is missing or odd is complained about,
 * with file and line, and read as something harmless. Shared by the rubric*.c
 * files, and nobody else.
 */
#ifndef GRADER_RUBRIC_RUBRIC_VALUES_H
#define GRADER_RUBRIC_RUBRIC_VALUES_H

#include "grader/rubric/rubric.h"
#include "grader/verdict/assignment.h"

#include <glib.h>
#include <libconfig.h>
#include <stdbool.h>

/* Where the reader is, for messages. */
struct rubric_reader {
    const char *path;
    const char *platforms;               /* folder of the described clusters */
    const struct assignment *assignment; /* whose rubric it is */
    GString *errors;
};

/* Adds a line about a setting to the errors: "FILE:LINE: check "NAME": …", with the check, or what else the setting
 * stands in. at: NULL for the whole file. */
void rubric_complain(const struct rubric_reader *reader, const config_setting_t *at,
                     const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Appends all names of a list that ends with NULL, those nearest to the word first. */
void rubric_append_nearest(GString *text, const char *word, const char *const *names);
/* Reads a file into an initialised configuration. False, and a line in errors, if that can't be done. */
bool rubric_read_configuration(config_t *config, const char *path, GString *errors);
/* Complains about every key of a group that is not in the list, which ends with NULL. */
void rubric_only_these_keys(const struct rubric_reader *reader, const config_setting_t *group,
                            const char *const *keys);

/* One line of text, a new string. NULL if there is none and none is needed. */
char *rubric_read_text(const struct rubric_reader *reader, config_setting_t *group, const char *key,
                       bool needed);
/* A number from 0 to a million, which is needed. */
double rubric_read_number(const struct rubric_reader *reader, config_setting_t *group,
                          const char *key);
/* false if there is none. */
bool rubric_read_switch(const struct rubric_reader *reader, config_setting_t *group,
                        const char *key);
/* A list of texts, new strings; an empty array if there is none. */
GPtrArray *rubric_read_names(const struct rubric_reader *reader, config_setting_t *group,
                             const char *key);
/* Calls read for every group of the list under a key; a group may have these keys. */
void rubric_read_groups(const struct rubric_reader *reader, config_setting_t *parent,
                        const char *key, bool needed, const char *const *keys,
                        void (*read)(const struct rubric_reader *, config_setting_t *, void *),
                        void *into);

/* Adds a run to a check (struct rubric_check *into): for rubric_read_groups. */
void rubric_read_run(const struct rubric_reader *reader, config_setting_t *group, void *into);

/* Takes the last run's ranks and arguments, read from a group, for a form where something varies in them (rubric_cases.h).
 * False, after a complaint. */
bool rubric_read_form(const struct rubric_reader *reader, config_setting_t *group,
                      struct rubric_check *check);
/* May it have so many ranks, and would the program take its arguments? A complaint, if not. */
bool rubric_run_is_meant(const struct rubric_reader *reader, config_setting_t *group,
                         const struct rubric_run *run);
/* Tries all cases of the runs of a check that was read from a group. */
void rubric_lint_cases(const struct rubric_reader *reader, config_setting_t *group,
                       const struct rubric_check *check);

#endif
