/*
 * The grader from end to end on the simulated cluster: many kinds of ends, the
 * simulator's own defects, and machines without a simulator.
 */
#include "grader/run/simulation.h"
#include "tests/support/cases.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define OTHER     "(1 - rank)"
#define SIMULATED "machine = \"simulated\";"

static const char before[] =
    "#include \"common/base/fatal.h\"\n#include \"common/base/machine.h\"\n";

/* Whether the simulator can do it depends on its version: the status is NULL. */
static const struct test_case endings[] = {
    {.name = "fine", .code = "", .status = "passed"},
    {.name = "deadlock",
     .code = "float x; MPI_Recv(&x, 1, MPI_FLOAT, " OTHER ", 77, comm, MPI_STATUS_IGNORE);",
     .status = "failed",
     .words = {"MPI_Recv"}},
    {.name = "deadlock_beside_the_end",
     .code = "if (rank == 0) { /* straight to MPI_Finalize */ MPI_Finalize(); exit(0); }\n"
             "float x; MPI_Recv(&x, 1, MPI_FLOAT, 0, 77, comm, MPI_STATUS_IGNORE);",
     .status = "failed",
     .words = {"MPI_Recv"}},
    {.name = "crash",
     .code = "if (rank == 1) raise(SIGSEGV);",
     .status = "failed",
     .words = {"rank 1 crashed (Segmentation fault) at average.c:"}},
    {.name = "own_message",
     .code = "if (rank == 1) fatal(\"no such luck\");",
     .status = "failed",
     .words = {"no such luck"}},
    {.name = "unfinished_work",
     .code = "if (rank == 1) fatal(\"averaging is not yet implemented\");",
     .status = "failed",
     .words = {"is not yet implemented"}},
    {.name = "abort",
     .code = "if (rank == 1) MPI_Abort(comm, 3);",
     .status = "failed",
     .words = {"rank 1"}},
    {.name = "exit_0", .code = "exit(0);", .status = "failed", .words = {"final record"}},
    {.name = "exit_of_one_rank",
     .code = "if (rank == 1) _exit(0);",
     .status = "failed",
     .words = {"rank 1 ended without its final record"}},
    {.name = "endless_loop",
     .code = "if (rank == 1) for (volatile int i = 0;; i++);",
     .seconds = 3,
     .status = "failed"},
    {.name = "polls_for_ever",
     .code = "MPI_Request r; int done = 0; static float x;\n"
             "MPI_Irecv(&x, 1, MPI_FLOAT, " OTHER ", 78, comm, &r);\n"
             "while (!done) MPI_Test(&r, &done, MPI_STATUS_IGNORE);",
     .seconds = 3,
     .status = "failed"},
    {.name = "truncation",
     .code = "static float x[8]; if (rank == 0) MPI_Send(x, 8, MPI_FLOAT, 1, 5, comm);\n"
             "else MPI_Recv(x, 2, MPI_FLOAT, 0, 5, comm, MPI_STATUS_IGNORE);",
     .status = "failed"},
    {.name = "both_send_buffered",
     .code = "static float x[8], y[8]; MPI_Send(x, 8, MPI_FLOAT, " OTHER ", 6, comm);\n"
             "MPI_Recv(y, 8, MPI_FLOAT, " OTHER ", 6, comm, MPI_STATUS_IGNORE);",
     .status = "passed"},
    {.name = "persistent_send",
     .code = "static float x[8]; MPI_Request r;\n"
             "if (rank == 0) { MPI_Send_init(x, 8, MPI_FLOAT, 1, 9, comm, &r);\n"
             "  for (int i = 0; i < 3; i++) { MPI_Start(&r); MPI_Wait(&r, MPI_STATUS_IGNORE); }\n"
             "  MPI_Request_free(&r); }\n"
             "else for (int i = 0; i < 3; i++)\n"
             "  MPI_Recv(x, 8, MPI_FLOAT, 0, 9, comm, MPI_STATUS_IGNORE);",
     .status = "passed"},
    {.name = "both_send_synchronous",
     .code = "static float x[8], y[8]; MPI_Send(x, 8, MPI_FLOAT, " OTHER ", 6, comm);\n"
             "MPI_Recv(y, 8, MPI_FLOAT, " OTHER ", 6, comm, MPI_STATUS_IGNORE);",
     .keys = "synchronous = true;",
     .status = "failed",
     .words = {"MPI_Send"}},
    /* ---- what is not the submission's fault */
    {.name = "freed_request",
     .code = "static float x[8]; MPI_Request r;\n"
             "if (rank == 0) {\n"
             "  MPI_Isend(x, 8, MPI_FLOAT, 1, 9, comm, &r); MPI_Request_free(&r); }\n"
             "MPI_Barrier(comm);\n"
             "if (rank == 1) MPI_Recv(x, 8, MPI_FLOAT, 0, 9, comm, MPI_STATUS_IGNORE);"},
    {.name = "large_freed_request",
     .code = "static float x[50000]; MPI_Request r;\n"
             "if (rank == 0) {\n"
             "  MPI_Isend(x, 50000, MPI_FLOAT, 1, 9, comm, &r); MPI_Request_free(&r); }\n"
             "MPI_Barrier(comm);\n"
             "if (rank == 1) MPI_Recv(x, 50000, MPI_FLOAT, 0, 9, comm, MPI_STATUS_IGNORE);"},
    {.name = "crash_of_the_simulator",
     .code = "if (strcmp(machine_name(), \"simulated\") == 0 && rank == 1) raise(SIGSEGV);",
     .status = "",
     .words = {"on the real machine"}},
    {.name = "call_that_it_lacks",
     .code = "MPI_Comm c; int behind[] = {1, 2}, to[] = {1, 0};\n"
             "MPI_Graph_create(comm, 2, behind, to, 0, &c);",
     .status = "",
     .words = {"the simulator can't do all"}},
};

