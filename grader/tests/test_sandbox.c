/* The sandbox against commands that misbehave: each must end within its limits, for the right
 * reason, and leave nothing running. */
#include "grader/process_tree.h"
#include "grader/runner_data.h"
#include "grader/sandbox.h"
#include "grader/text.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder;   /* 0711, holds what a test writes */
static char *evidence; /* the writable folder */
static char *seen;     /* bound read-only */

static void setup(void)
{
    GString *error = g_string_new(NULL);
    folder = g_dir_make_tmp("test-sandbox-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(g_chmod(folder, 0711), 0);
    evidence = g_build_filename(folder, "evidence", NULL);
    seen = g_build_filename(folder, "seen", NULL);
    ck_assert(sandbox_writable_folder(evidence, sandbox_user(0), error));
    ck_assert_int_eq(g_mkdir(seen, 0755), 0);
    g_string_free(error, TRUE);
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(folder);
    g_free(evidence);
    g_free(seen);
}

/* Runs a shell script in the sandbox. */
static struct sandbox_result run_script(const char *script, struct sandbox_limits limits)
{
    char *words[] = {"sh", "-c", (char *)script, NULL};
    struct sandbox_bind see[] = {{seen, "/seen"}, {NULL, NULL}};
    struct sandbox_command command = {
        .words = words,
        .see = see,
        .write = {evidence, "/evidence"},
        .folder = sandbox_path(evidence, "/evidence"),
        .limits = limits,
        .user = sandbox_user(0),
    };
    struct sandbox_result result;
    sandbox_run(&command, &result);
    return result;
}

static struct sandbox_result run_short(const char *script)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 1.0;
    return run_script(script, limits);
}

static void nothing_is_left(void)
{
    GArray *pids = process_tree(getpid());
    ck_assert_uint_eq(pids->len, 0);
    g_array_free(pids, TRUE);
    if (geteuid() == 0)
        ck_assert_int_eq(process_count_threads(sandbox_user(0)), 0);
}

