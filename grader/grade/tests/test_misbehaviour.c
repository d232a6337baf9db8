/*
 * The grader against programs that misbehave: each must get the right verdict,
 * with the line to look at where there is one, and leave nothing behind.
 */
#include "grader/sandbox/sandbox.h"
#include "tests/support/cases.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true /* AddressSanitizer ends such programs itself, and says why at length */
#else
#define SANITIZED false
#endif

/* What is left of the path of the mark that nothing_is_written_outside() leaves. */
#define MARK "hostile-mark"

static const char before[] =
    "#include \"common/base/tensor.h\"\n"
    "__attribute__((noinline)) static void fill_the_stack(void)\n{\n"
    "    volatile char large[1ul << 30];\n"
    "    for (size_t i = 0; i < sizeof large; i += 4096)\n        large[i] = 1;\n}\n"
    "__attribute__((noinline)) static void nap(unsigned seconds)\n{\n"
    "    while (seconds > 0)\n        seconds = sleep(seconds);\n}\n"
    "static void write_everywhere(void)\n{\n"
    "    static const char *const folder[] = {\"/\", \"/etc\", \"/usr\", \"/usr/lib\", \"/kit\", "
    "\"/kit/lib\", \"/program\", \"..\", \"../..\", \".\", KIT, SUBMISSION, \"/var\", "
    "\"/var/tmp\", "
    "\"/tmp/..\", \"/sys\"};\n"
    "    for (int i = 0; i < (int)(sizeof folder / sizeof folder[0]); i++) {\n"
    "        char path[4096];\n"
    "        snprintf(path, sizeof path, \"%s/" MARK "\", folder[i]);\n"
    "        FILE *file = fopen(path, \"w\");\n        if (file)\n            fclose(file);\n"
    "        rename(\"/program/program\", path);\n        unlink(\"/program/program\");\n    "
    "}\n}\n";

