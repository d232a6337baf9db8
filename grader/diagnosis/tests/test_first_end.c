/*
 * Who ended a run: of several ranks that hung, crashed or were killed with it,
 * the one that did so first by itself. All logs and last words are written by
 * hand.
 */
#include "grader/diagnosis/first_end.h"

#include "tests/support/diagnosed.h"
#include "tests/support/test.h"

#include <signal.h>
#include <string.h>

#define LATER ((uint64_t)5e9) /* nanoseconds */

static struct log_file logs[3];
static struct last_words words[3];
static struct outcome outcome;

/* Three ranks, of which rank 0 waits for rank 1 and rank 2 computes. */
static void begin(enum run_end end)
{
    diagnosed_begin(3);
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 5, 100, false);
    script_compute(&diagnosed_rank[1], LOG_FORWARD, 1, 2, 10);
    for (int rank = 0; rank < 3; rank++) {
        logs[rank] = diagnosed_rank[rank].log;
        logs[rank].pid = (uint64_t)rank + 10;
        words[rank] = (struct last_words){.kind = LAST_WORDS_NONE};
    }
    outcome =
        (struct outcome){.ranks = 3, .end = end, .exit_status = 1, .log = logs, .words = words};
}

static void message(int rank, uint64_t clock, const char *text)
{
    words[rank] = (struct last_words){.kind = LAST_WORDS_MESSAGE, .clock = clock};
    g_strlcpy(words[rank].text, text, sizeof words[rank].text);
}

static void ended_by(int rank, uint64_t clock, int number, int code, int64_t sender)
{
    words[rank] = (struct last_words){.kind = LAST_WORDS_SIGNAL,
                                      .clock = clock,
                                      .number = number,
                                      .code = code,
                                      .sender = sender};
}

static void expect_end(enum run_end before, enum run_end after, const char *why)
{
    char *trouble;
    ck_assert_int_eq(diagnosis_end_of_run(&outcome, before, &trouble), after);
    ck_assert_str_eq(trouble ? trouble : "", why);
    g_free(trouble);
    outcome.end = after;
}

/* Whatever mpirun made of it. */
START_TEST(what_follows_from_a_message_is_no_cause)
{
    const enum run_end ends[] = {RUN_HUNG, RUN_TIMED_OUT, RUN_CRASHED, RUN_FAILED};
    begin(ends[_i]);
    message(1, LATER, "rank 1: place_of: layer 0 is not here (called at compare.c:11)");
    ended_by(0, LATER + 1000000000, SIGSEGV, SEGV_MAPERR, 0);
    expect_end(ends[_i], RUN_FAILED, ends[_i] == RUN_FAILED ? "" : "rank 1 ended it");
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_STOPPED_ITSELF);
    ck_assert_str_eq(diagnosed_headline->str,
                     "the program stopped with a message: rank 1: place_of: layer 0 is not here "
                     "(called at compare.c:11)");
}
END_TEST

START_TEST(a_message_that_follows_from_a_crash_is_no_cause)
{
    begin(RUN_FAILED);
    ended_by(2, LATER, SIGFPE, FPE_INTDIV, 0);
    message(1, LATER + 1, "rank 1: MPI: an MPI call failed");
    expect_end(RUN_FAILED, RUN_CRASHED, "rank 2 was ended by signal 8 (Floating point exception)");
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_CRASHED);
    diagnosed_says("rank 2 crashed (Floating point exception)");
}
END_TEST

/* The lowest rank of those that come to the same end. */
START_TEST(chance_does_not_choose_the_rank)
{
    begin(RUN_FAILED);
    message(2, LATER, "rank 2: f: layer 4");
    message(1, LATER + 1000000, "rank 1: f: layer 2");
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 1: f: layer 2");
    begin(RUN_FAILED);
    message(2, LATER, "rank 2: f: layer 4");
    message(1, 2 * LATER, "rank 1: f: layer 2"); /* much later: another story */
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 2: f: layer 4");
}
END_TEST

/* mpirun sends SIGTERM to those that are left: they did not end by themselves. */
START_TEST(whom_mpirun_ended_is_not_blamed)
{
    begin(RUN_FAILED);
    ended_by(0, LATER, SIGTERM, SI_USER, 3);
    ended_by(1, LATER, SIGTERM, SI_USER, 3);
    ck_assert_int_eq(diagnosis_first_end(&outcome).kind, FIRST_END_UNKNOWN);
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_ENDED_EARLY);
    diagnosed_says("rank 2 ended without its final record");
}
END_TEST

