/*
 * Submissions of the pipeline from end to end: files that don't go together.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <unistd.h>

static void setup(void)
{
    grading_begin("pipeline");
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* A few short checks, each of which needs one file. */
static void use_short_rubric(void)
{
    grading_use_rubric(
        "( { name = \"T\"; points = 5.0; checks = (\n"
        "{ name = \"distribute\"; title = \"d\"; points = 1.0; judge = \"distribute\";\n"
        "  files = ( \"distribute_layers.c\" );\n"
        "  runs = ( { ranks = 1; arguments = \"--probe distribute\"; seconds = 5.0; } ); },\n"
        "{ name = \"baseline\"; title = \"b\"; points = 1.0; judge = \"gradients\"; calm = true;\n"
        "  files = ( \"baseline.c\" );\n"
        "  runs = ( { ranks = 1; seconds = 5.0; arguments = \"--schedule baseline --data synthetic "
        "--model mlp:depth=2,width=8 --batch 4 --steps 1 --dump-gradients 0\"; } ); },\n"
        "{ name = \"communicate\"; title = \"c\"; points = 1.0; judge = \"communicate\";\n"
        "  files = ( \"pipeline_communicate.c\" );\n"
        "  runs = ( { ranks = 2; arguments = \"--probe communicate --data synthetic\"; seconds = "
        "5.0; } ); },\n"
        "{ name = \"afab\"; title = \"a\"; points = 1.0; judge = \"order\";\n"
        "  files = ( \"train_step_afab.c\" );\n"
        "  runs = ( { ranks = 2; seconds = 5.0; arguments = \"--schedule afab --data synthetic "
        "--model mlp:depth=2,width=8 --batch 4 --micro-batches 2 --steps 1\"; } ); },\n"
        "{ name = \"later\"; title = \"l\"; points = 1.0; judge = \"distribute\"; after = ( "
        "\"afab\" );\n"
        "  runs = ( { ranks = 1; arguments = \"--probe distribute\"; seconds = 5.0; } ); }\n"
        ") } );\n");
}

START_TEST(what_compiles_is_judged_and_the_rest_is_explained)
{
    grading_write("baseline.c", "int f( { return 1 }\n");
    grading_remove("train_step_afab.c");
    grading_remove("train_step_naive.c");
    grading_write("notes.txt", "not handed in");
    use_short_rubric();
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "distribute", "");
    graded_passes(&graded, "communicate", "");
    graded_fails(&graded, "baseline", "does not compile");
    graded_fails(&graded, "baseline", "baseline.c:1:8: error");
    graded_fails(&graded, "afab", "train_step_afab.c is missing");
    graded_fails(&graded, "later", "needs afab first");
    grading_assert_says(graded.printed, "`notes.txt`");
    graded_clear(&graded);
}
END_TEST

START_TEST(syntax_error_costs_only_what_needs_the_file)
{
    grading_write("train_step_naive.c", "void train_step_naive(int x)\n{\n    x = ;\n}\n");
    struct graded graded = grading_run("train_step_naive,baseline,no_luck");
    graded_fails(&graded, "train_step_naive", "does not compile");
    graded_fails(&graded, "train_step_naive", "train_step_naive.c:3:9: error: expected expression");
    graded_fails(&graded, "no_luck", "train_step_naive.c does not compile");
    graded_passes(&graded, "baseline", "");
    graded_clear(&graded);
}
END_TEST

START_TEST(files_that_reach_out_do_not_compile)
{
    g_autofree char *path = grading_path("train_step_afab.c");
    g_autofree char *target = g_canonicalize_filename("solutions/pipeline/train_step_afab.c", NULL);
    grading_write("baseline.c", "#include \"../solutions/pipeline/baseline.c\"\n");
    grading_write("pipeline_communicate.c", "#include \"/dev/zero\"\n");
    grading_remove("train_step_afab.c");
    ck_assert_int_eq(symlink(target, path), 0);
    use_short_rubric();
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "distribute", "");
    graded_fails(&graded, "baseline", "No such file or directory");
    graded_fails(&graded, "communicate", "does not compile");
    graded_fails(&graded, "afab", "symbolic link");
    graded_clear(&graded);
}
END_TEST

