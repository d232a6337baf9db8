/*
 * From what all reviewers say to students/ID/review-ASSIGNMENT.json, of which class/students/points.h makes points:
 *
 *     {"assignment": NAME,
 *      "items": [{"check": NAME, "points": 0.3, "max_points": 0.4, "comments": [TEXT, …], "reviewers": [NAME, …],
 *                 "parts": [{"item": NAME, "points": 0.3, "max_points": 0.3}, …]}, …],
 *      "open": [{"check": NAME, "why": TEXT}, …]}
 *
 * A check is among the items when all of its items have points that stand. The files say nothing of when they were made: merged
 * again, they are the same.
 */
#ifndef CLASS_REVIEW_MERGE_H
#define CLASS_REVIEW_MERGE_H

#include "class/review/review_opinions.h"
#include "class/students/student.h"

struct review_merged {
    int complete, unfinished,
        to_settle;  /* answers: with points that stand, without some, with some to be settled */
    GString *rows;  /* of disagreements.csv */
    GString *words; /* of the same, for a terminal */
};

/* Writes what stands for one student. Files of whom nobody said anything are removed. False, and an error. */
bool review_merge_student(const struct review_opinions *opinions, const struct student *student,
                          struct review_merged *merged, GString *error);

#endif
