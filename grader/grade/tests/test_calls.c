/*
 * What a submission's files call and may not, whichever way they write it, is refused with its line
 * and costs only the checks that need the file; what is usual passes without a word.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static void setup(void)
{
    grading_begin("example");
}

/* average.c: `top` before its function, `code` as its first statement, in line `line_of_code` if top is
 * one line. */
static void write_average(const char *top, const char *code)
{
    static const char include[] = "#include \"assignments/example/example.h\"\n";
    static const char begin[] = "    /* BEGIN SOLUTION */\n";
    g_autofree char *before = g_strconcat(include, top, "\n", NULL);
    g_autofree char *first = g_strconcat(begin, "    ", code, "\n", NULL);
    grading_change("average.c", include, before);
    grading_change("average.c", begin, first);
}
#define LINE_OF_CODE "average.c:10 "

/* ---- what is refused ------------------------------------------------------------------------------ */

#define OWN_DECLARATION(name, label)                                                               \
    "extern int " name "(const void *, void *, int, MPI_Datatype, MPI_Op, MPI_Comm)" label ";"
#define CALL(function) function "(&mine, &(double){0}, 1, MPI_DOUBLE, MPI_SUM, comm);"
#define REFUSED        "calls PMPI_Allreduce, which no log sees: call MPI_Allreduce"

static const struct {
    const char *top, *code, *words;
} refused[] = {
    /* one function, called in many ways */
    {"", CALL("PMPI_Allreduce"), LINE_OF_CODE REFUSED},
    {"#define SUM_UP PMPI_Allreduce", CALL("SUM_UP"), LINE_OF_CODE REFUSED},
    {"#define SUM_UP(x) P##x##_Allreduce", CALL("SUM_UP(MPI)"), LINE_OF_CODE REFUSED},
    {OWN_DECLARATION("PMPI_Allreduce", ""), CALL("PMPI_Allreduce"), LINE_OF_CODE REFUSED},
    {OWN_DECLARATION("sum_up", " asm(\"PMPI_Allreduce\")"), CALL("sum_up"), LINE_OF_CODE REFUSED},
    {"#pragma weak PMPI_Allreduce", "if (PMPI_Allreduce) " CALL("PMPI_Allreduce"),
     LINE_OF_CODE REFUSED},
    {"int (*sum_up[])(const void *, void *, int, MPI_Datatype, MPI_Op, MPI_Comm) = { "
     "PMPI_Allreduce };",
     CALL("sum_up[0]"), "average.c:5 " REFUSED},
    /* a line that is not the file's own is none */
    {"", "\n#line 7 \"another.c\"\n" CALL("PMPI_Allreduce"), "average.c " REFUSED},
    /* the log, and what the kit counts with */
    {"#include \"common/log/log.h\"", "log_compute(LOG_FORWARD, LOG_BEGIN, 0, 0);",
     LINE_OF_CODE "calls log_compute, but the log is evidence: only the kit writes it"},
    {"void flops_charge(double);", "flops_charge(-1e9);",
     LINE_OF_CODE "calls flops_charge, which the kit counts with: only the kit may call it"},
    /* processes, signals, files, memory, functions by name */
    {"#include <unistd.h>", "if (fork() == 0) _exit(0);",
     LINE_OF_CODE "calls fork, but the processes are those that the program was started with"},
    {"#include <stdlib.h>", "if (system(\"true\")) return 1;", LINE_OF_CODE "calls system, but"},
    {"#include <signal.h>", "signal(SIGSEGV, SIG_IGN);", LINE_OF_CODE "calls signal, but signals"},
    {"#include <stdio.h>", "if (!fopen(\"x\", \"w\")) mine += 0;",
     LINE_OF_CODE "calls fopen, but no assignment needs a file: to show something, print it"},
    {"#include <sys/mman.h>", "mine += mmap(0, 1, 0, MAP_SHARED, -1, 0) == 0;",
     LINE_OF_CODE "calls mmap, but processes share nothing here: send a message"},
    {"#include <dlfcn.h>", "mine += dlsym(RTLD_NEXT, \"MPI_Send\") == 0;",
     LINE_OF_CODE "calls dlsym, which finds functions behind the log's back"},
    {"#include <unistd.h>", "mine += syscall(39) == 0;",
     LINE_OF_CODE "calls syscall, which asks the system directly"},
#ifdef __x86_64__
    {"", "__asm__ volatile(\"syscall\" : : \"a\"(39) : \"rcx\", \"r11\", \"memory\");",
     LINE_OF_CODE "holds the instruction syscall, which asks the system directly"},
#endif
    /* what takes the place of another function, for the kit as well */
    {"int PMPI_Allreduce(const void *a, void *b, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c) { "
     "return "
     "!a + !b + n + !t + !o + !c; }",
     "",
     "average.c:5 defines PMPI_Allreduce, which the kit calls: give it another name, or make it "
     "static"},
    {"#include <time.h>\nint clock_gettime(clockid_t c, struct timespec *t) { t->tv_sec = c; "
     "return "
     "0; }",
     "", "average.c defines clock_gettime, which the kit calls"},
};

