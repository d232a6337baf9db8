/* Tests of what is left behind from step to step: only what grows, told by kind and by line. */
#include "grader/evidence/left_behind.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <string.h>

static struct logged_run *run;
static GString *line;
static unsigned kinds;

static void setup(void)
{
    run = logged_run_new(2);
    line = g_string_new(NULL);
}

static void teardown(void)
{
    logged_run_free(run);
    g_string_free(line, TRUE);
}

static void held(int rank, int what, int count)
{
    for (int i = 0; i < count; i++)
        script_put(&run->script[rank],
                   log_record_of_held((struct log_held){what, rank, i, 128, 0}));
}

/* At its end so many bytes live. */
static void step(int rank, int number, int outputs, int gradients, uint64_t live)
{
    script_step(&run->script[rank], LOG_STEP_BEGIN, number);
    held(rank, LOG_HELD_DX, gradients);
    held(rank, LOG_HELD_Y, outputs);
    script_put(&run->script[rank], log_record_of_step_end(number, live));
    run->outcome.options.steps = number + 1;
}

static bool is_left_behind(void)
{
    logged_run_end(run);
    return evidence_left_behind(&run->outcome, line, &kinds);
}

START_TEST(what_grows_is_told_by_kind)
{
    for (int number = 0; number < 3; number++) {
        step(0, number, 2, 0, 1000 + 256 * (uint64_t)number);
        step(1, number, 2, 1, 5000 + 384 * (uint64_t)number);
    }
    ck_assert(is_left_behind());
    ck_assert_str_eq(line->str, "rank 1 never freed 2 outputs y and 1 input gradient dx in step 2: "
                                "each step leaves 384 B behind");
    ck_assert_uint_eq(kinds, 1u << LOG_HELD_Y | 1u << LOG_HELD_DX);
}
END_TEST

START_TEST(what_is_kept_is_not_left_behind)
{
    for (int rank = 0; rank < 2; rank++) {
        step(rank, 0, 4, 4, 9000); /* made once, and used in all steps */
        step(rank, 1, 2, 0, 9256); /* of the step before, freed in the next */
        step(rank, 2, 2, 0, 9256);
    }
    ck_assert(!is_left_behind());
    ck_assert_uint_eq(kinds, 0);
}
END_TEST

START_TEST(memory_that_nobody_names_grows_as_well)
{
    for (int rank = 0; rank < 2; rank++) {
        step(rank, 0, 0, 0, 100);
        step(rank, 1, 0, 0, rank == 0 ? 4196 : 100);
    }
    held(0, LOG_HELD_KINDS, 1); /* a forged one */
    ck_assert(is_left_behind());
    ck_assert_str_eq(line->str, "rank 0 never freed a tensor that it made in step 1: each step "
                                "leaves 4 KiB behind");
    ck_assert_uint_eq(kinds, 0);
}
END_TEST

START_TEST(one_step_tells_nothing)
{
    for (int rank = 0; rank < 2; rank++)
        step(rank, 0, 8, 8, 100000);
    ck_assert(!is_left_behind());
}
END_TEST

START_TEST(a_step_that_did_not_end_tells_nothing)
{
    for (int rank = 0; rank < 2; rank++) {
        step(rank, 0, 0, 0, 100);
        script_step(&run->script[rank], LOG_STEP_BEGIN, 1);
    }
    run->outcome.options.steps = 2;
    ck_assert(!is_left_behind());
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("left behind");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_grows_is_told_by_kind);
    tcase_add_test(tests, what_is_kept_is_not_left_behind);
    tcase_add_test(tests, memory_that_nobody_names_grows_as_well);
    tcase_add_test(tests, one_step_tells_nothing);
    tcase_add_test(tests, a_step_that_did_not_end_tells_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
