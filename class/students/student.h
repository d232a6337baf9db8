/*
 * Who handed in what. The folder of a class, OUT, has
 *
 *     class.json                       what the whole is about (class.h)
 *     students/ID/intake.json          who, when, what counts, what was odd: struct student
 *     students/ID/submission/          the files that are graded: SUBMISSION of make grade
 *     students/ID/ASSIGNMENT/          a grade, put there in one go: graded.h
 *     grades.csv, grades.sqlite, …     made from those, and made again at any time
 *
 * ID is a plain name of letters, digits and . _ - (student_is_id), made from the one that was handed in under; a group has
 * one ID, and all its members stand in intake.json. What belongs to students begins with a letter or digit: names that
 * begin with a dot are being written at the moment, and nobody reads them.
 */
#ifndef CLASS_STUDENTS_STUDENT_H
#define CLASS_STUDENTS_STUDENT_H

#include <glib.h>
#include <stdbool.h>

struct member {
    char *id;    /* as the course's system calls them: user name or number; never empty */
    char *name;  /* clean text; may be empty */
    char *email; /* or NULL */
};

struct student {
    char *id;
    char *name;         /* of the person or of the group, clean text */
    GPtrArray *members; /* of struct member *, one at least */
    char *
        source; /* what was handed in and counts, a path in the folder of submissions, clean text; NULL: nothing */
    char *
        sha256; /* of the source's bytes (an archive), or of all its files; NULL: nothing was handed in */
    char *handed_in_at; /* ISO 8601 in UTC; NULL: not known */
    int late_days;      /* that were begun after the deadline, extensions taken off */
    double factor;      /* what points are multiplied with for that: 1 is no deduction */
    char *refused;      /* why nothing can be graded, a sentence; NULL: it can */
    GPtrArray *
        notes; /* of char *: sentences for whoever reads the report: what was odd, what does not count */
    char *folder; /* OUT/students/ID */
};

/* Is it a name that a student's folder may have? 1 to 64 characters. */
bool student_is_id(const char *name);

/* One with the folder's path and no more, a factor of 1 and empty lists. */
struct student *student_new(const char *out, const char *id);
void student_free(struct student *student);

/* NULL, with an error that names the file. */
struct student *student_read(const char *out, const char *id, GString *error);
/* Of everybody in OUT, by ID: struct student *, owned by the array. Who can't be read is left out, with a line in
 * error. NULL, with an error, if there is no folder of a class at `out`. */
GPtrArray *students_read(const char *out, GString *error);
/* Makes the folder, if need be, and writes intake.json in one go. False, and an error. */
bool student_write(const struct student *student, GString *error);

#endif
