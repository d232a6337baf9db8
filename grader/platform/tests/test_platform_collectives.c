/*
 * Tests of the time of collectives by formula: against the simulated cluster, and against bounds that
 * hold whatever the algorithm. Without SimGrid only the latter.
 */
#include "grader/platform/platform.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct platform *platform_named(const char *name)
{
    GString *error = g_string_new(NULL);
    struct platform *platform = platform_read(".", name, error);
    ck_assert_msg(platform != NULL, "%s", error->str);
    g_string_free(error, TRUE);
    return platform;
}

/* ---- descriptions ------------------------------------------------------------------------------------ */

/* As the files say in words. */
START_TEST(messages_take_what_is_written)
{
    static const struct {
        const char *name;
        double latency, bandwidth, shared;
        int together;
    } platforms[] = {{"computer", 0.8e-6, 10e9, 230.4e9, 4096},
                     {"rack", 2e-6, 300e9, INFINITY, 8},
                     {"slow", 48e-6, 125e6, INFINITY, 4096}};
    for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++) {
        struct platform *platform = platform_named(platforms[i].name);
        ck_assert_double_eq_tol(platform->latency, platforms[i].latency, 1e-12);
        ck_assert_double_eq_tol(platform->bandwidth, platforms[i].bandwidth, 1);
        ck_assert(platform->shared_bandwidth == platforms[i].shared ||
                  fabs(platform->shared_bandwidth - platforms[i].shared) < 1);
        ck_assert_int_eq(platform->together, platforms[i].together);
        ck_assert(!platform->measured);
        g_free(platform);
    }
}
END_TEST

/* Behind the first server's GPUs another link begins. */
START_TEST(the_formula_says_where_it_ends)
{
    struct platform *rack = platform_named("rack");
    ck_assert(platform_knows_all_reduce(rack, 1024, 1));
    ck_assert(platform_knows_all_reduce(rack, 8, 128));
    ck_assert(!platform_knows_all_reduce(rack, 12, 1));
    ck_assert(!platform_knows_all_reduce(rack, 8192, 1));
    ck_assert(platform_knows_collectives(rack, 8));
    ck_assert(!platform_knows_collectives(rack, 9));
    rack->measured = true;
    ck_assert(!platform_knows_collectives(rack, 2));
    ck_assert(platform_knows_collectives(rack, 1));
    g_free(rack);
}
END_TEST

