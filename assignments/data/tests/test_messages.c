/*
 * Which messages of a step are right, on logs written by hand: a model of 400 + 20 and 140 + 7 numbers.
 */
#include "assignments/data/judges/messages.h"
#include "assignments/data/options.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <stdlib.h>

enum { RANKS = 3, STEPS = 2, MOST = 8, OF_TWO = 7, ALL = 2268, FIRST = 1680, LAST = 588 };

struct call {
    enum log_operation operation; /* LOG_NONE: the end of the list */
    int bytes;
    bool behind; /* the optimizer's step */
    /* Ranks 1 and 2 alone, on a communicator of theirs; or the one sends, and the other receives. */
    bool apart;
    bool once;     /* in the first step alone */
    bool in_front; /* of the backward */
};

static const struct {
    const char *average;
    const char *says; /* NULL: it is right */
    const char *mistake;
    bool reversed,
        repeated; /* through MPI_COMM_WORLD beside another communicator; for two micro-batches */
    struct call call[MOST];
} cases_of[] = {
    {"flat", NULL, "", .call = {{LOG_ALLREDUCE, ALL, false}}},
    {"flat", NULL, "", .call = {{LOG_REDUCE, ALL, false}, {LOG_BCAST, ALL, false}}},
    {"flat", NULL, "",
     .call = {{LOG_ALLREDUCE, 4, false}, {LOG_BARRIER, 0, false}, {LOG_ALLREDUCE, ALL, false}}},
    {"flat", NULL, "", .call = {{LOG_ALLREDUCE, ALL, false}, {LOG_BCAST, ALL, true}}},
    {"flat", NULL, "", .call = {{LOG_ALLGATHER, ALL, false}}},
    {"flat", NULL, "",
     .call = {{LOG_REDUCE_SCATTER_BLOCK, ALL + 12, false}, {LOG_ALLGATHER, 760, false}}},
    {"parameters", NULL, "",
     .call = {{LOG_ALLREDUCE, 28, false},
              {LOG_ALLREDUCE, 560, false},
              {LOG_ALLREDUCE, 80, false},
              {LOG_ALLREDUCE, 1600, false}}},
    {"parameters", NULL, "",
     .call = {{LOG_ALLREDUCE, 1600, false},
              {LOG_ALLREDUCE, 80, false},
              {LOG_ALLREDUCE, 560, false},
              {LOG_ALLREDUCE, 28, false}}},
    {"buckets", NULL, "", .call = {{LOG_ALLREDUCE, LAST, false}, {LOG_ALLREDUCE, FIRST, false}}},
    {"flat", "2 times MPI_Allreduce", "gradients are averaged twice",
     .call = {{LOG_ALLREDUCE, ALL, false}, {LOG_ALLREDUCE, ALL, false}}},
    {"flat", "2 times MPI_Allreduce", "gradients are averaged in every micro-batch",
     .repeated = true, .call = {{LOG_ALLREDUCE, ALL, false}, {LOG_ALLREDUCE, ALL, false}}},
    {"flat", "--average flat takes 1: 2268 bytes", "a message for each parameter",
     .call = {{LOG_ALLREDUCE, 1600, false},
              {LOG_ALLREDUCE, 80, false},
              {LOG_ALLREDUCE, 560, false},
              {LOG_ALLREDUCE, 28, false}}},
    {"flat", "2 times MPI_Allgather", "",
     .call = {{LOG_ALLGATHER, ALL / 2, false}, {LOG_ALLGATHER, ALL / 2, false}}},
    {"flat", "1 times MPI_Allreduce, with 1132 bytes", "", .call = {{LOG_ALLREDUCE, 1132, false}}},
    {"parameters", "takes 4", "one message for all gradients",
     .call = {{LOG_ALLREDUCE, ALL, false}}},
    {"parameters", "takes 4", "",
     .call = {{LOG_ALLREDUCE, 1600, false},
              {LOG_ALLREDUCE, 80, false},
              {LOG_ALLREDUCE, 560, false}}},
    {"buckets", "1680, 588 bytes", "buckets go in another order",
     .call = {{LOG_ALLREDUCE, FIRST, false}, {LOG_ALLREDUCE, LAST, false}}},
    {"buckets", "takes 2", "one message for all gradients", .call = {{LOG_ALLREDUCE, ALL, false}}},
    {"flat", "bytes move between the 3 ranks", "",
     .call = {{LOG_ALLREDUCE, ALL, false}, {LOG_BCAST, 3 * ALL, true}}},
    {"flat", "through MPI_COMM_WORLD", "MPI_COMM_WORLD in place of the communicator",
     .reversed = true, .call = {{LOG_ALLREDUCE, ALL, false}}},
    {"flat", "step 0: MPI_Recv goes through MPI_COMM_WORLD",
     "MPI_COMM_WORLD in place of the communicator", .reversed = true,
     .call = {{.operation = LOG_SEND, .bytes = ALL, .apart = true}}},
    /* What rank 0 has no part in. */
    {"flat", "step 0, rank 1: 2 times MPI_Allreduce", "gradients are averaged twice",
     .call = {{LOG_ALLREDUCE, ALL, false},
              {.operation = LOG_ALLREDUCE, .bytes = ALL, .apart = true}}},
    {"flat", "step 0, rank 1: 3 times MPI_Allreduce", "",
     .call = {{LOG_ALLREDUCE, ALL, false},
              {.operation = LOG_ALLREDUCE, .bytes = FIRST, .apart = true},
              {.operation = LOG_ALLREDUCE, .bytes = LAST, .apart = true}}},
    {"flat", NULL, "",
     .call = {{LOG_ALLREDUCE, ALL, false},
              {.operation = LOG_ALLREDUCE, .bytes = 8, .apart = true}}},
    {"flat",
     "step 0: rank 2 sends 2268 bytes by messages, the first by MPI_Send, and all gradients, 2268 "
     "bytes, are in all-reduces",
     "",
     .call = {{LOG_ALLREDUCE, ALL, false}, {.operation = LOG_SEND, .bytes = ALL, .apart = true}}},
    {"buckets", "step 0: rank 2 sends 1680 bytes by messages, the first by MPI_Send", "",
     .call = {{.operation = LOG_SEND, .bytes = FIRST, .apart = true},
              {LOG_ALLREDUCE, LAST, false},
              {LOG_ALLREDUCE, FIRST, false}}},
    {"flat", NULL, "",
     .call = {{LOG_ALLREDUCE, ALL, false}, {.operation = LOG_SEND, .bytes = 100, .apart = true}}},
    /* Parameters of the step before. */
    {"flat", NULL, "",
     .call = {{.operation = LOG_SEND, .bytes = ALL, .apart = true, .in_front = true},
              {LOG_ALLREDUCE, ALL, false}}},
    /* A loss beside, and parts of short biases that are empty. */
    {"flat", NULL, "", .call = {{LOG_ALLGATHER, 4, false}, {LOG_ALLGATHER, ALL, false}}},
    {"parameters", NULL, "",
     .call = {{LOG_ALLGATHER, 1600, false},
              {LOG_ALLGATHER, 80, false},
              {LOG_ALLGATHER, 560, false},
              {LOG_ALLGATHER, 0, false}}},
    {"parameters", "3 times MPI_Allgather", "",
     .call = {{LOG_ALLGATHER, 1600, false},
              {LOG_ALLGATHER, 80, false},
              {LOG_ALLGATHER, 560, false}}},
    {"flat", NULL, "",
     .call = {{LOG_ALLREDUCE, ALL, false},
              {.operation = LOG_SEND, .bytes = ALL, .apart = true, .behind = true}}},
    {"flat", NULL, "",
     .call = {{LOG_REDUCE, ALL, false},
              {LOG_BCAST, ALL, false},
              {.operation = LOG_SEND, .bytes = ALL, .apart = true}}},
    /* Steps in which too little moves. */
    {"flat", "step 1: 0 bytes move between the 3 ranks",
     "gradients are averaged in some steps only",
     .call = {{.operation = LOG_ALLREDUCE, .bytes = ALL, .once = true}}},
    {"flat", "step 0: 16 bytes move between the 3 ranks", "", .call = {{LOG_ALLREDUCE, 4, false}}},
    {"flat", "step 0: 2268 bytes move between the 3 ranks", "",
     .call = {{.operation = LOG_SEND, .bytes = ALL, .apart = true}}},
    {"flat", NULL, "", .call = {{LOG_BCAST, ALL, false}}},
    {"flat", NULL, "", .call = {{LOG_WIN_FENCE, 0, false}}},
};

