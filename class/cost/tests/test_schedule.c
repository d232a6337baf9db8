/* Jobs on cores, against formulas, and against all ways to deal out tiny classes. */
#include "tests/support/test.h"

#include "class/cost/figures.h"
#include "class/cost/job_log.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-9 * (1 + fabs((double)(b))))

static double of_equal(double wall, double processor, int count, struct cost_machine machine)
{
    struct cost_job jobs[64];
    ck_assert_int_le(count, 64);
    for (int i = 0; i < count; i++)
        jobs[i] = (struct cost_job){wall, processor};
    return cost_schedule(jobs, count, machine);
}

START_TEST(equal_jobs_take_rounds)
{
    NEAR(of_equal(7, 7, 10, (struct cost_machine){4, 4}), 21); /* ceil(10 / 4) rounds */
    NEAR(of_equal(7, 7, 8, (struct cost_machine){4, 4}), 14);
    NEAR(of_equal(7, 7, 1, (struct cost_machine){4, 4}), 7);
    NEAR(of_equal(7, 7, 0, (struct cost_machine){4, 4}), 0);
    NEAR(of_equal(7, 7, 9, (struct cost_machine){4, 1}), 63); /* one after the other */
}
END_TEST

START_TEST(cores_are_shared)
{
    NEAR(of_equal(7, 7, 8, (struct cost_machine){2, 8}), 28);    /* all work, by two cores */
    NEAR(of_equal(7, 0, 8, (struct cost_machine){2, 8}), 7);     /* who only waits needs none */
    NEAR(of_equal(10, 2.5, 8, (struct cost_machine){2, 8}), 10); /* 8 of a quarter: two cores */
    NEAR(of_equal(10, 2.5, 8, (struct cost_machine){1, 8}), 20); /* twice too many */
    NEAR(of_equal(10, 20, 3, (struct cost_machine){2, 1}), 30);  /* two threads, two cores */
    NEAR(of_equal(10, 20, 3, (struct cost_machine){1, 1}), 60);
}
END_TEST

/* One waits 10 s and computes nothing, two compute 4 s each: on one core they have ended after 8. */
START_TEST(a_job_that_hangs_costs_no_core)
{
    const struct cost_job jobs[] = {{10, 0}, {4, 4}, {4, 4}, {1, 1}};
    NEAR(cost_schedule(jobs, 3, (struct cost_machine){1, 3}), 10);
    NEAR(cost_schedule(jobs, 3, (struct cost_machine){1, 1}), 18);
    /* Half of each 10 s is spent waiting: two fit on one core. */
    NEAR(of_equal(10, 5, 2, (struct cost_machine){1, 2}), 10);
    NEAR(of_equal(10, 5, 4, (struct cost_machine){1, 4}), 20);
    /* Two at a time: 4 and 4 beside it, one after the other, then the last until 9. */
    NEAR(cost_schedule(jobs, 4, (struct cost_machine){1, 2}), 10);
    /* Not in this order: what hangs comes last. */
    const struct cost_job last[] = {{4, 4}, {4, 4}, {10, 0}};
    NEAR(cost_schedule(last, 3, (struct cost_machine){1, 2}), 18);
}
END_TEST

/* ---- all ways to deal out ------------------------------------------------------------------------------ */

/* The next job goes to the core that is free first. */
static double dealt_in_turn(const int *lengths, int count, int machines)
{
    int until[8] = {0}, end = 0;
    for (int i = 0; i < count; i++) {
        int first = 0;
        for (int k = 1; k < machines; k++)
            first = until[k] < until[first] ? k : first;
        until[first] += lengths[i];
        end = MAX(end, until[first]);
    }
    return end;
}

static int best(const int *lengths, int count, int machines, int *load)
{
    if (count == 0) {
        int end = 0;
        for (int k = 0; k < machines; k++)
            end = MAX(end, load[k]);
        return end;
    }
    int least = G_MAXINT;
    for (int k = 0; k < machines; k++) {
        load[k] += lengths[0];
        least = MIN(least, best(lengths + 1, count - 1, machines, load));
        load[k] -= lengths[0];
    }
    return least;
}

