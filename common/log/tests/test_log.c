/*
 * Tests of writing and reading the log.
 */
#include "common/log/log.h"

#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/log/log_reader.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96], error[LOG_ERROR_SIZE];

static void set_up(void)
{
    strcpy(folder, "/tmp/test_log_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/rank-2.log", folder);
}

static void tear_down(void)
{
    log_close();
    unlink(path);
    rmdir(folder);
}

static struct log_file read_back(void)
{
    struct log_file log;
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    return log;
}

START_TEST(what_is_written_is_read)
{
    ck_assert(!log_is_open());
    log_fact(LOG_FINAL); /* goes nowhere */
    ck_assert_uint_eq(log_sequence(), 0);
    log_open(folder, 2, 4, 77);
    ck_assert(log_is_open());
    log_compute(LOG_FORWARD, LOG_BEGIN, 1, 3);
    uint64_t before = flops_charged();
    flops_charge(1000);
    log_compute(LOG_FORWARD, LOG_END, 1, 3);
    struct log_record record = log_record_new(LOG_SEND, LOG_BEGIN);
    record.peer = 3;
    record.tag = 9;
    record.bytes = 4096;
    record.fingerprint = 0x1234;
    record.caller = 0x99;
    record.communicator = 1;
    log_append(record);
    log_append(log_record_of_end(3));
    log_close();
    ck_assert(!log_is_open());

    struct log_file log = read_back();
    ck_assert_str_eq(log.damage, "");
    ck_assert(log.complete);
    ck_assert_int_eq(log.rank, 2);
    ck_assert_int_eq(log.ranks, 4);
    ck_assert_uint_eq(log.seed, 77);
    ck_assert_uint_eq(log.count, 4);
    ck_assert_int_eq(log.record[0].operation, LOG_FORWARD);
    ck_assert_int_eq(log.record[0].stage, 1);
    ck_assert_int_eq(log.record[0].micro_batch, 3);
    ck_assert_int_eq(log.record[0].peer, LOG_NO_PEER);
    ck_assert_uint_eq(log.record[0].flops, before);
    ck_assert_uint_eq(log.record[1].flops, before + 1000);
    ck_assert_int_eq(log.record[2].peer, 3);
    ck_assert_int_eq(log.record[2].tag, 9);
    ck_assert_uint_eq(log.record[2].bytes, 4096);
    ck_assert_uint_eq(log.record[2].caller, 0x99);
    ck_assert_int_eq(log.record[2].stage, -1);
    ck_assert_double_eq(log_stated(&log.record[3]), 3);
    ck_assert_uint_eq(log_end_of(&log, 0), 1);
    ck_assert_uint_eq(log_end_of(&log, 2), 4); /* pending */
    for (size_t i = 0; i < log.count; i++)
        ck_assert_uint_eq(log.record[i].sequence, i + 1);
    log_destroy(&log);

    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, 5 * 120);
}
END_TEST

/* Whatever bytes they are, those that are negative numbers included. */
START_TEST(data_of_collectives_are_read_back)
{
    struct log_data data = {.request = 1, .count = LOG_DATA_BYTES};
    memset(data.data, 0xc1, LOG_DATA_BYTES);
    log_open(folder, 2, 4, 77);
    log_append(log_record_of_data(&data));
    log_close();
    struct log_file log = read_back();
    ck_assert_str_eq(log.damage, "");
    ck_assert_uint_eq(log.count, 1);
    ck_assert_mem_eq(log_data(&log.record[0]).data, data.data, LOG_DATA_BYTES);
    log_destroy(&log);
}
END_TEST

START_TEST(what_is_a_poll)
{
    int polls = 0, behind = 0;
    for (int operation = LOG_NONE; operation < LOG_OPERATIONS; operation++) {
        const struct log_record record = log_record_new(operation, LOG_INSTANT);
        polls += log_is_poll(&record);
        behind += log_is_behind_begin(&record);
    }
    ck_assert_int_eq(polls, 7);
    ck_assert_int_eq(behind, 5);
    const struct log_record test = log_record_new(LOG_TESTANY, LOG_END);
    const struct log_record probe = log_record_new(LOG_PROBE_MESSAGE, LOG_END);
    const struct log_record part = log_record_new(LOG_RECV_PART, LOG_INSTANT);
    const struct log_record completed = log_record_new(LOG_COMPLETED, LOG_INSTANT);
    ck_assert(log_is_poll(&test) && !log_is_poll(&probe));
    ck_assert(log_is_behind_begin(&part) && !log_is_behind_begin(&completed));
}
END_TEST

