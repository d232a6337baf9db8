/*
 * Tests of what ranks disagree about in their collectives: logs by hand, one for each way to be
 * wrong and to be right, and random programs in which one call was changed, whose change is known.
 */
#include "grader/trace/collective_faults.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RANKS 6
#define PAIR      77 /* a communicator of ranks 0 and 1 */
#define REST      78 /* of ranks 2 and 3 */

static struct script rank[MAX_RANKS];
static struct log_file logs[MAX_RANKS];
static int ranks;
static GString *text; /* of all faults, a line for each */

static void begin(int count)
{
    ranks = count;
    for (int r = 0; r < count; r++) {
        free(rank[r].log.record);
        script_init(&rank[r], r, count);
    }
}

/* Finds the faults; the kind of the first, and what is said in `text`. */
static enum collectives_fault_kind find(void)
{
    for (int r = 0; r < ranks; r++)
        logs[r] = rank[r].log;
    struct collectives *collectives = collectives_new(logs, ranks);
    GArray *faults = collectives_find_faults(logs, collectives);
    if (!text)
        text = g_string_new(NULL);
    g_string_truncate(text, 0);
    for (guint i = 0; i < faults->len; i++) {
        collectives_tell_fault(NULL, logs, collectives,
                               &g_array_index(faults, struct collectives_fault, i), text);
        g_string_append_c(text, '\n');
    }
    const enum collectives_fault_kind kind =
        faults->len > 0 ? g_array_index(faults, struct collectives_fault, 0).kind
                        : COLLECTIVES_SAME;
    g_array_unref(faults);
    collectives_free(collectives);
    return kind;
}

static void assert_found(enum collectives_fault_kind kind, const char *words)
{
    ck_assert_int_eq(find(), kind);
    ck_assert_str_eq(text->str, words);
}

static struct log_record call_on(int r, enum log_operation operation, uint64_t communicator,
                                 int root, uint64_t bytes)
{
    return script_collective_on(&rank[r], operation, communicator, root, bytes);
}

static void call(int r, enum log_operation operation, uint64_t communicator, int root,
                 uint64_t bytes)
{
    script_call_record(&rank[r], call_on(r, operation, communicator, root, bytes), true);
}

static void everybody_calls(enum log_operation operation, int root, uint64_t bytes)
{
    for (int r = 0; r < ranks; r++)
        call(r, operation, LOG_WORLD, root, bytes);
}

static void everybody_ends(void)
{
    for (int r = 0; r < ranks; r++)
        script_final(&rank[r]);
}

/* ---- one argument ------------------------------------------------------------------------------ */

/* A rank that was ended in a call may have meant to make another one later. */
START_TEST(what_was_not_called_yet)
{
    begin(2);
    call(0, LOG_ALLREDUCE, LOG_WORLD, -1, 320);
    call(0, LOG_ALLREDUCE, LOG_WORLD, -1, 160);
    call(1, LOG_ALLREDUCE, LOG_WORLD, -1, 160);
    assert_found(COLLECTIVES_SKIPPED,
                 "rank 1 comes to MPI_Allreduce of 160 bytes among all ranks, and has not called "
                 "MPI_Allreduce of 320 bytes among all ranks by then, as rank 0 has\n");
    script_final(&rank[1]);
    ck_assert_int_eq(find(), COLLECTIVES_SKIPPED);
    ck_assert_ptr_nonnull(strstr(text->str, "rank 1 does not call MPI_Allreduce of 320 bytes"));
}
END_TEST

/* The rank that is alone with what it calls is the odd one. */
START_TEST(one_argument_differs)
{
    begin(4);
    everybody_calls(LOG_BARRIER, -1, 0);
    for (int r = 0; r < 4; r++)
        call(r, LOG_ALLREDUCE, LOG_WORLD, -1, r == 0 ? 800 : 400);
    assert_found(COLLECTIVES_BYTES, "rank 0 calls MPI_Allreduce among all ranks with 800 bytes, "
                                    "where rank 1 calls it with 400 bytes\n");
    begin(3);
    for (int r = 0; r < 3; r++)
        call(r, LOG_BCAST, LOG_WORLD, r == 2 ? 1 : 0, 40);
    assert_found(COLLECTIVES_ROOT, "rank 2 calls MPI_Bcast among all ranks with root 1, where rank "
                                   "0 calls it with root 0\n");
    begin(3);
    for (int r = 0; r < 3; r++) {
        struct log_record record = call_on(r, LOG_ALLREDUCE, LOG_WORLD, -1, r == 1 ? 80 : 40);
        log_set_elements(
            &record,
            (struct log_elements){r == 1 ? LOG_TYPE_FLOAT64 : LOG_TYPE_FLOAT32, LOG_REDUCTION_SUM});
        script_call_record(&rank[r], record, true);
    }
    assert_found(COLLECTIVES_TYPE, "rank 1 calls MPI_Allreduce among all ranks with 80 bytes of "
                                   "float64, where rank 0 calls it with 40 bytes of float32\n");
    begin(3);
    for (int r = 0; r < 3; r++) {
        struct log_record record = call_on(r, LOG_ALLREDUCE, LOG_WORLD, -1, 40);
        log_set_elements(&record,
                         (struct log_elements){LOG_TYPE_FLOAT32,
                                               r == 2 ? LOG_REDUCTION_MAXIMUM : LOG_REDUCTION_SUM});
        script_call_record(&rank[r], record, true);
    }
    assert_found(COLLECTIVES_REDUCTION, "rank 2 calls MPI_Allreduce among all ranks with MPI_MAX, "
                                        "where rank 0 calls it with MPI_SUM\n");
}
END_TEST

