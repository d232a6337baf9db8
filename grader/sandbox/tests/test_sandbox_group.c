/*
 * Control groups: where they are found, that they hold memory, and that none is left. Where none can be made
 * only the finding is tested.
 */
#include "grader/sandbox/sandbox_group.h"
#include "grader/sandbox/sandbox_group_place.h"
#include "tests/support/sandboxed.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- finding ------------------------------------------------------------------------------------- */

/* A file of a tree that looks like the kernel's. */
static void put(const char *top, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static const struct found {
    const char *groups, *mount; /* %s: the top of the tree */
    int version;
    const char *own, *path; /* below the top; NULL: none */
    const char *handed_on;  /* the group that gives its children the controller of memory */
} founds[] = {
    {"4:memory:/user/7\n0::/\n", "32 31 0:30 / %s rw - cgroup cgroup rw,memory", 1, "/user/7",
     "/user/7", NULL},
    {"5:cpu,memory:/\n", "32 31 0:30 / %s rw shared:9 - cgroup cgroup rw,cpu,memory", 1, "", "",
     NULL},
    /* a container that sees only its own part, and one whose group lies elsewhere */
    {"4:memory:/docker/12/a\n", "32 31 0:30 /docker/12 %s ro - cgroup cgroup rw,memory", 1, "/a",
     "/a", NULL},
    {"4:memory:/docker/123\n", "32 31 0:30 /docker/12 %s ro - cgroup cgroup rw,memory", 0, NULL,
     NULL, NULL},
    {"4:memory:/docker/12\n", "32 31 0:30 /docker/13 %s ro - cgroup cgroup rw,memory", 0, NULL,
     NULL, NULL},
    /* version 2: beside its own, where the group above hands memory on */
    {"0::/user.slice/app.slice/shell.scope\n", "30 20 0:26 / %s rw - cgroup2 cgroup2 rw,nsdelegate",
     2, "/user.slice/app.slice/shell.scope", "/user.slice/app.slice", "/user.slice/app.slice"},
    {"0::/user.slice/session-1.scope\n", "30 20 0:26 / %s rw - cgroup2 cgroup2 rw", 2,
     "/user.slice/session-1.scope", NULL, NULL},
    {"0::/\n", "30 20 0:26 / %s rw - cgroup2 cgroup2 rw", 2, "", "", "/"},
    {"0::/\n", "30 20 0:26 / %s rw - tmpfs tmpfs rw", 0, NULL, NULL, NULL},
    {"", "", 0, NULL, NULL, NULL}};

static void is_below(const char *path, const char *top, const char *expected)
{
    g_autofree char *whole = expected ? g_strconcat(top, expected, NULL) : NULL;
    ck_assert_msg(g_strcmp0(path, whole) == 0, "\"%s\" instead of \"%s\"", path, whole);
}

START_TEST(it_is_found)
{
    const struct found *found = &founds[_i];
    char *top = test_folder_new();
    g_auto(GStrv) parts = g_strsplit(found->mount, "%s", 2);
    g_autofree char *mounts = g_strjoinv(top, parts);
    if (found->handed_on) {
        g_autofree char *name = g_strconcat(found->handed_on, "/cgroup.subtree_control", NULL);
        put(top, name, "cpu memory pids\n");
    }
    struct sandbox_group_place place = sandbox_group_place_in(found->groups, mounts);
    ck_assert_int_eq(place.version, found->version);
    is_below(place.own, top, found->own);
    is_below(place.path, top, found->path);
    sandbox_group_place_clear(&place);
    test_folder_free(top);
}
END_TEST

/* What a container or a batch system gives, without the cache of files. */
START_TEST(the_tightest_group_says_what_is_left)
{
    static const char *const files[2][3] = {
        {"memory.max", "memory.current", "max\n"},
        {"memory.limit_in_bytes", "memory.usage_in_bytes", "9223372036854771712\n"}};
    const char *const *names = files[_i];
    char *top = test_folder_new();
    g_autofree char *own = g_build_filename(top, "job", "task", NULL);
    const struct sandbox_group_place place = {.version = _i == 0 ? 2 : 1, .own = own, .top = top};
    g_autofree char *limit = g_build_filename("job", names[0], NULL);
    g_autofree char *usage = g_build_filename("job", names[1], NULL);
    g_autofree char *none = g_build_filename("job/task", names[0], NULL);
    put(top, none, names[2]);
    ck_assert_uint_eq(sandbox_group_room_in(&place), SIZE_MAX);
    put(top, limit, "1000000\n");
    put(top, usage, "700000\n");
    ck_assert_uint_eq(sandbox_group_room_in(&place), 300000);
    put(top, "job/memory.stat",
        _i == 0
            ? "anon 500000\ninactive_file 150000\nactive_file 50000\n"
            : "cache 9\ninactive_file 1\ntotal_inactive_file 150000\ntotal_active_file 50000\n");
    ck_assert_uint_eq(sandbox_group_room_in(&place), 500000);
    put(top, usage, "1300000\n");
    ck_assert_uint_eq(sandbox_group_room_in(&place), 0);
    test_folder_free(top);
}
END_TEST

/* ---- using ---------------------------------------------------------------------------------------- */

/* How many groups are there that no grader holds? Other graders may work beside this test. */
static int count_ownerless(void)
{
    const char *where = sandbox_group_place()->path;
    g_autoptr(GDir) listing = where ? g_dir_open(where, 0, NULL) : NULL;
    int count = 0;
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(where, name, NULL);
        const int folder = g_str_has_prefix(name, "grade-sandbox-")
                               ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                               : -1;
        count += folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0;
        if (folder >= 0)
            close(folder);
    }
    return count;
}

