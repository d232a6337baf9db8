/*
 * A data-parallel step that really runs, on both machines (common/tests/programs/overlap.c): two groups,
 * all-reduces in flight beside computations, a broadcast, and one rank that is late. Its times, its
 * traffic and that it is right are known.
 */
#include "grader/evidence/collective_sums.h"
#include "grader/evidence/collectives_agree.h"
#include "grader/evidence/simulated.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/replay.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define RANKS   4
#define FORWARD 1e7 /* FLOPs; see the program */

static struct outcome outcome;
static struct log_file logs[RANKS];
static char *folder;

static void run_overlap(bool simulated)
{
    folder = test_folder_new();
    struct test_run run =
        test_run_program(simulated, RANKS, "common/tests/programs/overlap", folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < RANKS; rank++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
    }
    outcome = (struct outcome){.ranks = RANKS,
                               .simulated = simulated,
                               .platform = simulated ? (char *)"free" : NULL,
                               .end = RUN_FINISHED,
                               .log = logs};
}

static void clear(void)
{
    for (int rank = 0; rank < RANKS; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

/* All forwards and backwards, rank 1's five forwards before the last all-reduce, the others' one behind it.
 * In flight the all-reduces cost nothing. */
static void assert_time(bool synchronous)
{
    struct replay *replay = replay_run(
        logs, RANKS, NULL,
        (struct replay_options){.synchronous = synchronous, .step = 0, .optimizer = true});
    ck_assert(!replay->deadlock);
    ck_assert_double_eq(replay->makespan, (3 + 3 * 2 + 5 + 1) * FORWARD);
    replay_free(replay);
}

static void assert_right(void)
{
    struct collectives *collectives = collectives_new(logs, RANKS);
    struct matching *matching = matching_new(logs, RANKS);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    ck_assert_msg(evidence_collectives_agree(&outcome, collectives, verdict), "%s",
                  verdict->headline->str);
    ck_assert_msg(evidence_sums_agree(&outcome, collectives, verdict), "%s",
                  verdict->headline->str);
    ck_assert_msg(simulated_agrees(&outcome, matching, 0, verdict), "%s", verdict->headline->str);
    if (outcome.simulated)
        ck_assert_msg(strstr(verdict->explanation->str, "free messages agrees"), "%s",
                      verdict->explanation->str);
    verdict_free(verdict);
    matching_free(matching);
    collectives_free(collectives);
}

static void assert_traffic(void)
{
    struct traffic *traffic = traffic_new(logs, RANKS);
    g_autoptr(GString) text = g_string_new(NULL);
    traffic_describe(traffic, text);
    ck_assert_str_eq(
        text->str,
        "step 0: broadcast among {0, 2}: 1 time, 4 MiB handed in by the root, at least 4 MiB "
        "between "
        "ranks\n"
        "step 0: broadcast among {1, 3}: 1 time, 4 MiB handed in by the root, at least 4 MiB "
        "between "
        "ranks\n"
        "step 0: all-reduce among {0, 2}: 2 times, 8 MiB handed in per rank, at least 16 MiB "
        "between "
        "ranks\n"
        "step 0: all-reduce among all ranks: 1 time, 4 B handed in per rank, at least 24 B between "
        "ranks\n"
        "step 0: all-reduce among {1, 3}: 2 times, 8 MiB handed in per rank, at least 16 MiB "
        "between "
        "ranks\n");
    traffic_free(traffic);
}

START_TEST(on_both_machines)
{
    if (_i == 1 && !test_has_simulator())
        return;
    run_overlap(_i == 1);
    assert_time(false);
    assert_time(true);
    assert_right();
    assert_traffic();
    clear();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("overlap");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, on_both_machines, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
