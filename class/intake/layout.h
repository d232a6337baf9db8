/*
 * What the names in a folder of submissions say: who handed in, when, and which try it was. Known are the downloads of
 *
 *     Moodle       "Full name_12345_assignsubmission_file_" (a folder), "…_assignsubmission_file_FILE" (a file)
 *     Canvas       "lastnamefirstname_12345_67890_FILE", with LATE_ before the first number where it was late; "-1" behind FILE's
 *                  stem where the name was taken already
 *     Gradescope   "submission_12345", beside submission_metadata.yml (gradescope.h)
 *     GitHub       "ASSIGNMENT-username", folders with a .git in them (Classroom)
 *
 * and plain names: "alice.zip", "alice/", with a try or a time behind: "alice (1).zip", "alice_attempt-2.zip",
 * "alice_2026-11-20_21-03.zip".
 */
#ifndef CLASS_INTAKE_LAYOUT_H
#define CLASS_INTAKE_LAYOUT_H

#include <glib.h>
#include <stdbool.h>

struct intake_label {
    char *key;    /* of whom: the same for all that one person handed in */
    char *name;   /* as it is shown */
    char *id;     /* as the course's system calls them: a number, a user name */
    char *wanted; /* what the ID is made of */
    char *
        file; /* what it was called where it was handed in (Canvas, Moodle's single files); or NULL */
    int try_number; /* 0: the first, or the only one */
    char *time;     /* in the name, as intake_time_parse reads it; or NULL */
    bool part;      /* one of several files that make one submission */
    bool late;      /* the name says so */
    bool unused;    /* text typed into a form, and what else holds no files */
};

/* name: any bytes. is_folder: what it names is one. repository_prefix: "ASSIGNMENT-", which is taken off; or NULL. */
struct intake_label *intake_label_of(const char *name, bool is_folder,
                                     const char *repository_prefix);
void intake_label_free(struct intake_label *label);

/* Is it nothing that anybody handed in: what systems leave in folders, and the course's own tables? */
bool intake_is_litter(const char *name);

/* "attempt-2", "try 3", "v4", …: the number; -1: it is no such name. */
int intake_try_of(const char *name);

/* The name without the ending of an archive; a new string. */
char *intake_stem(const char *name);

/* Letters, digits and . _ - that a folder may be called by, of any text: accents are taken off, other scripts written as
 * their letters' numbers. Never empty; 56 characters at most. A new string. */
char *intake_fold(const char *text);

#endif
