/*
 * Tests of the wrappers of one-sided communication: log_windows.c runs on both machines, and its logs are
 * compared with what it does.
 */
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>

#define RANKS 3
#define COUNT                                                                                      \
    100 /* as in log_windows.c, where a rank r of the world is 2 - r in the communicator */

/* The windows in the order in which they are made. */
enum { FENCES = 1, LOCKS, GROUPS, SHARED, DYNAMIC };

static char *folder;
static struct log_file logs[RANKS];
static bool simulated;

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    for (int rank = 0; rank < RANKS; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

/* The exit status. Every test is for both machines: number 0 and 1. */
static int run(int machine, const char *way)
{
    char path[128], error[LOG_ERROR_SIZE];
    g_autofree char *arguments = g_strdup_printf("%s %s", folder, way);
    simulated = machine == 1;
    struct test_run run =
        test_run_program(simulated, RANKS, "common/tests/programs/log_windows", arguments);
    if (way[0] == '\0')
        ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < RANKS; rank++) {
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
        ck_assert_str_eq(logs[rank].damage, "");
    }
    return run.status;
}

static int next_of(int rank)
{
    return 2 - (2 - rank + 1) % 3;
}

static int last_of(int rank)
{
    return 2 - (2 - rank + 2) % 3;
}

static uint64_t fingerprint_of(int rank, int factor)
{
    int numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = factor * (1000 * rank + i);
    return log_fingerprint(numbers, sizeof numbers);
}

/* The how-manieth record (from 0) of that kind about that window. */
static size_t find(int rank, enum log_operation operation, enum log_phase phase, int window,
                   int how_manieth)
{
    for (size_t i = 0; i < logs[rank].count; i++) {
        const struct log_record *record = &logs[rank].record[i];
        if (record->operation == operation && record->phase == phase && record->tag == window &&
            how_manieth-- == 0)
            return i;
    }
    ck_abort_msg("rank %d: no %s about window %d", rank, log_operation_name(operation), window);
}

static const struct log_record *begin_of(int rank, enum log_operation operation, int window,
                                         int how_manieth)
{
    return &logs[rank].record[find(rank, operation, LOG_BEGIN, window, how_manieth)];
}

/* What a get, or anything with a request, brought: its LOG_COMPLETED stands inside of `inside`, or of the
 * call itself, for SMPI does some of them at once. */
static const struct log_record *completed(int rank, const struct log_record *get,
                                          enum log_operation inside)
{
    const struct log_file *log = &logs[rank];
    ck_assert_uint_ne(log_request(get), 0);
    for (size_t i = (size_t)(get - log->record); i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation != LOG_COMPLETED || log_request(record) != log_request(get))
            continue;
        size_t call = i;
        while (log->record[call].phase != LOG_BEGIN)
            call--;
        if (!simulated || &log->record[call] != get)
            ck_assert_int_eq(log->record[call].operation, inside);
        ck_assert_int_eq(record->peer, get->peer);
        ck_assert_int_eq(record->tag, get->tag);
        return record;
    }
    ck_abort_msg("rank %d: %s has not completed", rank, log_operation_name(get->operation));
}

START_TEST(every_call_is_in_the_log)
{
    run(_i, "");
    for (int operation = LOG_WIN_CREATE; operation <= LOG_RGET_ACCUMULATE; operation++) {
        int begins = 0;
        for (int rank = 0; rank < RANKS; rank++)
            for (size_t i = 0; i < logs[rank].count; i++) {
                const struct log_record *record = &logs[rank].record[i];
                if (record->operation != operation || record->phase != LOG_BEGIN)
                    continue;
                ck_assert_uint_lt(log_end_of(&logs[rank], i), logs[rank].count);
                ck_assert_int_ge(record->tag, FENCES);
                ck_assert_int_le(record->tag, DYNAMIC);
                ck_assert_uint_ne(record->caller, 0);
                begins++;
            }
        ck_assert_msg(begins > 0 || (operation == LOG_WIN_TEST && simulated), "no %s",
                      log_operation_name((enum log_operation)operation));
    }
}
END_TEST