START_TEST(another_operation)
{
    begin(3);
    for (int r = 0; r < 3; r++)
        script_call_record(
            &rank[r],
            call_on(r, r == 1 ? LOG_REDUCE : LOG_ALLREDUCE, LOG_WORLD, r == 1 ? 0 : -1, 40), false);
    assert_found(COLLECTIVES_OPERATION,
                 "rank 1 calls MPI_Reduce of 40 bytes among all ranks, where rank 0 calls "
                 "MPI_Allreduce of 40 bytes among all ranks\n");
    begin(2);
    call(0, LOG_ALLREDUCE, LOG_WORLD, -1, 40);
    script_start_record(&rank[1], call_on(1, LOG_IALLREDUCE, LOG_WORLD, -1, 40));
    ck_assert_int_eq(find(), COLLECTIVES_NONBLOCKING);
    ck_assert(strstr(text->str, "rank 1 calls MPI_Iallreduce of 40 bytes among all ranks, where"));
    begin(2);
    call(0, LOG_COMM_DUP, LOG_WORLD, -1, 0);
    call(1, LOG_COMM_SPLIT, LOG_WORLD, -1, 0);
    ck_assert_int_eq(find(), COLLECTIVES_OPERATION);
}
END_TEST

/* ---- which call is missing ------------------------------------------------------------------------ */

/* All that follows is met by another call; only the one that is missing is told. */
START_TEST(one_is_left_out)
{
    begin(3);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < 5; i++)
            if (r != 2 || i != 1)
                call(r, LOG_ALLREDUCE, LOG_WORLD, -1, (uint64_t)(100 * (i + 1)));
    everybody_ends();
    assert_found(COLLECTIVES_SKIPPED,
                 "rank 2 does not call MPI_Allreduce of 200 bytes among all ranks, as rank 0 does, "
                 "and goes on to MPI_Allreduce of 300 bytes among all ranks\n");
}
END_TEST

START_TEST(one_too_many)
{
    begin(3);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < 3; i++) {
            call(r, LOG_ALLREDUCE, LOG_WORLD, -1, (uint64_t)(100 * (i + 1)));
            if (r == 1 && i == 0)
                call(r, LOG_BARRIER, LOG_WORLD, -1, 0);
        }
    everybody_ends();
    assert_found(
        COLLECTIVES_SURPLUS,
        "rank 1 calls MPI_Barrier among all ranks, which rank 0 does not call: its next is "
        "MPI_Allreduce of 200 bytes among all ranks\n");
}
END_TEST

START_TEST(another_order)
{
    begin(2);
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < 2; i++)
            script_start_record(&rank[r],
                                call_on(r, LOG_IALLREDUCE, LOG_WORLD, -1, i == r ? 40 : 80));
    assert_found(COLLECTIVES_ORDER,
                 "rank 1 calls MPI_Iallreduce of 80 bytes among all ranks before MPI_Iallreduce of "
                 "40 bytes among all ranks, rank 0 in the other order (MPI_Iallreduce of 40 bytes "
                 "among all ranks first)\n");
}
END_TEST

