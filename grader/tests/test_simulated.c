/*
 * The grader from end to end on the simulated cluster: one submission with many kinds of ends,
 * chosen by the number of micro-batches; the simulator's own defects; luck; and machines without a
 * simulator.
 */
#include "grader/simulation.h"
#include "grader/tests/grading.h"

#define OTHER "(1 - pipeline->rank)"

/* Whether the simulator can do it depends on its version. */
#define ANY_BUT_FAILED "passed or not judged"

/* Beginnings of train_step_afab for two ranks. */
static const struct ending {
    const char *name;
    const char *status; /* NULL: not judged */
    const char *words;  /* that the report must hold */
    const char *code;
    const char *more; /* keys of the run */
} endings[] = {
    {"fine", "passed", "", "", ""},
    {"deadlock", "failed", "MPI_Recv",
     "float x; MPI_Recv(&x, 1, MPI_FLOAT, " OTHER ", 77, pipeline->comm, MPI_STATUS_IGNORE);", ""},
    {"deadlock_beside_the_end", "failed", "MPI_Recv",
     "if (pipeline->rank == 0) return; /* and on to MPI_Finalize */\n"
     "float x; MPI_Recv(&x, 1, MPI_FLOAT, 0, 77, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
    {"crash", "failed", "rank 1 crashed (Segmentation fault) at train_step_afab.c:",
     "if (pipeline->rank == 1) raise(SIGSEGV);", ""},
    {"own_message", "failed", "no such luck", "if (pipeline->rank == 1) fatal(\"no such luck\");",
     ""},
    {"unfinished_work", "failed", "is not yet implemented",
     "if (pipeline->rank == 1) fatal(\"1F1B is not yet implemented\");", ""},
    {"abort", "failed", "rank 1", "if (pipeline->rank == 1) MPI_Abort(pipeline->comm, 3);", ""},
    {"exit_0", "failed", "final record", "exit(0);", ""},
    {"exit_of_one_rank", "failed", "rank 1 ended without its final record",
     "if (pipeline->rank == 1) _exit(0);", ""},
    {"endless_loop", "failed", "", "if (pipeline->rank == 1) for (volatile int i = 0;; i++);", ""},
    {"polls_for_ever", "failed", "",
     "MPI_Request r; int done = 0; static float x;\n"
     "MPI_Irecv(&x, 1, MPI_FLOAT, " OTHER ", 78, pipeline->comm, &r);\n"
     "while (!done) MPI_Test(&r, &done, MPI_STATUS_IGNORE);",
     ""},
    {"truncation", "failed", "",
     "static float x[8]; if (pipeline->rank == 0) MPI_Send(x, 8, MPI_FLOAT, 1, 5, "
     "pipeline->comm);\n"
     "else MPI_Recv(x, 2, MPI_FLOAT, 0, 5, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
    {"both_send_buffered", "passed", "",
     "static float x[8], y[8]; MPI_Send(x, 8, MPI_FLOAT, " OTHER ", 6, pipeline->comm);\n"
     "MPI_Recv(y, 8, MPI_FLOAT, " OTHER ", 6, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
    {"both_send_synchronous", "failed", "MPI_Send",
     "static float x[8], y[8]; MPI_Send(x, 8, MPI_FLOAT, " OTHER ", 6, pipeline->comm);\n"
     "MPI_Recv(y, 8, MPI_FLOAT, " OTHER ", 6, pipeline->comm, MPI_STATUS_IGNORE);",
     " synchronous = true;"},
    /* what is not the submission's fault */
    {"freed_request", ANY_BUT_FAILED, "",
     "static float x[8]; MPI_Request r;\n"
     "if (pipeline->rank == 0) {\n"
     "  MPI_Isend(x, 8, MPI_FLOAT, 1, 9, pipeline->comm, &r); MPI_Request_free(&r); }\n"
     "MPI_Barrier(pipeline->comm);\n"
     "if (pipeline->rank == 1)\n"
     "  MPI_Recv(x, 8, MPI_FLOAT, 0, 9, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
    {"large_freed_request", ANY_BUT_FAILED, "",
     "static float x[50000]; MPI_Request r;\n"
     "if (pipeline->rank == 0) {\n"
     "  MPI_Isend(x, 50000, MPI_FLOAT, 1, 9, pipeline->comm, &r); MPI_Request_free(&r); }\n"
     "MPI_Barrier(pipeline->comm);\n"
     "if (pipeline->rank == 1)\n"
     "  MPI_Recv(x, 50000, MPI_FLOAT, 0, 9, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
    {"crash_of_the_simulator", NULL, "on the real machine",
     "if (strcmp(machine_name(), \"simulated\") == 0 && pipeline->rank == 1) raise(SIGSEGV);", ""},
    {"call_that_it_lacks", NULL, "the simulator can't do all",
     "MPI_Request r; MPI_Comm c; MPI_Comm_idup(pipeline->comm, &c, &r);\n"
     "MPI_Wait(&r, MPI_STATUS_IGNORE);",
     ""},
    {"false_deadlock", NULL, "a deadlock that is none",
     "static float x[8]; MPI_Request r;\n"
     "if (pipeline->rank == 0) { MPI_Send_init(x, 8, MPI_FLOAT, 1, 9, pipeline->comm, &r);\n"
     "  for (int i = 0; i < 3; i++) { MPI_Start(&r); MPI_Wait(&r, MPI_STATUS_IGNORE); }\n"
     "  MPI_Request_free(&r); }\n"
     "else for (int i = 0; i < 3; i++)\n"
     "  MPI_Recv(x, 8, MPI_FLOAT, 0, 9, pipeline->comm, MPI_STATUS_IGNORE);",
     ""},
};

static const char prologue[] =
    "#include \"common/fatal.h\"\n#include \"common/machine.h\"\n#include <signal.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n";

static void write_endings(void)
{
    GString *code = g_string_new("switch (pipeline->micro_batches) {\n");
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        g_string_append_printf(code, "case %u: {%s} break;\n", i + 1, endings[i].code);
    g_string_append(code, "}\n");
    write_step(prologue, code->str);
    g_string_free(code, TRUE);
}

static void append_check(GString *rubric, const char *name, int batch, const char *more)
{
    g_string_append_printf(
        rubric,
        "{ name = \"%s\"; title = \"%s\"; points = 1.0; judge = \"order\";\n"
        "  runs = ( { ranks = 2; seconds = 3.0;%s arguments = \"--schedule afab --data synthetic "
        "--model mlp:depth=2,width=8 --batch %d --micro-batches %d --steps 3\"; } ); }",
        name, name, more, batch, batch);
}

static void expect_not_failed(const struct graded *graded, const char *name)
{
    size_t i;
    json_t *test;
    json_array_foreach(graded->tests, i, test)
    {
        bool same = strcmp(json_string_value(json_object_get(test, "number")), name) == 0;
        const char *status = json_string_value(json_object_get(test, "status"));
        ck_assert_msg(!same || g_strcmp0(status, "failed") != 0, "%s: %s", name,
                      json_string_value(json_object_get(test, "output")));
    }
}

START_TEST(each_end_gets_the_right_verdict)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append_printf(rubric, "tiers = ( { name = \"T\"; points = %zu.0; checks = (\n",
                           G_N_ELEMENTS(endings));
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *more = g_strconcat(" machine = \"simulated\";", endings[i].more, NULL);
        append_check(rubric, endings[i].name, (int)i + 1, more);
        g_string_append(rubric, i + 1 < G_N_ELEMENTS(endings) ? ",\n" : ") } );\n");
    }
    make_kit(rubric->str);
    g_string_free(rubric, TRUE);
    write_endings();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        if (!simulator_is_there())
            expect(&graded, endings[i].name, NULL, "install libsimgrid-dev");
        else if (g_strcmp0(endings[i].status, ANY_BUT_FAILED) == 0)
            expect_not_failed(&graded, endings[i].name);
        else
            expect(&graded, endings[i].name, endings[i].status, endings[i].words);
    if (simulator_is_there())
        ck_assert_ptr_nonnull(strstr(graded.said, "make simulate ASSIGNMENT=pipeline"));
    forget(&graded);
}
END_TEST

START_TEST(lines_of_the_simulator)
{
    ck_assert(simulation_is_own_line("[0.000259] ./src/kernel/EngineImpl.cpp:718: "
                                     "[ker_engine/CRITICAL] Oops! Deadlock detected, some"));
    ck_assert(simulation_is_own_line("[host-1:1:(2) 1.500000] ./src/kernel/EngineImpl.cpp:700: "
                                     "[ker_engine/INFO] 2 actors are still running"));
    /* the program's, and what the grader looks for */
    ck_assert(!simulation_is_own_line("[0.5] loss 2.3"));
    ck_assert(
        !simulation_is_own_line("[host-1:1:(2) 0.000000] ./src/smpi/mpi/smpi_request.cpp:1052: "
                                "[root/CRITICAL] recv - returned MPI_ERR_TRUNCATE instead of "
                                "MPI_SUCCESS"));
    ck_assert(!simulation_is_own_line("[host-1:1:(2) 0.0] ./src/smpi/bindings/smpi_mpi.cpp:1: "
                                      "[smpi_mpi/WARNING] Not yet implemented: MPI_Comm_idup"));
}
END_TEST

/* A real and a simulated check, the second in a bonus tier. */
static void make_two_checks(void)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append(rubric, "tiers = ( { name = \"T\"; points = 1.0; checks = (\n");
    append_check(rubric, "real", 2, "");
    g_string_append(rubric, ") }, { name = \"B\"; points = 1.0; bonus = true; checks = (\n");
    append_check(rubric, "simulated", 2, " machine = \"simulated\";");
    g_string_append(rubric, ") } );\n");
    make_kit(rubric->str);
    g_string_free(rubric, TRUE);
}

START_TEST(a_bonus_makes_the_score_larger_than_the_total)
{
    make_two_checks();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    if (simulator_is_there()) {
        expect(&graded, "simulated", "passed", "");
        ck_assert_ptr_nonnull(strstr(graded.said, "1.00 of 1.00 points, and bonus 1.00 of 1.00"));
        ck_assert_double_eq_tol(json_number_value(json_object_get(graded.results, "score")), 2.0,
                                1e-9);
    }
    ck_assert_double_eq_tol(json_number_value(json_object_get(graded.results, "max_score")), 1.0,
                            1e-9);
    forget(&graded);
}
END_TEST

START_TEST(files_that_are_missing_have_stand_ins)
{
    make_two_checks();
    drop("train_step_naive.c");
    put("baseline.c", "int f( { return 1 }\n");
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "passed", "");
    if (simulator_is_there())
        expect(&graded, "simulated", "passed", "");
    forget(&graded);
    drop("train_step_afab.c");
    graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "failed", "this function is not there");
    if (simulator_is_there())
        expect(&graded, "simulated", "failed", "this function is not there");
    forget(&graded);
}
END_TEST

