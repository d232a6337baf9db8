/*
 * The sandbox against commands that want too much: each must end within its
 * limits, for the right reason, and leave nothing running.
 */
#include "tests/support/sandboxed.h"
#include "tests/support/test.h"

#include <unistd.h>

START_TEST(an_endless_loop_is_stopped)
{
    struct sandbox_result result = sandboxed_short("while :; do :; done");
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    ck_assert_double_lt(result.seconds, 8);
    ck_assert_ptr_nonnull(result.trouble);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

/* On a busy machine the clock is slow, and a process that spins meets its own limit first: that is
 * no crash. */
START_TEST(too_much_processor_time_is_named)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.cpu_seconds = 1;
    struct sandbox_result result = sandboxed_script("while :; do :; done", limits);
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    ck_assert_str_eq(result.trouble, "used more processor time than allowed");
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(sleeping_is_stopped)
{
    struct sandbox_result result = sandboxed_short("trap '' TERM INT HUP; sleep 1000");
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(endless_output_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    struct sandbox_result result = sandboxed_script("yes 'score: 5 of 5'", limits);
    ck_assert_int_eq(result.end, SANDBOX_OUTPUT);
    ck_assert_uint_le(result.output->len, 70000);
    ck_assert_double_lt(result.seconds, 5);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

/* A shell that can't fork gives up: now and then that ends the whole bomb before anybody looked. */
START_TEST(a_fork_bomb_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    struct sandbox_result result =
        sandboxed_script("bomb() { bomb | bomb & }; bomb; sleep 3", limits);
    ck_assert_msg(result.end == SANDBOX_PROCESSES || result.end == SANDBOX_EXITED, "%d: %s: %.500s",
                  result.end, result.trouble, result.output->str);
    ck_assert_double_lt(result.seconds, 8);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(many_sleepers_are_too_many_processes)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.processes = 20;
    struct sandbox_result result =
        sandboxed_script("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do "
                         "sleep 100 & done; wait",
                         limits);
    ck_assert_int_eq(result.end, SANDBOX_PROCESSES);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(endless_allocation_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.memory = 200 << 20;
    struct sandbox_result result = sandboxed_script("exec tail /dev/zero", limits);
    ck_assert_int_eq(result.end, SANDBOX_MEMORY);
    ck_assert_double_lt(result.seconds, 5);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_large_file_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.file_bytes = 8 << 20;
    struct sandbox_result result =
        sandboxed_script("exec head -c 100000000 /dev/zero > big", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(many_files_are_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.folder_bytes = 16 << 20;
    struct sandbox_result result = sandboxed_script(
        "i=0; while :; do head -c 1000000 /dev/zero > file$i; i=$((i+1)); done", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(files_in_folders_count_too)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.folder_bytes = 16 << 20;
    struct sandbox_result result = sandboxed_script(
        "mkdir a a/b; i=0; while :; do head -c 1000000 /dev/zero > a/b/file$i; i=$((i+1)); done",
        limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    ck_assert_str_eq(result.trouble, "wrote more than 16 MiB of files");
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(what_was_exceeded_is_named)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.entries = 300;
    struct sandbox_result result =
        sandboxed_script("mkdir $(seq 301); rmdir 1; mkdir 2/1 2/2; sleep 100", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    ck_assert_str_eq(result.trouble, "made more than 300 files and folders");
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(an_empty_folder_without_permissions_is_nothing)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.entries = 1;
    struct sandbox_result result =
        sandboxed_script("mkdir a; chmod 0 a .; sleep 0.3; echo done", limits);
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    ck_assert_str_eq(result.output->str, "done\n");
    sandbox_result_clear(&result);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sandbox_limits");
    TCase *tests = tcase_create("sandbox_limits");
    tcase_add_checked_fixture(tests, sandboxed_begin, sandboxed_end);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_endless_loop_is_stopped);
    tcase_add_test(tests, too_much_processor_time_is_named);
    tcase_add_test(tests, sleeping_is_stopped);
    tcase_add_test(tests, endless_output_is_stopped);
    tcase_add_test(tests, a_fork_bomb_is_stopped);
    tcase_add_test(tests, many_sleepers_are_too_many_processes);
    tcase_add_test(tests, endless_allocation_is_stopped);
    tcase_add_test(tests, a_large_file_is_stopped);
    tcase_add_test(tests, many_files_are_stopped);
    tcase_add_test(tests, files_in_folders_count_too);
    tcase_add_test(tests, what_was_exceeded_is_named);
    tcase_add_test(tests, an_empty_folder_without_permissions_is_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