/* All calls are alike: the training step and the lines tell which one is missing. */
START_TEST(the_step_tells_which_is_missing)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        for (int step = 0; step < 4; step++) {
            script_step(&rank[r], LOG_STEP_BEGIN, step);
            for (int i = 0; i < 3; i++) {
                rank[r].caller = (uint64_t)(100 + i);
                if (r == 0 || step != 2 || i != 1)
                    call(r, LOG_ALLREDUCE, LOG_WORLD, -1, 40);
            }
            script_step(&rank[r], LOG_STEP_END, step);
        }
        script_final(&rank[r]);
    }
    for (int r = 0; r < 2; r++)
        logs[r] = rank[r].log;
    struct collectives *collectives = collectives_new(logs, 2);
    GArray *faults = collectives_find_faults(logs, collectives);
    ck_assert_uint_eq(faults->len, 1);
    const struct collectives_fault *fault = &g_array_index(faults, struct collectives_fault, 0);
    ck_assert_int_eq(fault->kind, COLLECTIVES_SKIPPED);
    ck_assert_int_eq(fault->rank, 1);
    ck_assert_uint_eq(logs[0].record[fault->other_record].caller, 101);
    int step = -1;
    for (size_t i = 0; i < fault->other_record; i++)
        log_follow_step(&logs[0].record[i], &step);
    ck_assert_int_eq(step, 2);
    g_array_unref(faults);
    collectives_free(collectives);
}
END_TEST

/* ---- groups ------------------------------------------------------------------------------------------- */

static void make_pairs(void)
{
    begin(4);
    for (int r = 0; r < 4; r++)
        script_member(&rank[r], r < 2 ? PAIR : REST, r % 2, 2);
}

/* Ranks 0 and 1, and 2 and 3, add up; rank 1 does so with everybody. */
START_TEST(among_others)
{
    make_pairs();
    for (int r = 0; r < 4; r++) {
        const uint64_t communicator = r == 1 ? LOG_WORLD : r < 2 ? PAIR : REST;
        script_call_record(&rank[r], call_on(r, LOG_ALLREDUCE, communicator, -1, 400), r > 1);
        if (r > 1)
            script_final(&rank[r]);
    }
    assert_found(COLLECTIVES_SURPLUS, "rank 1 calls MPI_Allreduce of 400 bytes among all ranks, "
                                      "which rank 2 does not call\n");
    make_pairs();
    for (int r = 0; r < 4; r++) {
        script_start_record(&rank[r], call_on(r, LOG_IALLREDUCE,
                                              r == 1  ? LOG_WORLD
                                              : r < 2 ? PAIR
                                                      : REST,
                                              -1, 400));
        call(r, LOG_BARRIER, r < 2 ? PAIR : REST, -1, 0);
        script_final(&rank[r]);
    }
    ck_assert_int_eq(find(), COLLECTIVES_GROUP);
    ck_assert(strstr(text->str, "rank 1 calls MPI_Iallreduce of 400 bytes among all ranks, where "
                                "rank 0 calls it among {0, 1}\n"));
}
END_TEST

START_TEST(alone_in_place_of_a_pair)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        script_member(&rank[r], 80 + (uint64_t)r, 0, 1);
        call(r, LOG_ALLREDUCE, r == 0 ? LOG_WORLD : 81, -1, 400);
        call(r, LOG_BCAST, LOG_WORLD, 0, 40);
        script_final(&rank[r]);
    }
    assert_found(COLLECTIVES_GROUP, "rank 1 calls MPI_Allreduce of 400 bytes among {1}, where rank "
                                    "0 calls it among all ranks\n");
}
END_TEST

/* ---- sizes of each rank's own ------------------------------------------------------------------------ */

static void gather_parts(uint64_t of_last)
{
    begin(3);
    for (int r = 0; r < 3; r++) {
        struct log_record record = call_on(r, LOG_GATHERV, LOG_WORLD, 0, (uint64_t)(10 * (r + 1)));
        script_put(&rank[r], record);
        for (int i = 0; i < 3 && r == 0; i++)
            script_part(&rank[r], i, LOG_GETS, i == 2 ? of_last : (uint64_t)(10 * (i + 1)));
        script_end(&rank[r], record);
        script_final(&rank[r]);
    }
}

/* Two ranks, of which both say that rank 0's part has so many bytes. */
static void gather_own_part(uint64_t of_first)
{
    begin(2);
    for (int r = 0; r < 2; r++) {
        struct log_record record = call_on(r, LOG_ALLGATHERV, LOG_WORLD, -1, 40);
        script_put(&rank[r], record);
        script_part(&rank[r], 0, LOG_GETS, of_first);
        script_part(&rank[r], 1, LOG_GETS, 40);
        script_end(&rank[r], record);
        script_final(&rank[r]);
    }
}

