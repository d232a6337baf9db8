/*
 * Diagnoses of ranks that wait for each other: circles, messages that do not
 * match, collectives that differ. The logs are written by hand.
 */
#include "tests/support/diagnosed.h"
#include "tests/support/test.h"

START_TEST(both_send_first)
{
    diagnosed_begin(3);
    for (int r = 0; r < 2; r++) {
        script_compute(&diagnosed_rank[r], LOG_FORWARD, r, 2, 10);
        script_call(&diagnosed_rank[r], LOG_SEND, 1 - r, 4 + r, 8000, false);
    }
    script_call(&diagnosed_rank[2], LOG_RECV, 1, 9, 8000, false);
    ck_assert_int_eq(diagnosed(3, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    diagnosed_says("ranks 0 and 1");
    diagnosed_says("MPI_Send");
    diagnosed_explains("rank 0 → rank 1 → rank 0");
    diagnosed_explains("held up: rank 2");
    diagnosed_explains("after F of micro-batch 2 (stage 1)");
    diagnosed_explains("rank 1 to receive (tag 4, 8000 bytes)");
    diagnosed_explains("a message from rank 1 (tag 9, room for 8000 bytes)");
}
END_TEST

/* The same with MPI_Isend and a wait before the receives. */
START_TEST(both_wait_for_their_sends)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++) {
        uint64_t sent = script_isend(&diagnosed_rank[r], 1 - r, 4, 8000);
        script_waitall(&diagnosed_rank[r], &sent, 1, false);
    }
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    diagnosed_explains("begun with MPI_Isend");
}
END_TEST

START_TEST(both_receive_first)
{
    diagnosed_begin(4);
    for (int r = 0; r < 3; r++)
        script_call(&diagnosed_rank[r], LOG_RECV, (r + 1) % 3, 0, 100, false);
    script_call(&diagnosed_rank[3], LOG_RECV, 0, 0, 100, false);
    ck_assert_int_eq(diagnosed(4, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
    diagnosed_says("ranks 0, 1 and 2");
    diagnosed_explains("rank 0 → rank 1 → rank 2 → rank 0");
    diagnosed_explains("held up: rank 3");
}
END_TEST

START_TEST(a_circle_of_both_sorts)
{
    diagnosed_begin(3);
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 0, 100000, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 2, 0, 100, false);
    script_call(&diagnosed_rank[2], LOG_RECV, 0, 0, 100, false);
    ck_assert_int_eq(diagnosed(3, RUN_HUNG, NULL), DIAGNOSIS_CYCLE);
}
END_TEST

/* A wait for several things: what the others have done their part of is not to blame. */
START_TEST(only_what_is_missing_counts)
{
    diagnosed_begin(2);
    uint64_t request[2] = {script_irecv(&diagnosed_rank[0], 1, 1, 50),
                           script_irecv(&diagnosed_rank[0], 1, 2, 50)};
    script_waitall(&diagnosed_rank[0], request, 2, false);
    script_isend(&diagnosed_rank[1], 0, 1, 50);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 7, 50, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
    diagnosed_explains("tag 2, room for 50 bytes");
    diagnosed_does_not_explain("tag 1, room for 50 bytes");
}
END_TEST

START_TEST(tags_that_differ)
{
    diagnosed_begin(2);
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 5, 100, true);
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 8, 100, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 6, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_TAG_MISMATCH);
    diagnosed_says("rank 1 waits for a message from rank 0 with tag 6");
    diagnosed_says("rank 0 sent one with tag 5");
    diagnosed_explains("rank 0 → rank 1, tag 5, 100 bytes, MPI_Send");
}
END_TEST

/* Two messages with tags 5 and 6 were received in the step; then 5 is asked for, or sent, once more. */
static void begin_with_two_received(void)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++) {
        script_step(&diagnosed_rank[r], LOG_STEP_BEGIN, 0);
        for (int tag = 5; tag <= 6; tag++)
            script_call(&diagnosed_rank[r], r == 0 ? LOG_SEND : LOG_RECV, 1 - r, tag, 100, true);
    }
}

START_TEST(asked_for_twice)
{
    begin_with_two_received();
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 7, 100, true);
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 8, 100, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_ASKED_TWICE);
    diagnosed_says("rank 1 asks a second time for the message with tag 5 from rank 0, which it has "
                   "received already: MPI_Recv");
    diagnosed_does_not_explain("compute the tag");
}
END_TEST

START_TEST(sent_twice)
{
    begin_with_two_received();
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 6, 100, true);
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 8, 100, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 7, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_SENT_TWICE);
    diagnosed_says("rank 0 sent a second message with tag 6, and rank 1, which has received one, "
                   "waits for another (tag 7): MPI_Recv");
    diagnosed_does_not_explain("compute the tag");
}
END_TEST

