/*
 * Tests of the types and sums of 16-bit numbers: sixteen_bits.c checks them on both machines, and the log
 * knows what they are.
 */
#include "common/log/log_fields.h"
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>

enum { RANKS = 3, COUNT = 3000 }; /* as in sixteen_bits.c */

START_TEST(sums_are_right_and_in_the_log)
{
    char error[LOG_ERROR_SIZE];
    char *folder = test_folder_new();
    struct test_run run =
        test_run_program(_i == 1, RANKS, "common/tests/programs/sixteen_bits", folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < RANKS; rank++) {
        struct log_file log;
        int of_type[LOG_TYPES] = {0};
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &log, error), "%s", error);
        for (size_t i = 0; i < log.count; i++) {
            const struct log_record *record = &log.record[i];
            if (record->operation != LOG_ALLREDUCE || record->phase != LOG_BEGIN)
                continue;
            const struct log_elements elements = log_elements(record);
            ck_assert_int_eq(elements.reduction, LOG_REDUCTION_SUM);
            ck_assert_uint_eq(record->bytes, 2 * COUNT);
            of_type[elements.type]++;
        }
        /* Plain, in place, and two at a time. */
        ck_assert_int_eq(of_type[LOG_TYPE_BFLOAT16], 3);
        ck_assert_int_eq(of_type[LOG_TYPE_FLOAT16], 3);
        log_destroy(&log);
    }
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sixteen_bits_mpi");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, sums_are_right_and_in_the_log, 0, test_has_simulator() ? 2 : 1);
    suite_add_tcase(suite, tests);
    return suite;
}
