/* Tests of the pipeline's own options, and of what its schedules make of the others. */
#include "assignments/pipeline/options.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static struct options options;
static char error[OPTIONS_ERROR_SIZE];

static bool reads(const char *line)
{
    g_autofree char *all = g_strconcat("program ", line, NULL);
    g_auto(GStrv) word = NULL;
    int count;
    ck_assert(g_shell_parse_argv(all, &count, &word, NULL));
    return options_read(&options, &pipeline_own_options, count, word, error);
}

static void must_refuse(const char *line, const char *first, const char *second)
{
    ck_assert_msg(!reads(line), "\"%s\" was accepted", line);
    ck_assert_msg(strstr(error, first) && strstr(error, second), "\"%s\": \"%s\"", line, error);
}

START_TEST(defaults)
{
    ck_assert_msg(reads(""), "%s", error);
    ck_assert_str_eq(options.step, "afab");
    ck_assert_int_eq(pipeline_options(&options).chunks, 0);
    ck_assert(!pipeline_options(&options).uneven);
    ck_assert_str_eq(pipeline_options(&options).corrupt, "");
    ck_assert_int_eq(pipeline_options(&options).corrupt_layer, -1);
    ck_assert_int_eq(options_micro_batches(&options), 4);
}
END_TEST

START_TEST(values)
{
    ck_assert_msg(
        reads("--schedule interleaved --chunks 3 --uneven --compare --corrupt gradients:3"), "%s",
        error);
    const struct pipeline_options own = pipeline_options(&options);
    ck_assert_int_eq(own.chunks, 3);
    ck_assert(own.uneven);
    ck_assert_str_eq(own.corrupt, "gradients:3");
    ck_assert_int_eq(own.corrupt_layer, 3);
    ck_assert(reads("--compare --corrupt outputs"));
    ck_assert_str_eq(pipeline_options(&options).corrupt, "outputs");
    ck_assert_int_eq(pipeline_options(&options).corrupt_layer, -1);
    ck_assert(!pipeline_options(&options).corrupt_everywhere);
    ck_assert(reads("--compare --corrupt everywhere"));
    ck_assert(pipeline_options(&options).corrupt_everywhere);
    ck_assert(reads("--schedule interleaved --chunks 3"));
    ck_assert_int_eq(pipeline_chunks(&options), 3);
    ck_assert(pipeline_schedule(&options)->chunked);
}
END_TEST

START_TEST(schedules_decide)
{
    ck_assert(reads("--schedule naive --micro-batches 6"));
    ck_assert_int_eq(options_micro_batches(&options), 1);
    ck_assert(reads("--schedule 1f1b --micro-batches 6 --chunks 2"));
    ck_assert_int_eq(options_micro_batches(&options), 6);
    ck_assert_int_eq(pipeline_chunks(&options), 1);
    ck_assert(reads("--schedule interleaved"));
    ck_assert_int_eq(pipeline_chunks(&options), SCHEDULE_CHUNKS);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    must_refuse("--chunks 0", "--chunks 0", "from 1 to");
    must_refuse("--compare --corrupt weights", "--corrupt weights", "gradients:LAYER");
    must_refuse("--compare --corrupt gradients:x", "gradients:", "whole number");
    must_refuse("--corrupt outputs", "--corrupt outputs", "--compare");
    must_refuse("--schedule a_name_that_is_far_too_long_to_be_one", "--schedule", "31 characters");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options of the pipeline");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, values);
    tcase_add_test(tests, schedules_decide);
    tcase_add_test(tests, what_is_wrong_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