static const struct test_case cases[] = {
    /* ---- too much */
    {.name = "endless_loop",
     .code = "for (volatile unsigned i = 0;; i = i + 1) continue;",
     .ranks = 1,
     .seconds = 1.5,
     .status = "failed",
     .words = {"took too long", "it has been in average() at average.c:"}},
    /* it is not woken to go on */
    {.name = "endless_sleep",
     .code = "if (rank == 1) nap(1000);\n MPI_Barrier(comm);",
     .status = "failed",
     .words = {"rank 1 does not come back from its own code: it has been in nap() at average.c:",
               ", called by average() at :"}},
    {.name = "endless_sleep_that_answers_nothing",
     .code = "sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL);\n"
             "if (rank == 1) nap(1000);\n MPI_Barrier(comm);",
     .status = "failed",
     .words =
         {"rank 1 does not come back from its own code, before any computation; rank 0 waits"}},
    {.name = "endless_sleep_that_answers_by_itself",
     .code = "signal(SIGRTMIN + 1, SIG_IGN);\nif (rank == 1) nap(1000);\n MPI_Barrier(comm);",
     .status = "failed",
     .words =
         {"rank 1 does not come back from its own code, before any computation; rank 0 waits"}},
    {.name = "endless_output",
     .code = "for (;;) puts(\"score: 5 of 5\");",
     .status = "failed",
     .words = {"wrote too much", "1024 KiB"}},
    {.name = "fork_bomb", .code = "for (;;) fork();", .status = "failed", .words = {"processes"}},
    {.name = "patient_fork_bomb",
     .code = "for (;;) if (fork() < 0) usleep(1000);",
     .ranks = 1,
     .status = "failed",
     .words = {"processes"}},
    {.name = "endless_allocation",
     .code = "for (;;) { void *more = malloc(1 << 24); if (more) memset(more, 1, 1 << 24); }",
     .status = "failed",
     .words = {"too much memory"}},
    {.name = "large_file",
     .code = "FILE *f = fopen(\"/evidence/big\", \"w\"); for (;;) fputs(\"0123456789abcdef\", f);",
     .status = "failed",
     .words = {"wrote"}},
    {.name = "what_goes_into_the_background",
     .code = "if (fork() == 0) { setsid(); for (int i = 0; i < 200; i++) close(i); sleep(1000); "
             "_exit(0); }",
     .status = "passed"},
    /* in a session of its own, its parent gone, deaf to polite signals */
    {.name = "what_hides_in_the_background",
     .code = "if (fork() == 0) { setsid(); signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN);\n"
             "for (int i = 0; i < 64; i++) close(i);\n"
             "if (fork() == 0) for (;;) pause();\n_exit(0); }",
     .ranks = 1,
     .status = "passed"},
    {.name = "many_ranks", .code = "", .ranks = 16, .status = "passed"},
    {.name = "deadlock",
     .code = "float x; MPI_Recv(&x, 1, MPI_FLOAT, 1 - rank, 77, comm, MPI_STATUS_IGNORE);",
     .status = "failed",
     .words = {"MPI_Recv"}},
    {.name = "more_calls_than_a_log_has_room_for",
     .code = "for (int i = 0; i < 1000000; i++) MPI_Send(&i, 0, MPI_INT, MPI_PROC_NULL, 0, comm);",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0 called MPI_Send ", "no step has ended; is that loop endless?"}},
    /* ---- ends before the end */
    {.name = "signal_on_one_rank",
     .code = "if (rank == 1) raise(SIGSEGV);",
     .status = "failed",
     .words = {"rank 1"}},
    {.name = "abort_on_one_rank",
     .code = "if (rank == 1) abort();",
     .status = "failed",
     .words = {"rank 1 crashed (Aborted)"}},
    {.name = "crash",
     .code = "*(volatile int *)8 = rank;",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0 crashed (Segmentation fault)", ", at average.c:"}},
    {.name = "full_stack",
     .code = "fill_the_stack();",
     .ranks = 1,
     .status = "failed",
     .words = {"its stack is full"}},
    {.name = "freeing_twice",
     .code =
         "struct tensor *x = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(4));\n"
         "tensor_free(x);\ntensor_free(x);",
     .status = "failed",
     .words = {"tensor_free: this tensor was freed already", "(called at average.c:"}},
    {.name = "exit_0", .code = "exit(0);", .status = "failed", .words = {"final record"}},
    {.name = "exit_of_the_only_rank",
     .code = "exit(0);",
     .ranks = 1,
     .status = "failed",
     .words = {"rank 0", "exit"}},
    {.name = "exit_of_rank_0",
     .code = "if (rank == 0) _exit(0);",
     .status = "failed",
     .words = {"rank 0"}},
    {.name = "exit_of_rank_1",
     .code = "if (rank == 1) _exit(0);",
     .status = "failed",
     .words = {"rank 1"}},
    {.name = "exit_before_main",
     .at_start = "_Exit(0);",
     .ranks = 1,
     .status = "failed",
     .words = {"came to its end"}},
    {.name = "exit_before_the_begin_is_no_refusal",
     .at_start = "_exit(2);",
     .ranks = 1,
     .status = "failed",
     .words = {"ended with exit status 2 and said nothing"}},
    {.name = "failing_call_on_any_communicator",
     .code = "mpi_check(MPI_Send(&(int){1}, 1, MPI_INT, 3, 0, MPI_COMM_SELF));",
     .ranks = 1,
     .status = "failed",
     .words = {"MPI_ERR_RANK"}},
    /* ---- lies */
    {.name = "fake_score",
     .code = "puts(\"{\\\"verdict\\\": {\\\"kind\\\": 0, \\\"headline\\\": \\\"passed\\\"}}\"); "
             "exit(0);",
     .status = "failed",
     .words = {"final record"}},
    {.name = "printed_score",
     .code = "FILE *file = fopen(\"/evidence/results.json\", \"w\");\n"
             "const char *text = \"{\\\"score\\\": 100, \\\"verdict\\\": {\\\"kind\\\": 0}}\\n\";\n"
             "printf(\"%sPASS 1.00 of 1.00 average\\nscore: 100%%\\n\", text);\n"
             "if (file) { fputs(text, file); fclose(file); }\nreturn 0;",
     .status = "failed",
     .words = {"rank 0 got 0 in round 0"}},
    {.name = "not_a_number",
     .code = "return 0.0 / 0.0;",
     .status = "failed",
     .words = {"nan in round 0"}},
    /* ---- reaching out */
    {.name = "writes_outside", .code = "write_everywhere();", .status = "passed"},
    {.name = "reads_solutions",
     .code = "if (access(KIT \"/solutions\", F_OK) == 0 || access(\"../solutions\", F_OK) == 0 ||\n"
             "access(KIT \"/grader\", F_OK) == 0 || access(SUBMISSION, F_OK) == 0) abort();",
     .status = "passed"},
    /* any MPI call is fine if the result is right: one-sided ones, too */
    {.name = "windows",
     .code =
         "float room[4] = {0}, one = 1; MPI_Win window;\n"
         "mpi_check(MPI_Win_create(room, sizeof room, sizeof *room, MPI_INFO_NULL, comm, "
         "&window));\nmpi_check(MPI_Win_fence(0, window));\n"
         "mpi_check(MPI_Put(&one, 1, MPI_FLOAT, (rank + 1) % ranks, 2, 1, MPI_FLOAT, window));\n"
         "mpi_check(MPI_Win_fence(0, window));\nmpi_check(MPI_Win_free(&window));\n"
         "if (room[2] != 1) todo(\"no window\", comm);",
     .status = "passed"},
    {.name = "a_name_space_of_its_own",
     .code = "extern int unshare(int); if (unshare(0x10000000) == 0) abort();",
     .status = "passed"},
    /* ---- damaged evidence */
    {.name = "many_folders_in_the_evidence",
     .code = "char path[64];\nfor (int i = 0; i < 11000; i++) {\n"
             "snprintf(path, sizeof path, \"/evidence/%d\", i); mkdir(path, 0); }\nnap(1000);",
     .ranks = 1,
     .status = "failed",
     .words = {"wrote too much", "made more than 10000 files and folders"}},
    {.name = "locked_folders_in_the_evidence",
     .code = "mkdir(\"/evidence/a\", 0700); mkdir(\"/evidence/a/b\", 0700);\n"
             "close(open(\"/evidence/a/b/file\", O_CREAT | O_WRONLY, 0));\n"
             "chmod(\"/evidence/a/b\", 0); chmod(\"/evidence/a\", 0);",
     .status = "passed"},
    {.name = "crash_on_one_machine_only",
     .code = "if ((size_t)&mine < 0x7ff000000000) *(volatile int *)(size_t)(8 + rank) = 1;",
     .keys = "machine = \"simulated\";",
     .status = "",
     .words = {"crashed at average.c:", "does anything there depend on an address"}},
    {.name = "finalized",
     .code = "MPI_Finalize();",
     .status = "failed",
     .words = {"called MPI_Finalize at average.c:", "MPI is needed until the program's end"}},
    {.name = "log_cut_and_killed",
     .code = "if (rank == 0 && (truncate(\"/evidence/rank-0.log\", 150) || 1)) raise(SIGKILL);",
     .status = "failed"},
    {.name = "log_overwritten_in_the_run",
     .code = "MPI_Barrier(comm);\n"
             "if (rank == 0) { int f = open(\"/evidence/rank-0.log\", O_WRONLY);\n"
             "if (pwrite(f, \"garbage garbage garbage\", 23, 110) < 0) exit(1); }",
     .status = "failed",
     .words = {"rank 0"}},
    {.name = "log_deleted_in_the_run",
     .code = "if (rank == 0) unlink(\"/evidence/rank-0.log\");",
     .status = "failed",
     .words = {"rank 0"}},
    {.name = "log_becomes_a_pipe",
     .code = "if (rank == 1) { unlink(\"/evidence/rank-1.log\");\n"
             "if (mkfifo(\"/evidence/rank-1.log\", 0666) != 0) exit(1); }",
     .status = "failed",
     .words = {"rank 1"}},
    {.name = "log_becomes_a_link",
     .code = "if (rank == 1) { unlink(\"/evidence/rank-1.log\");\n"
             "if (symlink(\"/etc/shadow\", \"/evidence/rank-1.log\") != 0) exit(1); }",
     .status = "failed",
     .words = {"rank 1"}},
#define AT_EXIT(title, what, words_)                                                               \
    {                                                                                              \
        .name = title, .at_exit = what, .ranks = 1, .status = "failed", .words = { words_ }        \
    }
    AT_EXIT("log_missing", "unlink(path);", "rank 0"),
    AT_EXIT("log_cut_in_half", "truncate(path, size / 2);", "not every rank came to its end"),
    AT_EXIT("log_cut_to_one_byte", "truncate(path, 1);", "rank 0"),
    AT_EXIT("log_empty", "truncate(path, 0);", "rank 0"),
    AT_EXIT("log_overwritten",
            "int f = open(path, O_WRONLY); lseek(f, size / 2, SEEK_SET);\n"
            "for (int i = 0; i < 400; i++) if (write(f, \"garbage\", 7) != 7) break; close(f);",
            "not every rank came to its end"),
    AT_EXIT("log_of_another_run",
            "int f = open(path, O_WRONLY); lseek(f, 8, SEEK_SET);\n"
            "if (write(f, \"12345678901234567890123456789012\", 32) != 32) abort();",
            "rank 0"),
    AT_EXIT("log_is_a_link_to_a_device", "unlink(path); if (symlink(\"/dev/zero\", path)) abort();",
            "rank 0"),
    AT_EXIT("log_is_a_pipe", "unlink(path); if (mkfifo(path, 0644)) abort();", "rank 0"),
    AT_EXIT("log_is_a_folder", "unlink(path); if (mkdir(path, 0755)) abort();", "rank 0"),
    /* it is the grader's now */
    {.name = "log_can_not_be_read", .at_exit = "chmod(path, 0);", .ranks = 1, .status = "passed"},
};

static struct graded graded;

/* What can be reached is a matter of name spaces: where they are refused, limits are all there is,
 * and the report says so. */
static bool is_sure(const struct test_case *one)
{
    static const char *const isolated[] = {"writes_outside", "reads_solutions"};
    static const char *const other_words[] = {"crash", "full_stack", "freeing_twice"};
    for (size_t i = 0; i < G_N_ELEMENTS(isolated); i++)
        if (strcmp(one->name, isolated[i]) == 0)
            return sandbox_isolates(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(other_words); i++)
        if (strcmp(one->name, other_words[i]) == 0)
            return !SANITIZED;
    /* without name spaces the evidence lies elsewhere, and the program misses it */
    return !one->code || !strstr(one->code, "/evidence/") || sandbox_isolates(NULL);
}

static void grade_all(void)
{
    grading_begin("example");
    g_autofree char *top = g_get_current_dir();
    g_autofree char *all = g_strdup_printf("#define KIT \"%s\"\n#define SUBMISSION \"%s\"\n%s", top,
                                           grading_submission, before);
    graded = cases_run(cases, G_N_ELEMENTS(cases), all);
}

static void forget_all(void)
{
    graded_clear(&graded);
    grading_end();
}

START_TEST(it_gets_the_right_verdict)
{
    if (is_sure(&cases[_i]))
        cases_check(&cases[_i], &graded);
}
END_TEST

START_TEST(nothing_is_written_outside_of_the_evidence)
{
    if (!sandbox_isolates(NULL))
        return;
    g_autofree char *top = g_get_current_dir();
    const char *const places[] = {"/",    "/etc",     "/usr", "/usr/lib",
                                  "/tmp", "/var/tmp", top,    grading_submission};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(places[i], MARK, NULL);
        ck_assert_msg(!g_file_test(path, G_FILE_TEST_EXISTS), "%s was written", path);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("misbehaviour");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, grade_all, forget_all);
    tcase_add_loop_test(tests, it_gets_the_right_verdict, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, nothing_is_written_outside_of_the_evidence);
    suite_add_tcase(suite, tests);
    return suite;
}
