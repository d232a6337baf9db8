/*
 * Tests of the diagnosis: logs of runs that went wrong in a known way, most
 * written by hand, some by programs that really hang.
 */
#include "common/tests/run_program.h"
#include "grader/diagnose.h"
#include "grader/source_line.h"
#include "grader/tests/log_builder.h"

#include <check.h>
#include <unistd.h>

#define MAX_RANKS 4

static struct builder rank[MAX_RANKS];
static struct log_file logs[MAX_RANKS];
static GString *headline, *text;

static void begin(int ranks)
{
    for (int r = 0; r < ranks; r++) {
        free(rank[r].log.record);
        builder_init(&rank[r], r, ranks);
    }
}

static enum diagnosis_kind diagnosis(int ranks, enum run_end end, char *output)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    struct outcome outcome = {
        .ranks = ranks, .end = end, .exit_status = 1, .log = logs, .output = output};
    if (headline == NULL) {
        headline = g_string_new(NULL);
        text = g_string_new(NULL);
    }
    g_string_truncate(headline, 0);
    g_string_truncate(text, 0);
    return diagnose(&outcome, headline, text);
}

#define HAS(string, part)                                                                          \
    ck_assert_msg(strstr((string)->str, part) != NULL, "no \"%s\" in: %s", part, (string)->str)
#define HAS_NOT(string, part)                                                                      \
    ck_assert_msg(strstr((string)->str, part) == NULL, "\"%s\" in: %s", part, (string)->str)

START_TEST(both_send_first)
{
    begin(3);
    for (int r = 0; r < 2; r++) {
        compute(&rank[r], LOG_FORWARD, r, 2, 10);
        call(&rank[r], LOG_SEND, 1 - r, 4 + r, 8000, false);
    }
    call(&rank[2], LOG_RECV, 1, 9, 8000, false);
    ck_assert_int_eq(diagnosis(3, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    HAS(headline, "ranks 0 and 1");
    HAS(headline, "MPI_Send");
    HAS(text, "rank 0 → rank 1 → rank 0");
    HAS(text, "held up: rank 2");
    HAS(text, "after F of micro-batch 2 (stage 1)");
    HAS(text, "rank 1 to receive (tag 4, 8000 bytes)");
    HAS(text, "a message from rank 1 (tag 9, room for 8000 bytes)");
}
END_TEST

/* A simulated run that the grader had to stop has not ended: a rank in no call is in its own code. */
START_TEST(who_is_stopped_in_the_simulator_does_not_come_back)
{
    begin(2);
    compute(&rank[0], LOG_FORWARD, 0, 2, 10);
    call(&rank[1], LOG_RECV, 0, 9, 8000, false);
    for (int r = 0; r < 2; r++)
        logs[r] = rank[r].log;
    struct outcome outcome = {
        .ranks = 2, .end = RUN_HUNG, .simulated = true, .exit_status = -1, .log = logs};
    g_autoptr(GString) said = g_string_new(NULL), more = g_string_new(NULL);
    diagnose(&outcome, said, more);
    HAS(said, "rank 0 does not come back from its own code, after F of micro-batch 2");
}
END_TEST

/* The same with MPI_Isend and a wait before the receives. */
START_TEST(both_wait_for_their_sends)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        uint64_t sent = isend(&rank[r], 1 - r, 4, 8000);
        waitall(&rank[r], &sent, 1, false);
    }
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    HAS(text, "begun with MPI_Isend");
}
END_TEST