static void script_own_call(struct script *script, int rank, const struct call *call)
{
    const bool rooted = call->operation == LOG_REDUCE || call->operation == LOG_BCAST;
    if (call->apart && rank == 0)
        return;
    if (call->operation == LOG_SEND)
        script_call(script, rank == 2 ? LOG_SEND : LOG_RECV, 3 - rank, 5, (uint64_t)call->bytes,
                    true);
    else
        script_call_record(script,
                           script_collective_on(script, call->operation,
                                                call->apart ? OF_TWO : LOG_WORLD,
                                                rooted ? 0 : LOG_NO_PEER, (uint64_t)call->bytes),
                           true);
}

static void script_average(struct script *script, int rank, int step, const struct call *call)
{
    bool behind = false, computed = false;
    script_step(script, LOG_STEP_BEGIN, step);
    for (int i = 0; i < MOST && call[i].operation != LOG_NONE; i++) {
        if (!call[i].in_front && !computed)
            script_compute(script, LOG_BACKWARD, 0, 0, 10);
        computed = computed || !call[i].in_front;
        if (call[i].behind && !behind)
            script_compute(script, LOG_OPTIMIZER_STEP, 0, 0, 10);
        behind = behind || call[i].behind;
        if (step == 0 || !call[i].once)
            script_own_call(script, rank, &call[i]);
    }
    if (!behind)
        script_compute(script, LOG_OPTIMIZER_STEP, 0, 0, 10);
    script_step(script, LOG_STEP_END, step);
}

