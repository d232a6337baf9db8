/*
 * Measuring and removing folders whose owner has made that difficult, as root and as an ordinary user.
 */
#include "grader/sandbox/sandbox_folder.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOMEBODY 12345 /* an ordinary user */

static char *folder; /* of the test; in it `work`, where the difficult things are made */
static char *work;

/* Each test has a process of its own. False: root can't be had, or left. */
static bool begin(int as_user)
{
    if (as_user && geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
         setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0))
        return false;
    folder = g_dir_make_tmp("test-folder-XXXXXX", NULL);
    if (!folder)
        return false;
    work = g_build_filename(folder, "work", NULL);
    ck_assert_int_eq(mkdir(work, 0700), 0);
    ck_assert_int_eq(chdir(work), 0);
    return true;
}

static void end(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(rmdir(folder) == 0, "%s: %s", folder, strerror(errno));
    g_free(folder);
    g_free(work);
}

static void make_file(const char *path)
{
    const int file = open(path, O_CREAT | O_WRONLY, 0);
    ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(write(file, path, 1), 1);
    close(file);
}

static void removes(void)
{
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(sandbox_remove(work, error), "%s", error->str);
    ck_assert_uint_eq(error->len, 0);
    ck_assert(access(work, F_OK) != 0);
    end();
}

/* 400 are deeper than any path can say; with 64 descriptors they are more than those, too. Each has
 * something in it, and is locked. */
static void nest(int depth)
{
    for (int i = 0; i < depth; i++) {
        make_file("a file");
        ck_assert_int_eq(mkdir("beside", 0), 0);
        ck_assert_int_eq(mkdir("a folder with a long name", 0700), 0);
        ck_assert_int_eq(chdir("a folder with a long name"), 0);
        ck_assert_int_eq(chmod("..", i % 2 ? 0 : 0500), 0);
    }
}

START_TEST(deep_and_locked_folders_are_removed)
{
    if (!begin(_i))
        return;
    nest(400);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64}), 0);
    removes();
}
END_TEST

START_TEST(strange_names_are_removed)
{
    static const char *const names[] = {"-rf",      "a\nb", "\xff\xfe",    " ",          "...",
                                        "\033[31m", "*",    ".moved-up-0", ".moved-up-1"};
    if (!begin(_i))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *inner = g_build_filename(names[i], "x", NULL);
        g_autofree char *innermost = g_build_filename(inner, names[i], NULL);
        ck_assert_int_eq(mkdir(names[i], 0700), 0);
        ck_assert_int_eq(mkdir(inner, 0700), 0);
        make_file(innermost);
        ck_assert_int_eq(chmod(inner, 0), 0);
    }
    char longest[256] = "";
    memset(longest, 'x', 255);
    ck_assert_int_eq(mkdir(longest, 0), 0);
    ck_assert_int_eq(mkfifo("a pipe", 0), 0);
    removes();
}
END_TEST

START_TEST(many_entries_are_removed)
{
    if (!begin(_i))
        return;
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, i % 4 ? "%d/file-%d" : "%d", i / 4, i);
        if (i % 4)
            make_file(name);
        else
            ck_assert_int_eq(mkdir(name, 0700), 0);
    }
    removes();
}
END_TEST

START_TEST(links_are_not_followed)
{
    if (!begin(_i))
        return;
    g_autofree char *outside = g_build_filename(folder, "outside", NULL);
    g_autofree char *kept = g_build_filename(outside, "kept", NULL);
    struct stat status;
    ck_assert_int_eq(mkdir(outside, 0700), 0);
    make_file(kept);
    ck_assert_int_eq(chmod(outside, 0500), 0);
    ck_assert_int_eq(symlink(outside, "link"), 0);
    ck_assert_int_eq(mkdir("a", 0700), 0);
    ck_assert_int_eq(symlink(outside, "a/link"), 0);
    ck_assert_int_eq(sandbox_folder_measure(work, 100).entries, 3);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(sandbox_remove(work, error), "%s", error->str);
    ck_assert_int_eq(stat(outside, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0500);
    ck_assert_int_eq(access(kept, F_OK), 0);
    ck_assert_msg(sandbox_remove(outside, error), "%s", error->str);
    end();
}
END_TEST

START_TEST(what_can_not_be_removed_is_named)
{
    if (geteuid() != 0 || !begin(0))
        return;
    ck_assert_int_eq(mkdir("a", 0700), 0);
    make_file("a/stays");
    make_file("a/goes");
    make_file("goes");
    const int file = open("a/stays", O_RDONLY);
    int flags = FS_IMMUTABLE_FL;
    if (ioctl(file, FS_IOC_SETFLAGS, &flags) == 0) {
        g_autoptr(GString) error = g_string_new(NULL);
        ck_assert(!sandbox_remove(work, error));
        ck_assert_msg(strstr(error->str, "can't be removed: stays: "), "%s", error->str);
        ck_assert_int_eq(access("a/stays", F_OK), 0);
        ck_assert(access("a/goes", F_OK) != 0 && access("goes", F_OK) != 0);
        flags = 0;
        ck_assert_int_eq(ioctl(file, FS_IOC_SETFLAGS, &flags), 0);
    }
    close(file);
    removes();
}
END_TEST

START_TEST(whatever_lies_there_is_removed)
{
    if (!begin(_i))
        return;
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert(sandbox_remove("nothing", error));
    make_file("file");
    ck_assert(sandbox_remove("file", error));
    ck_assert_int_eq(symlink(folder, "link"), 0);
    ck_assert(sandbox_remove("link", error));
    ck_assert_int_eq(access(folder, F_OK), 0);
    ck_assert_int_eq(chmod(".", 0), 0);
    removes();
}
END_TEST

START_TEST(it_measures_what_is_locked)
{
    if (!begin(_i))
        return;
    ck_assert_int_eq(mkdir("a", 0700), 0);
    ck_assert_int_eq(mkdir("a/b", 0700), 0);
    make_file("a/b/file");
    ck_assert_int_eq(chmod("a/b", 0), 0);
    ck_assert_int_eq(chmod("a", 0), 0);
    ck_assert_int_eq(chmod(".", 0), 0);
    struct sandbox_folder sum = sandbox_folder_measure(work, 100);
    ck_assert_int_eq(sum.entries, 3);
    ck_assert(!sum.deep);
    sandbox_folder_open(work);
    sum = sandbox_folder_measure(work, 1);
    ck_assert_int_eq(sum.entries, 2);
    nest(SANDBOX_MOST_DEPTH);
    sum = sandbox_folder_measure(work, 1000);
    ck_assert(!sum.deep);
    make_file("one more");
    sum = sandbox_folder_measure(work, 1000);
    ck_assert(sum.deep);
    removes();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sandbox_folder");
    TCase *tests = tcase_create("folder");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, deep_and_locked_folders_are_removed, 0, 2);
    tcase_add_loop_test(tests, strange_names_are_removed, 0, 2);
    tcase_add_loop_test(tests, many_entries_are_removed, 0, 2);
    tcase_add_loop_test(tests, links_are_not_followed, 0, 2);
    tcase_add_test(tests, what_can_not_be_removed_is_named);
    tcase_add_loop_test(tests, whatever_lies_there_is_removed, 0, 2);
    tcase_add_loop_test(tests, it_measures_what_is_locked, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
