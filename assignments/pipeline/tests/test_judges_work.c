/*
 * Is the work sound that a check is about? On made-up runs: micro-batches that were left out, and
 * computations on what nobody had sent, waited for or filled.
 */
#include "assignments/pipeline/judges/work.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "common/log/log.h"
#include "tests/support/test.h"

#include <string.h>

#define SMALL                                                                                      \
    "--schedule afab --model mlp:depth=4,width=8 --data synthetic:height=8,width=8 --seed 5 "      \
    "--batch 8 --micro-batches 4 --steps 2"
/* Of one micro-batch, two samples, between the two stages. */
#define BYTES (2 * 8 * sizeof(float))

static struct made_run *trained(enum sabotage sabotage)
{
    static const int two[] = {0, 4, 8};
    struct made_run *run = made_run_new(SMALL, 2, two);
    made_train(run, sabotage);
    return run;
}

static void expect(const struct made_run *run, const char *says)
{
    struct verdict *verdict = verdict_new();
    bool sound = work_is_sound(&run->outcome, verdict);
    ck_assert_msg(sound == !says, "%s", verdict->headline->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    verdict_free(verdict);
}

START_TEST(left_out)
{
    static const struct {
        enum sabotage sabotage;
        const char *says;
    } cases[] = {
        {NO_SABOTAGE, NULL},
        {NOT_DIVIDED, NULL}, /* wrong numbers are another matter */
        {REVERSED, NULL},
        {LAST_DROPPED,
         "rank 0 (stage 0) ran no forward of 1 of its 4 micro-batches in step 0, the first of "
         "them micro-batch 3"},
        {NOT_WAITED_FOR, "rank 1 (stage 1) began the forward of micro-batch 0 in step 0 before its "
                         "activation had come from rank 0"},
    };
    struct made_run *run = trained(cases[_i].sabotage);
    expect(run, cases[_i].says);
    made_run_free(run);
}
END_TEST

/* The records of a computation of a rank, in the last step. */
static struct log_record *computation(struct made_run *run, int rank, enum log_operation operation,
                                      int micro_batch, enum log_phase phase)
{
    struct log_file *log = &run->outcome.log[rank];
    struct log_record *found = NULL;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].micro_batch == micro_batch &&
            log->record[i].phase == phase)
            found = &log->record[i];
    ck_assert_ptr_nonnull(found);
    return found;
}

/* Whatever came to a rank now holds nothing. */
static void empty_receives(struct made_run *run, int rank)
{
    struct log_file *log = &run->outcome.log[rank];
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_IRECV || log->record[i].operation == LOG_COMPLETED)
            log->record[i].bytes = 0;
}

static uint64_t fingerprint_of(uint32_t element)
{
    uint32_t tensor[BYTES / sizeof(uint32_t)];
    for (size_t i = 0; i < BYTES / sizeof(uint32_t); i++)
        tensor[i] = element;
    return log_fingerprint(tensor, BYTES);
}

START_TEST(no_message)
{
    struct made_run *run = trained(NO_SABOTAGE);
    empty_receives(run, 1);
    expect(run,
           "rank 1 (stage 1) computed the forward of micro-batch 0 in step 0 on something that no "
           "message had brought: its activation never came from rank 0");
    made_run_free(run);
    run = trained(NO_SABOTAGE);
    empty_receives(run, 0);
    expect(run, "its gradient never came from rank 1");
    made_run_free(run);
}
END_TEST

/* The very tensor of the neighbour needs no message that we know of; NaN is no such tensor. */
START_TEST(by_another_way)
{
    static const struct {
        uint64_t fingerprint; /* of micro-batch 0's; the others' are right. 0: this one's, too */
        bool sound;
    } cases[] = {
        {0, true}, {1, true}, {UINT32_MAX, false}, {0x7fc00000, false}, {0xffc00000, false}};
    struct made_run *run = trained(NO_SABOTAGE);
    for (int step = 0; step < 2; step++)
        for (int i = 0; i < 4; i++) {
            uint64_t own = 1000 + (uint64_t)i, chosen = cases[_i].fingerprint;
            if (i == 0 && chosen > 1)
                own = fingerprint_of((uint32_t)chosen);
            struct log_file *log = run->outcome.log;
            for (int rank = 0; rank < 2; rank++)
                for (size_t k = 0; k < log[rank].count; k++)
                    if (log[rank].record[k].operation == LOG_FORWARD &&
                        log[rank].record[k].micro_batch == i &&
                        log[rank].record[k].phase == (rank ? LOG_BEGIN : LOG_END))
                        log[rank].record[k].own_number = own;
        }
    empty_receives(run, 1);
    expect(run, cases[_i].sound ? NULL : "no message had brought");
    made_run_free(run);
}
END_TEST

START_TEST(never_filled)
{
    struct made_run *run = trained(NO_SABOTAGE);
    computation(run, 0, LOG_BACKWARD, 2, LOG_BEGIN)->own_number = fingerprint_of(UINT32_MAX);
    expect(run,
           "rank 0 (stage 0) computed the backward of micro-batch 2 in step 1 on a tensor that "
           "nobody had filled");
    made_run_free(run);
}
END_TEST

/* There are layers without parameters in front: nobody needs their gradients. */
START_TEST(needless_backwards)
{
    static const int three[] = {0, 1, 4, 8};
    for (int rank = 0; rank < 2; rank++) {
        struct made_run *run = made_run_new(SMALL, 3, three);
        made_train(run, NO_SABOTAGE);
        struct log_file *log = &run->outcome.log[rank];
        for (size_t i = 0; i < log->count; i++)
            if (log->record[i].operation == LOG_BACKWARD)
                log->record[i].operation = LOG_ZERO_GRADIENTS;
        expect(run, rank == 0 ? NULL
                              : "rank 1 (stage 1) ran no backward of 4 of its 4 micro-batches in "
                                "step 0, the first of them micro-batch 0");
        made_run_free(run);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("work");
    TCase *tests = tcase_create("work");
    tcase_add_loop_test(tests, left_out, 0, 5);
    tcase_add_test(tests, no_message);
    tcase_add_loop_test(tests, by_another_way, 0, 5);
    tcase_add_test(tests, never_filled);
    tcase_add_test(tests, needless_backwards);
    suite_add_tcase(suite, tests);
    return suite;
}
