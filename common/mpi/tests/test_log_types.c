/*
 * Tests of fingerprints of data with gaps: log_types.c runs on both machines. Its data are known, so what
 * each fingerprint must be is computed here, from the data alone.
 */
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>

enum { RANKS = 2, LAYOUTS = 21, MOST = 4096 }; /* as in log_types.c */

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

/* Of so many bytes of the data, with the byte at `changed` changed (-1: none). */
static uint64_t fingerprint_of(size_t bytes, long changed)
{
    unsigned char data[MOST];
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(37 * i + 11);
    if (changed >= 0)
        data[changed] ^= 1;
    return log_fingerprint(data, bytes);
}

START_TEST(gaps_are_left_out_whatever_the_layout)
{
    char path[128], error[LOG_ERROR_SIZE];
    const bool simulated = _i == 1;
    struct test_run run =
        test_run_program(simulated, RANKS, "common/tests/programs/log_types", folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < RANKS; rank++) {
        int seen[4] = {0}, empty = 0;
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            const bool sends = record->operation == LOG_SEND_PART;
            if (!sends && (record->operation != LOG_SENDRECV || record->phase != LOG_END))
                continue;
            if (record->tag == 1000) {
                ck_assert_uint_eq(record->bytes, 0);
                ck_assert_uint_eq(record->fingerprint, 0);
                empty++;
                continue;
            }
            const int message = record->tag % 10;
            const long changed = message < 2 ? -1 : message == 2 ? 0 : (long)record->bytes - 1;
            ck_assert_uint_gt(record->bytes, 0);
            ck_assert_uint_le(record->bytes, MOST);
            ck_assert_msg(record->fingerprint == fingerprint_of(record->bytes, changed),
                          "rank %d, layout %d, message %d, %s", rank, record->tag / 10, message,
                          sends ? "sent" : "received");
            seen[message]++;
        }
        const int layouts =
            simulated ? LAYOUTS - 1 : LAYOUTS; /* without the one that SMPI spoils */
        for (int message = 0; message < 4; message++)
            ck_assert_int_eq(seen[message], 2 * layouts);
        ck_assert_int_eq(empty, 2 * layouts);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log_types");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, gaps_are_left_out_whatever_the_layout, 0,
                        test_has_simulator() ? 2 : 1);
    suite_add_tcase(suite, tests);
    return suite;
}