START_TEST(messages)
{
    struct logged_run *run = logged_run_new(RANKS);
    struct options *options = &run->outcome.options;
    *options = options_defaults(&data_own_options);
    struct data_options own = data_options(options);
    own.bucket_kib = 0;
    data_options_set(options, own);
    strcpy(options->step, cases_of[_i].average);
    strcpy(options->model, "mlp:depth=2,width=20");
    strcpy(options->dataset, "synthetic:channels=1,height=4,width=5,classes=7");
    options->micro_batches = cases_of[_i].repeated ? 2 : 1;
    options->reverse_ranks = cases_of[_i].reversed;
    for (int rank = 0; rank < RANKS; rank++) {
        if (rank > 0)
            script_member(&run->script[rank], OF_TWO, rank - 1, 2);
        for (int step = 0; step < STEPS; step++)
            script_average(&run->script[rank], rank, step, cases_of[_i].call);
    }
    logged_run_end(run);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "so far");
    const bool right = data_messages_are_right(&run->outcome, verdict);
    ck_assert_int_eq(right, cases_of[_i].says == NULL);
    ck_assert_str_eq(verdict->mistake->str, cases_of[_i].mistake);
    logged_run_expect(verdict, right ? VERDICT_PASS : VERDICT_FAIL, cases_of[_i].says);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("messages of averages");
    TCase *cases = tcase_create("messages");
    tcase_add_loop_test(cases, messages, 0, G_N_ELEMENTS(cases_of));
    suite_add_tcase(suite, cases);
    return suite;
}