/* All of them are collectives over the communicator, in which the windows are counted. */
START_TEST(members_agree_about_a_window)
{
    run(_i, "");
    static const struct {
        int window;
        enum log_operation operation;
        uint64_t bytes;
    } made[] = {{FENCES, LOG_WIN_ALLOCATE, 2 * COUNT * sizeof(int)},
                {LOCKS, LOG_WIN_CREATE, (COUNT + 1) * sizeof(int)},
                {GROUPS, LOG_WIN_CREATE, COUNT * sizeof(int)},
                {SHARED, LOG_WIN_ALLOCATE_SHARED, sizeof(int)},
                {DYNAMIC, LOG_WIN_CREATE_DYNAMIC, 0}};
    for (int rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
            const struct log_record *record = begin_of(rank, made[i].operation, made[i].window, 0);
            const struct log_record *freed = begin_of(rank, LOG_WIN_FREE, made[i].window, 0);
            ck_assert_uint_eq(record->bytes, made[i].bytes);
            ck_assert_uint_eq(record->communicator,
                              begin_of(0, LOG_WIN_FENCE, FENCES, 0)->communicator);
            ck_assert_uint_eq(record->communicator, freed->communicator);
            ck_assert(log_is_collective_on_window(made[i].operation));
        }
    ck_assert(log_is_collective_on_window(LOG_WIN_FENCE));
    ck_assert(log_is_collective_on_window(LOG_WIN_FREE));
    ck_assert(!log_is_collective_on_window(LOG_WIN_POST));
    ck_assert(!log_is_collective_on_window(LOG_ABORT));
}
END_TEST

START_TEST(what_is_put_and_what_a_get_brings)
{
    run(_i, "");
    for (int rank = 0; rank < RANKS; rank++) {
        const struct log_record *put = begin_of(rank, LOG_PUT, FENCES, 0);
        ck_assert_int_eq(put->peer, next_of(rank));
        ck_assert_uint_eq(put->bytes, COUNT * sizeof(int));
        ck_assert_uint_eq(put->fingerprint, fingerprint_of(rank, 1));
        ck_assert_double_eq(put->own_value, COUNT);
        const struct log_record *sum = begin_of(rank, LOG_ACCUMULATE, FENCES, 0);
        ck_assert_int_eq(sum->peer, 2); /* rank 0 of the communicator */
        ck_assert_uint_eq(sum->fingerprint, fingerprint_of(rank, 1));

        /* In the last one's window is what its last one has put there. */
        const struct log_record *get = begin_of(rank, LOG_GET, FENCES, 0);
        ck_assert_int_eq(get->peer, last_of(rank));
        ck_assert_uint_eq(get->fingerprint, 0);
        ck_assert_uint_eq(completed(rank, get, LOG_WIN_FENCE)->fingerprint,
                          fingerprint_of(last_of(last_of(rank)), 1));
    }
}
END_TEST

START_TEST(what_each_synchronisation_completes)
{
    run(_i, "");
    static const struct {
        enum log_operation operation, inside;
        int out, in; /* how often this rank's numbers; 0: others */
    } calls[] = {
        {LOG_GET, LOG_WIN_FLUSH_LOCAL, 0, 1}, {LOG_GET_ACCUMULATE, LOG_WIN_UNLOCK, 1, 1},
        {LOG_RGET, LOG_WAIT, 0, 2},           {LOG_RPUT, LOG_WAIT, 1, 1},
        {LOG_RACCUMULATE, LOG_WAIT, 1, 1},    {LOG_RGET_ACCUMULATE, LOG_WAIT, 0, 2},
    };
    const int zero = 0, one = 1, two = 2;
    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            const struct log_record *call = begin_of(rank, calls[i].operation, LOCKS, 0);
            ck_assert_int_eq(call->peer, next_of(rank));
            ck_assert_uint_eq(call->fingerprint,
                              calls[i].out == 0 ? 0 : fingerprint_of(rank, calls[i].out));
            const struct log_record *came = completed(rank, call, calls[i].inside);
            ck_assert_uint_eq(came->fingerprint, fingerprint_of(rank, calls[i].in));
            ck_assert_uint_eq(came->bytes, COUNT * sizeof(int));
        }
        const struct log_record *add = begin_of(rank, LOG_FETCH_AND_OP, LOCKS, 0);
        ck_assert_uint_eq(add->fingerprint, log_fingerprint(&one, sizeof one));
        ck_assert_uint_eq(completed(rank, add, LOG_WIN_FLUSH)->fingerprint,
                          log_fingerprint(&zero, sizeof zero));
        const struct log_record *swap = begin_of(rank, LOG_COMPARE_AND_SWAP, LOCKS, 0);
        ck_assert_uint_eq(swap->fingerprint, log_fingerprint(&two, sizeof two));
        ck_assert_uint_eq(completed(rank, swap, LOG_WIN_UNLOCK_ALL)->fingerprint,
                          log_fingerprint(&one, sizeof one));
    }
}
END_TEST