START_TEST(an_exit_status_and_output_come_back)
{
    struct sandbox_result result = run_short("echo hello; echo error >&2; exit 7");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    ck_assert_int_eq(result.status, 7);
    ck_assert_str_eq(result.output->str, "hello\nerror\n");
    ck_assert_ptr_null(result.trouble);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(control_characters_and_bad_utf8_are_made_harmless)
{
    struct sandbox_result result = run_short("printf 'a\\033[31mb\\377c\\000d\\rE\\n'");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    ck_assert(g_utf8_validate(result.output->str, -1, NULL));
    ck_assert_ptr_null(strchr(result.output->str, '\033'));
    ck_assert_ptr_nonnull(strstr(result.output->str, "[31mb"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(it_is_another_user_without_privileges)
{
    struct sandbox_result result = run_short("id -u; cat /proc/self/status | grep NoNewPrivs");
    if (geteuid() == 0)
        ck_assert_int_ne(atoi(result.output->str), 0);
    ck_assert_ptr_nonnull(strstr(result.output->str, "NoNewPrivs:\t1"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(only_the_evidence_folder_is_writable)
{
    struct sandbox_result result =
        run_short("for place in /seen /usr /etc / /sys /root /home; do "
                  "  if (echo x > $place/written) 2>/dev/null; then echo wrote $place; fi; done; "
                  "echo x > written && echo kept");
    ck_assert_str_eq(result.output->str, "kept\n");
    g_autofree char *written = g_build_filename(evidence, "written", NULL);
    ck_assert(g_file_test(written, G_FILE_TEST_IS_REGULAR));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(nothing_else_is_there)
{
    struct sandbox_result result =
        run_short("ls /home /root /mnt /opt /var 2>/dev/null; ls / | tr '\\n' ' '");
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
        run_short("cat /proc/net/dev | grep -c :; ls /proc | grep -c '^[0-9]'");
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
    struct sandbox_result result = run_short("env");
    ck_assert_ptr_null(strstr(result.output->str, "do not tell"));
    ck_assert_ptr_nonnull(strstr(result.output->str, "HOME=/tmp\n"));
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(an_endless_loop_is_stopped)
{
    struct sandbox_result result = run_short("while :; do :; done");
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    ck_assert_double_lt(result.seconds, 8);
    ck_assert_ptr_nonnull(result.trouble);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

/* On a busy machine the clock is slow, and a process that spins meets its own limit first: that is
 * no crash. */
START_TEST(too_much_processor_time_is_named)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.cpu_seconds = 1;
    struct sandbox_result result = run_script("while :; do :; done", limits);
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    ck_assert_str_eq(result.trouble, "used more processor time than allowed");
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(sleeping_is_stopped)
{
    struct sandbox_result result = run_short("trap '' TERM INT HUP; sleep 1000");
    ck_assert_int_eq(result.end, SANDBOX_TIME);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(endless_output_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    struct sandbox_result result = run_script("yes 'score: 5 of 5'", limits);
    ck_assert_int_eq(result.end, SANDBOX_OUTPUT);
    ck_assert_uint_le(result.output->len, 70000);
    ck_assert_double_lt(result.seconds, 5);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_fork_bomb_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    struct sandbox_result result = run_script("bomb() { bomb | bomb & }; bomb; sleep 20", limits);
    ck_assert(result.end == SANDBOX_PROCESSES || result.end == SANDBOX_EXITED);
    ck_assert_double_lt(result.seconds, 8);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(many_sleepers_are_too_many_processes)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.processes = 20;
    struct sandbox_result result =
        run_script("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do "
                   "sleep 100 & done; wait",
                   limits);
    ck_assert_int_eq(result.end, SANDBOX_PROCESSES);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(endless_allocation_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.memory = 200 << 20;
    struct sandbox_result result = run_script("exec tail /dev/zero", limits);
    ck_assert_int_eq(result.end, SANDBOX_MEMORY);
    ck_assert_double_lt(result.seconds, 5);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_large_file_is_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.file_bytes = 8 << 20;
    struct sandbox_result result = run_script("exec head -c 100000000 /dev/zero > big", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(many_files_are_stopped)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.folder_bytes = 16 << 20;
    struct sandbox_result result =
        run_script("i=0; while :; do head -c 1000000 /dev/zero > file$i; i=$((i+1)); done", limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(files_in_folders_count_too)
{
    static const char *const scripts[] = {
        "mkdir a a/b; i=0; while :; do head -c 1000000 /dev/zero > a/b/file$i; i=$((i+1)); done",
        "mkdir a; chmod 0 a; sleep 100"};
    struct sandbox_limits limits = sandbox_limits_default();
    limits.folder_bytes = 16 << 20;
    if (_i == 1 && geteuid() == 0) /* nothing is hidden from root */
        return;
    struct sandbox_result result = run_script(scripts[_i], limits);
    ck_assert_int_eq(result.end, SANDBOX_FILES);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_daemon_does_not_survive)
{
    struct sandbox_result result =
        run_short("setsid sh -c 'trap \"\" TERM HUP; sleep 1000' >/dev/null 2>&1 & exit 0");
    ck_assert_int_eq(result.end, SANDBOX_EXITED);
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(a_signal_is_named)
{
    struct sandbox_result result = run_short("kill -SEGV $$");
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
    nothing_is_left();
    sandbox_result_clear(&result);
}
END_TEST

START_TEST(text_is_cleaned_cut_and_fenced)
{
    g_autofree char *clean = text_clean("0123456789", 10, 4);
    ck_assert_ptr_nonnull(strstr(clean, "6 bytes"));
    ck_assert(g_str_has_suffix(clean, "\n6789"));
    GString *markdown = g_string_new("before");
    text_append_code_block(markdown, "a\n```\nb");
    ck_assert_str_eq(markdown->str, "before\n````\na\n```\nb\n````\n");
    g_string_truncate(markdown, 0);
    text_append_code(markdown, "a`b");
    ck_assert_str_eq(markdown->str, "``a`b``");
    g_string_truncate(markdown, 0);
    text_append_plain(markdown, "<b>*x*\n[y](z)");
    ck_assert_str_eq(markdown->str, "\\<b\\>\\*x\\* \\[y\\](z)");
    g_string_free(markdown, TRUE);
}
END_TEST

START_TEST(text_is_wrapped)
{
    GString *to = g_string_new(NULL);
    text_append_wrapped(to, "one two three four five six\n", "  ", 22);
    ck_assert_str_eq(to->str, "  one two three four\n  five six\n");
    g_string_free(to, TRUE);
}
END_TEST

/* A second look with the same work folder finds the copy of a data set that the sandbox's user
 * can't reach where it lies. */
START_TEST(data_out_of_reach_is_copied_once)
{
    char closed[] = "/tmp/closed-XXXXXX", work[] = "/tmp/work-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(closed)); /* only its owner may pass */
    ck_assert_ptr_nonnull(mkdtemp(work));
    g_autofree char *data_folder = g_build_filename(closed, "data", NULL);
    g_autofree char *file = g_build_filename(data_folder, "images", NULL);
    ck_assert_int_eq(g_mkdir(data_folder, 0755), 0);
    ck_assert(g_file_set_contents(file, "some", -1, NULL));
    g_setenv("CIFAR10_DIR", data_folder, TRUE);
    for (int look = 0; look < 2; look++) {
        struct runner_data data;
        g_autoptr(GString) error = g_string_new(NULL);
        ck_assert_msg(runner_data_find(&data, "/no/such/kit", work, error), "%s", error->str);
        runner_data_clear(&data);
    }
    g_unsetenv("CIFAR10_DIR");
    g_autofree char *remove = g_strdup_printf("rm -rf %s %s", closed, work);
    ck_assert_int_eq(system(remove), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, data_out_of_reach_is_copied_once);
    tcase_add_test(tests, an_exit_status_and_output_come_back);
    tcase_add_test(tests, control_characters_and_bad_utf8_are_made_harmless);
    tcase_add_test(tests, it_is_another_user_without_privileges);
    tcase_add_test(tests, only_the_evidence_folder_is_writable);
    tcase_add_test(tests, nothing_else_is_there);
    tcase_add_test(tests, no_network_and_no_other_process);
    tcase_add_test(tests, the_environment_is_clean);
    tcase_add_test(tests, an_endless_loop_is_stopped);
    tcase_add_test(tests, too_much_processor_time_is_named);
    tcase_add_test(tests, sleeping_is_stopped);
    tcase_add_test(tests, endless_output_is_stopped);
    tcase_add_test(tests, a_fork_bomb_is_stopped);
    tcase_add_test(tests, many_sleepers_are_too_many_processes);
    tcase_add_test(tests, endless_allocation_is_stopped);
    tcase_add_test(tests, a_large_file_is_stopped);
    tcase_add_test(tests, many_files_are_stopped);
    tcase_add_loop_test(tests, files_in_folders_count_too, 0, 2);
    tcase_add_test(tests, a_daemon_does_not_survive);
    tcase_add_test(tests, a_signal_is_named);
    tcase_add_test(tests, a_missing_program_or_folder_is_not_started);
    tcase_add_test(tests, the_caller_can_call_it_stuck);
    tcase_add_test(tests, text_is_cleaned_cut_and_fenced);
    tcase_add_test(tests, text_is_wrapped);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
