/*
 * The judges that read the order of events (order, parallel, luck, data), on logs
 * made by hand of an AFAB step. The other schedules: test_judges_orders.c.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/judged.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "grader/judges/judges.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define SMALL                                                                                      \
    "--schedule afab --model mlp:depth=2,width=8 --data synthetic:height=8,width=8 --seed 5 "

/* ---- logs by hand ------------------------------------------------------------------------------ */

#define RANKS 4
#define M     3

static struct script *builder;
static struct log_file logs[RANKS];
static char *log_errors[RANKS];
static struct outcome outcome;
static struct judgement judgement;

static void begin(void)
{
    builder = g_new(struct script, RANKS);
    outcome = (struct outcome){.ranks = RANKS,
                               .end = RUN_FINISHED,
                               .folder = "/no/such/folder",
                               .command = "(the command)",
                               .log = logs,
                               .log_error = log_errors};
    outcome.options = made_options(SMALL "--batch 6 --micro-batches 3 --steps 1");
    judgement = (struct judgement){.outcome = &outcome, .outcomes = 1};
    for (int r = 0; r < RANKS; r++) {
        script_init(&builder[r], r, RANKS);
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
    }
}

static void end(void)
{
    for (int r = 0; r < RANKS; r++)
        free(builder[r].log.record);
    g_free(builder);
}

static const struct judgement *finish(void)
{
    for (int r = 0; r < RANKS; r++) {
        script_step(&builder[r], LOG_STEP_END, 0);
        script_final(&builder[r]);
        logs[r] = builder[r].log;
        logs[r].seed = outcome.options.seed;
    }
    return &judgement;
}

/* One forward or backward of a rank with its messages. wait: for the send, before going on. */
static void work(int r, enum log_operation operation, int i, bool blocking_send, bool with_barrier)
{
    bool forward = operation == LOG_FORWARD;
    int from = forward ? r - 1 : r + 1, to = forward ? r + 1 : r - 1;
    int tag = forward ? i : 100 + i;
    if (from >= 0 && from < RANKS)
        script_call(&builder[r], LOG_RECV, from, tag, 64, true);
    script_compute(&builder[r], operation, r, i, forward ? 10 : 20);
    if (to >= 0 && to < RANKS && blocking_send)
        script_call(&builder[r], LOG_SEND, to, tag, 64, true);
    else if (to >= 0 && to < RANKS)
        script_wait(&builder[r], script_isend(&builder[r], to, tag, 64));
    if (with_barrier)
        script_collective(&builder[r], LOG_BARRIER, -1, RANKS, true);
}

static void all_forward_all_backward(bool with_barrier)
{
    for (int r = 0; r < RANKS; r++) {
        for (int i = 0; i < M; i++)
            work(r, LOG_FORWARD, i, false, with_barrier);
        for (int i = 0; i < M; i++)
            work(r, LOG_BACKWARD, M - 1 - i, false, false);
    }
}

START_TEST(right_order_and_parallel)
{
    all_forward_all_backward(false);
    judged_expect(judge_order, finish(), VERDICT_PASS, NULL);
    judged_expect(judge_parallel, &judgement, VERDICT_PASS, NULL);
    judged_expect(judge_luck, &judgement, VERDICT_PASS, NULL);
    outcome.options.micro_batches = 4; /* but one was never seen */
    judged_expect(judge_order, &judgement, VERDICT_FAIL, "micro-batch 3");
    outcome.ranks = 3;
    judged_expect(judge_parallel, &judgement, VERDICT_FAIL,
                  NULL); /* logs of another number of ranks */
}
END_TEST

/* The input gradient leaves before the gradients of the weights are computed: faster than AFAB with
 * whole backwards, and right. */