START_TEST(both_receive_first)
{
    begin(4);
    for (int r = 0; r < 3; r++)
        call(&rank[r], LOG_RECV, (r + 1) % 3, 0, 100, false);
    call(&rank[3], LOG_RECV, 0, 0, 100, false);
    ck_assert_int_eq(diagnosis(4, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
    HAS(headline, "ranks 0, 1 and 2");
    HAS(text, "rank 0 → rank 1 → rank 2 → rank 0");
    HAS(text, "held up: rank 3");
}
END_TEST

START_TEST(a_circle_of_both_sorts)
{
    begin(3);
    call(&rank[0], LOG_SEND, 1, 0, 100000, false);
    call(&rank[1], LOG_RECV, 2, 0, 100, false);
    call(&rank[2], LOG_RECV, 0, 0, 100, false);
    ck_assert_int_eq(diagnosis(3, RUN_HUNG, NULL), DIAGNOSIS_CYCLE);
}
END_TEST

/* A wait for several things: what the others have done their part of is not to blame. */
START_TEST(only_what_is_missing_counts)
{
    begin(2);
    uint64_t request[2] = {irecv(&rank[0], 1, 1, 50), irecv(&rank[0], 1, 2, 50)};
    waitall(&rank[0], request, 2, false);
    isend(&rank[1], 0, 1, 50);
    call(&rank[1], LOG_RECV, 0, 7, 50, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
    HAS(text, "tag 2, room for 50 bytes");
    HAS_NOT(text, "tag 1, room for 50 bytes");
}
END_TEST

START_TEST(tags_that_differ)
{
    begin(2);
    call(&rank[0], LOG_SEND, 1, 5, 100, true);
    call(&rank[0], LOG_RECV, 1, 8, 100, false);
    call(&rank[1], LOG_RECV, 0, 6, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_TAG_MISMATCH);
    HAS(headline, "rank 1 waits for a message from rank 0 with tag 6");
    HAS(headline, "rank 0 sent one with tag 5");
    HAS(text, "rank 0 → rank 1, tag 5, 100 bytes, MPI_Send");
}
END_TEST

START_TEST(communicators_that_differ)
{
    begin(2);
    struct log_record record = message_record(&rank[0], LOG_SEND, 1, 5, 100);
    record.communicator = 7;
    put(&rank[0], record);
    end_call(&rank[0], record);
    final(&rank[0]);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_COMMUNICATOR_MISMATCH);
    HAS(headline, "another communicator");
}
END_TEST

START_TEST(no_room_for_the_message)
{
    begin(2);
    call(&rank[0], LOG_SEND, 1, 5, 200, true);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_FAILED, NULL), DIAGNOSIS_TRUNCATION);
    HAS(headline, "rank 1 has room for 100 bytes, but rank 0 sent 200");
}
END_TEST