/* Where tags are used again, or in another step, nothing was asked for twice. */
START_TEST(tags_that_are_used_again)
{
    diagnosed_begin(2);
    script_step(&diagnosed_rank[0], LOG_STEP_BEGIN, 0);
    script_step(&diagnosed_rank[1], LOG_STEP_BEGIN, 0);
    for (int k = 0; k < 2; k++) {
        script_call(&diagnosed_rank[0], LOG_SEND, 1, 5, 100, true);
        script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, true);
    }
    script_call(&diagnosed_rank[0], LOG_RECV, 1, 8, 100, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);

    begin_with_two_received();
    for (int r = 0; r < 2; r++) {
        script_step(&diagnosed_rank[r], LOG_STEP_END, 0);
        script_step(&diagnosed_rank[r], LOG_STEP_BEGIN, 1);
        script_call(&diagnosed_rank[r], LOG_RECV, 1 - r, 5, 100, false);
    }
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_RECEIVE_FIRST);
}
END_TEST

/* Whether a receive would have followed is known only where there was one before. */
START_TEST(sends_without_a_receive)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++)
        script_call(&diagnosed_rank[r], LOG_SEND, 1 - r, 4, 8000, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    diagnosed_says("send first, and none of them has called a receive so far");
    diagnosed_explains("Is there a receive for it at all?");
    diagnosed_begin(2);
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 3, 80, true);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 3, 80, true);
    for (int r = 0; r < 2; r++)
        script_call(&diagnosed_rank[r], LOG_SEND, 1 - r, 4, 8000, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_BOTH_SEND_FIRST);
    diagnosed_says("none gets to its receive");
}
END_TEST

START_TEST(communicators_that_differ)
{
    diagnosed_begin(2);
    struct log_record record = script_message(&diagnosed_rank[0], LOG_SEND, 1, 5, 100);
    record.communicator = 7;
    script_put(&diagnosed_rank[0], record);
    script_end(&diagnosed_rank[0], record);
    script_final(&diagnosed_rank[0]);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_COMMUNICATOR_MISMATCH);
    diagnosed_says("another communicator");
}
END_TEST

/* Rank r of the run is process 2 - r. Rank 0 means its rank 1, rank 1 its rank 2. */
static enum diagnosis_kind diagnosed_reversed(void)
{
    struct log_file logs[3];
    for (int r = 0; r < 3; r++)
        logs[r] = diagnosed_rank[r].log;
    const struct outcome outcome = {
        .ranks = 3, .end = RUN_HUNG, .log = logs, .options = {.reverse_ranks = true}};
    return diagnosed_outcome(&outcome);
}

START_TEST(messages_through_world)
{
    diagnosed_begin(3);
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 5, 100, true); /* the numbers are the same */
    script_call(&diagnosed_rank[1], LOG_SEND, 0, 6, 100, true);
    script_call(&diagnosed_rank[2], LOG_RECV, 1, 6, 100, false);
    ck_assert_int_eq(diagnosed_reversed(), DIAGNOSIS_THROUGH_WORLD);
    diagnosed_says("messages go through MPI_COMM_WORLD");
    diagnosed_says("what rank 1 sends to rank 2 goes to rank 0 (MPI_Send");
    diagnosed_explains("--reverse-ranks");
}
END_TEST

/* Who gets a message through there knows the numbers, and hangs for another reason. */
START_TEST(world_is_not_to_blame_where_messages_arrive)
{
    diagnosed_begin(3);
    script_call(&diagnosed_rank[1], LOG_SEND, 2, 5, 100, true);
    script_call(&diagnosed_rank[2], LOG_RECV, 1, 5, 100, true);
    script_call(&diagnosed_rank[1], LOG_RECV, 2, 6, 100, false);
    script_call(&diagnosed_rank[2], LOG_RECV, 1, 6, 100, false);
    ck_assert_int_eq(diagnosed_reversed(), DIAGNOSIS_BOTH_RECEIVE_FIRST);
}
END_TEST

/* The kit's own communicator: nobody speaks of MPI_COMM_WORLD. */
START_TEST(the_run_has_its_communicator)
{
    diagnosed_begin(3);
    for (int r = 0; r < 2; r++) {
        struct log_record record = script_message(&diagnosed_rank[r], LOG_RECV, 1 - r, 5, 100);
        record.communicator = LOG_RUN;
        script_put(&diagnosed_rank[r], record);
    }
    script_final(&diagnosed_rank[2]);
    ck_assert_int_eq(diagnosed_reversed(), DIAGNOSIS_BOTH_RECEIVE_FIRST);
}
END_TEST

START_TEST(no_room_for_the_message)
{
    diagnosed_begin(2);
    script_call(&diagnosed_rank[0], LOG_SEND, 1, 5, 200, true);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_FAILED, NULL), DIAGNOSIS_TRUNCATION);
    diagnosed_says("rank 1 has room for 100 bytes, but rank 0 sent 200");
}
END_TEST