/* Another grader's new group has no owner for a moment. */
static bool none_is_ownerless(void)
{
    for (int attempt = 0; attempt < 100 && count_ownerless() > 0; attempt++)
        usleep(10000);
    return count_ownerless() == 0;
}

START_TEST(none_is_left_after_any_end)
{
    static const char *const scripts[] = {"exit 0", "kill -9 $$", "sleep 100",
                                          "setsid sleep 100 & exit 0", "exec tail /dev/zero"};
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 0.5;
    limits.memory = (size_t)100 << 20;
    if (!sandbox_group_kind())
        return;
    sandboxed_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        struct sandbox_result result = sandboxed_script(scripts[i], limits);
        sandbox_result_clear(&result);
    }
    ck_assert(none_is_ownerless());
    sandboxed_end();
}
END_TEST

/* A grader that is killed can't remove anything: the next one does, and ends what still runs there. */
START_TEST(the_next_grader_removes_what_a_killed_one_left)
{
    int ends[2];
    pid_t left;
    char path[64];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const pid_t grader = fork();
    if (grader == 0) {
        struct sandbox_group *group = sandbox_group_new((size_t)100 << 20);
        const pid_t pid = group ? sandbox_group_fork(group, STDERR_FILENO) : 0;
        if (group && pid == 0) {
            execlp("sleep", "sleep", "100", NULL);
            _exit(1);
        }
        usleep(200000); /* until it has become sleep, and holds nothing of the grader's */
        if (write(ends[1], &pid, sizeof pid) == sizeof pid)
            raise(SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &left, sizeof left), sizeof left);
    waitpid(grader, NULL, 0);
    if (left == 0)
        return; /* none can be made here */
    ck_assert_int_eq(kill(left, 0), 0);
    sandbox_group_kind();
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)left);
    g_autofree char *groups = NULL;
    ck_assert_msg(!g_file_get_contents(path, &groups, NULL, NULL) ||
                      !strstr(groups, "/grade-sandbox-"),
                  "%s", groups);
}
END_TEST

/* The kernel itself ends what wants more than fits, without waiting for a look. */
START_TEST(the_kernel_holds_the_limit)
{
    struct sandbox_group *group = sandbox_group_new((size_t)50 << 20);
    if (!group)
        return;
    const pid_t pid = sandbox_group_fork(group, STDERR_FILENO);
    if (pid == 0) {
        mmap(NULL, (size_t)100 << 20, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert(sandbox_group_was_full(group));
    sandbox_group_free(group);
}
END_TEST

static void remove_groups_of_this_process(void)
{
    g_autofree char *begin = g_strdup_printf("grade-sandbox-%d-", (int)getpid());
    g_autoptr(GDir) listing = g_dir_open(sandbox_group_place()->path, 0, NULL);
    for (const char *name; listing && (name = g_dir_read_name(listing));) {
        g_autofree char *path = g_build_filename(sandbox_group_place()->path, name, NULL);
        if (g_str_has_prefix(name, begin))
            ck_assert_int_eq(rmdir(path), 0);
    }
}

/* Into a group of version 2 the kernel puts a child itself, or makes none. */
START_TEST(who_can_not_join_says_so)
{
    int ends[2], status;
    char said[200] = "";
    struct sandbox_group *group = sandbox_group_new((size_t)50 << 20);
    if (!group || sandbox_group_place()->version != 1)
        return;
    remove_groups_of_this_process();
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = sandbox_group_fork(group, ends[1]);
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_gt(read(ends[0], said, sizeof said - 1), 0);
    ck_assert_msg(g_str_has_prefix(said, "sandbox: can't join its control group: "), "%s", said);
    sandbox_group_free(group);
}
END_TEST

/* Many at the same time, as in a class: each has its own, and a sweep takes none that is in use. */
START_TEST(graders_do_not_disturb_each_other)
{
    if (!sandbox_group_kind())
        return;
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            int lacking = 0;
            for (int k = 0; k < 20; k++) {
                struct sandbox_group *group = sandbox_group_new((size_t)50 << 20);
                const pid_t pid = group ? sandbox_group_fork(group, STDERR_FILENO) : -1;
                if (pid == 0)
                    _exit(7);
                int status = 0;
                lacking += pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7;
                sandbox_group_free(group);
            }
            _exit(lacking);
        }
    int status, ended = 0;
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
        ended++;
    }
    ck_assert_int_eq(ended, 8);
    ck_assert(none_is_ownerless());
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sandbox_group");
    TCase *tests = tcase_create("group");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, it_is_found, 0, G_N_ELEMENTS(founds));
    tcase_add_loop_test(tests, the_tightest_group_says_what_is_left, 0, 2);
    tcase_add_test(tests, none_is_left_after_any_end);
    tcase_add_test(tests, the_next_grader_removes_what_a_killed_one_left);
    tcase_add_test(tests, the_kernel_holds_the_limit);
    tcase_add_test(tests, who_can_not_join_says_so);
    tcase_add_test(tests, graders_do_not_disturb_each_other);
    suite_add_tcase(suite, tests);
    return suite;
}
