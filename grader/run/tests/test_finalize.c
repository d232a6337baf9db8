/*
 * Open MPI now and then crashes, or waits for ever, in MPI_Finalize of a program that did nothing wrong.
 * A run that ends so is made once more, and that one counts.
 */
#include "tests/support/cases.h"
#include "tests/support/test.h"

#include <glib.h>

/* MPI_Finalize begins by deleting what was attached to MPI_COMM_SELF (MPI 4.0, 11.4.1): code of the case's
 * own within it. The folder of evidence, as the program's mounts or its arguments have it, tells which run it
 * is. */
static const char before[] =
    "static int first(void)\n{\n"
    "    static char mounts[65536];\n"
    "    FILE *file = fopen(\"/proc/self/mountinfo\", \"r\");\n"
    "    if (file) {\n        fread(mounts, 1, sizeof mounts - 1, file);\n        fclose(file);\n  "
    "  }\n"
    "    return !strstr(mounts, \"-again \") && !strstr(argument(\"--evidence\"), \"-again\");\n}\n"
    "static int crash(MPI_Comm comm, int key, void *value, void *more)\n{\n"
    "    (void)comm; (void)key; (void)more;\n"
    "    if (!value || first()) raise(SIGSEGV);\n    return MPI_SUCCESS;\n}\n"
    "static int hang(MPI_Comm comm, int key, void *value, void *more)\n{\n"
    "    (void)comm; (void)key; (void)value; (void)more;\n"
    "    while (first()) usleep(50000);\n    return MPI_SUCCESS;\n}\n"
    "static void at_finalize(MPI_Comm_delete_attr_function *act, void *value)\n{\n"
    "    int key;\n"
    "    PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, act, &key, NULL);\n"
    "    PMPI_Comm_set_attr(MPI_COMM_SELF, key, value);\n}\n";

static const struct test_case cases[] = {
    {.name = "hangs_once", .code = "at_finalize(hang, NULL);", .status = "passed"},
    {.name = "crashes_once",
     .code = "static int once; if (rank == 1) at_finalize(crash, &once);",
     .status = "passed"},
    {.name = "crashes_always",
     .code = "if (rank == 1) at_finalize(crash, NULL);",
     .status = "failed",
     .words = {"rank 1 crashed (Segmentation fault) in MPI_Finalize"}},
};

/* A crash that a sanitizer has a name for is nobody's chance: it counts the first time. */
#ifdef __SANITIZE_ADDRESS__
#define COUNT 1
#else
#define COUNT G_N_ELEMENTS(cases)
#endif

static struct graded graded;

static void grade_all(void)
{
    grading_begin("example");
    graded = cases_run(cases, COUNT, before);
}

static void forget_all(void)
{
    graded_clear(&graded);
    grading_end();
}

START_TEST(what_happens_in_finalize_must_happen_twice)
{
    cases_check(&cases[_i], &graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("finalize");
    TCase *tests = tcase_create("finalize");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, grade_all, forget_all);
    tcase_add_loop_test(tests, what_happens_in_finalize_must_happen_twice, 0, COUNT);
    suite_add_tcase(suite, tests);
    return suite;
}
