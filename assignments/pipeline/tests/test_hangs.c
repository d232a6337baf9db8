/*
 * Schedules that really hang, on this computer and on the simulated cluster: the
 * mistake behind each is known from the program's source.
 */
#include "assignments/pipeline/tests/support/made_run.h"
#include "grader/grade/unfinished.h"
#include "tests/support/hung.h"
#include "tests/support/test.h"

#include <stdlib.h>

#define HANGS "assignments/pipeline/tests/hangs/"
#define ANY   HANG_ANY_CULPRIT

/* What runs; kind, cycle, tails and culprit; headline, two parts of the text, and the mistake. */
#define HANG(program, way, ranks, machines, kind, ...)                                             \
    {                                                                                              \
        HANGS program, way, ranks, HANG_##machines, DIAGNOSIS_##kind, __VA_ARGS__                  \
    }

static const struct hang hangs[] = {
    HANG("schedules", "steady-phase", 2, BOTH, BOTH_SEND_FIRST, "01", "", -1,
         "rank 0: MPI_Send at schedules.c:33 (send_activation), from line 56, rank 1: MPI_Send at "
         "schedules.c:45 (send_gradient), from line 61)",
         "after F of micro-batch 1 (stage 0)", "after B of micro-batch 0 (stage 1)",
         "both neighbours send first in the steady phase"),
    HANG("schedules", "steady-phase", 4, BOTH, BOTH_SEND_FIRST, "23", "01", -1,
         "ranks 2 and 3 send first", "MPI_Sendrecv", NULL,
         "both neighbours send first in the steady phase"),
    HANG("schedules", "wrong-end", 2, BOTH, BOTH_RECEIVE_FIRST, "01", "", -1,
         "rank 0: MPI_Recv at schedules.c:39 (receive_gradient)", "min(p-r-1, m)", NULL,
         "warm-up counted from the wrong end"),
    HANG("schedules", "wrong-end", 4, BOTH, BOTH_RECEIVE_FIRST, "01", "23", -1,
         "ranks 0 and 1 wait to receive first", "held up: rank 2, 3", NULL,
         "warm-up counted from the wrong end"),
    HANG("schedules", "without-link", 2, BOTH, BOTH_RECEIVE_FIRST, "01", "", -1,
         "MPI_Recv at schedules.c:91", NULL, NULL,
         "interleaved: no link from the last rank to rank 0"),
    HANG("schedules", "without-link", 4, BOTH, BOTH_RECEIVE_FIRST, "0321", "", -1,
         "MPI_Recv at schedules.c:91", NULL, NULL,
         "interleaved: no link from the last rank to rank 0"),
    HANG("schedules", "not-reversed", 2, BOTH, BOTH_RECEIVE_FIRST, "01", "", -1,
         "ranks 0 and 1 wait to receive first", "without a message", NULL,
         "interleaved: chunks not reversed in backward"),
    HANG("schedules", "not-reversed", 4, BOTH, BOTH_RECEIVE_FIRST, "0123", "", -1,
         "ranks 0, 1, 2 and 3 wait to receive first", "without a message", NULL,
         "interleaved: chunks not reversed in backward"),
    HANG("schedules", "interleaved-wrong-end", 3, BOTH, BOTH_RECEIVE_FIRST, "01", "2", -1,
         "ranks 0 and 1 wait to receive first", "2(p-r-1) + (v-1)p", NULL,
         "warm-up counted from the wrong end"),
};

START_TEST(on_this_computer)
{
    hung_check(&hangs[_i], false, assignment_find("pipeline"));
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    hung_check(&hangs[_i], true, assignment_find("pipeline"));
}
END_TEST

/* The order of 1F1B, p = 2 and m = 4, with `more` forwards than right, as far as two ranks that
 * wait for each other came. */
static void assert_order(int more, const char *mistake, const char *const beside[])
{
    static struct script rank[2];
    struct log_file logs[2];
    for (int r = 0; r < 2; r++) {
        script_init(&rank[r], r, 2);
        script_step(&rank[r], LOG_STEP_BEGIN, 0);
        for (int i = 0; i < 2 - r + more; i++) {
            if (r == 1)
                script_call(&rank[r], LOG_RECV, 0, i, 100, true);
            script_compute(&rank[r], LOG_FORWARD, r, i, 10);
            if (r == 0)
                script_isend(&rank[r], 1, i, 100);
        }
        if (r == 0)
            script_call(&rank[r], LOG_RECV, 1, 10, 100, true);
        script_compute(&rank[r], LOG_BACKWARD, r, 0, 10);
        if (r == 1)
            script_isend(&rank[r], 0, 10, 100);
        if (r == 0)
            script_compute(&rank[r], LOG_FORWARD, r, 2 + more, 10);
        script_call(&rank[r], r == 0 ? LOG_SEND : LOG_RECV, 1 - r, 90 + r, 100, false);
        logs[r] = rank[r].log;
    }
    struct outcome outcome = {.assignment = assignment_find("pipeline"),
                              .ranks = 2,
                              .end = RUN_HUNG,
                              .log = logs,
                              .options = made_options("--schedule 1f1b --micro-batches 4")};
    struct judgement judgement = {.outcome = &outcome, .outcomes = 1, .picture_prefix = "x"};
    struct verdict *verdict = verdict_new();
    ck_assert(!grade_all_finished(&judgement, verdict));
    ck_assert_str_eq(verdict->mistake->str, mistake);
    for (int i = 0; beside[i] != NULL; i++)
        hung_assert_part(verdict->explanation->str, beside[i]);
    verdict_free(verdict);
    for (int r = 0; r < 2; r++)
        free(logs[r].record);
}

START_TEST(an_order_cut_off_names_the_mistake)
{
    static const char *const one_too_many[] = {
        "The order in step 0, beside one that follows the rule of 1F1B:",
        "rank 0  ran    F0  F1 !F2  B0  F3  | stopped here\n"
        "        rule   F0  F1  B0  F2  B1  F3  B2  …\n"
        "rank 1  ran    F0 !F1  B0  | stopped here\n"
        "        rule   F0  B0  F1  B1  F2  …\n",
        "- rank 0: after 2 forwards and 0 backwards a backward is due, not F2:",
        "- rank 1: after 1 forward and 0 backwards a backward is due, not F1:", NULL};
    static const char *const right[] = {"rank 0  ran    F0  F1  B0  F2  | stopped here\n"
                                        "        rule   F0  F1  B0  F2  B1  F3  …\n",
                                        "What was computed follows it so far", NULL};
    assert_order(1, "warm-up one too many", one_too_many);
    assert_order(0, "", right);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("hangs of schedules");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, on_this_computer, 0, sizeof hangs / sizeof *hangs);
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, sizeof hangs / sizeof *hangs);
    tcase_add_test(tests, an_order_cut_off_names_the_mistake);
    suite_add_tcase(suite, tests);
    return suite;
}
