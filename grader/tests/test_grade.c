/*
 * The grader from end to end, against submissions that misbehave.
 *
 * One submission holds many kinds of misbehaviour, chosen by the number of
 * micro-batches, and a rubric of this test's own has a check for each: so it is
 * built once and everything is graded in one go. Runs from the kit's folder; the
 * grader lies in the build folder that holds this program.
 */
#include "grader/sandbox.h"
#include "grader/tests/grading.h"

#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- misbehaviour at run time --------------------------------------------------------------- */

static const struct misbehaviour {
    const char *name;
    const char *status;
    const char *words; /* that the report must hold */
    const char *code;  /* at the beginning of train_step_afab */
    const char *ranks; /* NULL: 2 */
} misbehaviours[] = {
    {"endless_loop", "failed", "", "for (volatile int i = 0;; i++);", NULL},
    {"endless_output", "failed", "1024 KiB", "for (;;) puts(\"score: 5 of 5\");", NULL},
    {"fork_bomb", "failed", "processes", "for (;;) fork();", NULL},
    {"allocation", "failed", "memory", "for (;;) memset(malloc(1 << 24), 1, 1 << 24);", NULL},
    {"crash", "failed", "rank 1", "if (pipeline->rank == 1) raise(SIGSEGV);", NULL},
    {"exit_0", "failed", "final record", "exit(0);", NULL},
    {"exit_of_one_rank", "failed", "rank 1", "if (pipeline->rank == 1) _exit(0);", NULL},
    {"fake_score", "failed", "final record",
     "puts(\"{\\\"verdict\\\": {\\\"kind\\\": 0, \\\"headline\\\": \\\"passed\\\"}}\"); exit(0);",
     NULL},
    {"writes_outside", "passed", "",
     "static const char *const names[] = {\"/kit/x\", \"/usr/x\", \"/etc/x\", \"/x\", "
     "\"/program/x\", \"/var/x\"};\n"
     "for (int i = 0; i < 6; i++) if (fopen(names[i], \"w\")) exit(1);",
     NULL},
    {"not_a_number", "failed", "NaN",
     "if (pipeline->rank == 0) tensor_floats(stage_parameters(pipeline->stage))[3] = NAN;", NULL},
    {"truncated_log", "failed", "",
     "if (pipeline->rank == 0 && (truncate(\"/evidence/rank-0.log\", 150) || 1)) raise(SIGKILL);",
     NULL},
    {"corrupted_log", "failed", "rank 0",
     "if (pipeline->rank == 0) { int f = open(\"/evidence/rank-0.log\", O_WRONLY);\n"
     "if (pwrite(f, \"garbage garbage garbage\", 23, 250) < 0) exit(1); }",
     NULL},
    {"deleted_log", "failed", "rank 0",
     "if (pipeline->rank == 0) unlink(\"/evidence/rank-0.log\");", NULL},
    {"pipe_for_a_log", "failed", "rank 1",
     "if (pipeline->rank == 1) { unlink(\"/evidence/rank-1.log\");\n"
     "if (mkfifo(\"/evidence/rank-1.log\", 0666) != 0) exit(1); }",
     NULL},
    {"link_for_a_log", "failed", "rank 1",
     "if (pipeline->rank == 1) { unlink(\"/evidence/rank-1.log\");\n"
     "if (symlink(\"/etc/shadow\", \"/evidence/rank-1.log\") != 0) exit(1); }",
     NULL},
    {"corrupted_tensors", "failed", "", "static int n; if (n++ == 0) atexit(spoil_tensors);", NULL},
    {"deadlock", "failed", "MPI_Recv",
     "float x; MPI_Recv(&x, 1, MPI_FLOAT, 1 - pipeline->rank, 77, pipeline->comm, "
     "MPI_STATUS_IGNORE);",
     NULL},
    {"large_file", "failed", "wrote",
     "FILE *f = fopen(\"/evidence/big\", \"w\"); for (;;) fputs(\"0123456789abcdef\", f);", NULL},
    {"daemon", "passed", "",
     "if (fork() == 0) { setsid(); for (int i = 0; i < 200; i++) close(i); sleep(1000); "
     "_exit(0); }",
     NULL},
    {"many_ranks", "passed", "", "", "16"},
};