START_TEST(groups_are_named)
{
    run(_i, "");
    for (int rank = 0; rank < RANKS; rank++) {
        const struct log_count_part post =
            log_count_part(begin_of(rank, LOG_WIN_POST, GROUPS, 0) + 1);
        const struct log_count_part start =
            log_count_part(begin_of(rank, LOG_WIN_START, GROUPS, 0) + 1);
        ck_assert_int_eq(begin_of(rank, LOG_WIN_POST, GROUPS, 0)[1].operation, LOG_COUNT_PART);
        ck_assert_int_eq(post.peer, last_of(rank));
        ck_assert_int_eq(post.direction, LOG_GETS);
        ck_assert_int_eq(start.peer, next_of(rank));
        ck_assert_int_eq(start.direction, LOG_GIVES);
    }
}
END_TEST

/* What a rank hangs in. MPI need not wait in MPI_Win_lock itself: it may do so when it must. */
static const struct log_record *pending(int rank)
{
    const struct log_file *log = &logs[rank];
    size_t i = log->count - 1;
    while (i > 0 && log_is_behind_begin(&log->record[i]))
        i--;
    ck_assert_int_eq(log->record[i].phase, LOG_BEGIN);
    return &log->record[i];
}

START_TEST(a_hang_is_pending)
{
    ck_assert_int_ne(run(_i, "fence"), 0);
    ck_assert_int_eq(pending(0)->operation, LOG_WIN_FENCE);
    ck_assert_int_eq(pending(2)->operation, LOG_WIN_FENCE);
    ck_assert_int_eq(log_window(pending(2)), 1);
    ck_assert_int_eq(pending(1)->operation, LOG_RECV);
    tear_down();
    set_up();

    ck_assert_int_ne(run(_i, "lock"), 0);
    const enum log_operation waits = pending(1)->operation;
    ck_assert(waits == LOG_WIN_LOCK || waits == LOG_PUT || waits == LOG_WIN_UNLOCK);
    ck_assert_int_eq(pending(1)->peer, 2);
    tear_down();
    set_up();

    ck_assert_int_ne(run(_i, "wait"), 0);
    ck_assert_int_eq(pending(0)->operation, LOG_WIN_WAIT);
    const struct log_record *post = begin_of(0, LOG_WIN_POST, 1, 0);
    ck_assert_int_eq(log_count_part(post + 1).peer, 1);
}
END_TEST

Suite *test_suite(void)
{
    const int machines = test_has_simulator() ? 2 : 1;
    Suite *suite = suite_create("log_windows");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_call_is_in_the_log, 0, machines);
    tcase_add_loop_test(tests, members_agree_about_a_window, 0, machines);
    tcase_add_loop_test(tests, what_is_put_and_what_a_get_brings, 0, machines);
    tcase_add_loop_test(tests, what_each_synchronisation_completes, 0, machines);
    tcase_add_loop_test(tests, groups_are_named, 0, machines);
    tcase_add_loop_test(tests, a_hang_is_pending, 0, machines);
    suite_add_tcase(suite, tests);
    return suite;
}
