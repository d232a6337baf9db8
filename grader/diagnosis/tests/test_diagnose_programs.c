/*
 * Diagnoses of programs that really hang, with the source lines of their calls; and
 * of programs that crash, with those of the backtrace.
 */
#include "grader/trace/source_line.h"
#include "tests/support/diagnosed.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <sys/stat.h>

static enum diagnosis_kind run_and_diagnose(const char *way, enum run_end end)
{
    static const char name[] = "common/tests/programs/log_hang";
    char *folder = test_folder_new(), *program = test_program(false, name);
    char error[LOG_ERROR_SIZE];
    g_autofree char *arguments = g_strdup_printf("%s %s", folder, way);
    struct test_run run = test_run_program(false, 2, name, arguments);
    ck_assert_int_ne(run.status, 0);
    test_run_clear(&run);
    struct log_file logs[2];
    for (int r = 0; r < 2; r++) {
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, r);
        ck_assert_msg(log_read(path, &logs[r], error), "%s", error);
    }
    test_folder_free(folder);
    struct outcome outcome = {.ranks = 2, .end = end, .log = logs, .program = program};
    return diagnosed_outcome(&outcome);
}

START_TEST(real_programs)
{
    ck_assert_int_eq(run_and_diagnose("both-send", RUN_HUNG), DIAGNOSIS_BOTH_SEND_FIRST);
    diagnosed_says("log_hang.c:18 (both_send)");
    diagnosed_explains("tag 5, 400000 bytes");
    ck_assert_int_eq(run_and_diagnose("tags", RUN_HUNG), DIAGNOSIS_TAG_MISMATCH);
    diagnosed_explains("log_hang.c:");
    ck_assert_int_eq(run_and_diagnose("truncate", RUN_FAILED), DIAGNOSIS_TRUNCATION);
    diagnosed_says("rank 1 has room for 40 bytes, but rank 0 sent 80");
}
END_TEST

/* ---- backtraces --------------------------------------------------------------------------- */

#define MPIRUN "mpirun noticed that process rank 1 with PID 0 on node x exited on signal 11 (S).\n"

static char *program;

/* What a trace says of a place in a function: " /sandbox/ends(main+0x4)[0x5572de41e1d5]". */
static char *frame_of(const char *function, uint64_t loaded)
{
    uint64_t address;
    ck_assert(source_line_function(program, function, &address));
    return g_strdup_printf(" /sandbox/ends(%s+0x4)[0x%" PRIx64 "]\n", function,
                           loaded + address + 4);
}

static void diagnose_crash(char *output)
{
    struct log_file logs[2] = {{.rank = 0}, {.rank = 1}};
    struct outcome outcome = {
        .ranks = 2, .end = RUN_CRASHED, .log = logs, .program = program, .output = output};
    ck_assert_int_eq(diagnosed_outcome(&outcome), DIAGNOSIS_CRASHED);
}

static void set_program(void)
{
    program = test_program(false, "grader/diagnosis/tests/hangs/ends");
}

static void clear_program(void)
{
    g_free(program);
}

/* The kit's functions that called it are not told, nor what other ranks print in between. */
START_TEST(ranks_that_crash_together)
{
    g_autofree char *here = frame_of("crashed_in_exported", 0x10000000),
                    *caller = frame_of("log_open", 0x10000000),
                    *other = frame_of("log_open", 0x20000000),
                    *begin = frame_of("_start", 0x20000000);
    g_autofree char *output = g_strconcat("[x:7] [ 2]", other, "[x:6] [x:7] [ 1] [ 6]", here,
                                          "/lib/libc.so.6(+0x2)[0x3]\n", "[x:7] [ 8]", begin,
                                          "[x:6] [ 2]", caller, MPIRUN, NULL);
    diagnose_crash(output);
    diagnosed_says("rank 1 crashed (S) before any computation, at ends.c:");
    ck_assert(g_str_has_suffix(diagnosed_headline->str, " (crashed_in_exported)"));
}
END_TEST

START_TEST(a_crash_in_the_kit)
{
    g_autofree char *here = frame_of("log_open", 0x10000000),
                    *caller = frame_of("log_fact", 0x10000000);
    g_autofree char *output = g_strconcat("[x:6] [ 1]", here, "[x:6] [ 2]", caller, MPIRUN, NULL);
    diagnose_crash(output);
    diagnosed_says(", at log.c:");
    ck_assert(g_str_has_suffix(diagnosed_headline->str, " (log_open)"));
}
END_TEST

START_TEST(traces_that_make_no_sense)
{
    char output[] = "[x:6] [ 1] /sandbox/ends(nobody+0x4)[0x1]\n"
                    "[x:6] [ 2] /sandbox/ends(+0xffffffffffffffffff)[0xffffffffffffffffff]\n"
                    "[x:6] [ 3] /sandbox/ends(main+0x)[0x]\n"
                    "[x:6] [999] /sandbox/ends(+0x0)[0x0]\n" MPIRUN;
    diagnose_crash(output);
    ck_assert_str_eq(diagnosed_headline->str, "rank 1 crashed (S) before any computation");
}
END_TEST

/* ---- lines and functions ------------------------------------------------------------------ */

START_TEST(functions)
{
    uint64_t address = 1;
    ck_assert(source_line_function(program, "crashed_in_exported", &address));
    ck_assert_str_eq(source_line_path(program, 0), "");
    ck_assert(g_str_has_suffix(source_line_path(program, address + 1),
                               "/grader/diagnosis/tests/hangs/ends.c"));
    ck_assert(!source_line_function(program, "crashed", &address)); /* static */
    ck_assert_uint_eq(address, 0);
    ck_assert(!source_line_function(NULL, "main", &address));
    ck_assert(!source_line_function("/nonexistent/program", "main", &address));
}
END_TEST

START_TEST(source_lines)
{
    ck_assert_str_eq(source_line(NULL, 5), "");
    ck_assert_str_eq(source_line("/nonexistent/program", 5), "");
    ck_assert_str_eq(source_line("/proc/self/exe", 0), "");
}
END_TEST

/* The name of a program is no command. */
START_TEST(names_are_not_run)
{
    char *folder = test_folder_new();
    ck_assert_int_eq(chmod(folder, 0777), 0); /* whoever runs addr2line could write there */
    g_autofree char *made = g_build_filename(folder, "made", NULL);
    g_autofree char *plain = g_strdup_printf("; touch %s", made);
    g_autofree char *quoted = g_strdup_printf("'; touch %s; '", made);
    ck_assert_str_eq(source_line(plain, 5), "");
    ck_assert_str_eq(source_line(quoted, 5), "");
    ck_assert(!g_file_test(made, G_FILE_TEST_EXISTS));
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("diagnose_programs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, real_programs);
    tcase_add_test(tests, source_lines);
    tcase_add_checked_fixture(tests, set_program, clear_program);
    tcase_add_test(tests, ranks_that_crash_together);
    tcase_add_test(tests, a_crash_in_the_kit);
    tcase_add_test(tests, traces_that_make_no_sense);
    tcase_add_test(tests, functions);
    tcase_add_test(tests, names_are_not_run);
    suite_add_tcase(suite, tests);
    return suite;
}