START_TEST(whatever_goes_around_the_log_is_refused)
{
    write_average(refused[_i].top, refused[_i].code);
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average", refused[_i].words);
    graded_clear(&graded);
}
END_TEST

START_TEST(all_of_it_is_listed)
{
    write_average("#include <stdio.h>", CALL("PMPI_Allreduce") "\n    rename(\"a\", \"b\");");
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average", LINE_OF_CODE REFUSED);
    graded_fails(&graded, "average",
                 "Left out of the program, because `average.c` may not do this");
    graded_fails(&graded, "average", "average.c:11 calls rename, but no assignment needs a file");
    graded_clear(&graded);
}
END_TEST

/* So many names that what is said of them is cut off. */
START_TEST(a_crowd_hides_nobody)
{
    g_autoptr(GString) crowd = g_string_new(NULL);
    /* of which less is kept of a run's output, and more than what is looked through */
    for (int i = 0; i < (_i == 0 ? 1500 : 9000); i++)
        g_string_append_printf(crowd, "int one_of_a_crowd_%d; ", i);
    write_average(crowd->str, CALL("PMPI_Allreduce"));
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average",
                 _i == 0 ? REFUSED : "average.c has too many functions to look through");
    graded_clear(&graded);
}
END_TEST

static const char tiers[] =
    "( { name = \"T\"; points = 2.0; checks = (\n"
    "{ name = \"real\"; title = \"r\"; points = 1.0; judge = \"average\"; files = ( \"average.c\" "
    ");\n"
    "  runs = ( { ranks = 2; arguments = \"--probe average\"; seconds = 5.0; } ); },\n"
    "{ name = \"simulated\"; title = \"s\"; points = 1.0; judge = \"average\";\n"
    "  files = ( \"average.c\" ); runs = ( { ranks = 2; arguments = \"--probe average\";\n"
    "  seconds = 5.0; machine = \"simulated\"; } ); } ) } );\n";

/* A file that knows which machine it is compiled for. */
START_TEST(what_is_done_on_the_simulated_cluster_alone_is_refused_there)
{
    if (!test_has_simulator())
        return;
    grading_use_rubric(tiers);
    write_average("", "\n#ifdef SMPI_H\n    smpi_execute_flops(-1e9);\n#endif");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "real", "");
    graded_fails(&graded, "simulated",
                 "average.c:12 calls smpi_execute_flops, which changes the simulated "
                 "cluster: the program must not know where it runs");
    graded_clear(&graded);
}
END_TEST

static const struct {
    const char *top, *words;
} on_one_machine[] = {
    {"#ifdef SMPI_H\n#error not here\n#endif",
     "average.c compiles on this computer only, by what it says itself: the program must not know"},
    {"#ifdef SMPI_H\nstatic volatile char big[1ul << 45];\n__attribute__((constructor)) static "
     "void "
     "use(void)\n{\n    big[5] = 1;\n}\n#endif",
     "average.c can be linked on this computer only"},
    {"#ifdef SMPI_H\nvoid nowhere(void);\n__attribute__((constructor)) static void use(void)\n{\n  "
     "  "
     "nowhere();\n}\n#endif",
     "average.c has nowhere on one of the two machines only"},
    {"#ifdef SMPI_H\n#define average mean\n#endif", "average.c has average on one of the two"},
};

START_TEST(what_is_built_on_one_machine_only_is_refused_on_the_other)
{
    if (!test_has_simulator())
        return;
    grading_use_rubric(tiers);
    write_average(on_one_machine[_i].top, "");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "real", "");
    graded_fails(&graded, "simulated", on_one_machine[_i].words);
    graded_clear(&graded);
}
END_TEST

/* There they are calls of the simulator. */
START_TEST(the_communicator_of_one_process_may_be_used)
{
    if (!test_has_simulator())
        return;
    grading_use_rubric(tiers);
    write_average("", "\n    int alone;\n    MPI_Comm_size(MPI_COMM_SELF, &alone);");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "real", "");
    graded_passes(&graded, "simulated", "");
    graded_clear(&graded);
}
END_TEST

/* ---- what is not ------------------------------------------------------------------------------------ */

