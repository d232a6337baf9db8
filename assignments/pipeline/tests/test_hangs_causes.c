/*
 * What the pipeline says of runs that stopped half way, on logs written by hand:
 * the headline names ranks and micro-batches, and the mistake only where the log
 * leaves nothing else.
 */
#include "assignments/pipeline/tests/support/made_run.h"
#include "grader/grade/unfinished.h"
#include "grader/verdict/assignment.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define RANKS 3

static struct script rank[RANKS];
static int ranks;

static void begin(int count)
{
    ranks = count;
    for (int r = 0; r < ranks; r++) {
        script_init(&rank[r], r, ranks);
        script_step(&rank[r], LOG_STEP_BEGIN, 0);
    }
}

/* A computation that takes and gives tensors with these fingerprints. */
static void compute(int r, enum log_operation operation, int stage, int i, uint64_t in,
                    uint64_t out)
{
    script_compute(&rank[r], operation, stage, i, 10);
    struct log_record *record = rank[r].log.record + rank[r].log.count - 2;
    record[0].own_number = in;
    record[1].own_number = out;
}

/* A blocking call, with the fingerprint of what it moves. */
static void call(int r, enum log_operation operation, int peer, int tag, uint64_t fingerprint,
                 bool returned)
{
    size_t before = rank[r].log.count;
    script_call(&rank[r], operation, peer, tag, 100, returned);
    for (size_t i = before; i < rank[r].log.count; i++)
        rank[r].log.record[i].fingerprint = fingerprint;
}

/* Rank r runs F of micro-batch i with its messages; tag i, tensor 10 + i. */
static void forward(int r, int i)
{
    if (r > 0)
        call(r, LOG_RECV, r - 1, i, 10 + (uint64_t)i, true);
    compute(r, LOG_FORWARD, r, i, r > 0 ? 10 + (uint64_t)i : 0, 10 + (uint64_t)i);
    if (r < ranks - 1)
        call(r, LOG_SEND, r + 1, i, 10 + (uint64_t)i, true);
}

/* The same of B; tag 50 + i, tensor 90 + i. */
static void backward(int r, int i)
{
    if (r < ranks - 1)
        call(r, LOG_RECV, r + 1, 50 + i, 90 + (uint64_t)i, true);
    compute(r, LOG_BACKWARD, r, i, 90 + (uint64_t)i, 90 + (uint64_t)i);
    if (r > 0)
        call(r, LOG_SEND, r - 1, 50 + i, 90 + (uint64_t)i, true);
}

static void expect(const char *options, enum run_end end, char *output, const char *says,
                   const char *mistake)
{
    struct log_file logs[RANKS];
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    struct outcome outcome = {.assignment = assignment_find("pipeline"),
                              .ranks = ranks,
                              .end = end,
                              .exit_status = 1,
                              .output = output,
                              .log = logs,
                              .options = made_options(options)};
    struct judgement judgement = {.outcome = &outcome, .outcomes = 1, .picture_prefix = "x"};
    struct verdict *verdict = verdict_new();
    ck_assert(!grade_all_finished(&judgement, verdict));
    ck_assert_msg(strstr(verdict->headline->str, says), "no \"%s\" in: %s", says,
                  verdict->headline->str);
    ck_assert_str_eq(verdict->mistake->str, mistake);
    verdict_free(verdict);
    for (int r = 0; r < ranks; r++)
        free(logs[r].record);
}

#define OPTIONS "--schedule 1f1b --batch 6 --micro-batches 6"

/* Three forwards on rank 0, and `sent` of their outputs on the way. */
static void without_some_outputs(int sent)
{
    begin(3);
    for (int i = 0; i < 3; i++) {
        if (i < sent)
            forward(0, i);
        else
            compute(0, LOG_FORWARD, 0, i, 0, 10 + (uint64_t)i);
    }
    for (int i = 0; i < sent; i++)
        forward(1, i);
    call(0, LOG_RECV, 1, 50, 0, false);
    call(1, LOG_RECV, 0, sent, 0, false);
    call(2, LOG_RECV, 1, sent > 0 ? 7 : 0, 0, false);
}