START_TEST(a_collective_that_one_rank_missed)
{
    begin(3);
    collective(&rank[0], LOG_BARRIER, -1, 3, false);
    collective(&rank[1], LOG_BARRIER, -1, 3, false);
    final(&rank[2]);
    ck_assert_int_eq(diagnosis(3, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
    HAS(headline, "rank 0 is in MPI_Barrier, which rank 2 never called");

    begin(2);
    collective(&rank[0], LOG_BARRIER, -1, 2, false);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
}
END_TEST

START_TEST(different_collectives)
{
    begin(2);
    collective(&rank[0], LOG_BCAST, 0, 2, false);
    collective(&rank[1], LOG_ALLREDUCE, -1, 2, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVES_DIFFER);
    HAS(headline, "rank 0 MPI_Bcast, rank 1 MPI_Allreduce");
    begin(2);
    collective(&rank[0], LOG_BCAST, 0, 2, false);
    collective(&rank[1], LOG_BCAST, 1, 2, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVES_DIFFER);
    HAS(headline, "different roots");
}
END_TEST

START_TEST(a_rank_that_is_done)
{
    begin(2);
    final(&rank[0]);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_RANK_GONE);
    HAS(headline, "rank 0 came to its end; rank 1 waits for it in MPI_Recv");
}
END_TEST

START_TEST(a_rank_that_ended_early)
{
    begin(3);
    call(&rank[0], LOG_RECV, 1, 5, 100, false);
    call(&rank[1], LOG_RECV, 2, 5, 100, false);
    compute(&rank[2], LOG_FORWARD, 2, 1, 10);
    ck_assert_int_eq(diagnosis(3, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
    HAS(headline, "rank 2 ended without its final record, after F of micro-batch 1");
    HAS(headline, "exit() or return before the end?");

    begin(2); /* not a word from anybody */
    ck_assert_int_eq(diagnosis(2, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
}
END_TEST

START_TEST(an_endless_loop)
{
    begin(2);
    compute(&rank[0], LOG_BACKWARD, 0, 3, 10);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_ENDLESS_LOOP);
    HAS(headline, "rank 0 does not come back from its own code, after B of micro-batch 3");
}
END_TEST

START_TEST(polling)
{
    begin(2);
    uint64_t received = irecv(&rank[0], 1, 5, 100);
    struct log_record record = log_record_new(LOG_TEST, LOG_BEGIN);
    put(&rank[0], record);
    about(&rank[0], LOG_WAITING_FOR, received);
    end_call(&rank[0], record);
    rank[0].log.polls = 12344;
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    /* A circle, even though rank 0 does not block. */
    ck_assert_int_eq(diagnosis(2, RUN_HUNG, NULL), DIAGNOSIS_POLLING);
    HAS(headline, "ranks 0 and 1");
    HAS(text, "rank 0 → rank 1 → rank 0");
    HAS(text, "12345 times in vain");
    final(&rank[1]);
    ck_assert_int_eq(diagnosis(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_RANK_GONE);
    begin(2);
    put(&rank[0], record);
    end_call(&rank[0], record);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosis(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_POLLING);
}
END_TEST

START_TEST(a_crash_and_a_message)
{
    begin(2);
    compute(&rank[0], LOG_BACKWARD, 0, 3, 10);
    call(&rank[1], LOG_RECV, 0, 5, 100, false);
    char crash[] = "mpirun noticed that process rank 0 with PID 12 on node x exited on\n"
                   "signal 11 (Segmentation fault).\n";
    ck_assert_int_eq(diagnosis(2, RUN_CRASHED, crash), DIAGNOSIS_CRASHED);
    HAS(headline, "rank 0 crashed (Segmentation fault) after B of micro-batch 3");
    char message[] = "step 1\nrank 1: stage_forward: x has the shape (4, 5)\nmore\n";
    ck_assert_int_eq(diagnosis(2, RUN_FAILED, message), DIAGNOSIS_STOPPED_ITSELF);
    HAS(headline, "rank 1: stage_forward: x has the shape (4, 5)");
}
END_TEST

START_TEST(finalize_within_a_step)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        fact(&rank[r], LOG_STEP_BEGIN, 0);
        compute(&rank[r], LOG_FORWARD, r, 0, 10);
    }
    call(&rank[1], LOG_FINALIZE, LOG_NO_PEER, LOG_ANY_TAG, 0, false);
    ck_assert_int_eq(diagnosis(2, RUN_FAILED, NULL), DIAGNOSIS_ENDED_EARLY);
    HAS(headline, "rank 1 called MPI_Finalize");
    HAS(headline, "within a training step");
}
END_TEST

START_TEST(a_program_that_outlives_its_end)
{
    begin(2);
    for (int r = 0; r < 2; r++)
        final(&rank[r]);
    ck_assert_int_eq(diagnosis(2, RUN_TIMED_OUT, NULL), DIAGNOSIS_ENDLESS_LOOP);
    HAS(headline, "every rank came to its end");
}
END_TEST

START_TEST(words_without_end_are_cut)
{
    begin(2);
    GString *words = g_string_new("rank 1: stage_forward: ");
    for (int i = 0; i < 2000; i++)
        g_string_append(words, "ä");
    ck_assert_int_eq(diagnosis(2, RUN_FAILED, words->str), DIAGNOSIS_STOPPED_ITSELF);
    HAS(headline, "the program stopped with a message: rank 1: stage_forward: ä");
    ck_assert_uint_lt(headline->len, 1000);
    g_string_free(words, TRUE);
}
END_TEST

START_TEST(a_send_that_mpi_refused_waits_for_nobody)
{
    begin(2);
    call(&rank[0], LOG_ISEND, LOG_PEER_NULL, 0, 100, false);
    diagnosis(2, RUN_FAILED, NULL);
    HAS_NOT(text, "no receive was ever posted");
}
END_TEST

START_TEST(logs_that_make_no_sense)
{
    const enum run_end ends[] = {RUN_HUNG, RUN_FAILED, RUN_CRASHED, RUN_TIMED_OUT};
    for (unsigned seed = 1; seed < 400; seed++) {
        begin(3);
        write_nonsense(rank, 3, seed);
        diagnosis(3, ends[seed % 4], NULL);
    }
}
END_TEST

/* ---- the judgement ------------------------------------------------------------------------- */

START_TEST(judging)
{
    begin(2);
    for (int r = 0; r < 2; r++)
        call(&rank[r], LOG_RECV, 1 - r, 0, 100, false);
    for (int r = 0; r < 2; r++)
        logs[r] = rank[r].log;
    char command[] = "mpirun -n 2 program", output[] = "hello\n", refusal[] = "no: 3 stages\n";
    char disk[] = "the disk is full";
    struct outcome outcome[] = {
        {.ranks = 2, .end = RUN_FINISHED},
        {.ranks = 2, .end = RUN_NOT_STARTED, .trouble = disk},
        {.ranks = 2, .end = RUN_HUNG, .log = logs, .command = command, .output = output},
        {.ranks = 2, .end = RUN_REFUSED, .output = refusal},
    };
    struct judgement judgement = {.outcome = outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    ck_assert(judge_all_finished(&judgement, verdict));
    ck_assert_uint_eq(verdict->headline->len, 0);
    judgement.outcomes = 2;
    ck_assert(!judge_all_finished(&judgement, verdict));
    ck_assert_int_eq(verdict->kind, VERDICT_NOT_JUDGED);
    HAS(verdict->headline, "the disk is full");
    verdict_free(verdict);

    verdict = verdict_new();
    judgement.outcomes = 3;
    ck_assert(!judge_all_finished(&judgement, verdict));
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    HAS(verdict->headline, "deadlock");
    HAS(verdict->explanation, "hello");
    HAS(verdict->explanation, "mpirun -n 2 program");
    HAS(verdict->explanation, "Run 3 of 3");
    verdict_free(verdict);

    verdict = verdict_new();
    judgement.outcome = &outcome[3];
    judgement.outcomes = 1;
    ck_assert(!judge_all_finished(&judgement, verdict));
    HAS(verdict->headline, "refused its arguments: no: 3 stages");
    verdict_free(verdict);
}
END_TEST

/* ---- programs that really hang ----------------------------------------------------------------- */

static enum diagnosis_kind run_and_diagnose(const char *way, enum run_end end)
{
    char folder[] = "/tmp/test_diagnose_XXXXXX", path[128], program[PATH_MAX];
    char error[LOG_ERROR_SIZE];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    program_path("common/tests/programs/log_hang", program);
    snprintf(path, sizeof path, "%s/output", folder);
    ck_assert_int_ne(run_program(program, 2, folder, way, path), 0);
    unlink(path);
    begin(2);
    for (int r = 0; r < 2; r++) {
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, r);
        ck_assert_msg(log_read(path, &logs[r], error), "%s", error);
        unlink(path);
    }
    rmdir(folder);
    struct outcome outcome = {.ranks = 2, .end = end, .log = logs, .program = program};
    headline = g_string_new(NULL);
    text = g_string_new(NULL);
    return diagnose(&outcome, headline, text);
}

/* The order of 1F1B, p = 2 and m = 4, with `more` forwards than right, as far as two ranks that
 * wait for each other came. */
static void assert_order(int more, const char *mistake)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        fact(&rank[r], LOG_STEP_BEGIN, 0);
        for (int i = 0; i < 2 - r + more; i++)
            compute(&rank[r], LOG_FORWARD, r, i, 10);
        compute(&rank[r], LOG_BACKWARD, r, 0, 10);
        call(&rank[r], LOG_RECV, 1 - r, 0, 100, false);
        logs[r] = rank[r].log;
    }
    struct outcome outcome = {.ranks = 2,
                              .end = RUN_HUNG,
                              .log = logs,
                              .options = {.schedule = "1f1b", .micro_batches = 4}};
    struct judgement judgement = {.outcome = &outcome, .outcomes = 1, .picture_prefix = "x"};
    struct verdict *verdict = verdict_new();
    ck_assert(!judge_all_finished(&judgement, verdict));
    ck_assert_str_eq(verdict->mistake->str, mistake);
    verdict_free(verdict);
}

START_TEST(an_order_cut_off_names_the_mistake)
{
    assert_order(1, "warm-up one too many");
    assert_order(0, "");
}
END_TEST

START_TEST(real_programs)
{
    ck_assert_int_eq(run_and_diagnose("both-send", RUN_HUNG), DIAGNOSIS_BOTH_SEND_FIRST);
    HAS(headline, "log_hang.c:18 (both_send)");
    HAS(text, "tag 5, 400000 bytes");
    ck_assert_int_eq(run_and_diagnose("tags", RUN_HUNG), DIAGNOSIS_TAG_MISMATCH);
    HAS(text, "log_hang.c:");
    ck_assert_int_eq(run_and_diagnose("truncate", RUN_FAILED), DIAGNOSIS_TRUNCATION);
    HAS(headline, "rank 1 has room for 40 bytes, but rank 0 sent 80");
}
END_TEST

START_TEST(source_lines)
{
    ck_assert_str_eq(source_line(NULL, 5), "");
    ck_assert_str_eq(source_line("/nonexistent/program", 5), "");
    ck_assert_str_eq(source_line("/proc/self/exe", 0), "");
    ck_assert_str_eq(source_line("; touch /tmp/never", 5), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diagnose");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, both_send_first);
    tcase_add_test(tests, who_is_stopped_in_the_simulator_does_not_come_back);
    tcase_add_test(tests, both_wait_for_their_sends);
    tcase_add_test(tests, both_receive_first);
    tcase_add_test(tests, a_circle_of_both_sorts);
    tcase_add_test(tests, only_what_is_missing_counts);
    tcase_add_test(tests, tags_that_differ);
    tcase_add_test(tests, communicators_that_differ);
    tcase_add_test(tests, no_room_for_the_message);
    tcase_add_test(tests, a_collective_that_one_rank_missed);
    tcase_add_test(tests, different_collectives);
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
    tcase_add_test(tests, judging);
    tcase_add_test(tests, an_order_cut_off_names_the_mistake);
    tcase_add_test(tests, real_programs);
    tcase_add_test(tests, source_lines);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