START_TEST(parts)
{
    gather_parts(30);
    ck_assert_int_eq(find(), COLLECTIVES_SAME);
    gather_parts(20);
    assert_found(COLLECTIVES_PART, "rank 2 gives rank 0 30 bytes in MPI_Gatherv of 30 bytes among "
                                   "all ranks, where rank 0 expects 20 bytes from it\n");
    gather_own_part(40);
    ck_assert_int_eq(find(), COLLECTIVES_SAME);
    gather_own_part(60);
    assert_found(COLLECTIVES_PART,
                 "rank 0 hands in 40 bytes to MPI_Allgatherv of 40 bytes among all "
                 "ranks, and expects 60 bytes of itself in the same call\n");
    for (int wrong = 0; wrong < 2; wrong++) {
        begin(3);
        for (int r = 0; r < 3; r++) {
            struct log_record record = call_on(r, LOG_ALLTOALLV, LOG_WORLD, -1, 0);
            script_put(&rank[r], record);
            for (int i = 0; i < 3; i++) {
                script_part(&rank[r], i, LOG_GIVES, (uint64_t)(10 * r + i));
                script_part(&rank[r], i, LOG_GETS,
                            (uint64_t)(10 * i + r + (wrong && r == 1 && i == 2)));
            }
            script_end(&rank[r], record);
        }
        ck_assert_int_eq(find(), wrong ? COLLECTIVES_PART : COLLECTIVES_SAME);
        if (wrong)
            ck_assert(strstr(text->str, "rank 2 gives rank 1 21 bytes in"));
    }
}
END_TEST

/* ---- what MPI lets differ -------------------------------------------------------------------------------- */

/* Sizes of one's own, elements of other names, bytes in place of numbers that are only moved, a root in
 * place, and an intercommunicator's two sides. */
START_TEST(right_ones)
{
    begin(3);
    for (int r = 0; r < 3; r++) {
        call(r, LOG_ALLGATHERV, LOG_WORLD, -1, (uint64_t)(8 * r));
        struct log_record record = call_on(r, LOG_BCAST, LOG_WORLD, 0, 64);
        log_set_elements(&record,
                         (struct log_elements){r == 0 ? LOG_TYPE_UINT8 : LOG_TYPE_FLOAT32, 0});
        script_call_record(&rank[r], record, true);
        record = call_on(r, LOG_ALLREDUCE, LOG_WORLD, -1, 64);
        log_set_elements(&record, (struct log_elements){r == 1 ? LOG_TYPE_OTHER : LOG_TYPE_FLOAT32,
                                                        LOG_REDUCTION_OWN});
        script_call_record(&rank[r], record, true);
        call(r, LOG_GATHER, LOG_WORLD, 1, r == 1 ? 0 : 16);
        call(r, LOG_SCATTER, LOG_WORLD, 1, r == 1 ? 48 : 0);
        script_final(&rank[r]);
    }
    ck_assert_int_eq(find(), COLLECTIVES_SAME);
    begin(2);
    for (int r = 0; r < 2; r++) {
        script_put(&rank[r],
                   log_record_of_member((struct log_member){
                       .communicator = 90, .rank = 0, .size = 1, .side = r, .remote_size = 1}));
        call(r, LOG_BCAST, 90, r == 0 ? -1 : 0, r == 0 ? 64 : 0);
        call(r, LOG_ALLGATHER, 90, -1, r == 0 ? 64 : 32);
        script_final(&rank[r]);
    }
    ck_assert_int_eq(find(), COLLECTIVES_SAME);
}
END_TEST

/* Two groups make a communicator each, at once and with the same tag; the other ranks don't. */
START_TEST(groups_of_their_own)
{
    begin(5);
    for (int r = 0; r < 4; r++) {
        struct log_record record = call_on(r, LOG_COMM_CREATE_GROUP, LOG_WORLD, -1, 0);
        record.tag = 3;
        script_put(&rank[r], record);
        script_member(&rank[r], r < 2 ? PAIR : REST, r % 2, 2);
        record.own_number = r < 2 ? PAIR : REST;
        script_end(&rank[r], record);
    }
    everybody_calls(LOG_BARRIER, -1, 0);
    everybody_ends();
    ck_assert_int_eq(find(), COLLECTIVES_SAME);
}
END_TEST

/* ---- random programs --------------------------------------------------------------------------------------- */

struct planned {
    enum log_operation operation;
    int root;
    uint64_t bytes;
};

static struct planned random_call(void)
{
    static const enum log_operation operations[] = {LOG_BARRIER, LOG_BCAST, LOG_ALLREDUCE,
                                                    LOG_ALLGATHER, LOG_IALLREDUCE};
    const enum log_operation operation = operations[rand() % 5];
    return (struct planned){operation, operation == LOG_BCAST ? rand() % ranks : -1,
                            operation == LOG_BARRIER ? 0 : (uint64_t)(8 * (1 + rand() % 3))};
}

static bool are_alike(struct planned a, struct planned b)
{
    return a.operation == b.operation && a.root == b.root && a.bytes == b.bytes;
}

