/*
 * What a submission may consist of, and what its files may reach: whatever is
 * missing or refused is named, and costs only the checks that need it.
 */
#include "grader/sandbox/sandbox.h"
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void setup(void)
{
    grading_begin("example");
}

static struct graded fails(const char *words)
{
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average", words);
    return graded;
}

START_TEST(syntax_error_is_shown)
{
    grading_write("average.c", "double average(int x)\n{\n    x = ;\n}\n");
    struct graded graded = fails("average.c does not compile");
    graded_fails(&graded, "average", "average.c:3:9: error: expected expression");
    /* what to look at is what failed, and not what the rubric says of the check's results */
    grading_assert_says(graded.printed, "Look at this: the compiler's first message");
    ck_assert_ptr_null(strstr(graded.printed, "who has the sum"));
    graded_clear(&graded);
}
END_TEST

/* However much the compiler says behind it. */
START_TEST(first_error_is_shown)
{
    g_autoptr(GString) text = g_string_new("double average(int x)\n{\n    x = oops;\n");
    for (int i = 0; i < 900; i++)
        g_string_append(text, "    x == 1;\n");
    g_string_append(text, "    return x;\n}\n");
    grading_write("average.c", text->str);
    struct graded graded = fails("average.c does not compile");
    graded_fails(&graded, "average", "oops");
    graded_clear(&graded);
}
END_TEST

/* It compiles, so that it is neither missing nor wrong C. */
START_TEST(misspelt_function_is_told)
{
    grading_change("average.c", "double average(",
                   "double avrage(double, MPI_Comm);\ndouble avrage(");
    struct graded graded =
        fails("average: this function is not there: its file compiles, but defines no "
              "function of this name: is it spelled as in the header");
    graded_clear(&graded);
}
END_TEST

START_TEST(missing_file_is_named)
{
    grading_remove("average.c");
    struct graded graded = fails("average.c is missing");
    ck_assert_ptr_null(strstr(graded.printed, "who has the sum"));
    graded_clear(&graded);
}
END_TEST

START_TEST(extra_files_are_left_alone)
{
    grading_write("helper.c", "#error this must not be compiled\n");
    grading_write("example.h", "#error this must not be included\n");
    g_autofree char *folder = grading_path("common");
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    const char *said = json_string_value(json_object_get(graded.results, "output"));
    grading_assert_says(said, "Ignored");
    grading_assert_says(said, "`helper.c`");
    graded_clear(&graded);
}
END_TEST

START_TEST(symbolic_link_is_not_followed)
{
    g_autofree char *target = g_canonicalize_filename("solutions/example/average.c", NULL);
    g_autofree char *path = grading_path("average.c");
    grading_remove("average.c");
    ck_assert_int_eq(symlink(target, path), 0);
    struct graded graded = fails("symbolic link");
    graded_clear(&graded);
}
END_TEST

/* What can be reached is a matter of name spaces: where they are refused, limits are all there is,
 * and the report says so. */
START_TEST(solutions_can_not_be_included)
{
    if (!sandbox_isolates(NULL))
        return;
    g_autofree char *top = g_get_current_dir();
    g_autofree char *text =
        g_strdup_printf("#if __has_include(\"%s/solutions/example/average.c\")\n"
                        "#include \"%s/solutions/example/average.c\"\n"
                        "#else\n"
                        "#include \"../solutions/example/average.c\"\n"
                        "#endif\n",
                        top, top);
    grading_write("average.c", text);
    struct graded graded = fails("fatal error: ../solutions/example/average.c: No such file");
    graded_clear(&graded);
}
END_TEST

START_TEST(device_can_not_be_included)
{
    grading_write("average.c", "#include \"/dev/zero\"\n");
    struct graded graded = fails("Does the file include a device");
    graded_clear(&graded);
}
END_TEST

/* A program can print what it likes: what it has written is wrong, and not unwritten. */
START_TEST(a_printed_todo_is_none)
{
    grading_write("average.c", "#include \"assignments/example/example.h\"\n#include <stdio.h>\n"
                               "#include <stdlib.h>\n"
                               "double average(double mine, MPI_Comm comm)\n"
                               "{\n    (void)mine, (void)comm;\n"
                               "    fprintf(stderr, \"example/average.c:4: TODO: nothing\\n\");\n"
                               "    exit(1);\n}\n");
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average", "exit");
    ck_assert_ptr_null(strstr(graded.printed, "is still to be written"));
    ck_assert_ptr_null(strstr(graded.printed, "not yet written"));
    graded_clear(&graded);
}
END_TEST

/* The simulator's compiler works with absolute paths of the sandbox; the student knows others. */
START_TEST(a_todo_is_named_alike_on_both_machines)
{
    if (!test_has_simulator())
        return;
    static const char check[] =
        "{ name = \"%s\"; title = \"t\"; points = 1.0; judge = \"average\";\n"
        "  runs = ( { ranks = 2; seconds = 5.0; arguments = \"--probe average\"; machine = \"%s\"; "
        "} ); }";
    g_autofree char *real = g_strdup_printf(check, "here", "real");
    g_autofree char *simulated = g_strdup_printf(check, "there", "simulated");
    g_autofree char *tiers = g_strdup_printf(
        "( { name = \"T\"; points = 2.0; checks = ( %s, %s ); } );\n", real, simulated);
    grading_use_rubric(tiers);
    grading_write("average.c", "#include \"assignments/example/example.h\"\n"
                               "double average(double mine, MPI_Comm comm)\n"
                               "{\n    todo(\"average\", &mine, comm);\n}\n");
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "here", "example/average.c:4 is still to be written");
    graded_fails(&graded, "there", "example/average.c:4 is still to be written");
    ck_assert_ptr_null(strstr(graded.printed, "/example/average.c:4"));
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("files of a submission");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, syntax_error_is_shown);
    tcase_add_test(tests, first_error_is_shown);
    tcase_add_test(tests, misspelt_function_is_told);
    tcase_add_test(tests, missing_file_is_named);
    tcase_add_test(tests, extra_files_are_left_alone);
    tcase_add_test(tests, symbolic_link_is_not_followed);
    tcase_add_test(tests, solutions_can_not_be_included);
    tcase_add_test(tests, device_can_not_be_included);
    tcase_add_test(tests, a_printed_todo_is_none);
    tcase_add_test(tests, a_todo_is_named_alike_on_both_machines);
    suite_add_tcase(suite, tests);
    return suite;
}
