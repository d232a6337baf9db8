/*
 * Tests of the profiling wrappers: programs run under mpirun, and their logs
 * are compared with what the programs are known to do.
 */
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define RANKS 3
#define COUNT 2000 /* as in log_calls.c */

static char *folder;
static struct log_file logs[RANKS];

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

/* The exit status of a program of common/tests/programs that was told these things. */
static int run(int ranks, const char *name, const char *log, const char *way)
{
    g_autofree char *program = g_strdup_printf("common/tests/programs/%s", name);
    g_autofree char *arguments = g_strdup_printf("%s %s", log, way);
    struct test_run run = test_run_program(false, ranks, program, arguments);
    test_run_clear(&run);
    return run.status;
}

static void read_logs(int ranks)
{
    char path[128], error[LOG_ERROR_SIZE];
    for (int rank = 0; rank < ranks; rank++) {
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
        ck_assert_str_eq(logs[rank].damage, "");
    }
}

static void run_calls(void)
{
    ck_assert_int_eq(run(RANKS, "log_calls", folder, ""), 0);
    read_logs(RANKS);
}

/* The payload that a rank of log_calls.c sends. */
static uint64_t fingerprint_of(int rank)
{
    static int numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = 1000000 * rank + i;
    return log_fingerprint(numbers, sizeof numbers);
}

START_TEST(without_a_log_calls_do_what_they_did)
{
    ck_assert_int_eq(run(RANKS, "log_calls", "-", ""), 0);
}
END_TEST

START_TEST(a_log_of_nearly_every_call)
{
    run_calls();
    const int never[] = {LOG_RSEND,      LOG_IRSEND,    LOG_SSEND_INIT, LOG_BSEND_INIT,
                         LOG_RSEND_INIT, LOG_SEND_PART, LOG_RECV_PART,  LOG_WAITING_FOR,
                         LOG_COMPLETED,  LOG_ABORT};
    for (int rank = 0; rank < RANKS; rank++) {
        int begins[LOG_OPERATIONS] = {0}, ends[LOG_OPERATIONS] = {0};
        ck_assert(logs[rank].complete);
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            begins[record->operation] += record->phase == LOG_BEGIN;
            ends[record->operation] += record->phase == LOG_END;
            /* Each begin is followed by instants and its end: calls do not nest. */
            if (record->phase == LOG_BEGIN) {
                size_t end = log_end_of(&logs[rank], i);
                for (size_t j = i + 1; j < end; j++)
                    ck_assert_int_eq(logs[rank].record[j].phase, LOG_INSTANT);
            }
        }
        for (int operation = LOG_SEND; operation <= LOG_ABORT; operation++) {
            bool expected =
                operation <= LOG_CANCEL || operation == LOG_COMM_FREE || operation == LOG_FINALIZE;
            for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
                expected &= operation != never[i];
            ck_assert_int_eq(begins[operation], ends[operation]);
            if (!expected ||
                strcmp(log_operation_name((enum log_operation)operation), "unknown") == 0)
                continue;
            bool only_others =
                (operation <= LOG_BSEND && rank != 0) || (operation == LOG_RECV && rank == 2);
            ck_assert_msg(begins[operation] > 0 || only_others, "rank %d: no %s", rank,
                          log_operation_name((enum log_operation)operation));
        }
    }
}
END_TEST