/* By hand: two latencies of 2 µs inside a server, and two of 3.2 µs more for each doubling outside. */
START_TEST(an_all_reduce_of_two_servers_goes_through_both_kinds_of_links)
{
    struct platform *rack = platform_named("rack");
    ck_assert_int_eq(rack->hosts, 4096);
    ck_assert_double_eq_tol(rack->between_latency, 3.2e-6, 1e-12);
    ck_assert_double_eq_tol(rack->between_bandwidth, 25e9, 1);
    ck_assert_double_eq_tol(rack->uplink_bandwidth, 200e9, 1);
    const double bytes = 16e6, inside = 6 * 2e-6 + 2 * (8e6 + 4e6 + 2e6) / 300e9,
                 outside = 2 * 3.2e-6 + 2 * 1e6 / 25e9;
    ck_assert_double_eq_tol(platform_spread_all_reduce_seconds(rack, 16, 1, bytes),
                            inside + outside, 1e-12);
    ck_assert_double_eq_tol(platform_spread_all_reduce_seconds(rack, 2, 8, bytes),
                            2 * 3.2e-6 + 2 * 8e6 / 25e9, 1e-12);
    ck_assert(platform_spread_all_reduce_seconds(rack, 4, 2, bytes) ==
              platform_all_reduce_seconds(rack, 4, bytes));
    g_free(rack);
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------------------ */

/* Nothing arrives sooner than the first byte can, nor with fewer bytes than every rank lacks. */
START_TEST(no_collective_is_faster_than_possible)
{
    struct platform *slow = platform_named("slow");
    for (int ranks = 2; ranks <= 40; ranks++)
        for (double bytes = 40; bytes < 1e8; bytes *= 7) {
            const double least = (ranks - 1.0) / ranks * bytes / slow->bandwidth;
            const double steps = ceil(log2(ranks)) * slow->latency;
            const double reduce = platform_all_reduce_seconds(slow, ranks, bytes);
            const double gather = platform_all_gather_seconds(slow, ranks, bytes);
            const double scatter = platform_reduce_scatter_seconds(slow, ranks, bytes);
            ck_assert(gather >= (least + steps) * (1 - 1e-9));
            ck_assert(scatter >= (least + steps) * (1 - 1e-9));
            ck_assert(reduce >= (least + steps) * (1 - 1e-9));
            if (bytes >= 1 << 20)
                ck_assert(reduce >= 2 * least);
        }
    ck_assert(platform_all_reduce_seconds(slow, 1, 1e6) == 0);
    ck_assert(platform_all_gather_seconds(slow, 1, 1e6) == 0);
    ck_assert(platform_reduce_scatter_seconds(slow, 1, 1e6) == 0);
    g_free(slow);
}
END_TEST

/* ---- against the simulation ---------------------------------------------------------------------------- */

/* Seconds that the program prints; and of the second all-reduce, if wanted. */
static double simulated(const char *platform, int ranks, const char *what, long bytes,
                        double *second)
{
    g_autofree char *program =
        test_program(true, strcmp(what, "beside") == 0 ? "common/tests/programs/collective_flight"
                                                       : "common/tests/programs/collective_clock");
    struct test_run run =
        test_run_command("tools/simulate %d %s %s %s %ld 0", ranks, platform, program, what, bytes);
    const char *clock = strstr(run.output, "clock ");
    ck_assert_msg(run.status == 0 && clock != NULL, TEST_LONG, run.output);
    char *end;
    const double first = 1e-9 * strtod(clock + strlen("clock "), &end);
    if (second != NULL)
        *second = 1e-9 * strtod(end, NULL);
    test_run_clear(&run);
    return first;
}

START_TEST(all_reduces_take_what_the_simulated_cluster_takes)
{
    static const struct {
        const char *platform;
        int ranks;
        long bytes;
    } setting[] = {{"computer", 2, 400000}, {"computer", 8, 8},  {"computer", 8, 400000},
                   {"computer", 3, 240000}, {"computer", 7, 80}, {"computer", 32, 4000000},
                   {"rack", 8, 80000},      {"rack", 4, 8000},   {"slow", 5, 100000},
                   {"slow", 6, 8000},       {"rack", 6, 90000},  {"rack", 7, 4000000},
                   {"rack", 16, 4000000},   {"rack", 32, 40000}, {"rack", 64, 4000000}};
    struct platform *platform = platform_named(setting[_i].platform);
    const double found =
        simulated(setting[_i].platform, setting[_i].ranks, "beside", setting[_i].bytes, NULL);
    const double expected = platform_spread_all_reduce_seconds(platform, setting[_i].ranks, 1,
                                                               (double)setting[_i].bytes);
    ck_assert_msg(fabs(found - expected) < 0.01 * expected + 20e-9,
                  "%s, %d ranks, %ld bytes: %.9g s simulated, %.9g by formula",
                  setting[_i].platform, setting[_i].ranks, setting[_i].bytes, found, expected);
    g_free(platform);
}
END_TEST

/* In a run of many ranks without numbers, several steps are simulated by one message. It takes as long as by the
 * algorithm itself: halving and doubling within servers and between them, and step by step on 128 ranks. */
START_TEST(merged_steps_take_as_long_as_single_ones)
{
    static const struct {
        const char *platform;
        int ranks;
        long bytes;
    } setting[] = {{"rack", 256, 4000000},
                   {"rack", 256, 100000000},
                   {"slow", 256, 1000000},
                   {"rack", 128, 4000000},
                   {"computer", 256, 4000000}};
    struct platform *platform = platform_named(setting[_i].platform);
    const int ranks = setting[_i].ranks;
    const double found = simulated(setting[_i].platform, ranks, "folded", setting[_i].bytes, NULL);
    const double expected =
        platform->between_bandwidth > 0
            ? platform_spread_all_reduce_seconds(platform, ranks, 1, (double)setting[_i].bytes)
            : platform_all_reduce_seconds(platform, ranks, (double)setting[_i].bytes);
    ck_assert_msg(fabs(found - expected) < 0.001 * expected + 20e-9,
                  "%s, %d ranks, %ld bytes: %.9g s simulated, %.9g by formula",
                  setting[_i].platform, ranks, setting[_i].bytes, found, expected);
    g_free(platform);
}
END_TEST

/* Over one communicator: the first is not slower for the second, which begins behind it. */
START_TEST(non_blocking_collectives_are_carried_out_in_turn)
{
    struct platform *slow = platform_named("slow");
    double second;
    const double first = simulated("slow", 8, "in-turn", 4000000, &second),
                 expected = platform_all_reduce_seconds(slow, 8, 4000000);
    ck_assert_msg(fabs(first - expected) < 0.001 * expected, "%.9g s, not %.9g", first, expected);
    ck_assert_msg(fabs(second - 2 * expected) < 0.001 * expected, "%.9g s, not twice %.9g", second,
                  expected);
    g_free(slow);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("platform_collectives");
    TCase *tests = tcase_create("platform_collectives");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, messages_take_what_is_written);
    tcase_add_test(tests, the_formula_says_where_it_ends);
    tcase_add_test(tests, an_all_reduce_of_two_servers_goes_through_both_kinds_of_links);
    tcase_add_test(tests, no_collective_is_faster_than_possible);
    if (test_has_simulator())
        tcase_add_loop_test(tests, all_reduces_take_what_the_simulated_cluster_takes, 0, 15);
    if (test_has_simulator()) {
        tcase_add_loop_test(tests, merged_steps_take_as_long_as_single_ones, 0, 5);
        tcase_add_test(tests, non_blocking_collectives_are_carried_out_in_turn);
    }
    suite_add_tcase(suite, tests);
    return suite;
}
