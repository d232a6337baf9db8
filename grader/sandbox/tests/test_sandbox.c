/*
 * The sandbox: what comes back from a command, what it sees and can change, and
 * that nothing of it is left running.
 */
#include "tests/support/sandboxed.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(an_exit_status_and_output_come_back)
{
    struct sandbox_result result = sandboxed_short("echo hello; echo error >&2; exit 7");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    ck_assert_int_eq(result.status, 7);
    ck_assert_str_eq(result.output->str, "hello\nerror\n");
    ck_assert_ptr_null(result.trouble);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(control_characters_and_bad_utf8_are_made_harmless)
{
    struct sandbox_result result = sandboxed_short("printf 'a\\033[31mb\\377c\\000d\\rE\\n'");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    ck_assert(g_utf8_validate(result.output->str, -1, NULL));
    ck_assert_ptr_null(strchr(result.output->str, '\033'));
    ck_assert_ptr_nonnull(strstr(result.output->str, "[31mb"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(it_is_another_user_without_privileges)
{
    struct sandbox_result result =
        sandboxed_short("id -u; cat /proc/self/status | grep NoNewPrivs");
    if (geteuid() == 0)
        ck_assert_int_ne(atoi(result.output->str), 0);
    ck_assert_ptr_nonnull(strstr(result.output->str, "NoNewPrivs:\t1"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(only_the_evidence_folder_is_writable)
{
    struct sandbox_result result = sandboxed_short(
        "for place in /seen /usr /etc / /sys /root /home; do "
        "  if (echo x > $place/written) 2>/dev/null; then echo wrote $place; fi; done; "
        "echo x > written && echo kept");
    ck_assert_str_eq(result.output->str, "kept\n");
    g_autofree char *written = g_build_filename(sandboxed_evidence, "written", NULL);
    ck_assert(g_file_test(written, G_FILE_TEST_IS_REGULAR));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(nothing_else_is_there)
{
    struct sandbox_result result =
        sandboxed_short("ls /home /root /mnt /opt /var 2>/dev/null; ls / | tr '\\n' ' '");
    /* which lib… there are depends on the machine */
    if (sandbox_isolates(NULL)) {
        ck_assert(g_str_has_prefix(result.output->str, "bin dev etc evidence lib "));
        ck_assert(g_str_has_suffix(result.output->str, " proc sbin seen sys tmp usr "));
    }
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(no_network_and_no_other_process)
{
    if (!sandbox_isolates(NULL))
        return;
    struct sandbox_result result =
        sandboxed_short("cat /proc/net/dev | grep -c :; ls /proc | grep -c '^[0-9]'");
    int interfaces = 0, processes = 0;
    ck_assert_int_eq(sscanf(result.output->str, "%d %d", &interfaces, &processes), 2);
    ck_assert_int_eq(interfaces, 1); /* lo */
    ck_assert_int_le(processes, 5);
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(the_environment_is_clean)
{
    g_setenv("GRADER_SECRET_OF_A_TEST", "do not tell", TRUE);
    struct sandbox_result result = sandboxed_short("env");
    ck_assert_ptr_null(strstr(result.output->str, "do not tell"));
    ck_assert_ptr_nonnull(strstr(result.output->str, "HOME=/tmp\n"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_daemon_does_not_survive)
{
    struct sandbox_result result =
        sandboxed_short("setsid sh -c 'trap \"\" TERM HUP; sleep 1000' >/dev/null 2>&1 & exit 0");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_signal_is_named)
{
    struct sandbox_result result = sandboxed_short("kill -SEGV $$");
    /* bubblewrap reports a signal as 128 + its number */
    ck_assert((result.end == SANDBOX_EXITED && result.status == 128 + SIGSEGV) ||
              (result.end == SANDBOX_SIGNALLED && result.status == SIGSEGV));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_missing_program_or_folder_is_not_started)
{
    char *words[] = {"/seen/not-there", NULL};
    struct sandbox_bind see[] = {{"/not/there/at/all", "/seen"}, {NULL, NULL}};
    struct sandbox_command command = {
        .words = words, .see = see, .limits = sandbox_limits_default(), .user = sandbox_user(0)};
    struct sandbox_result result;
    sandbox_run(&command, &result);
    ck_assert_int_eq(result.end, SANDBOX_NOT_STARTED);
    ck_assert_ptr_nonnull(result.trouble);
    sandbox_result_clear(&result);
}
END_TEST

/* Whoever says so after the start is the command. */
START_TEST(no_output_looks_like_a_command_that_was_not_started)
{
    static const char *const scripts[] = {
        "echo \"bwrap: Can't mount tmpfs on /newroot: No space left on device\" >&2; exit 1",
        "echo \"sandbox: can't start the program: Cannot allocate memory\" >&2; exit 120",
        "for file in /proc/[0-9]*/fd/*; do echo sandbox: can\\'t >$file; done 2>/dev/null; exit 1"};
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        struct sandbox_result result = sandboxed_short(scripts[i]);
        ck_assert_msg(result.end == SANDBOX_EXITED, "%s: %s", scripts[i], result.trouble);
        ck_assert_ptr_null(result.trouble);
        sandbox_result_clear(&result);
    }
}
END_TEST

START_TEST(what_is_written_at_the_last_moment_counts)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.folder_bytes = 1 << 20;
    struct sandbox_result result =
        sandboxed_script("head -c 3000000 /dev/zero > much; exit 0", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    sandbox_result_clear(&result);
}
END_TEST

static bool after_half_a_second(void *context, double seconds)
{
    (*(int *)context)++;
    return seconds > 0.5;
}

START_TEST(the_caller_can_call_it_stuck)
{
    int asked = 0;
    char *words[] = {"sleep", "100", NULL};
    struct sandbox_command command = {.words = words,
                                      .limits = sandbox_limits_default(),
                                      .user = sandbox_user(0),
                                      .is_stuck = after_half_a_second,
                                      .context = &asked};
    struct sandbox_result result;
    sandbox_run(&command, &result);
    ck_assert_int_eq(result.end, SANDBOX_STUCK);
    ck_assert_int_gt(asked, 2);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");
    tcase_add_checked_fixture(tests, sandboxed_begin, sandboxed_end);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_exit_status_and_output_come_back);
    tcase_add_test(tests, control_characters_and_bad_utf8_are_made_harmless);
    tcase_add_test(tests, it_is_another_user_without_privileges);
    tcase_add_test(tests, only_the_evidence_folder_is_writable);
    tcase_add_test(tests, nothing_else_is_there);
    tcase_add_test(tests, no_network_and_no_other_process);
    tcase_add_test(tests, the_environment_is_clean);
    tcase_add_test(tests, a_daemon_does_not_survive);
    tcase_add_test(tests, a_signal_is_named);
    tcase_add_test(tests, a_missing_program_or_folder_is_not_started);
    tcase_add_test(tests, no_output_looks_like_a_command_that_was_not_started);
    tcase_add_test(tests, what_is_written_at_the_last_moment_counts);
    tcase_add_test(tests, the_caller_can_call_it_stuck);
    suite_add_tcase(suite, tests);
    return suite;
}
