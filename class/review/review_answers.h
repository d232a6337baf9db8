/*
 * The answers that a reviewer reads: who wrote them does not show, and each check has an order of its own, another one for each
 * reviewer, so that nobody is always read last. Order, pseudonyms and handles come from OUT/review/key, which is drawn once, and
 * stay the same.
 */
#ifndef CLASS_REVIEW_REVIEW_ANSWERS_H
#define CLASS_REVIEW_REVIEW_ANSWERS_H

#include "class/review/review_items.h"
#include "class/students/student.h"

#define REVIEW_KEY_BYTES 32

struct review_answer {
    const struct student *student;
    char
        *handle; /* what the page calls it: 16 letters and digits, one for each student and check */
    char *pseudonym; /* "teal otter", the same for all checks of a student */
    char *words;     /* how many, in one line */
    guint8 rank[32]; /* its place in the order */
};

struct review_answers {
    GPtrArray *students;  /* of struct student * */
    GPtrArray *folders;   /* of char *, for each: where its answers.md may be */
    GHashTable *by_check; /* name of a check to GPtrArray of struct review_answer * */
    const struct review_questions *questions;
    char *template; /* the folder of the untouched answers.md */
};

/* The key of a class, which is drawn where there is none. False, and an error. */
bool review_key(const char *folder, guint8 key[REVIEW_KEY_BYTES], GString *error);

/* out: the folder of the class; kit: for the untouched file; questions are kept and must outlive it. NULL, and lines in error. */
struct review_answers *review_answers_read(const char *out, const char *kit, const char *reviewer,
                                           const struct review_questions *questions,
                                           GString *error);
void review_answers_free(struct review_answers *answers);

/* Those of a check, in their order, of struct review_answer *: of all who wrote something. The grader has decided about the
 * others. */
const GPtrArray *review_answers_of(const struct review_answers *answers, const char *check);
/* The place of a handle in that order; -1: there is none. */
int review_answers_find(const GPtrArray *of, const char *handle);

/* The section as it stands in the file, Markdown with names of its writers left out; NULL: there is none. A new string. */
char *review_answer_source(const struct review_answers *answers, const struct review_answer *answer,
                           const struct review_check *check);
/* The same section of the untouched file: the question. NULL: there is none. */
char *review_question_source(const struct review_answers *answers,
                             const struct review_check *check);
/* What tells one text of an answer from another. A new string. */
char *review_fingerprint(const char *source);

#endif