static const char prologue[] =
    "#include <fcntl.h>\n#include <math.h>\n#include <signal.h>\n#include <stdio.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
    "__attribute__((unused)) static void spoil_tensors(void)\n"
    "{ int f = open(\"/evidence/stage-0.after-0.safetensors\", O_WRONLY);\n"
    "  if (f < 0 || pwrite(f, \"garbage garbage\", 15, 4) < 0) _exit(3); }\n";

/* The solutions' train_step_afab, which misbehaves first. */
static void write_hostile_step(void)
{
    GString *hostile = g_string_new("switch (pipeline->micro_batches) {\n");
    for (guint i = 0; i < G_N_ELEMENTS(misbehaviours); i++)
        g_string_append_printf(hostile, "case %u: {%s} break;\n", i + 1, misbehaviours[i].code);
    g_string_append(hostile, "}\n");
    write_step(prologue, hostile->str);
    g_string_free(hostile, TRUE);
}

static char *hostile_rubric(void)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append_printf(rubric, "tiers = ( { name = \"T\"; points = %zu.0; checks = (\n",
                           G_N_ELEMENTS(misbehaviours));
    for (guint i = 0; i < G_N_ELEMENTS(misbehaviours); i++) {
        const char *ranks = misbehaviours[i].ranks ? misbehaviours[i].ranks : "2";
        g_string_append_printf(
            rubric,
            "{ name = \"%s\"; title = \"%s\"; points = 1.0; judge = \"gradients\"; calm = true;\n"
            "runs = ( { ranks = %s; seconds = %s; arguments = \"--schedule afab --uneven --model "
            "mlp:depth=8,width=16 --data synthetic --batch %u --micro-batches %u --steps 1 "
            "--dump-gradients 0\"; } ); }%s\n",
            misbehaviours[i].name, misbehaviours[i].name, ranks, i == 0 ? "1.5" : "8.0", i + 1,
            i + 1, i + 1 < G_N_ELEMENTS(misbehaviours) ? "," : "");
    }
    g_string_append(rubric, ") } );\n");
    return g_string_free(rubric, FALSE);
}

START_TEST(misbehaviour_gets_the_right_verdict)
{
    g_autofree char *rubric = hostile_rubric();
    make_kit(rubric);
    write_hostile_step();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    /* Without name spaces the evidence lies elsewhere, and the program misses it. */
    for (guint i = 0; i < G_N_ELEMENTS(misbehaviours); i++)
        if (sandbox_isolates(NULL) || !strstr(misbehaviours[i].code, "/evidence/"))
            expect(&graded, misbehaviours[i].name, misbehaviours[i].status, misbehaviours[i].words);
    forget(&graded);
}
END_TEST

/* ---- other submissions: one rubric with a few short checks ----------------------------------- */

static const char short_checks[] =
    "tiers = ( { name = \"T\"; points = 5.0; checks = (\n"
    "{ name = \"distribute\"; title = \"d\"; points = 1.0; judge = \"distribute\";\n"
    "  files = ( \"distribute_layers.c\" );\n"
    "  runs = ( { ranks = 1; arguments = \"--probe distribute\"; seconds = 5.0; } ); },\n"
    "{ name = \"baseline\"; title = \"b\"; points = 1.0; judge = \"gradients\"; calm = true;\n"
    "  files = ( \"baseline.c\" );\n"
    "  runs = ( { ranks = 1; seconds = 5.0; arguments = \"--schedule baseline --data synthetic "
    "--model mlp:depth=2,width=8 --batch 4 --steps 1 --dump-gradients 0\"; } ); },\n"
    "{ name = \"communicate\"; title = \"c\"; points = 1.0; judge = \"communicate\";\n"
    "  files = ( \"pipeline_communicate.c\" );\n"
    "  runs = ( { ranks = 2; arguments = \"--probe communicate --data synthetic\"; seconds = 5.0; "
    "} ); },\n"
    "{ name = \"afab\"; title = \"a\"; points = 1.0; judge = \"order\";\n"
    "  files = ( \"train_step_afab.c\" );\n"
    "  runs = ( { ranks = 2; seconds = 5.0; arguments = \"--schedule afab --data synthetic "
    "--model mlp:depth=2,width=8 --batch 4 --micro-batches 2 --steps 1\"; } ); },\n"
    "{ name = \"later\"; title = \"l\"; points = 1.0; judge = \"distribute\"; after = ( \"afab\" "
    ");\n"
    "  runs = ( { ranks = 1; arguments = \"--probe distribute\"; seconds = 5.0; } ); }\n"
    ") } );\n";