/* Graham 1966: at most 2 - 1/m times as long as the best way. */
START_TEST(in_turn_is_what_brute_force_bounds)
{
    GRand *random = g_rand_new_with_seed(7);
    for (int trial = 0; trial < 200; trial++) {
        const int machines = g_rand_int_range(random, 1, 4), count = g_rand_int_range(random, 1, 8);
        int lengths[8], load[8] = {0};
        struct cost_job jobs[8];
        for (int i = 0; i < count; i++) {
            lengths[i] = g_rand_int_range(random, 1, 20);
            jobs[i] = (struct cost_job){lengths[i], lengths[i]};
        }
        const double found = cost_schedule(jobs, count, (struct cost_machine){machines, machines});
        NEAR(found, dealt_in_turn(lengths, count, machines));
        const int least = best(lengths, count, machines, load);
        ck_assert_double_ge(found, least - 1e-9);
        ck_assert_double_le(found, (2 - 1.0 / machines) * least + 1e-9);
    }
    g_rand_free(random);
}
END_TEST

/* ---- figures ----------------------------------------------------------------------------------------------- */

START_TEST(quantiles_and_means)
{
    const double numbers[] = {4, 1, 3, 2, 10};
    NEAR(cost_quantile(numbers, 5, 0.5), 3);
    NEAR(cost_quantile(numbers, 4, 0.5), 2.5);
    NEAR(cost_quantile(numbers, 5, 0), 1);
    NEAR(cost_quantile(numbers, 5, 1), 10);
    NEAR(cost_quantile(numbers, 5, 0.95), 8.8); /* numpy.percentile(…, 95) */
    NEAR(cost_mean(numbers, 5), 4);
    NEAR(cost_quantile(numbers, 0, 0.5), 0);
}
END_TEST

/* Of jobs that are all the same, every class is the same. */
START_TEST(a_class_is_drawn_from_what_was_measured)
{
    g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct cost_job));
    const struct cost_job same = {12, 12};
    g_array_append_val(jobs, same);
    struct cost_range range = cost_bootstrap(jobs, 300, (struct cost_machine){2, 2});
    NEAR(range.least, 1800);
    NEAR(range.most, 1800);
    const struct cost_job other = {24, 24};
    g_array_append_val(jobs, other);
    range = cost_bootstrap(jobs, 1000, (struct cost_machine){16, 16});
    /* 18 s in the mean; each of them one of two values, so the whole is within 3 % with near certainty. */
    ck_assert_double_eq_tol(range.median, 18.0 * 1000 / 16, 0.03 * 18 * 1000 / 16);
    ck_assert_double_le(range.least, range.median);
    ck_assert_double_ge(range.most, range.median);
}
END_TEST

START_TEST(a_job_log_is_read)
{
    char path[] = "/tmp/test_job_log_XXXXXX";
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    ck_assert(g_file_set_contents(
        path,
        "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
        "1\t:\t1700000000.000\t    10.000\t0\t0\t0\t0\tjob a\n"
        "2\t:\t1700000002.000\t    4.000\t0\t0\t0\t0\tjob b\n"
        "3\t:\t1700000006.000\t    6.000\t0\t0\t1\t0\tjob c\n"
        "rubbish\n"
        "1\t:\t1700001000.000\t    5.000\t0\t0\t0\t0\tjob d\n",
        -1, NULL));
    struct job_log log;
    ck_assert(job_log_read(path, &log));
    ck_assert_int_eq(log.jobs, 4);
    ck_assert_int_eq(log.most_at_once, 2); /* b ends when c begins */
    NEAR(log.busy, 17);
    NEAR(log.total, 25);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!job_log_read(path, &log));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cost");
    TCase *tests = tcase_create("cost");
    tcase_add_test(tests, equal_jobs_take_rounds);
    tcase_add_test(tests, cores_are_shared);
    tcase_add_test(tests, a_job_that_hangs_costs_no_core);
    tcase_add_test(tests, in_turn_is_what_brute_force_bounds);
    tcase_add_test(tests, quantiles_and_means);
    tcase_add_test(tests, a_class_is_drawn_from_what_was_measured);
    tcase_add_test(tests, a_job_log_is_read);
    suite_add_tcase(suite, tests);
    return suite;
}
