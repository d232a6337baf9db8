/*
 * What is begun in front of the first step and not waited for there, on logs written by hand: by the judge of
 * broadcast, which without stored parameters goes no further.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

enum { RANKS = 2, BYTES = 2268 };

#define PENDING "in front of the first step and did not wait for it"
#define GOES_ON "stored no layers.3.weight"

enum way {
    WAITED_FOR,
    NEVER,
    MESSAGE_COMPLETES,       /* … and the collective does not */
    WAITED_FOR_IN_THE_STEP,  /* too late for what was stored */
    FREED,                   /* a collective's request may not be */
    MESSAGE_AHEAD_COMPLETES, /* in front of the collective's begin */
    RECEIVED_LATE,           /* a message, waited for in the step */
    SENT_AND_FREED,          /* a message's request may be */
    WAYS
};

static const struct {
    const char *says, *names;
} expected[WAYS] = {
    [WAITED_FOR] = {GOES_ON, ""},
    [NEVER] = {PENDING, "rank 1 began its MPI_Ibcast"},
    [MESSAGE_COMPLETES] = {PENDING, "rank 1 began its MPI_Ibcast"},
    [WAITED_FOR_IN_THE_STEP] = {PENDING, "rank 1 began its MPI_Ibcast"},
    [FREED] = {PENDING, "rank 1 began its MPI_Ibcast"},
    [MESSAGE_AHEAD_COMPLETES] = {PENDING, "rank 1 began its MPI_Ibcast"},
    [RECEIVED_LATE] = {PENDING, "rank 1 began its MPI_Irecv"},
    [SENT_AND_FREED] = {GOES_ON, ""},
};

static uint64_t begin_broadcast(struct script *script)
{
    return script_start_record(script,
                               script_collective_on(script, LOG_IBCAST, LOG_WORLD, 0, BYTES));
}

/* A message between the ranks that both wait for. */
static void pass_message(struct script *script, int rank)
{
    script_wait(script, rank == 0 ? script_isend(script, 1, 5, 4) : script_irecv(script, 0, 5, 4));
}

/* Completes it as one that had been freed, or frees it. */
static void free_request(struct script *script, uint64_t request)
{
    script_about(script, LOG_REQUEST_FREE, request);
    script_about(script, LOG_COMPLETED, request);
    script->log.record[script->log.count - 1].flag |= LOG_FLAG_FREED;
}

/* Rank 0 does all as it should. */
static void begin_training(struct script *script, int rank, enum way way)
{
    uint64_t late = 0;
    if (way == MESSAGE_AHEAD_COMPLETES)
        pass_message(script, rank);
    if (way == RECEIVED_LATE) {
        late = rank == 0 ? script_isend(script, 1, 5, 4) : script_irecv(script, 0, 5, 4);
        if (rank == 0)
            script_wait(script, late);
    } else if (way == SENT_AND_FREED) {
        if (rank == 0)
            free_request(script, script_isend(script, 1, 5, 4));
        else
            script_wait(script, script_irecv(script, 0, 5, 4));
    }
    const uint64_t request = begin_broadcast(script);
    const bool waits =
        rank == 0 || way == WAITED_FOR || way == RECEIVED_LATE || way == SENT_AND_FREED;
    if (waits)
        script_wait(script, request);
    else if (way == FREED)
        free_request(script, request);
    if (way == MESSAGE_COMPLETES)
        pass_message(script, rank);
    script_step(script, LOG_STEP_BEGIN, 0);
    if (!waits && way == WAITED_FOR_IN_THE_STEP)
        script_wait(script, request);
    if (rank == 1 && way == RECEIVED_LATE)
        script_wait(script, late);
    script_step(script, LOG_STEP_END, 0);
}

START_TEST(what_is_begun_in_front_is_waited_for)
{
    struct logged_run *run = logged_run_new(RANKS);
    struct options *options = &run->outcome.options;
    *options = options_defaults(&data_own_options);
    strcpy(options->model, "mlp:depth=2,width=20");
    strcpy(options->dataset, "synthetic:channels=1,height=4,width=5,classes=7");
    options->steps = 1;
    for (int rank = 0; rank < RANKS; rank++)
        begin_training(&run->script[rank], rank, (enum way)_i);
    logged_run_end(run);
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    data_judge_broadcast(&judgement, verdict);
    ck_assert_ptr_nonnull(strstr(verdict->headline->str, expected[_i].names));
    logged_run_expect(verdict, VERDICT_FAIL, expected[_i].says);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("broadcast");
    TCase *cases = tcase_create("waited for");
    tcase_add_loop_test(cases, what_is_begun_in_front_is_waited_for, 0, WAYS);
    suite_add_tcase(suite, cases);
    return suite;
}