START_TEST(backwards_in_halves_are_parallel)
{
    bool waits = _i == 0;
    for (int r = 0; r < RANKS; r++) {
        for (int i = 0; i < M; i++)
            work(r, LOG_FORWARD, i, false, false);
        for (int i = 0; i < M; i++) {
            if (r < RANKS - 1 && waits)
                script_call(&builder[r], LOG_RECV, r + 1, 100 + i, 64, true);
            script_compute(&builder[r], LOG_BACKWARD_INPUT, r, i, 10);
            if (r > 0)
                script_wait(&builder[r], script_isend(&builder[r], r - 1, 100 + i, 64));
            script_compute(&builder[r], LOG_BACKWARD_WEIGHT, r, i, 10);
        }
    }
    judged_expect(judge_order, finish(), VERDICT_PASS, NULL);
    judged_expect(judge_parallel, &judgement, waits ? VERDICT_PASS : VERDICT_FAIL,
                  waits ? NULL : "did not wait");
}
END_TEST

START_TEST(one_after_the_other_is_not_parallel)
{
    all_forward_all_backward(true);
    judged_expect(judge_order, finish(), VERDICT_PASS, NULL);
    judged_expect(judge_parallel, &judgement, VERDICT_FAIL, "longer");
}
END_TEST

START_TEST(too_few_ranks_are_not_judged)
{
    for (int r = 0; r < 2; r++)
        builder[r].log.ranks = 2;
    all_forward_all_backward(false);
    finish();
    outcome.ranks = 2;
    judged_expect(judge_parallel, &judgement, VERDICT_NOT_JUDGED, "too few");
}
END_TEST

START_TEST(one_forward_one_backward_is_another_order)
{
    for (int r = 0; r < RANKS; r++)
        for (int i = 0; i < M; i++) {
            work(r, LOG_FORWARD, i, false, false);
            work(r, LOG_BACKWARD, i, false, false);
        }
    judged_expect(judge_order, finish(), VERDICT_FAIL, "forwards come after the first backward");
}
END_TEST

START_TEST(wrong_numbers_of_events)
{
    all_forward_all_backward(false);
    int kind = _i;
    if (kind == 0)
        work(1, LOG_BACKWARD, 2, false, false); /* twice */
    else if (kind == 1)
        script_compute(&builder[1], LOG_BACKWARD, 1, 7, 20); /* does not exist */
    else
        script_compute(&builder[1], LOG_BACKWARD, 2, 1, 20); /* another rank's stage */
    judged_expect(judge_order, finish(), VERDICT_FAIL, "step 0: rank 1 ran");
    if (kind != 0)
        return;
    judged_expect(judge_parallel, &judgement, VERDICT_FAIL, NULL);
}
END_TEST

START_TEST(halves_are_a_backward)
{
    for (int r = 0; r < RANKS; r++) {
        for (int i = 0; i < M; i++)
            work(r, LOG_FORWARD, i, false, false);
        for (int i = 0; i < M; i++) {
            script_compute(&builder[r], LOG_BACKWARD_INPUT, r, i, 10);
            script_compute(&builder[r], LOG_BACKWARD_WEIGHT, r, i, 10);
        }
    }
    judged_expect(judge_order, finish(), VERDICT_PASS, NULL);
}
END_TEST

/* Two neighbours that send to each other before they receive. */
START_TEST(sends_that_cross_are_luck)
{
    for (int r = 1; r < 3; r++) {
        script_call(&builder[r], LOG_SEND, 3 - r, 7, 64, true);
        script_call(&builder[r], LOG_RECV, 3 - r, 7, 64, true);
    }
    struct verdict *verdict = verdict_new();
    judge_luck(finish(), verdict);
    ck_assert_int_eq(verdict->kind, VERDICT_FAIL);
    ck_assert_ptr_nonnull(strstr(verdict->headline->str, "1 → 2 → 1"));
    ck_assert_ptr_nonnull(strstr(verdict->explanation->str, "MPI_Send"));
    verdict_free(verdict);
}
END_TEST

START_TEST(blocking_sends_that_meet_are_no_luck)
{
    script_call(&builder[1], LOG_SEND, 2, 7, 64, true);
    script_call(&builder[1], LOG_RECV, 2, 7, 64, true);
    script_call(&builder[2], LOG_RECV, 1, 7, 64, true);
    script_call(&builder[2], LOG_SEND, 1, 7, 64, true);
    judged_expect(judge_luck, finish(), VERDICT_PASS, NULL);
}
END_TEST