static void append(const char *name, const char *code)
{
    g_autofree char *path = grading_path(name), *text = grading_read(path);
    g_autofree char *longer = g_strconcat(text, code, NULL);
    grading_write(name, longer);
}

START_TEST(files_that_do_not_link_are_blamed)
{
    append("baseline.c", "int main(void) { return 0; }\n");
    append("pipeline_communicate.c",
           "int MPI_Wait(MPI_Request *r, MPI_Status *s) { return PMPI_Wait(r, s); }\n");
    use_short_rubric();
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "distribute", "");
    graded_fails(&graded, "baseline", "multiple definition of `main'");
    graded_fails(&graded, "communicate", "defines MPI_Wait, which the kit calls");
    /* it needs pipeline_communicate, whose place a message has taken */
    graded_fails(&graded, "afab", "");
    graded_clear(&graded);
}
END_TEST

/* On both machines: an unused file may be missing, one that is called may not. */
START_TEST(files_that_are_missing_have_stand_ins)
{
    static const char check[] =
        "{ name = \"%s\"; title = \"t\"; points = 1.0; judge = \"order\"; runs = ( { ranks = 2; "
        "seconds = 5.0; machine = \"%s\"; arguments = \"--schedule afab --data synthetic "
        "--model mlp:depth=2,width=8 --batch 2 --micro-batches 2 --steps 1\"; } ); }";
    g_autofree char *real = g_strdup_printf(check, "real", "real");
    g_autofree char *simulated = g_strdup_printf(check, "simulated", "simulated");
    g_autofree char *tiers = g_strdup_printf(
        "( { name = \"T\"; points = 2.0; checks = ( %s, %s ); } );\n", real, simulated);
    grading_use_rubric(tiers);
    grading_remove("train_step_naive.c");
    grading_write("baseline.c", "int f( { return 1 }\n");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "real", "");
    if (test_has_simulator())
        graded_passes(&graded, "simulated", "");
    graded_clear(&graded);
    grading_remove("train_step_afab.c");
    graded = grading_run(NULL);
    graded_fails(&graded, "real", "this function is not there");
    if (test_has_simulator())
        graded_fails(&graded, "simulated", "this function is not there");
    graded_clear(&graded);
}
END_TEST

/* ---- names that two files define -------------------------------------------------------------- */

static void change_to_twins(void)
{
    grading_change("train_step_1f1b.c", "static void forward", "void forward");
    grading_change("train_step_pipedream.c", "static void forward", "void forward");
    grading_change("train_step_naive.c", "void train_step_naive",
                   "inline int twice(int x)\n{\n    return 2 * x;\n}\nint (*four)(int) = twice;\n"
                   "void train_step_naive");
    grading_change("baseline.c", "#include", "int main(void)\n{\n    return 1;\n}\n#include");
}

/* One of them goes, the others are judged; and whichever were asked for, the grade says what make will. */
START_TEST(a_file_that_does_not_link_is_named_with_its_twin)
{
    change_to_twins();
    struct graded graded =
        grading_run("check_arguments,train_step_pipedream,train_step_naive,baseline");
    graded_passes(&graded, "check_arguments", "");
    graded_fails(&graded, "train_step_pipedream", "it defines forward (line ");
    graded_fails(&graded, "train_step_pipedream", ", and so does train_step_1f1b.c (line ");
    graded_fails(&graded, "train_step_naive", "it uses twice (line ");
    graded_fails(&graded, "baseline", "and so does the kit");
    const char *said = json_string_value(json_object_get(graded.results, "output"));
    grading_assert_says(said,
                        "`train_step_pipedream.c` does not link with the rest of the program");
    grading_assert_says(said, "`make train` can't link the whole either");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("grading files of the pipeline");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_compiles_is_judged_and_the_rest_is_explained);
    tcase_add_test(tests, syntax_error_costs_only_what_needs_the_file);
    tcase_add_test(tests, files_that_reach_out_do_not_compile);
    tcase_add_test(tests, files_that_do_not_link_are_blamed);
    tcase_add_test(tests, files_that_are_missing_have_stand_ins);
    tcase_add_test(tests, a_file_that_does_not_link_is_named_with_its_twin);
    suite_add_tcase(suite, tests);
    return suite;
}
