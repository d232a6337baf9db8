/*
 * Tests of messages from and into the GPU's memory. Programs send numbers in all ways and look at what arrives
 * (device_messages.c, device_requests.c, device_leftovers.c; collectives: test_log_collectives.c). They run with the host's memory and
 * with the emulated GPU's, and the logs of both must say the same.
 */
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "common/mpi/staged_way.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- logs ----------------------------------------------------------------------------------------------- */

static struct log_file read_log(const char *folder, int rank)
{
    struct log_file log;
    char error[LOG_ERROR_SIZE];
    g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert(log.complete);
    return log;
}

static bool is_send(int operation)
{
    return (operation >= LOG_SEND && operation <= LOG_IRSEND) ||
           (operation >= LOG_SEND_INIT && operation <= LOG_RSEND_INIT);
}

/* What depends on who was faster: how often something was asked for, and in which call it had completed; and what
 * has become of a send, which MPI may give a request that it shares with others. */
static bool depends_on_time(const struct log_record *record, const int *started)
{
    switch (record->operation) {
    case LOG_COMPLETED:
        return is_send(started[log_request(record)]) || (record->flag & LOG_FLAG_FREED) != 0;
    case LOG_IPROBE:
    case LOG_IMPROBE:
    case LOG_WAITING_FOR:
        return true;
    default:
        return record->operation >= LOG_WAITANY && record->operation <= LOG_TESTSOME;
    }
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Its records of MPI, a line for each, in the order of the alphabet. */
static char *told_by(const char *folder, int rank)
{
    struct log_file log = read_log(folder, rank);
    g_autofree int *started = g_new0(int, log.count + 1);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < log.count; i++) {
        const struct log_record *record = &log.record[i];
        if (record->phase == LOG_BEGIN && record->own_number <= log.count)
            started[record->own_number] = record->operation;
        if (record->operation < LOG_SEND || depends_on_time(record, started))
            continue;
        g_ptr_array_add(lines, g_strdup_printf("%s %d to or from %d, tag %d: %" PRIu64
                                               " bytes %" PRIx64 ", flag %d",
                                               log_operation_name(record->operation), record->phase,
                                               record->peer, record->tag, record->bytes,
                                               record->fingerprint, record->flag));
    }
    log_destroy(&log);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* ---- the same with both memories --------------------------------------------------------------------------- */

static void run(const char *program, int ranks, const char *folder, const char *device)
{
    g_autofree char *arguments = g_strdup_printf("%s %s", folder, device);
    struct test_run run = test_run_program(false, ranks, program, arguments);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
}

static const char *const programs[] = {"common/tests/programs/device_messages",
                                       "common/tests/programs/device_requests"};

START_TEST(all_is_as_with_the_host)
{
    const int ranks = (int[]){1, 2, 4}[_i % 3];
    const char *program = programs[_i / 3];
    char *on_host = test_folder_new(), *on_device = test_folder_new();
    run(program, ranks, on_host, "host");
    run(program, ranks, on_device, "emulated");
    for (int rank = 0; rank < ranks; rank++) {
        g_autofree char *expected = told_by(on_host, rank);
        g_autofree char *found = told_by(on_device, rank);
        ck_assert_msg(strstr(expected, "MPI_Isend") != NULL, "an empty log");
        if (strcmp(expected, found) != 0) {
            size_t i = 0;
            while (expected[i] == found[i])
                i++;
            ck_abort_msg("rank %d: with the host …%.300s\nwith the GPU …%.300s", rank,
                         expected + (i < 60 ? 0 : i - 60), found + (i < 60 ? 0 : i - 60));
        }
    }
    test_folder_free(on_host);
    test_folder_free(on_device);
}
END_TEST

/* Without a log nothing else looks at the messages. */
START_TEST(messages_need_no_log)
{
    run(programs[_i], 2, "none", "emulated");
}
END_TEST

/* With a log, and without one, on the GPU; and as a truth the host's memory. */
START_TEST(nothing_is_left_of_messages_that_fail)
{
    char *folder = test_folder_new();
    run("common/tests/programs/device_leftovers", 2, _i == 1 ? folder : "none",
        _i == 2 ? "host" : "emulated");
    test_folder_free(folder);
}
END_TEST

/* ---- misuse -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *misuse, *call, *said;
} refused[] = {
    {"window", "MPI_Win_create", "the GPU's memory can't be used for one-sided communication"},
    {"put", "MPI_Put", "the GPU's memory can't be used for one-sided communication"},
    {"fetch-and-op", "MPI_Fetch_and_op", "the GPU's memory can't be used for one-sided"},
    {"gaps", "MPI_Send", "a message from or into the GPU's memory has a datatype with gaps"},
    {"pack", "MPI_Pack", "the GPU's memory can't be used for packing"},
    {"buffered", "MPI_Buffer_attach", "the GPU's memory can't be used for what MPI_Bsend buffers"},
    {"both-sides", "MPI_Alltoallw",
     "blocks of one buffer (MPI_BOTTOM, perhaps) in the GPU's memory"},
    {"far-apart", "MPI_Alltoallw",
     "blocks of one buffer lie far from each other in the GPU's memory"},
    {"direct", "", "messages can't be direct: nobody but the emulated GPU reads its memory"},
};
enum { REFUSED = sizeof refused / sizeof refused[0] };

static const char misuse[] = "common/tests/programs/device_misuse";

START_TEST(what_can_not_be_done_is_refused)
{
    g_autofree char *arguments = g_strdup_printf("none emulated %s", refused[_i].misuse);
    struct test_run run = test_run_program(false, 1, misuse, arguments);
    ck_assert_msg(run.status != 0 && strstr(run.output, refused[_i].said) != NULL &&
                      strstr(run.output, refused[_i].call) != NULL,
                  TEST_LONG, run.output);
    test_run_clear(&run);
    g_autofree char *on_host = g_strdup_printf("none host %s", refused[_i].misuse);
    if (strcmp(refused[_i].misuse, "direct") != 0 && strcmp(refused[_i].misuse, "put") != 0) {
        run = test_run_program(false, 1, misuse, on_host);
        ck_assert_msg(strstr(run.output, "GPU") == NULL, TEST_LONG, run.output);
        test_run_clear(&run);
    }
}
END_TEST

static const char *const no_misuse[] = {"reduce-local", "near-enough"};

START_TEST(what_looks_like_it_and_is_none)
{
    g_autofree char *arguments = g_strdup_printf("none emulated %s", no_misuse[_i]);
    struct test_run run = test_run_program(false, 1, misuse, arguments);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
}
END_TEST

/* Who writes into a buffer that is under way is found. */
START_TEST(a_buffer_that_changes_under_way)
{
    char *folder = test_folder_new();
    g_autofree char *arguments =
        g_strdup_printf("%s %s changed", folder, _i == 0 ? "host" : "emulated");
    struct test_run run = test_run_program(false, 2, misuse, arguments);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < 2; rank++) {
        struct log_file log = read_log(folder, rank);
        uint64_t sent = 0;
        int sends = 0, sums = 0;
        for (size_t i = 0; i < log.count; i++) {
            const struct log_record *record = &log.record[i];
            if (record->operation == LOG_ISSEND && record->phase == LOG_BEGIN)
                sent = record->fingerprint;
            if (record->operation != LOG_COMPLETED)
                continue;
            sums += (record->flag & LOG_FLAG_CHANGED) != 0;
            sends += record->flag == 0 && sent != 0 && record->fingerprint != sent;
        }
        ck_assert_int_eq(sends, 1);
        ck_assert_int_eq(sums, 1);
        log_destroy(&log);
    }
    test_folder_free(folder);
}
END_TEST