START_TEST(outputs_that_were_not_sent)
{
    without_some_outputs(0);
    expect(
        OPTIONS, RUN_HUNG, NULL,
        "rank 0 ran the forwards of micro-batches 0, 1 and 2 and sent rank 1 nothing, which waits "
        "for the activation",
        "output not sent");
    without_some_outputs(1);
    expect(OPTIONS, RUN_HUNG, NULL,
           "rank 0 ran the forwards of micro-batches 0, 1 and 2 and began only 1 message to rank 1",
           "output not sent");
}
END_TEST

START_TEST(gradients_that_were_not_sent)
{
    begin(2);
    for (int i = 0; i < 2; i++)
        forward(0, i);
    forward(1, 0);
    compute(1, LOG_BACKWARD, 1, 0, 90, 90);
    forward(1, 1);
    call(0, LOG_RECV, 1, 50, 0, false);
    call(1, LOG_RECV, 0, 2, 0, false);
    expect(OPTIONS, RUN_HUNG, NULL,
           "rank 1 ran the backward of micro-batch 0 and sent rank 0 nothing, which waits for the "
           "gradient of its output",
           "input gradient not sent");
}
END_TEST

/* Who is still in its send, or has not come to it, has left none out. */
START_TEST(sends_that_are_not_due)
{
    begin(2);
    compute(0, LOG_FORWARD, 0, 0, 0, 10); /* and then loops for ever */
    call(1, LOG_RECV, 0, 0, 0, false);
    expect(OPTIONS, RUN_HUNG, NULL, "rank 0 does not come back from its own code", "");
    begin(2);
    for (int i = 0; i < 2; i++)
        forward(0, i);
    forward(1, 0);
    compute(1, LOG_BACKWARD, 1, 0, 90, 90);
    call(0, LOG_SEND, 1, 9, 0, false);
    call(1, LOG_SEND, 0, 50, 90, false);
    expect(OPTIONS, RUN_HUNG, NULL, "ranks 0 and 1 send first, and none gets to its receive",
           "both neighbours send first in the steady phase");
}
END_TEST

/* The same, where the rank behind never received anything: there may be no receive. */
START_TEST(sends_that_nobody_receives)
{
    begin(2);
    compute(0, LOG_FORWARD, 0, 0, 0, 10);
    compute(1, LOG_FORWARD, 1, 0, 0, 10);
    compute(1, LOG_BACKWARD, 1, 0, 90, 90);
    call(0, LOG_SEND, 1, 0, 10, false);
    call(1, LOG_SEND, 0, 50, 90, false);
    expect(OPTIONS, RUN_HUNG, NULL, "send first, and none of them has called a receive so far", "");
}
END_TEST

START_TEST(a_gradient_asked_for_twice)
{
    begin(2);
    for (int i = 0; i < 2; i++)
        forward(0, i);
    forward(1, 0);
    backward(1, 0);
    backward(0, 0);
    call(0, LOG_RECV, 1, 50, 0, false);
    call(1, LOG_RECV, 0, 7, 0, false);
    expect(OPTIONS, RUN_HUNG, NULL,
           "rank 0 asks rank 1 a second time for the gradient of micro-batch 0, which it has "
           "received already: MPI_Recv",
           "");
}
END_TEST

START_TEST(an_activation_sent_twice)
{
    begin(2);
    for (int i = 0; i < 2; i++)
        forward(0, i);
    forward(1, 0);
    backward(1, 0);
    backward(0, 0);
    forward(1, 1);
    call(0, LOG_SEND, 1, 1, 11, true);
    call(0, LOG_RECV, 1, 51, 0, false);
    call(1, LOG_RECV, 0, 2, 0, false);
    expect(OPTIONS, RUN_HUNG, NULL,
           "rank 0 sent rank 1 the activation of micro-batch 1 a second time, and not what that "
           "waits for: MPI_Recv",
           "");
}
END_TEST

