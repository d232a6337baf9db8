/*
 * Judges of answers.md: a file with some content, judged.
 */
#ifndef TESTS_SUPPORT_JUDGED_ANSWERS_H
#define TESTS_SUPPORT_JUDGED_ANSWERS_H

#include "grader/verdict/judge.h"

/* A checked fixture: a folder, which is empty. */
void judged_answers_begin(void);
void judged_answers_end(void);

/* content: of answers.md; NULL: there is none. says: part of the headline or of the explanation; NULL: not looked
 * at. */
void judged_answers_expect(judge_function *judge, const char *content, enum verdict_kind kind,
                           const char *says);

#endif