static const char usual[] =
    "#include <assert.h>\n#include <ctype.h>\n#include <errno.h>\n#include <math.h>\n#include "
    "<stdio.h>\n"
    "#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n#include <unistd.h>\n"
    "int helper_that_is_not_static(int x) { return x * 3 / 3; }\n"
    "void send_all(double *x, MPI_Comm comm) { MPI_Bcast(x, 0, MPI_DOUBLE, 0, comm); }\n"
    "void log_line(const char *line) { fprintf(stderr, \"%s\\n\", line); }\n"
    "__attribute__((unused)) static void use_much(MPI_Comm comm)\n{\n"
    "    struct timespec now;\n    char text[64], name[64];\n    double x[4] = {0}, *y = "
    "malloc(sizeof x);\n"
    "    MPI_Request request[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};\n"
    "    int flag, rank, size;\n    MPI_Comm mine;\n    MPI_Datatype row;\n    MPI_Status status = "
    "{0};\n"
    "    assert(y);\n    clock_gettime(CLOCK_MONOTONIC, &now);\n    usleep(1);\n    srand(1);\n"
    "    memcpy(y, x, sizeof x);\n    memset(x, rand() & 1, sizeof x);\n"
    "    snprintf(text, sizeof text, \"%g %s\", sqrt(fabs(y[0])) + pow(y[1], 3) + log(2 + y[2]), "
    "strerror(errno));\n"
    "    printf(\"%d %ld\\n\", atoi(text) + toupper(text[0]), strtol(text, NULL, 10));\n"
    "    fflush(stdout);\n    gethostname(name, sizeof name);\n    if (getpid() == 0) abort();\n"
    "    MPI_Comm_rank(comm, &rank);\n    MPI_Comm_size(comm, &size);\n"
    "    MPI_Comm_split(comm, rank % 2, rank, &mine);\n    MPI_Comm_free(&mine);\n"
    "    MPI_Type_vector(2, 1, 2, MPI_DOUBLE, &row);\n    MPI_Type_commit(&row);\n"
    "    MPI_Type_free(&row);\n    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, &status);\n"
    "    MPI_Get_count(&status, MPI_DOUBLE, &size);\n    MPI_Barrier(comm);\n"
    "    MPI_Testall(2, request, &flag, MPI_STATUSES_IGNORE);\n"
    "    printf(\"%g\\n\", MPI_Wtime() - MPI_Wtick());\n    free(y);\n    if (size < 0) "
    "exit(1);\n}\n";

START_TEST(what_is_usual_passes_without_a_word)
{
    write_average(usual, "log_line(\"hello\"); send_all(&mine, comm); use_much(comm);\n"
                         "    if (helper_that_is_not_static(3) != 3) return 0;");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    ck_assert_msg(!strstr(graded.printed, "For a person to look at"), TEST_LONG, graded.printed);
    graded_clear(&graded);
}
END_TEST

/* What the tools print about it must not be taken for more than a name. */
START_TEST(any_name_may_be_used)
{
    write_average("int instruction = 1; double syscall_time, U, looked; void at(void) {}",
                  "at(); if (instruction != 1) return syscall_time + U + looked;");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    graded_clear(&graded);
}
END_TEST

START_TEST(what_is_unusual_is_told_and_costs_nothing)
{
    write_average("#include <stdlib.h>",
                  "if (getenv(\"HOME\") == (char *)1) return 0;\n"
                  "    if (0 < mine - mine) MPI_Win_shared_query(MPI_WIN_NULL, 0, NULL, NULL, "
                  "NULL);");
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    const char *said = json_string_value(json_object_get(graded.results, "output"));
    grading_assert_says(said, "For a person to look at; it costs no points: `average.c:10` calls "
                              "`getenv`, in line 11 `MPI_Win_shared_query` (gives memory of other "
                              "ranks, and what is read or written there the log does not show)");
    graded_clear(&graded);
}
END_TEST

/* An assignment that needs files says so in its own rules. */
START_TEST(an_assignment_may_allow_more)
{
    write_average("#include <stdio.h>", "if (!fopen(\"/dev/null\", \"r\")) return 0;");
    grading_allow_all_calls();
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("calls");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, whatever_goes_around_the_log_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tests, all_of_it_is_listed);
    tcase_add_loop_test(tests, a_crowd_hides_nobody, 0, 2);
    tcase_add_test(tests, what_is_done_on_the_simulated_cluster_alone_is_refused_there);
    tcase_add_loop_test(tests, what_is_built_on_one_machine_only_is_refused_on_the_other, 0,
                        G_N_ELEMENTS(on_one_machine));
    tcase_add_test(tests, the_communicator_of_one_process_may_be_used);
    tcase_add_test(tests, what_is_usual_passes_without_a_word);
    tcase_add_test(tests, any_name_may_be_used);
    tcase_add_test(tests, what_is_unusual_is_told_and_costs_nothing);
    tcase_add_test(tests, an_assignment_may_allow_more);
    suite_add_tcase(suite, tests);
    return suite;
}
