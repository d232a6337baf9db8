/*
 * The written answers: a Markdown file with a section per question.
 *
 *     # Any title
 *     ## Q1: any words
 *     The answer, with headings of its own from ### on.
 *     ## How it works
 *
 * A section begins with a heading of level 1 or 2 whose text begins with the
 * name of a question. What looks like a heading inside a code block is none.
 */
#ifndef HANDIN_ANSWERS_H
#define HANDIN_ANSWERS_H

#include "grader/rubric.h"

#include <glib.h>

struct answer {
    char *question; /* "Q1", "How it works" */
    char *title;    /* what the heading says behind that; may be empty */
    char *text;     /* Markdown, without the heading and without blank lines around it */
    int line;       /* of the heading, from 1 */
};

/* The questions of an assignment, in order: Q1 up to the highest number that the rubric names
 * for a file or a check, then its other questions, then "How it works" and "How it was tested".
 * Of char *. The caller frees with g_ptr_array_unref. */
GPtrArray *answers_questions(const struct rubric *rubric);

/* Is `question` among those of a list like "Q9, Q10"? The list may be NULL. */
bool answers_lists(const char *list, const char *question);

/* Splits the text of `path` into answers (of struct answer *, in the file's order; the caller
 * frees with g_ptr_array_unref). NULL, with a line for each in problems, if a section answers no
 * question or one that had a section before, if a code block or comment never ends, or if the
 * text is not UTF-8. A question without a section is no problem here. */
GPtrArray *answers_split(const char *path, const char *text, GPtrArray *questions,
                         GString *problems);

/* The answer to a question, or NULL. */
const struct answer *answers_find(GPtrArray *answers, const char *question);
/* Does it say anything besides comments and TODO? */
bool answer_is_empty(const struct answer *answer);

#endif