/* A message with fingerprints: of the buffer at the send, at its completion (GONE: there is none
 * any more), at the receive. */
#define GONE UINT64_MAX
static void fingerprinted(uint64_t sent, uint64_t completed, uint64_t received)
{
    struct log_record record = script_message(&builder[1], LOG_ISEND, 2, 7, 64);
    record.own_number = ++builder[1].requests;
    record.fingerprint = sent;
    script_put(&builder[1], record);
    script_end(&builder[1], record);
    builder[1].started[record.own_number] = record;
    builder[1].started[record.own_number].fingerprint = completed == GONE ? 0 : completed;
    builder[1].started[record.own_number].flag = completed == GONE ? LOG_FLAG_BUFFER_GONE : 0;
    script_wait(&builder[1], record.own_number);
    record = script_message(&builder[2], LOG_RECV, 1, 7, 64);
    script_put(&builder[2], record);
    record.fingerprint = received;
    script_end(&builder[2], record);
}

START_TEST(buffers_must_stay)
{
    static const struct {
        uint64_t sent, completed, received;
        enum verdict_kind kind;
    } cases[] = {{5, 5, 5, VERDICT_PASS}, {5, 0, 5, VERDICT_PASS}, /* not known at completion */
                 {5, 6, 5, VERDICT_FAIL}, {5, 6, 6, VERDICT_FAIL},
                 {5, 5, 6, VERDICT_FAIL}, {5, GONE, 5, VERDICT_FAIL}};
    fingerprinted(cases[_i].sent, cases[_i].completed, cases[_i].received);
    judged_expect(judge_luck, finish(), cases[_i].kind,
                  cases[_i].kind == VERDICT_FAIL ? "from rank 1 to rank 2" : NULL);
}
END_TEST

/* A send that nobody waits for; its receive is waited for. */
START_TEST(every_request_must_be_waited_for)
{
    static const char *const says[] = {NULL, "rank 1 never waited for a message that it sent to",
                                       "rank 2 never waited for a message that it receives from",
                                       NULL};
    uint64_t sent = script_isend(&builder[1], 2, 7, 64),
             received = script_irecv(&builder[2], 1, 7, 64);
    if (_i == 3) { /* it knows without */
        struct log_record record = log_record_new(LOG_REQUEST_FREE, LOG_BEGIN);
        record.own_number = sent;
        script_put(&builder[1], record);
        script_end(&builder[1], record);
    } else if (_i != 1) {
        script_wait(&builder[1], sent);
    }
    if (_i != 2)
        script_wait(&builder[2], received);
    judged_expect(judge_luck, finish(), says[_i] ? VERDICT_FAIL : VERDICT_PASS, says[_i]);
}
END_TEST

/* ---- data -------------------------------------------------------------------------------------- */