static void make_short_kit(void)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append(rubric, short_checks);
    make_kit(rubric->str);
    g_string_free(rubric, TRUE);
}

static struct graded grade_short(void)
{
    make_short_kit();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    return graded;
}

START_TEST(what_compiles_is_judged_and_the_rest_is_explained)
{
    put("baseline.c", "int f( { return 1 }\n");
    drop("train_step_afab.c");
    drop("train_step_naive.c");
    put("notes.txt", "not handed in");
    struct graded graded = grade_short();
    expect(&graded, "distribute", "passed", "");
    expect(&graded, "communicate", "passed", "");
    expect(&graded, "baseline", "failed", "does not compile");
    expect(&graded, "baseline", "failed", "baseline.c:1:8: error");
    expect(&graded, "afab", "failed", "train_step_afab.c is missing");
    expect(&graded, "later", "failed", "needs afab first");
    ck_assert_ptr_nonnull(strstr(graded.said, "`notes.txt`"));
    forget(&graded);
}
END_TEST

START_TEST(files_that_reach_out_do_not_compile)
{
    put("baseline.c", "#include \"../solutions/pipeline/baseline.c\"\n");
    put("pipeline_communicate.c", "#include \"/dev/zero\"\n");
    drop("train_step_afab.c");
    g_autofree char *path = in(submission, "train_step_afab.c");
    link_to("solutions/pipeline/train_step_afab.c", path);
    struct graded graded = grade_short();
    expect(&graded, "distribute", "passed", "");
    expect(&graded, "baseline", "failed", "No such file or directory");
    expect(&graded, "communicate", "failed", "does not compile");
    expect(&graded, "afab", "failed", "symbolic link");
    forget(&graded);
}
END_TEST

START_TEST(files_that_do_not_link_are_blamed)
{
    g_autofree char *path = in(submission, "baseline.c");
    g_autofree char *text = read_text(path);
    g_autofree char *own_main = g_strconcat(text, "int main(void) { return 0; }\n", NULL);
    put("baseline.c", own_main);
    g_autofree char *other = in(submission, "pipeline_communicate.c");
    g_autofree char *other_text = read_text(other);
    g_autofree char *own_wait = g_strconcat(other_text,
                                            "int MPI_Wait(MPI_Request *r, MPI_Status *s) { return "
                                            "PMPI_Wait(r, s); }\n",
                                            NULL);
    put("pipeline_communicate.c", own_wait);
    struct graded graded = grade_short();
    expect(&graded, "distribute", "passed", "");
    expect(&graded, "baseline", "failed", "multiple definition of `main'");
    expect(&graded, "communicate", "failed", "multiple definition of `MPI_Wait'");
    /* it needs pipeline_communicate, whose place a message has taken */
    expect(&graded, "afab", "failed", "");
    forget(&graded);
}
END_TEST

START_TEST(missing_data_is_not_judged_or_replaced)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append(
        rubric,
        "tiers = ( { name = \"T\"; points = 2.0; checks = (\n"
        "{ name = \"needs_it\"; title = \"n\"; points = 1.0; judge = \"order\";\n"
        "  runs = ( { ranks = 2; seconds = 5.0; arguments = \"--schedule afab --data cifar10 "
        "--model mlp:depth=2,width=8 --steps 1 --batch 4 --micro-batches 2\"; } ); },\n"
        "{ name = \"has_other\"; title = \"o\"; points = 1.0; judge = \"order\";\n"
        "  runs = ( { ranks = 2; seconds = 5.0; arguments = \"--schedule afab --data cifar10 "
        "--model mlp:depth=2,width=8 --steps 1 --batch 4 --micro-batches 2\"; otherwise = "
        "\"--schedule afab --data synthetic --model mlp:depth=2,width=8 --steps 1 --batch 4 "
        "--micro-batches 2\"; } ); } ) } );\n");
    make_kit(rubric->str);
    g_string_free(rubric, TRUE);
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "needs_it", NULL, "/no/such/folder");
    expect(&graded, "has_other", "passed", "");
    ck_assert_ptr_nonnull(strstr(graded.said, "cifar10 is not here"));
    forget(&graded);
}
END_TEST