START_TEST(the_file_grows)
{
    enum { RECORDS = 40000 };
    log_open(folder, 2, 3, 0);
    for (int i = 0; i < RECORDS; i++)
        log_append(log_record_of_loss(i, i));
    log_close();
    struct log_file log = read_back();
    ck_assert_uint_eq(log.count, RECORDS);
    for (size_t i = 0; i < log.count; i++)
        ck_assert_double_eq(log_loss(&log.record[i]), (double)i);
    ck_assert(!log.complete);
    log_destroy(&log);
}
END_TEST

START_TEST(a_killed_process_leaves_its_records)
{
    pid_t child = fork();
    if (child == 0) {
        log_open(folder, 2, 3, 0);
        log_compute(LOG_BACKWARD, LOG_BEGIN, 0, 7);
        log_count_poll();
        log_count_poll();
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
    struct log_file log = read_back();
    ck_assert_uint_eq(log.count, 1);
    ck_assert_str_eq(log.damage, "");
    ck_assert(!log.complete);
    ck_assert_uint_eq(log.polls, 2);
    ck_assert_int_eq(log.record[0].micro_batch, 7);
    log_destroy(&log);
}
END_TEST

/* Runs something in a child; returns its exit status and what it wrote to standard error. */
static int status_of(void (*act)(void), char *said, size_t size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], said, size - 1);
    said[got < 0 ? 0 : got] = '\0';
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void fill_the_disk(void)
{
    /* A limit on file sizes makes posix_fallocate fail as a full disk does. */
    struct rlimit limit = {(1 << 20) + 5000, (1 << 20) + 5000};
    setrlimit(RLIMIT_FSIZE, &limit);
    log_open(folder, 2, 3, 0);
    for (int i = 0; i < 20000; i++)
        log_fact(LOG_LOSS);
}

static void open_nowhere(void)
{
    log_open("/nonexistent/folder", 0, 1, 0);
}

START_TEST(no_room_is_an_error_message)
{
    char said[1000];
    ck_assert_int_eq(status_of(fill_the_disk, said, sizeof said), 1);
    ck_assert_ptr_nonnull(strstr(said, "rank-2.log is full: "));
    struct log_file log = read_back();
    ck_assert_uint_gt(log.count, 8000);
    log_destroy(&log);
    ck_assert_int_eq(status_of(open_nowhere, said, sizeof said), 1);
    ck_assert_ptr_nonnull(strstr(said, "No such file or directory"));
}
END_TEST

/* ---- reading what somebody spoiled -------------------------------------------------------- */

enum { SMALL = 6, SMALL_BYTES = (SMALL + 1) * 120 };

static void write_small(unsigned char bytes[SMALL_BYTES])
{
    log_open(folder, 2, 3, 0);
    for (int i = 0; i < SMALL; i++)
        log_compute(LOG_FORWARD, i % 2 == 0 ? LOG_BEGIN : LOG_END, 0, i / 2);
    log_close();
    FILE *file = fopen(path, "rb");
    ck_assert_uint_eq(fread(bytes, 1, SMALL_BYTES, file), SMALL_BYTES);
    fclose(file);
}

static void write_bytes(const unsigned char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_flipped_bit_is_noticed)
{
    unsigned char bytes[SMALL_BYTES];
    write_small(bytes);
    for (size_t i = 0; i < SMALL_BYTES; i++) {
        bytes[i] ^= 0x10;
        write_bytes(bytes, SMALL_BYTES);
        struct log_file log;
        if (i < 24) /* magic, version, size, rank, ranks */
            ck_assert(!log_read(path, &log, error) || log.rank != 2 || log.ranks != 3);
        else if (i >= 120) {
            ck_assert(log_read(path, &log, error));
            ck_assert_uint_eq(log.count, (i - 120) / 120);
            ck_assert_str_ne(log.damage, "");
        } else {
            ck_assert(log_read(path, &log, error));
        }
        log_destroy(&log);
        bytes[i] ^= 0x10;
    }
}
END_TEST

