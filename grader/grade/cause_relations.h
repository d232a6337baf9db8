/*
 * Why one failure is no cause of its own: it tells the same as another, comes of it, or can be told only when that
 * one is mended. causes.c makes the list of causes with these answers, and nobody else asks.
 *
 * A check is about some file (rubric_check_about) and needs others. Failures of two checks are of the same code if
 * they are about the same file, or if one needs what the other is about.
 */
#ifndef GRADER_GRADE_CAUSE_RELATIONS_H
#define GRADER_GRADE_CAUSE_RELATIONS_H

#include "grader/grade/grade.h"

typedef bool cause_relates(const struct check_result *cause, const struct check_result *result);

/* The same known mistake in the same code, the same line, or the same words but for their numbers. */
cause_relates cause_tells_the_same;
/* Was something seen that makes numbers wrong (verdict->spoils), and are the other's numbers, of the same code,
 * wrong? */
cause_relates cause_explains;
/* Has the check about a file failed, not only by wrong numbers, and does another tell of that file? */
cause_relates cause_is_mentioned;
/* Does the other check use what this one is about, so that its wrong numbers, amounts that are not right or runs
 * that did not end may come of it? Of several checks about the same file numbers come before amounts, what is known by
 * name before what is not, and an earlier check before a later one. */
cause_relates cause_comes_first;

#endif
