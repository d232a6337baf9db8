/*
 * A submission of one's own, made of the solutions of an assignment, and the
 * grader run on it as a person would.
 *
 *     grading_begin("example");                              in a fixture
 *     grading_change("average.c", "sum / ranks", "sum");
 *     struct graded graded = grading_run("average");
 *     graded_fails(&graded, "average", "rank 0 got");
 *     graded_clear(&graded);
 *     grading_end();
 *
 * The test process adopts what the grader leaves running: that fails the test.
 */
#ifndef TESTS_SUPPORT_GRADING_H
#define TESTS_SUPPORT_GRADING_H

#include <jansson.h>
#include <stdbool.h>

/* Paths. The submission's files lie in SUBMISSION/ASSIGNMENT. */
extern char *grading_folder;     /* of this test */
extern char *grading_submission; /* in it */
extern char *grading_out;        /* where the reports go; not there yet */
extern char *grading_kit;        /* "." or, after the functions below, one of the test's own */
extern char *grading_build;      /* test_build_folder(), or another that a test has made */

void grading_begin(const char *assignment);
void grading_end(void);

/* ---- the submission ---------------------------------------------------------- */

char *grading_path(const char *name); /* of one of its files; a new string */
void grading_write(const char *name, const char *text);
void grading_remove(const char *name);
/* The first place where `before` stands becomes `after`. Fails the test if it stands nowhere. */
void grading_change(const char *name, const char *before, const char *after);

/* ---- the rubric ---------------------------------------------------------------- */

/* Grades by this rubric from now on. `tiers`: what stands behind "tiers = "; before it come the
 * assignment's name and all files of its solutions. */
void grading_use_rubric(const char *tiers);
/* From now on the submission may call whatever it likes: what becomes of it when it runs is looked at. */
void grading_allow_all_calls(void);

/* ---- grading --------------------------------------------------------------------- */

struct graded {
    int status;      /* exit status */
    char *printed;   /* standard output, then standard error */
    json_t *results; /* results.json, or NULL */
    json_t *tests;   /* in it */
};

/* The submission, by these checks ("a,b", or NULL: all). Fails the test if it can't be graded. */
struct graded grading_run(const char *checks);
/* The same, however it ends. */
struct graded grading_try(const char *checks);
/* The grader with these words behind its name; the last is NULL. */
struct graded grading_call(const char *first, ...);
void graded_clear(struct graded *graded);

/* ---- what came of it --------------------------------------------------------------- */

/* The check passed and got its points, failed and got none, or was not judged; and these words are
 * told of it (Markdown's backslashes left out). */
void graded_passes(const struct graded *graded, const char *check, const char *words);
void graded_fails(const struct graded *graded, const char *check, const char *words);
void graded_is_open(const struct graded *graded, const char *check, const char *words);
/* "passed", "failed" or, where it was not judged, "". */
const char *graded_status(const struct graded *graded, const char *check);
const char *graded_output(const struct graded *graded,
                          const char *check); /* what the student reads */

/* Fails the test if the words are not in the text. */
void grading_assert_says(const char *text, const char *words);
/* A text that must be there; a new string. */
char *grading_read(const char *path);

#endif