START_TEST(a_file_that_was_cut_off)
{
    unsigned char bytes[SMALL_BYTES];
    write_small(bytes);
    for (size_t size = 0; size < SMALL_BYTES; size++) {
        write_bytes(bytes, size);
        struct log_file log;
        bool readable = log_read(path, &log, error);
        ck_assert_int_eq(readable, size >= 120);
        if (readable) {
            ck_assert_uint_eq(log.count, size / 120 - 1);
            ck_assert_int_eq(log.damage[0] != '\0', size % 120 != 0);
        } else {
            ck_assert_ptr_nonnull(strstr(error, "rank-2.log"));
        }
        log_destroy(&log);
    }
}
END_TEST

START_TEST(records_that_are_out_of_order)
{
    unsigned char bytes[SMALL_BYTES], other[SMALL_BYTES];
    write_small(bytes);
    memcpy(other, bytes, sizeof other);
    memcpy(other + 2 * 120, bytes + 3 * 120, 120);
    memcpy(other + 3 * 120, bytes + 2 * 120, 120);
    write_bytes(other, sizeof other);
    struct log_file log = read_back();
    ck_assert_uint_eq(log.count, 1);
    ck_assert_ptr_nonnull(strstr(log.damage, "record 2"));
    log_destroy(&log);
}
END_TEST

START_TEST(what_is_no_log)
{
    struct log_file log;
    ck_assert(!log_read(path, &log, error));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    ck_assert(!log_read(folder, &log, error));
    ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert(!log_read(path, &log, error));
    ck_assert_ptr_nonnull(strstr(error, "symbolic link"));
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!log_read(path, &log, error)); /* and does not wait for a writer */
    unlink(path);
    unsigned char zeros[4096] = {0};
    write_bytes(zeros, sizeof zeros);
    ck_assert(!log_read(path, &log, error));
    ck_assert_ptr_nonnull(strstr(error, "magic"));
    ck_assert_int_eq(truncate(path, (off_t)5 << 30), 0); /* sparse */
    ck_assert(!log_read(path, &log, error));
    ck_assert_ptr_nonnull(strstr(error, "larger"));
}
END_TEST

START_TEST(collectives_have_two_forms)
{
    int collectives = 0, nonblocking = 0;
    for (int operation = LOG_NONE; operation < LOG_OPERATIONS; operation++) {
        const enum log_operation blocking = log_blocking_form(operation);
        if (!log_is_collective(operation)) {
            ck_assert_int_eq(blocking, operation);
            continue;
        }
        collectives++;
        if (!log_is_nonblocking_collective(operation))
            continue;
        nonblocking++;
        /* MPI_Ireduce is MPI_Reduce, with another letter. */
        const char *name = log_operation_name(operation), *plain = log_operation_name(blocking);
        ck_assert(strncmp(name, "MPI_I", 5) == 0);
        ck_assert_str_eq(name + 6, plain + 5);
        ck_assert_int_eq(name[5] - 'a', plain[4] - 'A');
    }
    ck_assert_int_eq(collectives, 44);
    ck_assert_int_eq(nonblocking, 22);
    ck_assert(log_makes_communicator(LOG_CART_SUB) && !log_makes_communicator(LOG_COMM_FREE));
}
END_TEST

