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
    } platforms[] = {{"computer", 0.8e-6, 10e9, 230.4e9, 512},
                     {"rack", 2e-6, 300e9, INFINITY, 8},
                     {"slow", 48e-6, 125e6, INFINITY, 512}};
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
    ck_assert(platform_knows_collectives(rack, 8));
    ck_assert(!platform_knows_collectives(rack, 9));
    rack->measured = true;
    ck_assert(!platform_knows_collectives(rack, 2));
    ck_assert(platform_knows_collectives(rack, 1));
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

START_TEST(all_reduces_take_what_the_simulated_cluster_takes)
{
    static const struct {
        const char *platform;
        int ranks;
        long bytes;
    } setting[] = {{"computer", 2, 400000}, {"computer", 8, 8},  {"computer", 8, 400000},
                   {"computer", 3, 240000}, {"computer", 7, 80}, {"computer", 32, 4000000},
                   {"rack", 8, 80000},      {"rack", 4, 8000},   {"slow", 5, 100000},
                   {"slow", 6, 8000},       {"rack", 6, 90000},  {"rack", 7, 4000000}};
    g_autofree char *program = test_program(true, "common/tests/programs/collective_flight");
    struct platform *platform = platform_named(setting[_i].platform);
    struct test_run run =
        test_run_command("tools/simulate %d %s %s beside %ld 0", setting[_i].ranks,
                         setting[_i].platform, program, setting[_i].bytes);
    const char *clock = strstr(run.output, "clock ");
    ck_assert_msg(run.status == 0 && clock != NULL, TEST_LONG, run.output);
    const double found = 1e-9 * strtod(clock + strlen("clock "), NULL);
    const double expected =
        platform_all_reduce_seconds(platform, setting[_i].ranks, (double)setting[_i].bytes);
    ck_assert_msg(fabs(found - expected) < 0.01 * expected + 20e-9,
                  "%s, %d ranks, %ld bytes: %.9g s simulated, %.9g by formula",
                  setting[_i].platform, setting[_i].ranks, setting[_i].bytes, found, expected);
    test_run_clear(&run);
    g_free(platform);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("platform_collectives");
    TCase *tests = tcase_create("platform_collectives");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, messages_take_what_is_written);
    tcase_add_test(tests, the_formula_says_where_it_ends);
    tcase_add_test(tests, no_collective_is_faster_than_possible);
    if (test_has_simulator())
        tcase_add_loop_test(tests, all_reduces_take_what_the_simulated_cluster_takes, 0, 12);
    suite_add_tcase(suite, tests);
    return suite;
}
