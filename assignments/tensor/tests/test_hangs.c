/*
 * What this assignment says of runs that did not come to their end, by logs written by hand. (The mutants
 * operators-… really hang.)
 */
#include "assignments/tensor/judges/mistakes_of_hang.h"
#include "assignments/tensor/operator_cases.h"
#include "grader/verdict/assignment.h"
#include "tests/support/diagnosed.h"
#include "tests/support/test.h"

#include <string.h>

enum { RANKS = 2 };

static const char *const left_out = "a collective that only some ranks call";
static const char *const through_world = "MPI_COMM_WORLD in place of the group's communicator";

/* A rank is in this call of the probe, and waits in a collective. */
static void waits(int rank, int step, enum log_operation operation, uint64_t communicator,
                  int bytes)
{
    script_step(&diagnosed_rank[rank], LOG_STEP_BEGIN, step);
    script_call_record(&diagnosed_rank[rank],
                       script_collective_on(&diagnosed_rank[rank], operation, communicator,
                                            LOG_NO_PEER, (uint64_t)bytes),
                       false);
}

/* It came through a call, in which it called this (LOG_NONE: nothing). */
static void passed(int rank, int step, enum log_operation operation)
{
    script_step(&diagnosed_rank[rank], LOG_STEP_BEGIN, step);
    if (operation != LOG_NONE)
        script_call_record(
            &diagnosed_rank[rank],
            script_collective_on(&diagnosed_rank[rank], operation, LOG_WORLD, LOG_NO_PEER, 40),
            true);
    script_step(&diagnosed_rank[rank], LOG_STEP_END, step);
}

static void expect(const char *probe, bool reverse_ranks, const char *mistake, const char *says)
{
    struct log_file logs[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = diagnosed_rank[rank].log;
    struct outcome outcome = {.assignment = assignment_find("tensor"),
                              .ranks = RANKS,
                              .end = RUN_HUNG,
                              .exit_status = -1,
                              .log = logs};
    outcome.options = options_defaults(outcome.assignment->options);
    outcome.options.reverse_ranks = reverse_ranks;
    g_strlcpy(outcome.options.probe, probe, sizeof outcome.options.probe);
    struct diagnosis *diagnosis = diagnosis_new(&outcome, NULL, NULL);
    ck_assert_str_eq(diagnosis->mistake->str, mistake ? mistake : "");
    ck_assert_msg(!says || strstr(diagnosis->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  diagnosis->headline->str);
    diagnosis_free(diagnosis);
}

START_TEST(only_rank_0_calls_it)
{
    diagnosed_begin(RANKS);
    waits(0, 2, LOG_ALLREDUCE, LOG_WORLD, 40);
    passed(1, 2, LOG_NONE);
    waits(1, 3, LOG_IALLREDUCE, LOG_WORLD, 60);
    expect("operators", false, left_out,
           "rank 1 left copy_backward without MPI_Allreduce, where rank 0 waits");
}
END_TEST

/* Rank 1 is further on, but called something there. */
START_TEST(another_is_called)
{
    diagnosed_begin(RANKS);
    waits(0, 1, LOG_ALLREDUCE, LOG_WORLD, 40);
    passed(1, 1, LOG_ALLREDUCE);
    waits(1, 2, LOG_ALLREDUCE, LOG_WORLD, 60);
    expect("operators", false, NULL, NULL);
}
END_TEST

/* The same calls from another line: rank 1 is beyond the forward, and never was at rank 0's second line. */
START_TEST(a_layer_left_out)
{
    diagnosed_begin(RANKS);
    for (int rank = 0; rank < RANKS; rank++) {
        struct script *script = &diagnosed_rank[rank];
        script_step(script, LOG_STEP_BEGIN, 0);
        struct log_record forward = log_record_new(LOG_FORWARD, LOG_BEGIN);
        forward.stage = 0;
        forward.micro_batch = 5;
        script_put(script, forward);
        script->caller = 111;
        script_call_record(
            script, script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, LOG_NO_PEER, 40), true);
        if (rank == 1) {
            forward.phase = LOG_END;
            script_put(script, forward);
            script_compute(script, LOG_LOSS, 0, 5, 1);
            struct log_record backward = log_record_new(LOG_BACKWARD, LOG_BEGIN);
            script_put(script, backward);
        }
        script->caller = rank == 0 ? 222 : 333;
        script_call_record(script,
                           script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, LOG_NO_PEER,
                                                40 + 20 * (uint64_t)rank),
                           false);
    }
    expect("", false, left_out,
           "rank 1 left the forward of micro-batch 5 without MPI_Allreduce, where rank 0 waits");
}
END_TEST

