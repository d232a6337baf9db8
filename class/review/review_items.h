/*
 * What a person judges of an assignment: the checks that its rubric leaves to one, each with one item or more.
 *
 * assignments/NAME/review.cfg may take a check apart (libconfig). Without it, or for a check that it does not name, there is one
 * item, named as the check is, with all of its points:
 *
 *     checks = ( { check = "explained";
 *                  items = ( { name = "order"; title = "says who sends first, and why"; points = 0.1; },
 *                            { name = "proof"; title = "…"; points = 0.1; } ); } );
 */
#ifndef CLASS_REVIEW_REVIEW_PARTS_H
#define CLASS_REVIEW_REVIEW_PARTS_H

#include "grader/rubric/rubric.h"

#define REVIEW_STEP 1e-3 /* points are kept in steps of this */

struct review_part {
    char *name; /* letters, digits and _ */
    char *title;
    double max_points;
};

struct review_check {
    char *name, *title, *heading;
    bool bonus;
    double max_points;
    GArray *items; /* of struct review_part, one at least; their points add up to the check's */
};

struct review_questions {
    struct rubric *rubric;
    GPtrArray *names;  /* of char *: all questions of the rubric, for the sections of answers.md */
    GPtrArray *checks; /* of struct review_check *, in the rubric's order */
};

#define REVIEW_PARTS(check, i) (&g_array_index((check)->items, struct review_part, i))

/* kit: the folder that has assignments/NAME/rubric.cfg. NULL, and lines in error, if the rubric or review.cfg can't be used or
 * nothing is left to a person. */
struct review_questions *review_questions_load(const char *kit, const char *assignment,
                                               GString *error);
void review_questions_free(struct review_questions *questions);

/* NULL: there is none of that name. */
const struct review_check *review_questions_find(const struct review_questions *questions,
                                                 const char *check);
const struct review_part *review_check_find(const struct review_check *check, const char *item);

#endif
