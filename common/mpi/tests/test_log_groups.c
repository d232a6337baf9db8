/*
 * Tests of what the log says about communicators: log_groups.c makes some of every kind, and their
 * members, as the logs have them together, are compared with those that it asked for.
 */
#include "common/log/log_reader.h"
#include "grader/trace/groups.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define MOST 8

static char *folder;
static struct log_file logs[MOST];
static struct groups *groups;
static int ranks;

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    groups_free(groups);
    groups = NULL;
    for (int rank = 0; rank < MOST; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

static void run(bool simulated, int with, const char *what)
{
    ranks = with;
    g_autofree char *arguments = g_strdup_printf("%s %s", folder, what);
    struct test_run run =
        test_run_program(simulated, ranks, "common/tests/programs/log_groups", arguments);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < ranks; rank++) {
        char path[128], error[LOG_ERROR_SIZE];
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
        ck_assert_str_eq(logs[rank].damage, "");
        ck_assert(logs[rank].complete);
    }
    groups = groups_new(logs, ranks);
}

/* ---- who is in which -------------------------------------------------------------------------------- */

struct members {
    int size[2]; /* of each side; all 0: this rank is in none */
    int rank[2][MOST];
};

static void add(struct members *members, int side, int first, int last, int step)
{
    for (int rank = first; step > 0 ? rank <= last : rank >= last; rank += step)
        members->rank[side][members->size[side]++] = rank;
}

static struct members even_and_odd(void)
{
    struct members members = {0};
    add(&members, 0, 0, ranks - 1, 2);
    add(&members, 1, 1, ranks - 1, 2);
    return members;
}

/* The how-manieth (from 0) split of log_groups.c. */
static struct members of_split(int rank, int how_manieth)
{
    struct members members = {0};
    const int last = ranks - 1;
    if (how_manieth == 0) {
        add(&members, 0, last % 2 == rank % 2 ? last : last - 1, rank % 2, -2);
    } else if (how_manieth == 1) {
        if (rank > 0)
            add(&members, 0, 1, last, 1);
    } else if (how_manieth == 2) {
        add(&members, 0, 0, last, 1);
    } else if (how_manieth == 3) {
        add(&members, 0, rank % 2, last, 2);
    } else {
        for (int i = 0; i < ranks; i++)
            if ((i / 2 >= ranks / 4) == (rank / 2 >= ranks / 4))
                members.rank[i % 2][members.size[i % 2]++] = i;
    }
    return members;
}

static struct members of_grid(int rank, bool is_column)
{
    struct members members = {0};
    const int columns = ranks > 1 ? 2 : 1;
    const int all = (ranks / 2 > 0 ? ranks / 2 : 1) * columns;
    if (rank < all && is_column)
        add(&members, 0, rank % columns, all - 1, columns);
    else if (rank < all)
        add(&members, 0, 0, all - 1, 1);
    return members;
}

/* What log_groups.c asks for in the how-manieth call of a kind on a rank. */
static struct members expected(enum log_operation operation, int rank, int how_manieth)
{
    struct members members = {0};
    const bool at_end = rank == 0 || rank == ranks - 1;
    switch (operation) {
    case LOG_COMM_SPLIT:
        return of_split(rank, how_manieth);
    case LOG_CART_CREATE:
    case LOG_CART_SUB:
        return of_grid(rank, operation == LOG_CART_SUB);
    case LOG_COMM_CREATE:
        if (rank <= ranks / 2)
            add(&members, 0, 0, ranks / 2, 1);
        return members;
    case LOG_COMM_CREATE_GROUP:
        if (at_end && how_manieth < 3 && ranks > 1)
            add(&members, 0, ranks - 1, 0, 1 - ranks);
        else
            add(&members, 0, 0, ranks / 2, 1);
        return members;
    case LOG_INTERCOMM_CREATE:
        return even_and_odd();
    case LOG_INTERCOMM_MERGE:
        add(&members, 0, 1, ranks - 1, 2);
        add(&members, 0, 0, ranks - 1, 2);
        return members;
    case LOG_COMM_DUP:
        if (how_manieth == 6)
            return even_and_odd();
        if (how_manieth == 3)
            add(&members, 0, rank, rank, 1);
        else
            add(&members, 0, 0, ranks - 1, 1);
        return members;
    default:
        add(&members, 0, 0, ranks - 1, 1);
        return members;
    }
}

static void check_members(const struct group *group, const struct members *members)
{
    ck_assert_ptr_nonnull(group);
    ck_assert(!group->contradicts);
    ck_assert_int_eq(group->sides, members->size[1] > 0 ? 2 : 1);
    for (int side = 0; side < group->sides; side++) {
        ck_assert_int_eq(group->size[side], members->size[side]);
        ck_assert_mem_eq(group->rank[side], members->rank[side],
                         (size_t)members->size[side] * sizeof(int));
    }
}

