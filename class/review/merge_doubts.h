/*
 * What in reviewers' files can't count, or should be looked at again before it does.
 */
#ifndef CLASS_REVIEW_MERGE_DOUBTS_H
#define CLASS_REVIEW_MERGE_DOUBTS_H

#include "class/review/review_answers.h"
#include "class/review/review_opinions.h"

/* Appends a line for each: of somebody who is not in the class, for a check or an item that the rubric no longer has, with points
 * of another maximum (all of these are taken out of the opinions), and for answers that changed since. */
void review_merge_doubts(struct review_opinions *opinions, const struct review_answers *answers,
                         GString *words);

#endif