/* The first exchange of log_calls.c, record by record. */
START_TEST(irecv_isend_waitall)
{
    run_calls();
    static const struct {
        int operation, phase, peer_offset, request;
    } expected[] = {
        {LOG_IRECV, LOG_BEGIN, 2, 1},         {LOG_IRECV, LOG_END, 2, 1},
        {LOG_ISEND, LOG_BEGIN, 1, 2},         {LOG_ISEND, LOG_END, 1, 2},
        {LOG_WAITALL, LOG_BEGIN, -1, 0},      {LOG_WAITING_FOR, LOG_INSTANT, 2, 1},
        {LOG_WAITING_FOR, LOG_INSTANT, 1, 2}, {LOG_COMPLETED, LOG_INSTANT, 2, 1},
        {LOG_COMPLETED, LOG_INSTANT, 1, 2},   {LOG_WAITALL, LOG_END, -1, 0},
    };
    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
            const struct log_record *record = &logs[rank].record[i];
            ck_assert_int_eq(record->operation, expected[i].operation);
            ck_assert_int_eq(record->phase, expected[i].phase);
            ck_assert_uint_eq(log_request(record), expected[i].request);
            if (expected[i].peer_offset < 0)
                continue;
            ck_assert_int_eq(record->peer, (rank + expected[i].peer_offset) % RANKS);
            ck_assert_int_eq(record->tag, 0);
            ck_assert_uint_eq(record->bytes, COUNT * sizeof(int));
            ck_assert_uint_eq(record->communicator, 1);
        }
        ck_assert_uint_eq(logs[rank].record[2].fingerprint, fingerprint_of(rank));
        ck_assert_uint_eq(logs[rank].record[7].fingerprint, fingerprint_of((rank + 2) % RANKS));
        ck_assert_uint_eq(logs[rank].record[8].fingerprint, fingerprint_of(rank));
    }
}
END_TEST

/* A wildcard receive says who it was; MPI_Recv and MPI_Sendrecv say what they got. */
START_TEST(what_a_receive_turned_out_to_be)
{
    run_calls();
    int seen = 0;
    for (size_t i = 0; i < logs[1].count; i++) {
        const struct log_record *record = &logs[1].record[i];
        if (record->operation == LOG_RECV && record->communicator == 1 &&
            record->phase == LOG_BEGIN && record->peer == LOG_ANY_SOURCE) {
            const struct log_record *end = &logs[1].record[log_end_of(&logs[1], i)];
            ck_assert_int_eq(record->tag, LOG_ANY_TAG);
            ck_assert_int_eq(end->peer, 0);
            ck_assert_int_eq(end->tag, 9);
            ck_assert_uint_eq(end->fingerprint, fingerprint_of(0));
            seen++;
        }
        if (record->operation == LOG_SENDRECV && record->phase == LOG_BEGIN) {
            ck_assert_int_eq(record[1].operation, LOG_SEND_PART);
            ck_assert_int_eq(record[1].peer, 2);
            ck_assert_uint_eq(record[1].fingerprint, fingerprint_of(1));
            ck_assert_int_eq(record[2].operation, LOG_RECV_PART);
            ck_assert_int_eq(record[2].peer, 0);
            ck_assert_uint_eq(record[3].fingerprint, fingerprint_of(0));
        }
    }
    ck_assert_int_eq(seen, 3);
}
END_TEST

/* The column of with_gaps(): the fingerprint is that of its eight integers alone. */
START_TEST(gaps_are_left_out)
{
    run_calls();
    for (int rank = 0; rank < RANKS; rank++) {
        int sent[8], got[8], seen = 0;
        for (int i = 0; i < 8; i++) {
            sent[i] = 1000 * rank + 6 * i + 1;
            got[i] = 1000 * ((rank + 2) % RANKS) + 6 * i + 1;
        }
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            if (record->tag != 11)
                continue;
            ck_assert_uint_eq(record->bytes, sizeof sent);
            if (record->operation == LOG_ISEND)
                ck_assert_uint_eq(record->fingerprint, log_fingerprint(sent, sizeof sent));
            if (record->operation == LOG_COMPLETED && record->peer == (rank + 2) % RANKS) {
                ck_assert_uint_eq(record->fingerprint, log_fingerprint(got, sizeof got));
                seen++;
            }
        }
        ck_assert_int_eq(seen, 1);
    }
}
END_TEST