/* Each rank has a line of its own for it. */
START_TEST(lines_of_their_own)
{
    diagnosed_begin(RANKS);
    diagnosed_rank[0].caller = 111;
    waits(0, 1, LOG_ALLREDUCE, LOG_WORLD, 40);
    diagnosed_rank[1].caller = 222;
    passed(1, 1, LOG_ALLREDUCE);
    diagnosed_rank[1].caller = 333;
    waits(1, 2, LOG_BCAST, LOG_WORLD, 60);
    expect("operators", false, NULL, NULL);
}
END_TEST

START_TEST(both_in_one_call)
{
    diagnosed_begin(RANKS);
    waits(0, 7, LOG_ALLREDUCE, LOG_WORLD, 40);
    waits(1, 7, LOG_ALLGATHER, LOG_WORLD, 40);
    expect("operators", false, NULL, "MPI_Allgather");
}
END_TEST

/* In the second round two ranks are two groups: who is further on has nothing to do with it. */
START_TEST(another_group)
{
    diagnosed_begin(RANKS);
    waits(0, OPERATOR_CALLS + 1, LOG_ALLREDUCE, 77, 40);
    passed(1, OPERATOR_CALLS + 1, LOG_NONE);
    waits(1, OPERATOR_CALLS + 2, LOG_ALLREDUCE, 78, 40);
    expect("operators", false, NULL, NULL);
}
END_TEST

START_TEST(collectives_of_the_world)
{
    diagnosed_begin(RANKS);
    waits(0, 3, LOG_ALLREDUCE, LOG_WORLD, 40);
    waits(1, 3, LOG_ALLREDUCE, LOG_RUN, 40);
    expect("operators", true, through_world, "through which rank 0 calls MPI_Allreduce");
    expect("", true, through_world, "through which rank 0 calls MPI_Allreduce");
    /* It is the run's communicator, where that is not another one. */
    diagnosed_begin(RANKS);
    waits(0, 3, LOG_ALLREDUCE, LOG_WORLD, 40);
    waits(1, 3, LOG_ALLGATHER, LOG_WORLD, 40);
    expect("operators", false, NULL, NULL);
    /* … and not a group's of the second round. */
    diagnosed_begin(RANKS);
    waits(0, OPERATOR_CALLS + 3, LOG_ALLREDUCE, LOG_WORLD, 40);
    waits(1, OPERATOR_CALLS + 3, LOG_ALLGATHER, LOG_WORLD, 40);
    expect("operators", false, through_world, NULL);
}
END_TEST

/* Each rank is in a gather of parts: 60 bytes of rank 0 and 40 of rank 1, says every rank. */
static void gathers(uint64_t first, uint64_t second)
{
    diagnosed_begin(RANKS);
    for (int rank = 0; rank < RANKS; rank++) {
        struct script *script = &diagnosed_rank[rank];
        script_step(script, LOG_STEP_BEGIN, 0);
        script_put(script, script_collective_on(script, LOG_ALLGATHERV, LOG_RUN, LOG_NO_PEER,
                                                rank == 0 ? first : second));
        script_part(script, 0, LOG_GETS, 60);
        script_part(script, 1, LOG_GETS, 40);
    }
}

START_TEST(parts_by_the_number_in_the_world)
{
    static const char *const name = "the number in MPI_COMM_WORLD in place of that in the group";
    gathers(40, 60);
    expect("", true, name,
           "rank 0 hands in the part of rank 1, whose number it has in "
           "MPI_COMM_WORLD: 40 bytes, and its own are 60 (MPI_Allgatherv");
    /* where both number alike, it is something else */
    expect("", false, NULL, "rank 0 hands in 40 bytes to MPI_Allgatherv");
    gathers(60, 60);
    expect("", true, NULL, NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("hangs");
    TCase *tests = tcase_create("hangs");
    tcase_add_test(tests, only_rank_0_calls_it);
    tcase_add_test(tests, another_is_called);
    tcase_add_test(tests, a_layer_left_out);
    tcase_add_test(tests, lines_of_their_own);
    tcase_add_test(tests, both_in_one_call);
    tcase_add_test(tests, another_group);
    tcase_add_test(tests, collectives_of_the_world);
    tcase_add_test(tests, parts_by_the_number_in_the_world);
    suite_add_tcase(suite, tests);
    return suite;
}