START_TEST(elements_and_members_and_data)
{
    struct log_record record = log_record_new(LOG_ALLREDUCE, LOG_BEGIN);
    ck_assert_int_eq(log_elements(&record).type, LOG_TYPE_NONE);
    for (int type = 0; type < LOG_TYPES; type++)
        for (int reduction = 0; reduction < LOG_REDUCTIONS; reduction++) {
            log_set_elements(&record, (struct log_elements){type, reduction});
            ck_assert_int_eq(log_elements(&record).type, type);
            ck_assert_int_eq(log_elements(&record).reduction, reduction);
        }
    record.tag = 1 << 20;
    ck_assert_int_eq(log_elements(&record).reduction, LOG_REDUCTION_NONE);

    const struct log_member member = {(uint64_t)1 << 63 | 7, LOG_RUN, 3, 4, 1, 5, 99};
    const struct log_record said = log_record_of_member(member);
    const struct log_member read = log_member(&said);
    ck_assert_mem_eq(&read, &member, sizeof read);

    struct log_data data = {.request = 5, .offset = 80, .count = 40, .comes_out = true};
    for (int i = 0; i < LOG_DATA_BYTES; i++)
        data.data[i] = (unsigned char)(250 - i);
    for (int out = 0; out < 2; out++) {
        data.comes_out = out == 1;
        record = log_record_of_data(&data);
        const struct log_data again = log_data(&record);
        ck_assert_uint_eq(again.request, 5);
        ck_assert_uint_eq(again.offset, 80);
        ck_assert_uint_eq(again.count, 40);
        ck_assert_int_eq(again.comes_out, out == 1);
        ck_assert_mem_eq(again.data, data.data, LOG_DATA_BYTES);
    }
    record.tag = 41;
    ck_assert_uint_eq(log_data(&record).count, 0);
    record.tag = INT32_MIN;
    ck_assert_uint_eq(log_data(&record).count, 0);
}
END_TEST

START_TEST(every_operation_has_a_name_of_its_own)
{
    int named = 0;
    for (int i = 0; i < LOG_OPERATIONS; i++) {
        const char *name = log_operation_name((enum log_operation)i);
        if (strcmp(name, "unknown") == 0)
            continue;
        named++;
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(name, log_operation_name((enum log_operation)j));
    }
    /* As many as the enumeration has. */
    ck_assert_int_eq(named, (LOG_TRANSFER_END + 1) + (LOG_DATA - LOG_SEND + 1) +
                                2 * (LOG_NEIGHBOR_ALLTOALLW - LOG_BARRIER + 1) +
                                (LOG_ABORT - LOG_COMM_SPLIT + 1) +
                                (LOG_RGET_ACCUMULATE - LOG_WIN_CREATE + 1));
    ck_assert_str_eq(log_operation_name(LOG_SENDRECV), "MPI_Sendrecv");
    ck_assert_str_eq(log_operation_name((enum log_operation)9999), "unknown");
}
END_TEST

/* Of a computation the time in calls of MPI is not busy; what is called between computations was none of it. */
START_TEST(waiting_in_a_computation_is_not_busy)
{
    enum { MILLISECOND = 1000000 };
    const uint64_t before = log_busy();
    log_call(LOG_BEGIN);
    usleep(30000);
    log_call(LOG_END);
    const uint64_t begin = machine_clock();
    log_compute(LOG_FORWARD, LOG_BEGIN, 0, 0);
    usleep(20000);
    for (int i = 0; i < 2; i++) {
        log_call(LOG_BEGIN);
        usleep(40000);
        log_call(LOG_END);
    }
    log_compute(LOG_FORWARD, LOG_END, 0, 0);
    const uint64_t whole = machine_clock() - begin, busy = log_busy() - before;
    ck_assert_uint_ge(busy, 20 * MILLISECOND);
    ck_assert_uint_le(busy, whole - 80 * MILLISECOND);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, data_of_collectives_are_read_back);
    tcase_add_test(tests, what_is_a_poll);
    tcase_add_test(tests, the_file_grows);
    tcase_add_test(tests, a_killed_process_leaves_its_records);
    tcase_add_test(tests, no_room_is_an_error_message);
    tcase_add_test(tests, a_flipped_bit_is_noticed);
    tcase_add_test(tests, a_file_that_was_cut_off);
    tcase_add_test(tests, records_that_are_out_of_order);
    tcase_add_test(tests, what_is_no_log);
    tcase_add_test(tests, every_operation_has_a_name_of_its_own);
    tcase_add_test(tests, collectives_have_two_forms);
    tcase_add_test(tests, elements_and_members_and_data);
    tcase_add_test(tests, waiting_in_a_computation_is_not_busy);
    suite_add_tcase(suite, tests);
    return suite;
}