/* Numbers of communicators agree, and peers are ranks of the world in all of them. */
START_TEST(communicators)
{
    run_calls();
    uint64_t number[RANKS] = {0};
    int in_half = 0;
    for (int rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            if (record->operation == LOG_COMM_DUP && record->phase == LOG_END) {
                number[rank] = log_request(record);
                ck_assert_double_eq(log_size(record), 3);
            }
            if (record->operation == LOG_COMM_SPLIT && record->phase == LOG_END) {
                ck_assert_int_eq(log_request(record) == 0, rank == 1);
                ck_assert_double_eq(log_size(record), rank == 1 ? 0 : 2);
            }
            if (record->tag == 77) {
                ck_assert_int_eq(record->peer, rank == 0 ? 2 : 0);
                ck_assert_uint_gt(record->communicator, 1);
                in_half++;
            }
        }
    ck_assert_int_eq(in_half, 4);
    ck_assert_uint_gt(number[0], 1);
    ck_assert_uint_eq(number[0], number[1]);
    ck_assert_uint_eq(number[0], number[2]);
}
END_TEST

/* Polling 3 times or 3 million times gives the same records. */
START_TEST(unsuccessful_tests_are_counted)
{
    ck_assert_int_ne(run(2, "log_hang", folder, "poll"), 0);
    read_logs(2);
    ck_assert_uint_gt(logs[1].polls, 100);
    ck_assert_uint_lt(logs[1].count, 10);
    const struct log_record *last = &logs[1].record[logs[1].count - 1];
    ck_assert_int_eq(last->operation, LOG_TEST);
    ck_assert_int_eq(last->phase, LOG_END);
    ck_assert_int_eq(last->flag, 0);
    ck_assert_int_eq(last[-1].operation, LOG_WAITING_FOR);
    ck_assert_int_eq(last[-1].tag, 6);
}
END_TEST

START_TEST(a_pending_call_stays_without_end)
{
    ck_assert_int_ne(run(2, "log_hang", folder, "both-send"), 0);
    read_logs(2);
    for (int rank = 0; rank < 2; rank++) {
        ck_assert_uint_eq(logs[rank].count, 1);
        ck_assert_int_eq(logs[rank].record[0].operation, LOG_SEND);
        ck_assert_int_eq(logs[rank].record[0].peer, 1 - rank);
        ck_assert_uint_eq(log_end_of(&logs[rank], 0), 1);
    }
    /* addr2line finds the line of the call. */
    g_autofree char *program = test_program(false, "common/tests/programs/log_hang");
    struct test_run answer = test_run_command("addr2line -e %s 0x%lx", program,
                                              (unsigned long)logs[0].record[0].caller - 1);
    ck_assert_msg(strstr(answer.output, "log_hang.c:18") != NULL, "%s", answer.output);
    test_run_clear(&answer);
}
END_TEST

START_TEST(a_send_buffer_that_was_changed_or_freed)
{
    ck_assert_int_eq(run(2, "log_hang", folder, "spoil"), 0);
    read_logs(2);
    uint64_t begun = 0;
    int changed = 0, gone = 0;
    for (size_t i = 0; i < logs[0].count; i++) {
        const struct log_record *record = &logs[0].record[i];
        if (record->operation == LOG_ISSEND && record->tag == 1)
            begun = record->fingerprint;
        if (record->operation == LOG_COMPLETED && record->tag == 1)
            changed = record->fingerprint != begun && record->fingerprint != 0;
        if (record->operation == LOG_COMPLETED && record->tag == 3)
            gone = (record->flag & LOG_FLAG_BUFFER_GONE) != 0 || record->fingerprint == 0;
    }
    ck_assert(changed);
    ck_assert(gone);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log_mpi");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, without_a_log_calls_do_what_they_did);
    tcase_add_test(tests, a_log_of_nearly_every_call);
    tcase_add_test(tests, irecv_isend_waitall);
    tcase_add_test(tests, what_a_receive_turned_out_to_be);
    tcase_add_test(tests, gaps_are_left_out);
    tcase_add_test(tests, communicators);
    tcase_add_test(tests, unsuccessful_tests_are_counted);
    tcase_add_test(tests, a_pending_call_stays_without_end);
    tcase_add_test(tests, a_send_buffer_that_was_changed_or_freed);
    suite_add_tcase(suite, tests);
    return suite;
}
