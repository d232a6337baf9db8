/*
 * Diagnoses of ranks that others wait for in vain: that are done, crashed or do
 * not come back; and of logs that make no sense. All are written by hand.
 */
#include "tests/support/diagnosed.h"
#include "tests/support/test.h"

/* A simulated run that the grader had to stop has not ended: a rank in no call is in its own code. */
START_TEST(who_is_stopped_in_the_simulator_does_not_come_back)
{
    diagnosed_begin(2);
    script_compute(&diagnosed_rank[0], LOG_FORWARD, 0, 2, 10);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 9, 8000, false);
    struct log_file logs[2] = {diagnosed_rank[0].log, diagnosed_rank[1].log};
    struct outcome outcome = {
        .ranks = 2, .end = RUN_HUNG, .simulated = true, .exit_status = -1, .log = logs};
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 0 does not come back from its own code, after F of micro-batch 2");
}
END_TEST

START_TEST(a_rank_that_is_done)
{
    diagnosed_begin(2);
    script_final(&diagnosed_rank[0]);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_RANK_GONE);
    diagnosed_says("rank 0 came to its end; rank 1 waits for it in MPI_Recv");
}
END_TEST

START_TEST(a_rank_that_ended_early)
{
    diagnosed_begin(3);
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 5, 100, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 2, 5, 100, false);
    script_compute(&diagnosed_rank[2], LOG_FORWARD, 2, 1, 10);
    ck_assert_int_eq(diagnosed(3, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
    diagnosed_says("rank 2 ended without its final record, after F of micro-batch 1");
    diagnosed_says("exit() or return before the end?");

    diagnosed_begin(2); /* not a word from anybody */
    ck_assert_int_eq(diagnosed(2, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
}
END_TEST

START_TEST(an_endless_loop)
{
    diagnosed_begin(2);
    script_compute(&diagnosed_rank[0], LOG_BACKWARD, 0, 3, 10);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_ENDLESS_LOOP);
    diagnosed_says("rank 0 does not come back from its own code, after B of micro-batch 3");
}
END_TEST

START_TEST(polling)
{
    diagnosed_begin(2);
    uint64_t received = script_irecv(&diagnosed_rank[0], 1, 5, 100);
    struct log_record record = log_record_new(LOG_TEST, LOG_BEGIN);
    script_put(&diagnosed_rank[0], record);
    script_about(&diagnosed_rank[0], LOG_WAITING_FOR, received);
    script_end(&diagnosed_rank[0], record);
    diagnosed_rank[0].log.polls = 12344;
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    /* A circle, even though rank 0 does not block. */
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_POLLING);
    diagnosed_says("ranks 0 and 1");
    diagnosed_explains("rank 0 → rank 1 → rank 0");
    diagnosed_explains("12345 times in vain");
    script_final(&diagnosed_rank[1]);
    ck_assert_int_eq(diagnosed(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_RANK_GONE);
    diagnosed_begin(2);
    script_put(&diagnosed_rank[0], record);
    script_end(&diagnosed_rank[0], record);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_POLLING);
}
END_TEST

START_TEST(a_crash_and_a_message)
{
    diagnosed_begin(2);
    script_compute(&diagnosed_rank[0], LOG_BACKWARD, 0, 3, 10);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    char crash[] = "mpirun noticed that process rank 0 with PID 12 on node x exited on\n"
                   "signal 11 (Segmentation fault).\n";
    ck_assert_int_eq(diagnosed(2, RUN_CRASHED, crash), DIAGNOSIS_CRASHED);
    diagnosed_says("rank 0 crashed (Segmentation fault) after B of micro-batch 3");
    struct log_file logs[2] = {diagnosed_rank[0].log, diagnosed_rank[1].log};
    const struct outcome reversed = {.ranks = 2,
                                     .end = RUN_CRASHED,
                                     .log = logs,
                                     .output = crash,
                                     .options = {.reverse_ranks = true}};
    ck_assert_int_eq(diagnosed_outcome(&reversed), DIAGNOSIS_CRASHED);
    diagnosed_says("rank 1 crashed (Segmentation fault) in MPI_Recv");
    char message[] = "step 1\nrank 1: stage_forward: x has the shape (4, 5)\nmore\n";
    ck_assert_int_eq(diagnosed(2, RUN_FAILED, message), DIAGNOSIS_STOPPED_ITSELF);
    diagnosed_says("rank 1: stage_forward: x has the shape (4, 5)");
}
END_TEST

START_TEST(finalize_within_a_step)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++) {
        script_step(&diagnosed_rank[r], LOG_STEP_BEGIN, 0);
        script_compute(&diagnosed_rank[r], LOG_FORWARD, r, 0, 10);
    }
    script_call(&diagnosed_rank[1], LOG_FINALIZE, LOG_NO_PEER, LOG_ANY_TAG, 0, false);
    ck_assert_int_eq(diagnosed(2, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
    diagnosed_says("rank 1 called MPI_Finalize");
    diagnosed_says("MPI is needed until the program's end");
}
END_TEST

START_TEST(a_program_that_outlives_its_end)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++)
        script_final(&diagnosed_rank[r]);
    ck_assert_int_eq(diagnosed(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_ENDLESS_LOOP);
    diagnosed_says("every rank came to its end");
}
END_TEST

START_TEST(words_without_end_are_cut)
{
    diagnosed_begin(2);
    GString *words = g_string_new("rank 1: stage_forward: ");
    for (int i = 0; i < 2000; i++)
        g_string_append(words, "ä");
    ck_assert_int_eq(diagnosed(2, RUN_FAILED, words->str), DIAGNOSIS_STOPPED_ITSELF);
    diagnosed_says("the program stopped with a message: rank 1: stage_forward: ä");
    ck_assert_uint_lt(diagnosed_headline->len, 1000);
    g_string_free(words, TRUE);
}
END_TEST

START_TEST(a_send_that_mpi_refused_waits_for_nobody)
{
    diagnosed_begin(2);
    script_call(&diagnosed_rank[0], LOG_ISEND, LOG_PEER_NULL, 0, 100, false);
    diagnosed(2, RUN_FAILED, NULL);
    diagnosed_does_not_explain("no receive was ever posted");
}
END_TEST

START_TEST(logs_that_make_no_sense)
{
    const enum run_end ends[] = {RUN_HUNG, RUN_FAILED, RUN_CRASHED, RUN_TIMED_OUT};
    for (unsigned seed = 1; seed < 400; seed++) {
        diagnosed_begin(3);
        script_nonsense(diagnosed_rank, 3, seed);
        diagnosed(3, ends[seed % 4], NULL);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("diagnose_ends");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, who_is_stopped_in_the_simulator_does_not_come_back);
    tcase_add_test(tests, a_rank_that_is_done);
    tcase_add_test(tests, a_rank_that_ended_early);
    tcase_add_test(tests, an_endless_loop);
    tcase_add_test(tests, polling);
    tcase_add_test(tests, a_crash_and_a_message);
    tcase_add_test(tests, finalize_within_a_step);
    tcase_add_test(tests, a_program_that_outlives_its_end);
    tcase_add_test(tests, words_without_end_are_cut);
    tcase_add_test(tests, a_send_that_mpi_refused_waits_for_nobody);
    tcase_add_test(tests, logs_that_make_no_sense);
    suite_add_tcase(suite, tests);
    return suite;
}
