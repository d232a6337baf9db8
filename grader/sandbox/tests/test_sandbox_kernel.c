/*
 * The sandbox against programs that take what no limit of a process counts, or reach what others have
 * (docs/sandbox.md): as root and as an ordinary user, with and without name spaces and control groups.
 */
#include "grader/sandbox/sandbox_group.h"
#include "tests/support/sandboxed.h"
#include "tests/support/test.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOMEBODY 12345 /* an ordinary user */
#define MIB      ((size_t)1 << 20)

static const struct way {
    bool user, bare, counted;
} ways[] = {{0},
            {.counted = true},
            {.bare = true},
            {.bare = true, .counted = true},
            {.user = true},
            {.user = true, .bare = true}};
#define WAYS ((int)G_N_ELEMENTS(ways))

/* Each test has a process of its own, so what it becomes concerns no other. False: not possible here. */
static bool go(const struct way *way)
{
    if (way->bare)
        g_setenv("GRADER_NO_NAMESPACES", "1", TRUE);
    if (way->counted)
        g_setenv("GRADER_NO_CONTROL_GROUPS", "1", TRUE);
    if (way->user && geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
         setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0))
        return false;
    if (access(g_get_tmp_dir(), W_OK | X_OK) != 0)
        return false;
    sandboxed_begin();
    return true;
}

static struct sandbox_limits small(void)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 4;
    limits.memory = 200 * MIB;
    limits.folder_bytes = 16 * MIB;
    return limits;
}

static void ends(const char *what, struct sandbox_limits limits, enum sandbox_end end,
                 const char *words)
{
    struct sandbox_result result = sandboxed_hostile(what, limits);
    ck_assert_msg(result.end == end, "%s: end %d: %s; it printed: %s", what, result.end,
                  result.trouble, result.output->str);
    ck_assert_msg(!words || strstr(result.trouble, words), "%s: %s", what, result.trouble);
    ck_assert_double_lt(result.seconds, 9);
    sandboxed_nothing_is_left();
    sandbox_result_clear(&result);
    sandboxed_end();
}

static void prints(const char *what, struct sandbox_limits limits, const char *output)
{
    struct sandbox_result result = sandboxed_hostile(what, limits);
    ck_assert_msg(result.end == SANDBOX_EXITED && result.status == 0, "%s: end %d: %s: %s", what,
                  result.end, result.trouble, result.output->str);
    ck_assert_str_eq(result.output->str, output);
    sandbox_result_clear(&result);
    sandboxed_end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

START_TEST(memory_behind_descriptors_counts)
{
    if (go(&ways[_i]))
        ends("memfd", small(), SANDBOX_MEMORY, "needed more than 200 MiB of memory");
}
END_TEST

/* Nobody's: only a control group sees it. Elsewhere the machine's floor is what ends it. */
START_TEST(memory_in_flight_counts)
{
    if (!go(&ways[_i]))
        return;
    struct sandbox_limits limits = small();
    if (!sandbox_group_kind())
        limits.spare_memory = SIZE_MAX / 2;
    ends("memfd_in_flight", limits, sandbox_group_kind() ? SANDBOX_MEMORY : SANDBOX_MACHINE,
         "memory");
}
END_TEST

START_TEST(segments_count)
{
    if (!go(&ways[_i]))
        return;
    if (sandbox_isolates(NULL))
        ends("segments", small(), SANDBOX_MEMORY, "needed more than 200 MiB of memory");
    else
        prints("segments", small(), "refused\n");
}
END_TEST

START_TEST(files_in_memory_count)
{
    if (!ways[_i].bare && go(&ways[_i]))
        ends("files_in_tmp", small(), SANDBOX_MEMORY, "needed more than 200 MiB of memory");
}
END_TEST

START_TEST(what_is_shared_counts_once)
{
    if (go(&ways[_i]))
        prints("shared_by_all", small(), "done\n");
}
END_TEST

START_TEST(what_the_machine_keeps_is_not_the_runs)
{
    struct sandbox_limits limits = small();
    limits.spare_memory = SIZE_MAX / 2;
    if (go(&ways[_i]))
        ends("shared_by_all", limits, SANDBOX_MACHINE, "of this machine's memory were left");
}
END_TEST

/* ---- the writable folder ------------------------------------------------------------------------- */

START_TEST(deleted_files_count)
{
    if (go(&ways[_i]))
        ends("deleted_files", small(), SANDBOX_FILES, "wrote more than 16 MiB of files");
}
END_TEST

START_TEST(deep_folders_are_named)
{
    if (go(&ways[_i]))
        ends("deep_folders", small(), SANDBOX_FILES, "made more than 64 folders in each other");
}
END_TEST

/* An ordinary user's own files can't be told from the program's. */
START_TEST(nothing_is_left_where_everybody_may_write)
{
    static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
    if ((ways[_i].user && ways[_i].bare) || !go(&ways[_i]))
        return;
    const bool root = geteuid() == 0;
    const uid_t user = sandbox_user(0);
    prints("left_files", small(), "");
    for (size_t i = 0; root && i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GDir) listing = g_dir_open(folders[i], 0, NULL);
        for (const char *name; listing && (name = g_dir_read_name(listing));) {
            g_autofree char *path = g_build_filename(folders[i], name, NULL);
            struct stat status;
            ck_assert_msg(lstat(path, &status) != 0 || status.st_uid != user, "%s is left", path);
        }
    }
}
END_TEST

START_TEST(locked_folders_hide_nothing)
{
    if (go(&ways[_i]))
        ends("locked_folders", small(), SANDBOX_FILES, "wrote more than 16 MiB of files");
}
END_TEST

/* ---- system calls -------------------------------------------------------------------------------- */

START_TEST(what_reaches_others_is_refused)
{
    if (go(&ways[_i]))
        prints("refused_calls", small(), "");
}
END_TEST

START_TEST(what_programs_need_works)
{
    if (go(&ways[_i]))
        prints("allowed_calls", small(), "");
}
END_TEST

START_TEST(nothing_is_made_that_would_stay)
{
    if (ways[_i].bare && go(&ways[_i]))
        prints("left_behind", small(), "");
}
END_TEST

START_TEST(limits_are_low)
{
    if (go(&ways[_i]))
        prints("limits", small(), "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sandbox_kernel");
    TCase *tests = tcase_create("kernel");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, memory_behind_descriptors_counts, 0, WAYS);
    tcase_add_loop_test(tests, memory_in_flight_counts, 0, WAYS);
    tcase_add_loop_test(tests, segments_count, 0, WAYS);
    tcase_add_loop_test(tests, files_in_memory_count, 0, WAYS);
    tcase_add_loop_test(tests, what_is_shared_counts_once, 0, WAYS);
    tcase_add_loop_test(tests, what_the_machine_keeps_is_not_the_runs, 0, WAYS);
    tcase_add_loop_test(tests, deleted_files_count, 0, WAYS);
    tcase_add_loop_test(tests, deep_folders_are_named, 0, WAYS);
    tcase_add_loop_test(tests, nothing_is_left_where_everybody_may_write, 0, WAYS);
    tcase_add_loop_test(tests, locked_folders_hide_nothing, 0, WAYS);
    tcase_add_loop_test(tests, what_reaches_others_is_refused, 0, WAYS);
    tcase_add_loop_test(tests, what_programs_need_works, 0, WAYS);
    tcase_add_loop_test(tests, nothing_is_made_that_would_stay, 0, WAYS);
    tcase_add_loop_test(tests, limits_are_low, 0, WAYS);
    suite_add_tcase(suite, tests);
    return suite;
}
