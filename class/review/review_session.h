/*
 * One reviewer at work on one assignment: what there is to read, what was decided, and the files that keep it. Of each
 * reviewer there is one at a time: a lock that the system takes back when the process ends, however it does.
 */
#ifndef CLASS_REVIEW_REVIEW_SESSION_H
#define CLASS_REVIEW_REVIEW_SESSION_H

#include "class/review/review_answers.h"
#include "class/review/review_comments.h"
#include "class/review/review_opinions.h"
#include "class/review/review_table.h"

#include <jansson.h>

#define REVIEW_MOST_NOTE 8000 /* bytes */

struct review_session {
    char *assignment, *reviewer;
    struct review_questions *questions;
    struct review_answers *answers;
    struct review_table *table;
    struct review_comments *comments;
    struct review_opinions
        *others; /* what others said, for "settled", who reads only where they differ; else NULL */
    int lock;    /* an open file */
};

enum review_saved {
    REVIEW_SAVED,
    REVIEW_REFUSED,    /* what was sent is not as it should be */
    REVIEW_NOT_WRITTEN /* the file can't be written: all is as it was */
};

/* Is it a name that a reviewer may have? Letters, digits, . and _, since it is part of file names; not "comments". */
bool review_is_reviewer(const char *name);
/* OUT/review/ASSIGNMENT-REVIEWER.csv, with another end: ".csv", "-comments.csv". A new string. */
char *review_path(const char *out, const char *assignment, const char *reviewer, const char *end);

/* share: of an item's points; differences above it are what the reviewer "settled" reads. NULL, and lines in error. */
struct review_session *review_session_open(const char *kit, const char *out, const char *assignment,
                                           const char *reviewer, double share, GString *error);
void review_session_close(struct review_session *session);

/* Takes {"points": {ITEM: number or null, …}, "comments": [number, …], "note": text} for an answer, and writes it down before
 * it returns. In error why not. */
enum review_saved review_session_save(struct review_session *session,
                                      const struct review_check *check,
                                      const struct review_answer *answer, const json_t *given,
                                      GString *error);
/* Takes {"text": text} as a comment for a check. */
enum review_saved review_session_comment(struct review_session *session,
                                         const struct review_check *check, const json_t *given,
                                         const struct review_comment **comment, GString *error);

/* Has each item of the check points? judgement may be NULL. */
bool review_is_complete(const struct review_judgement *judgement, const struct review_check *check);
/* The first answer of a check, from place `from` on and around, that is not complete; -1: all are. */
int review_session_next(const struct review_session *session, const struct review_check *check,
                        int from);
/* How many answers of a check are complete. */
int review_session_done(const struct review_session *session, const struct review_check *check);

#endif
