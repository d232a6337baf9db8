/*
 * One of several is enough: the runs of a check are about two or three things, and whoever has one of them right
 * has passed.
 */
#ifndef GRADER_JUDGES_EITHER_H
#define GRADER_JUDGES_EITHER_H

#include "grader/verdict/judge.h"

struct judge_choice {
    const char *name; /* "layer norm" */
    bool (*is_of)(const struct outcome *run);
};

/* Judges the runs of each choice by themselves, those that did not finish, too. One passes: the check does, and
 * what is wrong with the others is a remark. None: the failure is that of the first that is written. A choice
 * without runs is none. For judges that accept unfinished runs. */
void judge_either(const struct judgement *judgement, struct verdict *verdict, judge_function *judge,
                  const struct judge_choice *choice, int choices);

#endif