/* A build folder like the real one, made where SimGrid is not installed. */
static char *folder_without_simulator(void)
{
    char *path = in(folder, "build");
    ck_assert_int_eq(g_mkdir(path, 0755), 0);
    static const char *const names[] = {"libcommon.a", "assignments", "grade"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *from = g_canonicalize_filename(names[i], build_folder);
        g_autofree char *to = in(path, names[i]);
        ck_assert_int_eq(symlink(from, to), 0);
    }
    g_autofree char *flags = in(build_folder, "program.flags"), *own = in(path, "program.flags");
    g_autofree char *text = read_text(flags);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 4);
    g_autofree char *three = g_strdup_printf("%s\n%s\n%s\n", lines[0], lines[1], lines[2]);
    write_text(own, three);
    return path;
}

START_TEST(without_a_simulator_the_rest_is_judged)
{
    make_two_checks();
    char *with = build_folder;
    build_folder = folder_without_simulator();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "passed", "");
    expect(&graded, "simulated", NULL, "install libsimgrid-dev");
    ck_assert_ptr_nonnull(strstr(graded.said, "Nothing ran on the simulated cluster"));
    ck_assert_ptr_nonnull(strstr(graded.said, "bonus 0.00 of 0.00 judged, 1.00 not yet judged"));
    forget(&graded);
    g_free(build_folder);
    build_folder = with;
}
END_TEST

