/*
 * Tables of answers.md in which each cell is one of a few words, as judges of questions read them.
 */
#ifndef GRADER_QUESTIONS_WORDS_H
#define GRADER_QUESTIONS_WORDS_H

#include "grader/verdict/judge.h"

#include <glib.h>

#define QUESTION_MOST_CELLS 3

struct question_row {
    const char *name;
    int expected[QUESTION_MOST_CELLS]; /* indices into the question's words */
    const char *hint;
};

struct question_words {
    const char *name;
    const char *columns[QUESTION_MOST_CELLS +
                        2];   /* the first has the names of the rows; the last is NULL */
    const char *const *words; /* the last is NULL */
    const char *form;         /* what to write */
    const struct question_row *row;
    guint rows;
};

/* Each row of the question must be there, in any order, and each of its cells say the right word; more may stand
 * beside it. A failure names the first row that is not right, with its hint, or a cell that says none of the words,
 * or several. */
void question_judge_words(const struct judgement *judgement, const struct question_words *question,
                          struct verdict *verdict);

#endif