/* ---- which way ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *version;
    int answer;
    enum staged_mpi can;
} mpis[] = {
    {"Open MPI v5.0.7, package: Open MPI conda@host Distribution, ident: 5.0.7", 1, STAGED_MPI_CAN},
    {"Open MPI v10.1.0a1, package: Open MPI", 1, STAGED_MPI_CAN},
    {"Open MPI v5.0.7, package: Open MPI conda@host Distribution", 0, STAGED_MPI_CAN_NOT},
    {"Open MPI v4.1.6, package: Open MPI conda@host Distribution, ident: 4.1.6", 1, STAGED_MPI_MAY},
    {"Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4", 0, STAGED_MPI_CAN_NOT},
    {"MPICH Version:      4.2.0\nMPICH Release date: Fri Feb  9 12:29:21 CST 2024", 1,
     STAGED_MPI_MAY},
    {"MPICH Version:      4.2.0", 0, STAGED_MPI_CAN_NOT},
    {"", 1, STAGED_MPI_MAY},
    {"", 0, STAGED_MPI_CAN_NOT},
};

/* Open MPI answers for the run since version 5; what others say need not be so. */
START_TEST(only_what_answers_for_the_run_is_believed)
{
    ck_assert_int_eq(staged_mpi_of(mpis[_i].version, mpis[_i].answer), mpis[_i].can);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("device_messages");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 100);
    tcase_add_loop_test(tests, all_is_as_with_the_host, 0, 6);
    tcase_add_loop_test(tests, messages_need_no_log, 0, 2);
    tcase_add_loop_test(tests, what_can_not_be_done_is_refused, 0, REFUSED);
    tcase_add_loop_test(tests, what_looks_like_it_and_is_none, 0, 2);
    tcase_add_loop_test(tests, nothing_is_left_of_messages_that_fail, 0, 3);
    tcase_add_loop_test(tests, a_buffer_that_changes_under_way, 0, 2);
    tcase_add_loop_test(tests, only_what_answers_for_the_run_is_believed, 0,
                        sizeof mpis / sizeof mpis[0]);
    suite_add_tcase(suite, tests);
    return suite;
}
