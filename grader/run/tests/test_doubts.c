/* Which runs could have failed by the machine's fault. */
#include "grader/run/doubts.h"
#include "tests/support/test.h"

#include <signal.h>

/* Two ranks that left records, and came to their end or not. */
static struct outcome ended(struct log_file log[2], char *errors[2], enum run_end end,
                            bool complete)
{
    for (int rank = 0; rank < 2; rank++)
        log[rank] = (struct log_file){.rank = rank, .count = 7, .complete = complete};
    return (struct outcome){
        .ranks = 2, .end = end, .log = log, .log_error = errors, .output = (char *)"nothing odd"};
}

static bool is_doubtful(enum run_end end, bool complete)
{
    struct log_file log[2];
    char *errors[2] = {NULL, NULL};
    const struct outcome outcome = ended(log, errors, end, complete);
    return doubts_about(&outcome);
}

START_TEST(who_never_ends_after_all_ranks_ended_may_be_the_launcher)
{
    ck_assert(is_doubtful(RUN_TIMED_OUT, true));
    ck_assert(is_doubtful(RUN_HUNG, true));
    ck_assert(!is_doubtful(RUN_TIMED_OUT, false));
    ck_assert(!is_doubtful(RUN_HUNG, false));
    ck_assert(!is_doubtful(RUN_FINISHED, true));
    ck_assert(!is_doubtful(RUN_FAILED, true));
}
END_TEST

START_TEST(a_rank_without_a_record_or_with_words_of_the_machine_is_doubtful)
{
    struct log_file log[2];
    char *errors[2] = {NULL, NULL};
    struct outcome outcome = ended(log, errors, RUN_FAILED, false);
    ck_assert(!doubts_about(&outcome));
    log[1].count = 0;
    ck_assert(doubts_about(&outcome));
    outcome = ended(log, errors, RUN_FAILED, false);
    errors[0] = (char *)"rank-0.log: Input/output error";
    ck_assert(doubts_about(&outcome));
    errors[0] = NULL;
    outcome.output = (char *)"awk: write failure (No space left on device)";
    ck_assert(doubts_about(&outcome));
}
END_TEST

START_TEST(signals_that_no_wrong_access_raises_are_doubtful)
{
    struct log_file log[2];
    char *errors[2] = {NULL, NULL};
    struct outcome outcome = ended(log, errors, RUN_CRASHED, false);
    outcome.signal = SIGSEGV;
    ck_assert(!doubts_about(&outcome));
    outcome.signal = SIGKILL;
    ck_assert(doubts_about(&outcome) && doubts_was_sent_signal(&outcome));
    outcome.signal = SIGILL;
    ck_assert(doubts_about(&outcome) && !doubts_was_sent_signal(&outcome));
}
END_TEST

START_TEST(a_gpu_that_no_rank_got_is_nobodys_fault)
{
    struct log_file log[2];
    char *errors[2] = {NULL, NULL};
    struct outcome outcome = ended(log, errors, RUN_FAILED, false);
    outcome.output = (char *)"rank 1: device_open: the memory of the GPU is full";
    outcome.device = "cuda";
    ck_assert(!doubts_had_no_device(&outcome)); /* its ranks have begun to work */
    log[0].count = log[1].count = 0;
    ck_assert(doubts_about(&outcome) && doubts_had_no_device(&outcome));
    outcome.device = NULL;
    ck_assert(!doubts_had_no_device(&outcome));
    outcome.device = "cuda";
    outcome.output = (char *)"rank 1: open_data: what?";
    ck_assert(!doubts_had_no_device(&outcome));
}
END_TEST

START_TEST(what_cuda_says_while_it_computes_is_doubtful)
{
    struct log_file log[2];
    char *errors[2] = {NULL, NULL};
    struct outcome outcome = ended(log, errors, RUN_FAILED, false);
    outcome.output = (char *)"rank 0: stage_forward: cublasSgemm(…) failed at "
                             "common/kernels/cuda/products.cu:60: the GPU program failed";
    ck_assert(doubts_about(&outcome));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("doubts");
    TCase *tests = tcase_create("doubts");
    tcase_add_test(tests, who_never_ends_after_all_ranks_ended_may_be_the_launcher);
    tcase_add_test(tests, a_rank_without_a_record_or_with_words_of_the_machine_is_doubtful);
    tcase_add_test(tests, signals_that_no_wrong_access_raises_are_doubtful);
    tcase_add_test(tests, a_gpu_that_no_rank_got_is_nobodys_fault);
    tcase_add_test(tests, what_cuda_says_while_it_computes_is_doubtful);
    suite_add_tcase(suite, tests);
    return suite;
}