START_TEST(without_name_spaces_the_report_says_so)
{
    make_short_kit();
    g_setenv("GRADER_NO_NAMESPACES", "1", TRUE);
    struct graded graded =
        grade("--kit", kit, "--submission", submission, "--out", out, "--check", "afab", NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "afab", "passed", "");
    ck_assert_ptr_nonnull(strstr(graded.said, "not isolated"));
    forget(&graded);
    g_setenv("REQUIRE_ISOLATION", "1", TRUE);
    graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_int_eq(graded.status, 1);
    ck_assert_ptr_nonnull(strstr(graded.said, "REQUIRE_ISOLATION"));
    forget(&graded);
    g_unsetenv("GRADER_NO_NAMESPACES");
    g_unsetenv("REQUIRE_ISOLATION");
}
END_TEST

START_TEST(wrong_usage_has_a_status_of_its_own)
{
    make_short_kit();
    struct graded graded = grade(NULL);
    ck_assert_int_eq(graded.status, 2);
    forget(&graded);
    graded = grade("--no-such-option", NULL);
    ck_assert_int_eq(graded.status, 2);
    forget(&graded);
    graded = grade("--kit", kit, "--submission", submission, "--check", "nothing", NULL);
    ck_assert_int_eq(graded.status, 2);
    ck_assert_ptr_nonnull(strstr(graded.said, "distribute"));
    forget(&graded);
    graded = grade("--kit", kit, "--submission", "/no/such/submission", "--out", out, NULL);
    ck_assert_int_eq(graded.status, 1);
    ck_assert_ptr_nonnull(strstr(graded.said, "/no/such/submission"));
    forget(&graded);
}
END_TEST

START_TEST(the_same_submission_gets_the_same_seeds)
{
    make_short_kit();
    g_autofree char *report = in(out, "report.md");
    char *texts[3];
    for (int i = 0; i < 3; i++) {
        struct graded graded =
            grade("--kit", kit, "--submission", submission, "--out", out, "--check", "distribute",
                  i == 2 ? "--seed" : NULL, i == 2 ? "4711" : NULL, NULL);
        ck_assert_msg(graded.status == 0, "%s", graded.said);
        forget(&graded);
        g_autofree char *text = read_text(report);
        const char *row = strstr(text, "| `distribute` | 1 |");
        ck_assert_ptr_nonnull(row);
        g_auto(GStrv) columns = g_strsplit(row, "| ", 6);
        texts[i] = g_strdup(columns[5]); /* the seed is the last column of the last table */
    }
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_eq(texts[2], "4711 |\n");
    for (int i = 0; i < 3; i++)
        g_free(texts[i]);
}
END_TEST

/* ---- the kit's own rubric ----------------------------------------------------------------------- */

START_TEST(the_solutions_get_full_marks)
{
    struct graded graded = grade("--submission", "solutions", "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    size_t i;
    json_t *test;
    json_array_foreach(graded.tests, i, test)
    {
        const char *status = json_string_value(json_object_get(test, "status"));
        ck_assert_msg(g_strcmp0(status, "failed") != 0, "%s", graded.said);
    }
    json_t *extra = json_object_get(graded.results, "extra_data");
    ck_assert_double_eq_tol(json_number_value(json_object_get(graded.results, "score")),
                            json_number_value(json_object_get(extra, "judged_points")) +
                                json_number_value(json_object_get(extra, "judged_bonus")),
                            1e-9);
    static const char *const reports[] = {"report.md", "report.html", "results.json"};
    for (guint k = 0; k < G_N_ELEMENTS(reports); k++) {
        g_autofree char *path = in(out, reports[k]);
        ck_assert(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    }
    forget(&graded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("grade");
    TCase *tests = tcase_create("grade");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, misbehaviour_gets_the_right_verdict);
    tcase_add_test(tests, what_compiles_is_judged_and_the_rest_is_explained);
    tcase_add_test(tests, files_that_reach_out_do_not_compile);
    tcase_add_test(tests, files_that_do_not_link_are_blamed);
    tcase_add_test(tests, missing_data_is_not_judged_or_replaced);
    tcase_add_test(tests, without_name_spaces_the_report_says_so);
    tcase_add_test(tests, wrong_usage_has_a_status_of_its_own);
    tcase_add_test(tests, the_same_submission_gets_the_same_seeds);
    tcase_add_test(tests, the_solutions_get_full_marks);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