START_TEST(who_killed_whom_is_told_where_it_is_known)
{
    begin(RUN_CRASHED);
    ended_by(0, LATER, SIGSEGV, SI_USER, 11);
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 0 was sent signal 11 (Segmentation fault) by rank 1,");
    begin(RUN_CRASHED);
    ended_by(0, LATER, SIGABRT, SI_TKILL, 10); /* abort() */
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 0 crashed (Aborted)");
    begin(RUN_CRASHED);
    ended_by(0, LATER, SIGSEGV, SI_USER, 99);
    diagnosed_outcome(&outcome);
    diagnosed_says("rank 0 was sent signal 11 (Segmentation fault)");
    ck_assert_ptr_null(strstr(diagnosed_headline->str, " by rank"));
}
END_TEST

/* Nothing of it is a crash in a computation, on neither machine. */
START_TEST(a_kill_is_no_crash)
{
    begin(RUN_CRASHED);
    outcome.simulated = _i == 1;
    outcome.signal = SIGKILL;
    outcome.words = NULL;
    outcome.trouble = (char *)"ended by signal 9 (Killed)";
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_CRASHED);
    diagnosed_says("the program was ended by signal 9 (Killed), which no computation raises");
    ck_assert_ptr_null(strstr(diagnosed_headline->str, "rank"));
}
END_TEST

START_TEST(calls_that_end_the_others)
{
    begin(RUN_HUNG);
    script_call(&diagnosed_rank[1], LOG_ABORT, LOG_NO_PEER, LOG_ANY_TAG, 0, false);
    logs[1] = diagnosed_rank[1].log;
    ended_by(0, LATER, SIGSEGV, SEGV_MAPERR, 0);
    expect_end(RUN_HUNG, RUN_FAILED, "rank 1 ended it");
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_STOPPED_ITSELF);
    diagnosed_says("rank 1 called MPI_Abort");
}
END_TEST

/* Two ranks in one collective with sizes that differ: MPI may end the program, or have written behind a
 * buffer. What the kit ended by itself is another matter. */
START_TEST(sizes_that_differ_are_the_cause)
{
    static const struct {
        enum run_end end;
        const char *message; /* NULL: a crash */
        enum diagnosis_kind kind;
        const char *says;
    } cases[] = {
        {RUN_CRASHED, NULL, DIAGNOSIS_COLLECTIVES_DIFFER,
         "rank 1 calls MPI_Allreduce among all ranks with 80 bytes, where rank 0 calls it with "
         "400"},
        {RUN_FAILED, "rank 0: mpi_check: a.c:15: MPI_Allreduce(…) failed: MPI_ERR_TRUNCATE",
         DIAGNOSIS_COLLECTIVES_DIFFER, "rank 1 calls MPI_Allreduce among all ranks with 80 bytes"},
        {RUN_FAILED, "rank 0: check_result: a tensor of another shape", DIAGNOSIS_STOPPED_ITSELF,
         "the program stopped with a message: rank 0: check_result"},
    };
    diagnosed_begin(2);
    for (int rank = 0; rank < 2; rank++) {
        script_call_record(&diagnosed_rank[rank],
                           script_collective_on(&diagnosed_rank[rank], LOG_ALLREDUCE, LOG_WORLD, -1,
                                                rank == 0 ? 400 : 80),
                           true);
        logs[rank] = diagnosed_rank[rank].log;
        logs[rank].pid = (uint64_t)rank + 10;
        words[rank] = (struct last_words){.kind = LAST_WORDS_NONE};
    }
    outcome = (struct outcome){
        .ranks = 2, .end = cases[_i].end, .exit_status = 1, .log = logs, .words = words};
    if (cases[_i].message)
        message(0, LATER, cases[_i].message);
    else
        ended_by(0, LATER, SIGABRT, SI_TKILL, 10);
    ck_assert_int_eq(diagnosed_outcome(&outcome), cases[_i].kind);
    diagnosed_says(cases[_i].says);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("first_end");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_follows_from_a_message_is_no_cause, 0, 4);
    tcase_add_test(tests, a_message_that_follows_from_a_crash_is_no_cause);
    tcase_add_test(tests, chance_does_not_choose_the_rank);
    tcase_add_test(tests, whom_mpirun_ended_is_not_blamed);
    tcase_add_test(tests, who_killed_whom_is_told_where_it_is_known);
    tcase_add_loop_test(tests, a_kill_is_no_crash, 0, 2);
    tcase_add_test(tests, calls_that_end_the_others);
    tcase_add_loop_test(tests, sizes_that_differ_are_the_cause, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
