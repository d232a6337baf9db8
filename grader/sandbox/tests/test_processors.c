/* How many processors a control group lends. The files are those that Linux has. */
#include "grader/sandbox/processors.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

static char *root;

static void put(const char *path, const char *text)
{
    g_autofree char *file = g_strconcat(root, path, NULL), *folder = g_path_get_dirname(file);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
    ck_assert(g_file_set_contents(file, text, -1, NULL));
}

static void setup(void)
{
    root = g_dir_make_tmp("processors-XXXXXX", NULL);
    ck_assert_ptr_nonnull(root);
}

static void teardown(void)
{
    g_autofree char *quoted = g_shell_quote(root), *command = g_strconcat("rm -r ", quoted, NULL);
    ck_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(root);
}

START_TEST(no_group_lends_all)
{
    const double all = (double)sysconf(_SC_NPROCESSORS_ONLN);
    ck_assert_double_eq(process_processors(root), all);
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    ck_assert_double_eq(process_processors(root), all);
    put("/sys/fs/cgroup/a/b/cpu.max", "50000000 100000\n"); /* more than there are */
    ck_assert_double_eq(process_processors(root), all);
}
END_TEST

START_TEST(the_second_version)
{
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "50000 100000\n"); /* of a group around it */
    ck_assert_double_eq_tol(process_processors(root), 0.5, 1e-12);
    put("/sys/fs/cgroup/a/b/cpu.max", "25000 100000\n");
    ck_assert_double_eq_tol(process_processors(root), 0.25, 1e-12);
}
END_TEST

START_TEST(a_container_sees_its_own_group_as_all)
{
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    ck_assert_double_eq_tol(process_processors(root), 0.5, 1e-12);
    put("/proc/self/cgroup", "0::/\n");
    ck_assert_double_eq_tol(process_processors(root), 0.5, 1e-12);
    put("/proc/self/cgroup", "0::/docker/of-the-host\n"); /* which is not to be seen from inside */
    ck_assert_double_eq_tol(process_processors(root), 0.5, 1e-12);
}
END_TEST

START_TEST(the_first_version)
{
    put("/proc/self/cgroup", "9:memory:/x\n4:cpuacct,cpu:/y\n");
    put("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "10000\n"); /* another controller's group */
    put("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu/y/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/y/cpu.cfs_period_us", "100000\n");
    ck_assert_double_eq(process_processors(root), (double)sysconf(_SC_NPROCESSORS_ONLN));
    put("/sys/fs/cgroup/cpu/y/cpu.cfs_quota_us", "50000\n");
    ck_assert_double_eq_tol(process_processors(root), 0.5, 1e-12);
}
END_TEST

START_TEST(nonsense_lends_all)
{
    static const char *const nonsense[] = {"", "x", "-5 100000", "0 0", "50000", "nan nan"};
    for (gsize i = 0; i < G_N_ELEMENTS(nonsense); i++) {
        put("/sys/fs/cgroup/cpu.max", nonsense[i]);
        ck_assert_double_eq(process_processors(root), (double)sysconf(_SC_NPROCESSORS_ONLN));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("processors");
    TCase *tests = tcase_create("processors");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, no_group_lends_all);
    tcase_add_test(tests, the_second_version);
    tcase_add_test(tests, a_container_sees_its_own_group_as_all);
    tcase_add_test(tests, the_first_version);
    tcase_add_test(tests, nonsense_lends_all);
    suite_add_tcase(suite, tests);
    return suite;
}
