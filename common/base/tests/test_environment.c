/* Tests of the environment of programs that judge, draw and plan: this program, started as one of them,
 * says what it has. */
#include "common/base/environment.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARK "TEST_ENVIRONMENT_CHILD"

/* The environment, "\nNAME=VALUE\n…", of a program that was started with these variables. */
static char *environment_of(const char *const *variables)
{
    g_autoptr(GPtrArray) given = g_ptr_array_new();
    char *words[] = {"/proc/self/exe", NULL};
    char *printed = NULL;
    int status = 0;
    g_ptr_array_add(given, MARK "=1");
    for (; *variables; variables++)
        g_ptr_array_add(given, (char *)*variables);
    g_ptr_array_add(given, NULL);
    ck_assert(g_spawn_sync(NULL, words, (char **)given->pdata, G_SPAWN_DEFAULT, NULL, NULL,
                           &printed, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    return printed;
}

START_TEST(what_changes_libraries_is_gone)
{
    const char *variables[] = {"LC_NUMERIC=de_DE",
                               "LC_ALL=de_DE",
                               "LANG=tr_TR",
                               "G_DEBUG=fatal-warnings",
                               "GOMP_DEBUG=1",
                               "MALLOC_PERTURB_=165",
                               "GLIBC_TUNABLES=glibc.malloc.check=3",
                               "OPENBLAS_CORETYPE=Prescott",
                               "OMP_NUM_THREADS=7",
                               "OMPI_COMM_WORLD_RANK=3",
                               "BASH_FUNC_cd%%=() { :; }",
                               "POSIXLY_CORRECT=",
                               NULL};
    g_autofree char *found = environment_of(variables);
    for (int i = 0; variables[i]; i++) {
        g_autofree char *line = g_strconcat("\n", variables[i], "\n", NULL);
        ck_assert_msg(!strstr(found, line), "%s is still there", variables[i]);
    }
    ck_assert_ptr_nonnull(strstr(found, "\nLC_ALL=C.UTF-8\n"));
    ck_assert_ptr_nonnull(strstr(found, "\nOMP_NUM_THREADS=1\n"));
    ck_assert_ptr_nonnull(strstr(found, "\nOPENBLAS_NUM_THREADS=1\n"));
}
END_TEST

START_TEST(what_is_the_users_to_say_stays)
{
    const char *variables[] = {"HOME=/nowhere/somebody", "CIFAR10_DIR=/data",  "GRADER_SECRET=/s",
                               "TMPDIR=/scratch",        "OMPI_MCA_pml=ob1",   "SLURM_JOB_ID=3",
                               "GTK_THEME=dark",         "LD_PRELOAD_NOT=/no", NULL};
    g_autofree char *found = environment_of(variables);
    for (int i = 0; variables[i]; i++) {
        g_autofree char *line = g_strconcat("\n", variables[i], "\n", NULL);
        ck_assert_msg(strstr(found, line) != NULL, "%s is gone", variables[i]);
    }
}
END_TEST

static void say_environment(void)
{
    char *arguments[] = {"test_environment", NULL};
    environment_start_again(arguments);
    for (char **variable = environ; *variable; variable++)
        printf("\n%s\n", *variable);
    fflush(stdout);
    _exit(0);
}

Suite *test_suite(void)
{
    if (g_getenv(MARK))
        say_environment();
    Suite *suite = suite_create("environment");
    TCase *tests = tcase_create("environment");
    tcase_add_test(tests, what_changes_libraries_is_gone);
    tcase_add_test(tests, what_is_the_users_to_say_stays);
    suite_add_tcase(suite, tests);
    return suite;
}