/* One call that has made a communicator, or has made none for this rank. */
static void check_made(const struct log_file *log, size_t begin, int how_manieth)
{
    const struct log_record *record = &log->record[begin];
    const struct log_record *end = &log->record[log_end_of(log, begin)];
    const struct members members =
        expected((enum log_operation)record->operation, log->rank, how_manieth);
    const uint64_t number = log_new_communicator(end);
    ck_assert_int_eq(log_size(end), members.size[0] + members.size[1]);
    ck_assert_int_eq(number != 0, members.size[0] > 0);
    if (number == 0)
        return;
    const struct group *group = groups_find(groups, number);
    check_members(group, &members);
    ck_assert_int_ne(group->made_by, GROUP_UNKNOWN);
    ck_assert_uint_ne(logs[group->made_by].record[group->made_at].caller, 0);
    if (record->operation != LOG_INTERCOMM_CREATE)
        ck_assert_uint_eq(group->parent, record->communicator);
}

static void check_all(int rank, bool few, GHashTable *numbers)
{
    int made[LOG_OPERATIONS] = {0};
    const struct log_file *log = &logs[rank];
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const enum log_operation operation = (enum log_operation)record->operation;
        if (record->phase != LOG_BEGIN || !log_makes_communicator(operation))
            continue;
        const uint64_t number = log_new_communicator(&log->record[log_end_of(log, i)]);
        check_made(log, i, made[operation]++);
        if (number != 0)
            ck_assert(g_hash_table_add(numbers, GSIZE_TO_POINTER(number)));
    }
    ck_assert_int_eq(made[LOG_COMM_DUP], few ? 5 : ranks > 1 ? 7 : 6);
    ck_assert_int_eq(made[LOG_COMM_SPLIT], few || ranks == 1 ? 3 : 5);
    for (int i = LOG_COMM_SPLIT; i <= LOG_INTERCOMM_MERGE; i++) {
        const bool is_beyond = i == LOG_COMM_SPLIT_TYPE || i == LOG_COMM_IDUP ||
                               (i >= LOG_GRAPH_CREATE && i <= LOG_INTERCOMM_MERGE);
        const bool is_for_some = i == LOG_COMM_CREATE_GROUP || i == LOG_CART_SUB;
        if (!(few && is_beyond) && !(ranks == 1 && i >= LOG_INTERCOMM_CREATE) && !is_for_some)
            ck_assert_msg(made[i] > 0, "no %s", log_operation_name((enum log_operation)i));
    }
}

/* A communicator is introduced before anything names it. */
static void check_introductions(const struct log_file *log)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        void *const number = GSIZE_TO_POINTER(record->communicator);
        if (record->operation == LOG_MEMBER)
            ck_assert(g_hash_table_add(known, number));
        else if (record->communicator > LOG_RUN) /* those two everybody knows */
            ck_assert(g_hash_table_contains(known, number));
    }
}

static const int some_ranks[] = {1, 2, 3, 5};

static void check_communicators(bool few)
{
    for (int rank = 0; rank < ranks; rank++) {
        g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
        check_all(rank, few, numbers);
        check_introductions(&logs[rank]);
    }
}

START_TEST(every_communicator)
{
    run(false, some_ranks[_i], "all");
    check_communicators(false);
}
END_TEST

START_TEST(every_communicator_on_the_simulated_cluster)
{
    run(true, some_ranks[_i], "few");
    check_communicators(true);
}
END_TEST

/* ---- calls over them ---------------------------------------------------------------------------------- */

static const struct log_record *find(int rank, enum log_operation operation, int tag, int sides)
{
    const struct log_file *log = &logs[rank];
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const struct group *group = groups_find(groups, record->communicator);
        if (record->operation == operation && (tag < 0 || record->tag == tag) && group != NULL &&
            group->sides == sides)
            return record;
    }
    ck_abort_msg("rank %d: no %s", rank, log_operation_name(operation));
}

static const struct log_record *end_of(int rank, const struct log_record *record)
{
    const size_t begin = (size_t)(record - logs[rank].record);
    return &logs[rank].record[log_end_of(&logs[rank], begin)];
}