static struct graded graded;

static void grade_all(void)
{
    struct test_case simulated[G_N_ELEMENTS(endings)];
    char *keys[G_N_ELEMENTS(endings)];
    grading_begin("example");
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        simulated[i] = endings[i];
        simulated[i].keys = keys[i] =
            g_strconcat(SIMULATED, endings[i].keys ? endings[i].keys : "", NULL);
    }
    graded = cases_run(simulated, G_N_ELEMENTS(endings), before);
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        g_free(keys[i]);
}

static void forget_all(void)
{
    graded_clear(&graded);
    grading_end();
}

START_TEST(each_end_gets_the_right_verdict)
{
    if (test_has_simulator())
        cases_check(&endings[_i], &graded);
    else
        graded_is_open(&graded, endings[_i].name, "install libsimgrid-dev");
}
END_TEST

START_TEST(a_run_can_be_repeated)
{
    if (!test_has_simulator())
        return;
    g_autofree char *path = g_build_filename(grading_out, "report.md", NULL);
    g_autofree char *report = grading_read(path);
    grading_assert_says(report, "make simulate ASSIGNMENT=example SUBMISSION=");
    grading_assert_says(report, " CHECK=deadlock SEED=");
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

/* Rank 0 sends with tag 5 and waits for rank 1, which receives with this tag; the simulator says that both
 * wait for ever. */
static char *defect_of_deadlock(int tag)
{
    struct script ranks[2];
    struct log_file logs[2];
    for (int rank = 0; rank < 2; rank++)
        script_init(&ranks[rank], rank, 2);
    script_call(&ranks[0], LOG_SEND, 1, 5, 100, true);
    script_call(&ranks[0], LOG_RECV, 1, 6, 100, false);
    script_call(&ranks[1], LOG_RECV, 0, tag, 100, false);
    for (int rank = 0; rank < 2; rank++)
        logs[rank] = ranks[rank].log;
    const struct outcome outcome = {
        .end = RUN_HUNG, .simulated = true, .ranks = 2, .log = logs, .output = (char *)""};
    char *defect = simulation_defect(&outcome);
    for (int rank = 0; rank < 2; rank++)
        log_destroy(&logs[rank]);
    return defect;
}

START_TEST(a_deadlock_is_believed_where_the_records_have_it)
{
    g_autofree char *none = defect_of_deadlock(5), *real = defect_of_deadlock(7);
    ck_assert_ptr_nonnull(none);
    ck_assert_ptr_nonnull(strstr(none, "a deadlock that is none"));
    ck_assert_ptr_null(real);
}
END_TEST

/* ---- one submission, a real and a simulated check ---------------------------------------------- */

static void setup(void)
{
    static const char check[] =
        "{ name = \"%s\"; title = \"t\"; points = 1.0; judge = \"average\"; runs = ( { ranks = 2; "
        "seconds = 3.0; arguments = \"--probe average\"; machine = \"%s\"; } ); }";
    grading_begin("example");
    g_autofree char *real = g_strdup_printf(check, "real", "real");
    g_autofree char *simulated = g_strdup_printf(check, "simulated", "simulated");
    g_autofree char *tiers =
        g_strdup_printf("( { name = \"T\"; points = 1.0; checks = ( %s ) },\n"
                        "  { name = \"B\"; points = 1.0; bonus = true; checks = ( %s ) } );\n",
                        real, simulated);
    grading_use_rubric(tiers);
}

START_TEST(a_bonus_makes_the_score_larger_than_the_total)
{
    struct graded both = grading_run(NULL);
    if (test_has_simulator()) {
        graded_passes(&both, "simulated", "");
        grading_assert_says(both.printed, "1.00 of 1.00 points, and bonus 1.00 of 1.00");
        ck_assert_double_eq_tol(json_number_value(json_object_get(both.results, "score")), 2.0,
                                1e-9);
    }
    ck_assert_double_eq_tol(
        json_number_value(json_object_get(json_object_get(both.results, "extra_data"), "points")),
        1.0, 1e-9);
    graded_clear(&both);
}
END_TEST

/* A build folder like the real one, made where SimGrid is not installed. */
static char *folder_without_simulator(void)
{
    static const char *const names[] = {"libcommon.a", "assignments", "grade"};
    char *path = g_build_filename(grading_folder, "build", NULL);
    ck_assert_int_eq(g_mkdir(path, 0755), 0);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *from = g_canonicalize_filename(names[i], grading_build);
        g_autofree char *to = g_build_filename(path, names[i], NULL);
        ck_assert_int_eq(symlink(from, to), 0);
    }
    g_autofree char *flags = g_build_filename(grading_build, "program.flags", NULL);
    g_autofree char *own = g_build_filename(path, "program.flags", NULL);
    g_autofree char *text = grading_read(flags);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 4);
    g_autofree char *three = g_strdup_printf("%s\n%s\n%s\n", lines[0], lines[1], lines[2]);
    ck_assert(g_file_set_contents(own, three, -1, NULL));
    return path;
}

