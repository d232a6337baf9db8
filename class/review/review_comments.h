/*
 * Comments that are written once and used again, OUT/review/ASSIGNMENT-REVIEWER-comments.csv: columns number, check, text, when.
 * A number is a comment's for good. ASSIGNMENT-comments.csv has those of all reviewers: class review-merge makes it, and
 * whoever reviews next is offered them.
 */
#ifndef CLASS_REVIEW_REVIEW_COMMENTS_H
#define CLASS_REVIEW_REVIEW_COMMENTS_H

#include <glib.h>
#include <stdbool.h>

#define REVIEW_MOST_COMMENT 2000 /* bytes of one */

struct review_comment {
    int number; /* from 1, each once */
    char *check, *text, *when;
};

struct review_comments {
    char *path;
    GPtrArray *all; /* of struct review_comment *, by number */
};

/* An empty list where there is no file. NULL, and lines in error, if it is not as it should be. */
struct review_comments *review_comments_read(const char *path, GString *error);
bool review_comments_write(const struct review_comments *comments, GString *error);
void review_comments_free(struct review_comments *comments);

/* NULL: there is none of that number. */
const struct review_comment *review_comments_find(const struct review_comments *comments,
                                                  int number);
/* The one of this check with this text, which is added where there is none. Clean text (review_clean), not empty. */
const struct review_comment *review_comments_add(struct review_comments *comments,
                                                 const char *check, const char *text);
/* Takes back what was added last. */
void review_comments_drop_last(struct review_comments *comments);

#endif
