/*
 * What all reviewers of an assignment say, side by side. Points of one item that differ by no more than a share of its points
 * become their mean; what differs by more is left open until the reviewer "settled" decides, whose word counts before all.
 */
#ifndef CLASS_REVIEW_REVIEW_OPINIONS_H
#define CLASS_REVIEW_REVIEW_OPINIONS_H

#include "class/review/review_comments.h"
#include "class/review/review_items.h"
#include "class/review/review_table.h"

#define REVIEW_SETTLED "settled"
#define REVIEW_SHARE   0.25 /* of an item's points: unless told otherwise */

struct review_opinion {
    char *reviewer;
    struct review_table *table;
    struct review_comments *comments;
};

struct review_opinions {
    const struct review_questions *questions;
    GPtrArray *all;                 /* of struct review_opinion *, by name, but for … */
    struct review_opinion *settled; /* … this one; or NULL */
    double share;
};

enum review_agreement {
    REVIEW_NOTHING, /* nobody gave points */
    REVIEW_ALIKE,   /* one reviewer, or all the same */
    REVIEW_MEAN,    /* near enough */
    REVIEW_TO_SETTLE,
    REVIEW_IS_SETTLED
};

/* Reads OUT/review/ASSIGNMENT-*.csv. questions are kept and must outlive it. NULL, and lines in error. */
struct review_opinions *review_opinions_read(const char *out,
                                             const struct review_questions *questions, double share,
                                             GString *error);
void review_opinions_free(struct review_opinions *opinions);

/* What comes of an item: *points are NAN for REVIEW_NOTHING and REVIEW_TO_SETTLE. *difference: between the highest and the lowest
 * of those who are not "settled". */
enum review_agreement review_opinions_points(const struct review_opinions *opinions,
                                             const char *student, const struct review_check *check,
                                             const struct review_part *part, double *points,
                                             double *difference);
/* Has an item of the check to be settled, or was it? */
bool review_opinions_differ(const struct review_opinions *opinions, const char *student,
                            const struct review_check *check);
/* "alice 0.3, bob 0.1", of an item. A new string. */
char *review_opinions_words(const struct review_opinions *opinions, const char *student,
                            const char *check, const char *item);
/* The comments and notes about an answer, each once: of char *, new strings. Only those of "settled", if it has any. */
GPtrArray *review_opinions_comments(const struct review_opinions *opinions, const char *student,
                                    const char *check);
/* The same of one reviewer. */
GPtrArray *review_opinions_of(const struct review_opinion *opinion, const char *student,
                              const char *check);

#endif