START_TEST(without_a_simulator_the_rest_is_judged)
{
    char *without = folder_without_simulator();
    g_free(grading_build);
    grading_build = without;
    struct graded half = grading_run(NULL);
    graded_passes(&half, "real", "");
    graded_is_open(&half, "simulated", "install libsimgrid-dev");
    grading_assert_says(half.printed, "Nothing ran on the simulated cluster");
    grading_assert_says(half.printed, "bonus 0.00 of 0.00 judged, 1.00 not yet judged");
    graded_clear(&half);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("simulated");
    TCase *ends = tcase_create("ends"), *tests = tcase_create("whole submissions");
    tcase_add_unchecked_fixture(ends, grade_all, forget_all);
    tcase_add_loop_test(ends, each_end_gets_the_right_verdict, 0, G_N_ELEMENTS(endings));
    tcase_add_test(ends, a_run_can_be_repeated);
    suite_add_tcase(suite, ends);
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_add_test(tests, lines_of_the_simulator);
    tcase_add_test(tests, a_deadlock_is_believed_where_the_records_have_it);
    tcase_add_test(tests, a_bonus_makes_the_score_larger_than_the_total);
    tcase_add_test(tests, without_a_simulator_the_rest_is_judged);
    suite_add_tcase(suite, tests);
    return suite;
}