START_TEST(data)
{
    static const struct {
        int inputs, labels; /* bit r: rank r opened them */
        const char *says;   /* NULL: right */
    } cases[] = {
        {1, 8, NULL},
        {1, 1, NULL}, /* sent along the pipeline */
        {3, 8, "rank 1 (in the middle) opened the inputs"},
        {9, 8, "rank 3 (the last stage) opened the inputs"},
        {0, 8, "did not open the inputs"},
        {1, 9, "rank 0 (the first stage) opened the labels"},
        {1, 12, "rank 2 (in the middle) opened the labels"},
        {1, 0, "no rank opened the labels"},
        {15, 15, "opened"},
    };
    for (int r = 0; r < RANKS; r++) {
        builder[r].log.count = 0; /* before the first step */
        if (cases[_i].inputs >> r & 1)
            script_put(&builder[r], log_record_new(LOG_OPEN_INPUTS, LOG_INSTANT));
        if (cases[_i].labels >> r & 1)
            script_put(&builder[r], log_record_new(LOG_OPEN_LABELS, LOG_INSTANT));
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
    }
    judged_expect(judge_data, finish(), cases[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                  cases[_i].says);
    /* What a run does after its first step began is no matter: it may well end there. */
    for (int r = 0; r < RANKS; r++) {
        logs[r].count -= 2;
        logs[r].complete = false;
    }
    outcome.end = RUN_FAILED;
    judged_expect(judge_data, &judgement, cases[_i].says ? VERDICT_FAIL : VERDICT_PASS,
                  cases[_i].says);
}
END_TEST

/* One rank is the first stage and the last: told by name only if the labels are opened with several
 * ranks. 0: they are, 1: with one rank, too, 2: nowhere. */
START_TEST(data_of_one_rank)
{
    static struct script of_two[2];
    struct log_file two[2];
    builder[0].log.count = 0;
    script_put(&builder[0], log_record_new(LOG_OPEN_INPUTS, LOG_INSTANT));
    if (_i == 1)
        script_put(&builder[0], log_record_new(LOG_OPEN_LABELS, LOG_INSTANT));
    script_step(&builder[0], LOG_STEP_BEGIN, 0);
    finish();
    outcome.ranks = logs[0].ranks = 1;
    for (int r = 0; r < 2; r++) {
        script_init(&of_two[r], r, 2);
        if (r == 0 || _i != 2)
            script_put(&of_two[r],
                       log_record_new(r ? LOG_OPEN_LABELS : LOG_OPEN_INPUTS, LOG_INSTANT));
        script_step(&of_two[r], LOG_STEP_BEGIN, 0);
        two[r] = of_two[r].log;
        two[r].seed = outcome.options.seed;
    }
    struct outcome both[2] = {outcome, outcome};
    both[1].ranks = 2;
    both[1].log = two;
    struct judgement judgement_of_both = {.outcome = both, .outcomes = 2};
    struct verdict *verdict = verdict_new();
    judge_data(&judgement_of_both, verdict);
    ck_assert_int_eq(verdict->kind, _i == 1 ? VERDICT_PASS : VERDICT_FAIL);
    ck_assert_str_eq(verdict->mistake->str,
                     _i == 0 ? "one rank is the first stage and the last" : "");
    ck_assert(_i != 2 || strstr(verdict->headline->str, "no rank opened the labels"));
    verdict_free(verdict);
    outcome.ranks = RANKS;
    for (int r = 0; r < 2; r++)
        free(of_two[r].log.record);
}
END_TEST

START_TEST(data_opened_within_a_step)
{
    for (int r = 0; r < RANKS; r++) {
        builder[r].log.count = 0;
        if (r == 0)
            script_put(&builder[r], log_record_new(LOG_OPEN_INPUTS, LOG_INSTANT));
        if (r == 3)
            script_put(&builder[r], log_record_new(LOG_OPEN_LABELS, LOG_INSTANT));
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
        if (r == 1)
            script_put(&builder[r], log_record_new(LOG_OPEN_INPUTS, LOG_INSTANT));
    }
    judged_expect(judge_data, finish(), VERDICT_FAIL, "rank 1 opened data within a training step");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of schedules");
    TCase *by_hand = tcase_create("logs by hand");
    tcase_add_checked_fixture(by_hand, begin, end);
    tcase_add_test(by_hand, right_order_and_parallel);
    tcase_add_loop_test(by_hand, backwards_in_halves_are_parallel, 0, 2);
    tcase_add_test(by_hand, one_after_the_other_is_not_parallel);
    tcase_add_test(by_hand, too_few_ranks_are_not_judged);
    tcase_add_test(by_hand, one_forward_one_backward_is_another_order);
    tcase_add_loop_test(by_hand, wrong_numbers_of_events, 0, 3);
    tcase_add_test(by_hand, halves_are_a_backward);
    tcase_add_test(by_hand, sends_that_cross_are_luck);
    tcase_add_test(by_hand, blocking_sends_that_meet_are_no_luck);
    tcase_add_loop_test(by_hand, buffers_must_stay, 0, 6);
    tcase_add_loop_test(by_hand, every_request_must_be_waited_for, 0, 4);
    tcase_add_loop_test(by_hand, data, 0, 9);
    tcase_add_loop_test(by_hand, data_of_one_rank, 0, 3);
    tcase_add_test(by_hand, data_opened_within_a_step);
    suite_add_tcase(suite, by_hand);
    return suite;
}
