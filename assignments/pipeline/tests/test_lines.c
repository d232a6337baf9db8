/*
 * What the grader says of calls that a schedule makes through micro_batch.h and
 * through its author's pipeline_communicate: the function that the schedule called,
 * on its own line, and not MPI_Wait, nor the line of a file that is right.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define STEADY "        forward(pipeline, warm_up + i);\n"

static char *source;

static void begin(void)
{
    grading_begin("pipeline");
    g_autofree char *path = grading_path("train_step_1f1b.c");
    ck_assert(g_file_get_contents(path, &source, NULL, NULL));
}

static void end(void)
{
    g_free(source);
    grading_end();
}

/* The line on which some words stand first. */
static int line_of(const char *words)
{
    const char *found = strstr(source, words);
    ck_assert_msg(found != NULL, "%s", words);
    int line = 1;
    for (const char *c = source; c < found; c++)
        line += *c == '\n';
    return line;
}

/* The second forward of the steady phase is another one on every rank: all wait. */
START_TEST(a_hang_is_told_by_the_lines_of_the_schedule)
{
    grading_change("train_step_1f1b.c", STEADY, "        forward(pipeline, warm_up + i + 1);\n");
    struct graded graded = grading_run("train_step_1f1b");
    g_autofree char *waits = g_strdup_printf(
        "micro_batch_input at train_step_1f1b.c:%d (forward), from line %d, through "
        "pipeline_communicate.c:",
        line_of("micro_batch_input"), line_of(STEADY));
    graded_fails(&graded, "train_step_1f1b", waits);
    const char *output = graded_output(&graded, "train_step_1f1b");
    ck_assert_msg(strstr(output, "MPI_Wait") == NULL, "%s", output);
    ck_assert_msg(strstr(output, "MPI_Irecv at") == NULL, "%s", output);
    graded_clear(&graded);
}
END_TEST

START_TEST(a_forgotten_finish_has_its_name)
{
    grading_change("train_step_1f1b.c", "    micro_batch_finish(pipeline);\n", "");
    struct graded graded = grading_run("1f1b_no_luck");
    graded_fails(&graded, "1f1b_no_luck", ", by micro_batch_pass_");
    graded_fails(&graded, "1f1b_no_luck", " at train_step_1f1b.c:");
    graded_fails(&graded, "1f1b_no_luck", ": micro_batch_finish is missing behind it");
    ck_assert(strstr(graded_output(&graded, "1f1b_no_luck"), "MPI_Wait") == NULL);
    graded_clear(&graded);
    /* The tensors that nobody frees then: the student has no tensor_free to add. */
    graded = grading_run("1f1b_memory");
    graded_fails(&graded, "1f1b_memory", "never freed");
    ck_assert(strstr(graded_output(&graded, "1f1b_memory"), "freed by micro_batch_finish") != NULL);
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *tests = tcase_create("lines");
    tcase_set_timeout(tests, 120.0);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_hang_is_told_by_the_lines_of_the_schedule);
    tcase_add_test(tests, a_forgotten_finish_has_its_name);
    suite_add_tcase(suite, tests);
    return suite;
}
