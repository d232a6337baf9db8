/*
 * The points that a student gets for an assignment: the one place where the grader's, those that a person gave and the
 * deduction for being late come together. Tables, pages and exports show what it says.
 *
 *     final = factor * (got + bonus + by_person), rounded to two decimals
 *
 * The factor (intake.json) multiplies all points, those of a bonus and those that a person gave, too. What is not judged adds nothing:
 * it can only add points later. What a person gives stands in students/ID/review-ASSIGNMENT.json:
 *
 *     {"items": [{"check": NAME, "points": 0.3, "max_points": 0.4, "comments": [TEXT, …], "reviewers": [NAME, …]}, …]}
 *
 * and counts for checks that the rubric leaves to a person, each from 0 to what the rubric gives for it.
 */
#ifndef CLASS_STUDENTS_POINTS_H
#define CLASS_STUDENTS_POINTS_H

#include "class/students/graded.h"

struct final_points {
    double got;          /* what judges gave, without bonus */
    double bonus;        /* what judges gave on top, and a person for checks that are a bonus */
    double by_person;    /* what a person gave, without bonus */
    double factor;       /* for being late: 1 is no deduction */
    double final;        /* what goes into a grade book */
    double all;          /* what can be got without bonus, a person's included */
    double bonus_all;    /* … and on top */
    double for_a_person; /* of all and bonus_all: what a person gives, given already or not */
    double not_reviewed; /* of for_a_person: what nobody has decided yet */
    double
        not_judged; /* of all and bonus_all: what could not be judged (it costs nothing, and gives nothing) */
    bool is_graded; /* there is a grade with points; else all numbers but factor are 0 */
};

/* What somebody wrote about a check that a person reads. Texts are owned by the review. */
struct review_item {
    const char *check;
    double points;
    const json_t *comments; /* array of texts, or NULL */
};

struct review {
    GArray *items; /* of struct review_item; empty where nothing was reviewed */
    json_t *root;  /* NULL: nothing was reviewed */
};

/* A review that can't be used is a line in error, and counts as none. Never NULL. */
struct review *points_review(const struct student *student, const char *assignment, GString *error);
void points_review_free(struct review *review);
/* NULL: nobody has decided about this check. */
const struct review_item *points_reviewed(const struct review *review, const char *check);

/* graded may be NULL: not graded. In error a line for each thing in the review that can't count. */
struct final_points points_of(const struct student *student, const struct graded *graded,
                              GString *error);

/* Is it one of those that the rubric leaves to a person? */
bool points_are_for_a_person(const struct graded_check *check);

#endif