START_TEST(luck_is_a_remark)
{
    make_two_checks();
    write_step("", "static float x[8], y[8];\n"
                   "MPI_Send(x, 8, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm);\n"
                   "MPI_Recv(y, 8, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm, "
                   "MPI_STATUS_IGNORE);\n");
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "passed", "messages of 32 bytes or more");
    ck_assert_ptr_nonnull(strstr(graded.said, "real: a remark that costs no points"));
    g_autofree char *path = in(out, "report.md");
    g_autofree char *report = read_text(path);
    ck_assert_ptr_nonnull(strstr(report, "works only by luck"));
    forget(&graded);
}
END_TEST

/* Opening the data is right although the run hangs behind it; it would hang without luck, too. */
START_TEST(what_hangs_has_no_luck)
{
    GString *rubric = g_string_new(NULL);
    append_files(rubric);
    g_string_append(rubric, "tiers = ( { name = \"T\"; points = 1.0; checks = (\n");
    append_check(rubric, "real", 2, "");
    g_string_append(rubric, ") } );\n");
    g_string_replace(rubric, "\"order\"", "\"data\"", 1);
    make_kit(rubric->str);
    g_string_free(rubric, TRUE);
    write_step("", "float x;\n"
                   "MPI_Recv(&x, 1, MPI_FLOAT, 1 - pipeline->rank, 6, pipeline->comm, "
                   "MPI_STATUS_IGNORE);\n");
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "passed", "");
    ck_assert_ptr_null(strstr(graded.said, "remark"));
    forget(&graded);
}
END_TEST

START_TEST(what_needs_no_luck_has_no_remark)
{
    make_two_checks();
    struct graded graded = grade("--kit", kit, "--submission", submission, "--out", out, NULL);
    ck_assert_msg(graded.status == 0, "%s", graded.said);
    expect(&graded, "real", "passed", "");
    ck_assert_ptr_null(strstr(graded.said, "remark"));
    forget(&graded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("simulated");
    TCase *tests = tcase_create("simulated");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_end_gets_the_right_verdict);
    tcase_add_test(tests, lines_of_the_simulator);
    tcase_add_test(tests, a_bonus_makes_the_score_larger_than_the_total);
    tcase_add_test(tests, files_that_are_missing_have_stand_ins);
    tcase_add_test(tests, without_a_simulator_the_rest_is_judged);
    tcase_add_test(tests, luck_is_a_remark);
    tcase_add_test(tests, what_needs_no_luck_has_no_remark);
    tcase_add_test(tests, what_hangs_has_no_luck);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
