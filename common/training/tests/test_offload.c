/*
 * Tests of an optimizer whose state is on the host (common/tests/programs/offload.c): the bits are those of
 * the kit's own optimizer, and on the simulated cluster the time is what the formula says: gradients go one
 * behind the other while the backward goes on, then the host steps, then the parameters come back.
 */
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static char *folder;
static struct test_run run;

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
    test_run_clear(&run);
}

static void expect_the_same_bits(void)
{
    size_t bytes, parameters;
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_msg(strstr(run.output, "the same bits: yes") != NULL, "%s", run.output);
    const char *line = strstr(run.output, "on the host ");
    ck_assert(line &&
              sscanf(line, "on the host %zu bytes, of %zu parameters", &bytes, &parameters) == 2);
    ck_assert_uint_eq(bytes, 3 * 4 * parameters);
}

START_TEST(on_this_computer_the_bits_are_the_same)
{
    g_autofree char *program = test_program(false, "common/tests/programs/offload");
    run = test_run_command("tools/launch 1 %s", program);
    expect_the_same_bits();
}
END_TEST

enum { MOST = 100 };
struct span {
    double begin, end;
};

/* When the transfers of the log moved, and when parts of backwards went on. */
static void read_spans(struct span transfer[MOST], int *transfers, struct span backward[MOST],
                       int *backwards)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    g_autofree char *path = g_build_filename(folder, "rank-0.log", NULL);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    *transfers = *backwards = 0;
    for (size_t i = 0; i < log.count; i++) {
        const struct log_record *record = &log.record[i];
        const struct log_transfer one = log_transfer(record);
        ck_assert_int_lt(*backwards, MOST);
        if (record->operation == LOG_BACKWARD && record->phase == LOG_BEGIN)
            backward[*backwards].begin = (double)record->clock;
        else if (record->operation == LOG_BACKWARD)
            backward[(*backwards)++].end = (double)record->clock;
        else if (log_is_transfer(record) && one.number < MOST && one.ended)
            transfer[one.number].end = one.clock;
        else if (log_is_transfer(record) && one.number < MOST)
            transfer[ *transfers = (int)one.number].begin = one.clock;
    }
    log_destroy(&log);
}

/* Of each step's six gradients all but the last one move while the backward goes on; what comes before and
 * behind does not. (The last two backwards are those without offload.) */
static void expect_gradients_under_backwards(void)
{
    struct span transfer[MOST], backward[MOST];
    int transfers, backwards, hidden = 0;
    read_spans(transfer, &transfers, backward, &backwards);
    ck_assert_int_eq(transfers, 1 + 2 * (6 + 1));
    for (int t = 1; t <= transfers; t++) {
        bool under = false;
        for (int b = 0; b < backwards; b++)
            under |= transfer[t].begin < backward[b].end && transfer[t].end > backward[b].begin;
        hidden += under;
    }
    ck_assert_int_eq(hidden, 2 * 5);
}

START_TEST(simulated_time_is_the_formula)
{
    static const char *const platforms[] = {"rack", "slow", "computer"};
    if (!test_has_simulator())
        return;
    g_autofree char *program = test_program(true, "common/tests/programs/offload");
    run = test_run_command("tools/simulate 1 %s %s %s", platforms[_i], program, folder);
    expect_the_same_bits();
    const char *line = run.output;
    for (int step = 0; step < 2; step++) {
        double found, expected;
        g_autofree char *what = g_strdup_printf("step %d ended", step);
        line = strstr(line, what);
        ck_assert(line && sscanf(line, "step %*d ended at %lf, by the formula at %lf", &found,
                                 &expected) == 2);
        ck_assert_double_gt(expected, 0);
        ck_assert_double_eq_tol(found, expected, 4e-9);
    }
    if (strcmp(platforms[_i], "slow") == 0)
        expect_gradients_under_backwards();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("offload");
    TCase *tests = tcase_create("offload");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, on_this_computer_the_bits_are_the_same);
    tcase_add_loop_test(tests, simulated_time_is_the_formula, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