/* Another micro-batch's tensor under a tag that was used. */
START_TEST(an_activation_with_a_former_tag)
{
    begin(2);
    for (int i = 0; i < 2; i++)
        forward(0, i);
    forward(1, 0);
    backward(1, 0);
    backward(0, 0);
    forward(1, 1);
    compute(0, LOG_FORWARD, 0, 2, 0, 12);
    call(0, LOG_SEND, 1, 1, 12, true);
    call(0, LOG_RECV, 1, 51, 0, false);
    call(1, LOG_RECV, 0, 2, 0, false);
    expect(OPTIONS, RUN_HUNG, NULL,
           "rank 0 sent rank 1 the activation of micro-batch 2 with the tag of the activation of "
           "micro-batch 1, so that it waits in vain: MPI_Recv",
           "");
}
END_TEST

/* Nothing was run on any rank: rank 0 began with another stage than 0. No stage is in a wrong place. */
START_TEST(chunks_that_are_begun_elsewhere)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        for (int chunk = 0; chunk < 2; chunk++) {
            struct log_record record = {.operation = LOG_STAGE, .phase = LOG_INSTANT};
            record.stage = chunk * 2 + r;
            script_put(&rank[r], record);
        }
        call(r, LOG_RECV, 1 - r, 4, 0, false);
    }
    expect("--schedule interleaved --chunks 2 --batch 4 --micro-batches 4", RUN_HUNG, NULL,
           "rank 0 waits for a message from rank 1 before its first forward. That is of stage 0",
           "");
}
END_TEST

/* The kit stopped a rank in a computation that it had begun. */
START_TEST(what_the_kit_stopped)
{
    static char words[] = "rank 2: check_micro_batch: stage 2: a stage_backward_weight …\n";
    begin(3);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < 2; i++)
            script_compute(&rank[r], LOG_FORWARD, r, i, 10);
    script_compute(&rank[2], LOG_BACKWARD_INPUT, 2, 0, 10);
    script_compute(&rank[2], LOG_BACKWARD_WEIGHT, 2, 0, 10);
    script_compute(&rank[2], LOG_BACKWARD_WEIGHT, 2, 0, 10);
    rank[2].log.count--; /* without its end */
    expect("--schedule zero-bubble --batch 2 --micro-batches 2", RUN_FAILED, words,
           "stage_backward_weight", "zero bubble: weight gradient run twice");
}
END_TEST

START_TEST(waits_for_what_is_no_request)
{
    static char words[] = "rank 1: mpi_check: step.c:5: MPI_Waitall(n, request, …) failed: "
                          "MPI_ERR_REQUEST: invalid request\n";
    static char others[] =
        "rank 1: mpi_check: step.c:5: MPI_Isend(x, …) failed: MPI_ERR_RANK: invalid\n"
        "rank 0: MPI_Wait\n";
    for (int k = 0; k < 2; k++) {
        begin(2);
        forward(0, 0);
        expect(OPTIONS, RUN_FAILED, k == 0 ? words : others,
               k == 0 ? "MPI_Waitall" : "MPI_ERR_RANK",
               k == 0 ? "wait for a request that is none" : "");
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("causes of hangs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, outputs_that_were_not_sent);
    tcase_add_test(tests, gradients_that_were_not_sent);
    tcase_add_test(tests, sends_that_are_not_due);
    tcase_add_test(tests, sends_that_nobody_receives);
    tcase_add_test(tests, a_gradient_asked_for_twice);
    tcase_add_test(tests, an_activation_sent_twice);
    tcase_add_test(tests, an_activation_with_a_former_tag);
    tcase_add_test(tests, chunks_that_are_begun_elsewhere);
    tcase_add_test(tests, what_the_kit_stopped);
    tcase_add_test(tests, waits_for_what_is_no_request);
    suite_add_tcase(suite, tests);
    return suite;
}
