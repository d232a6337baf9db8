/*
 * What is handed in for an assignment "lesson", and its rubric: three files of C
 * and the answers.
 */
#ifndef TESTS_SUPPORT_LESSON_H
#define TESTS_SUPPORT_LESSON_H

#include "handin/handed_in.h"

extern char *lesson_submission;
extern char *lesson_folder;         /* in it: "lesson", with the files */
extern struct rubric lesson_rubric; /* Q2 to Q4 have code; a person reads how it works, and how it
                                       was tested */
extern GString *lesson_problems;    /* where whoever reads it tells what is wrong */
extern const char lesson_answers[]; /* answers.md: Q1 and how it works */

/* A fixture. */
void lesson_begin(void);
void lesson_end(void);

void lesson_write(const char *name, const char *text);
/* The lesson uses the assignment "another" from now on, and its files a.c, which is handed in, and b.c,
 * which is not. */
void lesson_use_another(void);
/* Removes a folder with all that is in it. */
void lesson_remove(const char *path);

/* Fails the test if not all can be read. */
struct handed_in *lesson_read(void);

#endif