static void make(int r, struct planned planned)
{
    struct log_record record =
        call_on(r, planned.operation, LOG_WORLD, planned.root, planned.bytes);
    if (planned.operation == LOG_IALLREDUCE)
        script_start_record(&rank[r], record);
    else
        script_call_record(&rank[r], record, true);
}

enum { LENGTH = 40 };

/* One rank leaves out call `at`, or makes one more in front of it, or changes its size: exactly that is
 * found, up to which of several that are alike. */
START_TEST(one_change_is_found)
{
    for (int seed = 0; seed < 1500; seed++) {
        srand((unsigned)seed);
        begin(3 + rand() % 4);
        struct planned planned[LENGTH];
        for (int i = 0; i < LENGTH; i++)
            do
                planned[i] = random_call();
            while (i > 0 && are_alike(planned[i], planned[i - 1]));
        const int odd = rand() % ranks, change = rand() % 3;
        int at = rand() % LENGTH;
        while (change == 2 && planned[at].operation == LOG_BARRIER)
            at = (at + 1) % LENGTH;
        struct planned more = {LOG_SCAN, -1, 24};
        for (int r = 0; r < ranks; r++) {
            for (int i = 0; i < LENGTH; i++) {
                const bool here = r == odd && i == at;
                struct planned one = planned[i];
                if (here && change == 0)
                    continue;
                if (here && change == 1)
                    make(r, more);
                one.bytes += here && change == 2 ? 100 : 0;
                make(r, one);
            }
            script_final(&rank[r]);
        }
        for (int r = 0; r < ranks; r++)
            logs[r] = rank[r].log;
        struct collectives *collectives = collectives_new(logs, ranks);
        GArray *faults = collectives_find_faults(logs, collectives);
        ck_assert_uint_eq(faults->len, 1);
        const struct collectives_fault *fault = &g_array_index(faults, struct collectives_fault, 0);
        static const enum collectives_fault_kind expected[] = {
            COLLECTIVES_SKIPPED, COLLECTIVES_SURPLUS, COLLECTIVES_BYTES};
        ck_assert_msg(fault->kind == expected[change] && fault->rank == odd,
                      "seed %d: change %d of rank %d at %d: found %d of rank %d", seed, change, odd,
                      at, fault->kind, fault->rank);
        const size_t call = change == 0 ? fault->other_record : fault->record;
        const int teller = change == 0 ? fault->other : odd;
        const int index = collectives->by_record[teller][call];
        ck_assert_int_eq(collectives->collective[index].number, at);
        g_array_unref(faults);
        collectives_free(collectives);
    }
}
END_TEST

START_TEST(nonsense_does_no_harm)
{
    for (unsigned seed = 0; seed < 300; seed++) {
        begin(1 + (int)(seed % MAX_RANKS));
        script_nonsense(rank, ranks, seed);
        find();
    }
}
END_TEST

/* Rank 2 calls on a communicator of which it does not say that it is a member, and in which nobody says
 * who rank 1 is. */
START_TEST(who_is_no_member_may_call)
{
    begin(3);
    script_member(&rank[0], PAIR, 0, 2);
    for (int r = 0; r < 3; r++) {
        script_call_record(&rank[r], call_on(r, LOG_BARRIER, PAIR, -1, 0), true);
        logs[r] = rank[r].log;
    }
    struct collectives *collectives = collectives_new(logs, 3);
    ck_assert_int_eq(collectives->count, 1);
    for (int r = 0; r < 3; r++) {
        const size_t record = collective_entered(&collectives->collective[0], r);
        ck_assert_uint_eq(record, r == 0);
        ck_assert_int_eq(collective_rank(&collectives->collective[0],
                                         (int)collective_slot(&collectives->collective[0], r)),
                         r);
    }
    collectives_free(collectives);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("collective_faults");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, who_is_no_member_may_call);
    tcase_add_test(tests, one_argument_differs);
    tcase_add_test(tests, what_was_not_called_yet);
    tcase_add_test(tests, another_operation);
    tcase_add_test(tests, one_is_left_out);
    tcase_add_test(tests, one_too_many);
    tcase_add_test(tests, another_order);
    tcase_add_test(tests, the_step_tells_which_is_missing);
    tcase_add_test(tests, among_others);
    tcase_add_test(tests, alone_in_place_of_a_pair);
    tcase_add_test(tests, parts);
    tcase_add_test(tests, right_ones);
    tcase_add_test(tests, groups_of_their_own);
    tcase_add_test(tests, one_change_is_found);
    tcase_add_test(tests, nonsense_does_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}