/* What one group puts in comes out at the other. */
START_TEST(collectives_between_two_groups)
{
    static const enum log_operation operations[] = {LOG_ALLREDUCE, LOG_BCAST, LOG_GATHER,
                                                    LOG_ALLGATHER};
    run(false, some_ranks[1 + _i], "all");
    const int speaker = ranks >= 4 ? 3 : 1;
    for (int o = 0; o < 4; o++) {
        double in[2] = {0.0, 0.0};
        for (int rank = 0; rank < ranks; rank++)
            in[rank % 2] += log_sketch(find(rank, operations[o], -1, 2));
        for (int rank = 0; rank < ranks; rank++) {
            const struct log_record *begin = find(rank, operations[o], -1, 2);
            const struct log_record *end = end_of(rank, begin);
            const bool is_even = rank % 2 == 0;
            const bool gets = operations[o] == LOG_BCAST    ? is_even
                              : operations[o] == LOG_GATHER ? rank == 0
                                                            : true;
            ck_assert_double_eq_tol(log_sketch(end), gets ? in[1 - rank % 2] : 0.0, 1e-9);
            ck_assert_int_eq(end->bytes > 0, gets);
            int root = LOG_NO_PEER;
            if (operations[o] == LOG_BCAST)
                root = is_even || rank == speaker ? speaker : LOG_PEER_NULL;
            if (operations[o] == LOG_GATHER)
                root = !is_even || rank == 0 ? 0 : LOG_PEER_NULL;
            ck_assert_int_eq(begin->peer, root);
        }
    }
    ck_assert_int_eq(find(0, LOG_SEND, 77, 2)->peer, 1);
    ck_assert_int_eq(find(1, LOG_IRECV, 77, 2)->peer, 0);
    ck_assert_int_eq(find(1, LOG_COMPLETED, 77, 2)->peer, 0);
}
END_TEST

START_TEST(a_request_outlives_its_communicator)
{
    run(false, 3, "all");
    for (int rank = 0; rank < ranks; rank++) {
        const struct log_record *got = find(rank, LOG_COMPLETED, 88, 1);
        const int last = (rank + 2) % 3;
        ck_assert_int_eq(got->peer, last);
        ck_assert_uint_eq(got->fingerprint, log_fingerprint(&last, sizeof last));
        ck_assert_uint_eq(got->communicator, find(0, LOG_ISEND, 88, 1)->communicator);
    }
}
END_TEST

/* MPI_COMM_SELF is every rank's own; a communicator that the wrappers did not see being made has the
 * same number everywhere. */
START_TEST(those_that_were_there_already)
{
    run(false, 3, "all");
    uint64_t unseen[3] = {0}, own[3] = {0};
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            const struct log_member member = log_member(record);
            if (record->operation != LOG_MEMBER || member.parent != 0 ||
                member.communicator == LOG_WORLD)
                continue;
            *(member.size == 1 ? &own[rank] : &unseen[rank]) = member.communicator;
        }
    ck_assert_uint_ne(unseen[0], 0);
    ck_assert(unseen[0] == unseen[1] && unseen[1] == unseen[2]);
    ck_assert(own[0] != own[1] && own[1] != own[2] && own[0] != own[2]);
    for (int rank = 0; rank < ranks; rank++) {
        check_members(groups_find(groups, own[rank]), &(struct members){{1}, {{rank}}});
        check_members(groups_find(groups, unseen[rank]), &(struct members){{3}, {{0, 1, 2}}});
    }
}
END_TEST

/* ---- wrong arguments ------------------------------------------------------------------------------------- */

START_TEST(mpi_refuses_what_is_wrong)
{
    static const char *const calls[] = {
        "MPI_Comm_split", "MPI_Allreduce",       "MPI_Allgather",     "MPI_Bcast",
        "MPI_Gather",     "MPI_Alltoallv",       "MPI_Ialltoallw",    "MPI_Ineighbor_allgather",
        "MPI_Comm_idup",  "MPI_Intercomm_merge", "MPI_Reduce_scatter"};
    g_autofree char *arguments = g_strdup_printf("%s wrong %d", folder, _i);
    g_autofree char *expected_words = g_strdup_printf("refused: %s", calls[_i]);
    struct test_run run = test_run_program(false, 3, "common/tests/programs/log_groups", arguments);
    ck_assert_int_eq(run.status, 9);
    ck_assert_msg(strstr(run.output, expected_words) != NULL, "%s", run.output);
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log_groups");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_communicator, 0, 4);
    tcase_add_loop_test(tests, collectives_between_two_groups, 0, 3);
    tcase_add_test(tests, a_request_outlives_its_communicator);
    tcase_add_test(tests, those_that_were_there_already);
    tcase_add_loop_test(tests, mpi_refuses_what_is_wrong, 0, 11);
    if (test_has_simulator())
        tcase_add_loop_test(tests, every_communicator_on_the_simulated_cluster, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