START_TEST(a_collective_that_one_rank_missed)
{
    diagnosed_begin(3);
    script_collective(&diagnosed_rank[0], LOG_BARRIER, -1, 3, false);
    script_collective(&diagnosed_rank[1], LOG_BARRIER, -1, 3, false);
    script_final(&diagnosed_rank[2]);
    ck_assert_int_eq(diagnosed(3, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
    diagnosed_says("rank 0 is in MPI_Barrier among all ranks, which rank 2 never called");

    diagnosed_begin(2);
    script_collective(&diagnosed_rank[0], LOG_BARRIER, -1, 2, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
}
END_TEST

START_TEST(different_collectives)
{
    diagnosed_begin(2);
    script_collective(&diagnosed_rank[0], LOG_BCAST, 0, 2, false);
    script_collective(&diagnosed_rank[1], LOG_ALLREDUCE, -1, 2, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVES_DIFFER);
    diagnosed_says(
        "rank 1 calls MPI_Allreduce of 4 bytes among all ranks, where rank 0 calls MPI_Bcast of 4");
    diagnosed_begin(2);
    script_collective(&diagnosed_rank[0], LOG_BCAST, 0, 2, false);
    script_collective(&diagnosed_rank[1], LOG_BCAST, 1, 2, false);
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVES_DIFFER);
    diagnosed_says(
        "rank 1 calls MPI_Bcast among all ranks with root 1, where rank 0 calls it with root 0");
}
END_TEST

/* A fence, for a window of two ranks, that one of them does not come to. */
START_TEST(a_fence_that_one_rank_missed)
{
    diagnosed_begin(3);
    for (int r = 0; r < 2; r++)
        script_member(&diagnosed_rank[r], 70, r, 2);
    struct log_record fence =
        script_collective_on(&diagnosed_rank[0], LOG_WIN_FENCE, 70, LOG_NO_PEER, 0);
    fence.tag = 1;
    script_call_record(&diagnosed_rank[0], fence, false);
    script_call(&diagnosed_rank[1], LOG_RECV, 0, 5, 100, false);
    script_final(&diagnosed_rank[2]);
    ck_assert_int_eq(diagnosed(3, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
    diagnosed_explains("rank 1 to call MPI_Win_fence among {0, 1}, too (so far rank 0 has)");
}
END_TEST

/* Who is meant by a group that only its members make is what those say that have called. */
START_TEST(a_group_that_one_rank_does_not_make)
{
    diagnosed_begin(3);
    for (int r = 0; r < 2; r++) {
        struct script *script = &diagnosed_rank[r];
        script_put(script,
                   script_collective_on(script, LOG_COMM_CREATE_GROUP, LOG_WORLD, LOG_NO_PEER, 0));
        for (int member = 0; member < 3; member++)
            script_part(script, member, LOG_GETS, 0);
    }
    script_call(&diagnosed_rank[2], LOG_RECV, 1, 5, 100, false);
    ck_assert_int_eq(diagnosed(3, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVE_MISSING);
    diagnosed_explains("rank 2 to call MPI_Comm_create_group");
    diagnosed_explains("(so far ranks 0 and 1 have)");
}
END_TEST

/* Ranks that differ in size and, later, wait for each other: the cause comes before what follows. */
START_TEST(the_cause_comes_first)
{
    diagnosed_begin(2);
    for (int r = 0; r < 2; r++) {
        struct script *script = &diagnosed_rank[r];
        script_start_record(script, script_collective_on(script, LOG_IALLREDUCE, LOG_WORLD, -1,
                                                         r == 0 ? 400 : 800));
        script_call(script, LOG_RECV, 1 - r, 5, 100, false);
    }
    ck_assert_int_eq(diagnosed(2, RUN_HUNG, NULL), DIAGNOSIS_COLLECTIVES_DIFFER);
    diagnosed_says("rank 1 calls MPI_Iallreduce among all ranks with 800 bytes, where rank 0 calls "
                   "it with 400 bytes");
}
END_TEST

START_TEST(nonsense_does_no_harm)
{
    for (unsigned seed = 0; seed < 200; seed++) {
        const int ranks = 1 + (int)(seed % 4);
        diagnosed_begin(ranks);
        script_nonsense(diagnosed_rank, ranks, seed);
        diagnosed(ranks, RUN_HUNG, NULL);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("diagnose_waits");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, both_send_first);
    tcase_add_test(tests, both_wait_for_their_sends);
    tcase_add_test(tests, both_receive_first);
    tcase_add_test(tests, a_circle_of_both_sorts);
    tcase_add_test(tests, only_what_is_missing_counts);
    tcase_add_test(tests, tags_that_differ);
    tcase_add_test(tests, asked_for_twice);
    tcase_add_test(tests, sent_twice);
    tcase_add_test(tests, tags_that_are_used_again);
    tcase_add_test(tests, sends_without_a_receive);
    tcase_add_test(tests, communicators_that_differ);
    tcase_add_test(tests, messages_through_world);
    tcase_add_test(tests, world_is_not_to_blame_where_messages_arrive);
    tcase_add_test(tests, the_run_has_its_communicator);
    tcase_add_test(tests, no_room_for_the_message);
    tcase_add_test(tests, a_collective_that_one_rank_missed);
    tcase_add_test(tests, different_collectives);
    tcase_add_test(tests, a_fence_that_one_rank_missed);
    tcase_add_test(tests, a_group_that_one_rank_does_not_make);
    tcase_add_test(tests, the_cause_comes_first);
    tcase_add_test(tests, nonsense_does_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}
