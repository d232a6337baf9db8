/*
 * Tests of the simulated machine's own collectives (common/mpi/machines): their data against plain
 * loops, their time against bounds that hold for every algorithm. Without SimGrid nothing is tested.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static char *data, *flight;
static struct test_run run; /* the last one */

/* Runs a command of the shell. */
#define shell(...) (test_run_clear(&run), run = test_run_command(__VA_ARGS__))

static void assert_all_right(void)
{
    ck_assert_msg(run.status == 0, "status %d: " TEST_LONG, run.status, run.output);
    ck_assert_msg(strstr(run.output, "all right") != NULL, TEST_LONG, run.output);
    ck_assert_msg(strstr(run.output, "WRONG") == NULL, TEST_LONG, run.output);
}

/* ---- data -------------------------------------------------------------------------------------------- */

/* Powers of two and others, blocks below and above the size up to which sends are buffered. */
START_TEST(data_are_right)
{
    static const struct {
        const char *option;
        int ranks, elements;
    } setting[] = {{"", 1, 100},
                   {"", 2, 30000},
                   {"", 3, 9000},
                   {"", 5, 1},
                   {"", 8, 9000},
                   {"", 13, 7},
                   {"", 16, 1000},
                   {"--synchronous", 3, 9000},
                   {"--synchronous", 8, 1},
                   {"--synchronous", 12, 70}};
    shell("tools/simulate %s %d rack %s %d", setting[_i].option, setting[_i].ranks, data,
          setting[_i].elements);
    assert_all_right();
}
END_TEST

/* The same program is right on the real machine: it is no judge in its own cause. */
START_TEST(the_real_machine_agrees)
{
    g_autofree char *real_data = test_program(false, "common/tests/programs/collective_data");
    g_autofree char *real_flight = test_program(false, "common/tests/programs/collective_flight");
    shell("tools/launch 3 %s 7", real_data);
    assert_all_right();
    shell("tools/launch 3 %s mixed", real_flight);
    assert_all_right();
    shell("tools/launch 6 %s neighbours", real_flight);
    assert_all_right();
}
END_TEST

/* Ranks that say the same in other words are no fault, on neither machine. */
START_TEST(the_same_in_other_words)
{
    static const int ranks[] = {2, 3, 7};
    g_autofree char *layouts = test_program(true, "common/tests/programs/collective_layouts");
    g_autofree char *real = test_program(false, "common/tests/programs/collective_layouts");
    shell("tools/simulate %d rack %s", ranks[_i], layouts);
    assert_all_right();
    shell("tools/launch %d %s", ranks[_i], real);
    assert_all_right();
}
END_TEST

START_TEST(several_are_in_flight)
{
    static const int ranks[] = {1, 2, 5, 8};
    shell("tools/simulate %s %d rack %s mixed", _i % 2 == 0 ? "" : "--synchronous", ranks[_i / 2],
          flight);
    assert_all_right();
}
END_TEST

START_TEST(neighbours_on_a_grid)
{
    shell("tools/simulate 6 computer %s neighbours", flight);
    assert_all_right();
}
END_TEST

/* ---- time -------------------------------------------------------------------------------------------- */

START_TEST(waited_for_at_once_it_takes_as_long)
{
    static const int ranks[] = {1, 2, 6, 8};
    shell("tools/simulate %s %d rack %s at-once", _i % 2 == 0 ? "" : "--synchronous", ranks[_i / 2],
          flight);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    ck_assert_msg(strstr(run.output, "differs") == NULL, TEST_LONG, run.output);
}
END_TEST

/* Nanoseconds. */
static double time_beside(int ranks, int bytes, double operations)
{
    double clock = 0;
    shell("tools/simulate %d rack %s beside %d %.0f", ranks, flight, bytes, operations);
    const char *line = strstr(run.output, "clock ");
    ck_assert_msg(run.status == 0 && line != NULL, TEST_LONG, run.output);
    ck_assert_int_eq(sscanf(line, "clock %lf", &clock), 1);
    return clock;
}

/* It goes on while the ranks compute: the end is that of the longer one. A GPU of `rack` makes
 * 163,000 operations in a nanosecond. */
START_TEST(it_goes_on_beside_computation)
{
    static const int ranks[] = {2, 8, 12};
    const int bytes = 4000000;
    const double alone = time_beside(ranks[_i], bytes, 0);
    const double computation[] = {alone / 2, alone * 3};
    for (int i = 0; i < 2; i++)
        ck_assert_double_eq_tol(time_beside(ranks[_i], bytes, computation[i] * 163e3),
                                fmax(alone, computation[i]), 5);
}
END_TEST

/* No all-reduce can do with less than 2 (p - 1) / p of its bytes into each rank, at 300 GB/s within a
 * server; between two servers of 8, 200 GB/s, all bytes have to go at least once each way. It takes
 * at most half as long again. */
START_TEST(long_ones_take_little_more_than_the_least)
{
    const int bytes = 4000000;
    for (int ranks = 2; ranks <= 8; ranks += 3) {
        const double least = 2.0 * (ranks - 1) / ranks * bytes / 300;
        const double time = time_beside(ranks, bytes, 0);
        ck_assert_double_ge(time, least - 1);
        ck_assert_double_le(time, 1.5 * least + 20e3);
    }
    const double within = 2.0 * 15 / 16 * bytes / 300, between = bytes / 200.0;
    ck_assert_double_ge(time_beside(16, bytes, 0), fmax(within, between) - 1);
    ck_assert_double_le(time_beside(16, bytes, 0), 1.5 * (within + between) + 40e3);
}
END_TEST

/* SMPI's own takes minutes and gigabytes for that. */
START_TEST(hundreds_of_ranks_take_seconds)
{
    shell("ulimit -t 30; tools/simulate 256 computer %s beside 100000 0", flight);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
}
END_TEST

static void begin(void)
{
    data = test_program(true, "common/tests/programs/collective_data");
    flight = test_program(true, "common/tests/programs/collective_flight");
}

static void end(void)
{
    g_free(data);
    g_free(flight);
    test_run_clear(&run);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no SimGrid: the simulated machine's collectives are not tested");
    Suite *suite = suite_create("simulated collectives");
    TCase *test = tcase_create("all");
    tcase_set_timeout(test, 100);
    tcase_add_checked_fixture(test, begin, end);
    tcase_add_loop_test(test, data_are_right, 0, 10);
    tcase_add_test(test, the_real_machine_agrees);
    tcase_add_loop_test(test, the_same_in_other_words, 0, 3);
    tcase_add_loop_test(test, several_are_in_flight, 0, 8);
    tcase_add_test(test, neighbours_on_a_grid);
    tcase_add_loop_test(test, waited_for_at_once_it_takes_as_long, 0, 8);
    tcase_add_loop_test(test, it_goes_on_beside_computation, 0, 3);
    tcase_add_test(test, long_ones_take_little_more_than_the_least);
    tcase_add_test(test, hundreds_of_ranks_take_seconds);
    suite_add_tcase(suite, test);
    return suite;
}
