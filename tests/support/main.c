/* The main function of all test programs; see test.h. */
#include "tests/support/test.h"

#include "common/base/processor.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_skip(const char *why)
{
    printf("skipped: %s\n", why);
    return suite_create("skipped");
}

const char *test_build_folder(void)
{
    static char *folder;
    if (!folder)
        folder = g_canonicalize_filename(TEST_BUILD_FOLDER, NULL);
    return folder;
}

char *test_program(bool simulated, const char *name)
{
    char *path = g_build_filename(test_build_folder(),
                                  simulated ? "simulator/programs" : "programs", name, NULL);
    ck_assert_msg(access(path, X_OK) == 0, "%s is missing: make check builds it", path);
    return path;
}

bool test_has_simulator(void)
{
    g_autofree char *runner = g_find_program_in_path("smpirun");
    g_autofree char *compiler = g_find_program_in_path("smpicc");
    return runner && compiler;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *const *test_assignments(const char *folder, int *count)
{
    GPtrArray *names = g_ptr_array_new();
    g_autoptr(GDir) all = g_dir_open("assignments", 0, NULL);
    if (!all)
        g_error("tests run in the kit's top folder");
    for (const char *name; (name = g_dir_read_name(all));) {
        g_autofree char *rubric = g_build_filename("assignments", name, "rubric.cfg", NULL);
        g_autofree char *own = g_build_filename("assignments", name, folder, NULL);
        if (g_file_test(rubric, G_FILE_TEST_EXISTS) && g_file_test(own, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, by_name);
    *count = (int)names->len;
    g_ptr_array_add(names, NULL);
    return (char *const *)g_ptr_array_free(names, FALSE);
}

char *test_folder_new(void)
{
    GError *error = NULL;
    char *folder = g_dir_make_tmp("kit-test-XXXXXX", &error);
    ck_assert_msg(folder != NULL, "%s", error ? error->message : "");
    return folder;
}

void test_folder_free(char *folder)
{
    char *words[] = {"rm", "-rf", "--", folder, NULL};
    ck_assert(
        g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(folder);
}

int main(void)
{
    processor_must_fit();
    SRunner *runner = srunner_create(test_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
