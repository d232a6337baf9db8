/*
 * What a submission makes difficult to remove is removed, also when an ordinary user grades: nothing is left
 * in TMPDIR.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#define SOMEBODY 12345

/* As each rank ends: a file and a folder in each of 50 folders, all locked, the evidence's own at last. */
static const char code[] =
    "#include <fcntl.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
    "__attribute__((destructor)) static void lock(void)\n{\n"
    "    if (chdir(\"/evidence\") != 0)\n        return;\n"
    "    for (int i = 0; i < 50; i++) {\n"
    "        close(open(\"file\", O_CREAT | O_WRONLY, 0));\n"
    "        if (mkdir(\"folder\", 0700) != 0 || chdir(\"folder\") != 0)\n            return;\n"
    "        if (i > 0 && chmod(\"..\", 0) != 0)\n            return;\n    }\n"
    "    if (chdir(\"/evidence\") == 0)\n        chmod(\".\", 0);\n}\n";

START_TEST(nothing_is_left)
{
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
         setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0))
        return;
    /* a checkout in somebody's own folder can't be looked into by another user */
    if (access("assignments", R_OK | X_OK) != 0 || access(test_build_folder(), R_OK | X_OK) != 0) {
        puts("skipped: an ordinary user can't read this checkout");
        return;
    }
    char *top = test_folder_new();
    g_setenv("TMPDIR", top, TRUE);
    grading_begin("example");
    grading_allow_all_calls();
    g_autofree char *path = grading_path("average.c");
    g_autofree char *before = grading_read(path);
    g_autofree char *all = g_strconcat(code, before, NULL);
    grading_write("average.c", all);
    struct graded graded = grading_run("average");
    graded_passes(&graded, "average", "");
    graded_clear(&graded);
    g_autofree char *own = g_path_get_basename(grading_folder);
    g_autoptr(GDir) listing = g_dir_open(top, 0, NULL);
    for (const char *name; (name = g_dir_read_name(listing));)
        ck_assert_msg(g_strcmp0(name, own) == 0, "%s is left", name);
    grading_end();
    test_folder_free(top);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("left_behind");
    TCase *tests = tcase_create("left behind");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, nothing_is_left);
    suite_add_tcase(suite, tests);
    return suite;
}
