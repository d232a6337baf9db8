/*
 * What was graded: the folder students/ID/ASSIGNMENT, which has
 *
 *     run.json      what ran: when, where, which kit, how much processor time, how it ended (struct graded)
 *     record.json   the grade, check by check (grader/report/report_record.c)
 *     report.html, report.md, results.json and pictures: for people and for Gradescope
 *
 * It is put there by one rename, so it is whole or not there. Where the grader could not grade, it has run.json alone.
 */
#ifndef CLASS_STUDENTS_GRADED_H
#define CLASS_STUDENTS_GRADED_H

#include "class/students/student.h"

#include <jansson.h>

struct graded_check {
    const char *name, *title;
    const char *question; /* or NULL */
    const char
        *visibility;   /* as Gradescope has it: visible, hidden, after_due_date, after_published */
    const char *state; /* PASS, FAIL, not yet written, not judged, for a person (grade_state.h) */
    const char *culprit; /* of what is not judged: culprit_name */
    const char *seen;    /* in one line */
    const char *mistake; /* the known one; or NULL */
    int tier;            /* from 1 */
    int cause;           /* which of the grade's, from 1; 0: none */
    bool bonus;
    double points, max_points;
    double seconds;
};

struct graded {
    char *assignment;
    char *folder;
    /* of run.json */
    bool finished;       /* the grader ended with status 0: all could be judged on that machine */
    int exit_status;     /* 128 + signal, if one ended it; -1: its time was over */
    char *began, *ended; /* ISO 8601 in UTC */
    char *machine;
    char *kit;
    char *secret;    /* its fingerprint */
    char *sha256;    /* of the files that were graded; NULL: not known */
    char *handed_in; /* SHA-256 of what was handed in then, as in intake.json; NULL: it had none */
    char *same_as;   /* ID of a student with the same files, whose grade this is; or NULL */
    char *words;     /* the end of what the grader said on standard error */
    double wall_seconds, processor_seconds;
    int attempt; /* from 1 */
    /* of record.json; all 0 where there is none */
    bool has_record;
    double got, judged, all, bonus, bonus_judged, bonus_all; /* points */
    GArray *checks; /* of struct graded_check, in the rubric's order; their texts are record's */
    json_t *record;
};

#define GRADED_CHECKS(graded, i) (&g_array_index((graded)->checks, struct graded_check, i))

/* NULL without a word: it was not graded yet. NULL with lines in error: what is there can't be used. */
struct graded *graded_read(const struct student *student, const char *assignment, GString *error);
void graded_free(struct graded *graded);

#endif
