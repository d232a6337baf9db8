/*
 * A right submission on a machine that breaks: no point is lost, the sentence names what to change, and
 * the exit status tells whoever grades many. And a wrong submission on one that works loses them, also
 * where it fails as machines do.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder below /usr, which is seen in the sandbox, that a test may put something in. */
#define PLACE "/usr/src"

static char *room; /* TMPDIR of a test */

static void setup(void)
{
    grading_begin("example");
    room = g_build_filename(grading_folder, "room", NULL);
    ck_assert_int_eq(g_mkdir(room, 0755), 0);
    ck_assert_int_eq(chmod(grading_folder, 0755), 0);
}

static void teardown(void)
{
    umount2(room, MNT_DETACH);
    g_free(room);
    grading_end();
}

/* A mount name space of this process's and its children's own. False if it may not. */
static bool can_mount(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void passes(void)
{
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    graded_clear(&graded);
}

static void is_open(int status, const char *words, const char *more)
{
    struct graded graded = grading_try(NULL);
    ck_assert_msg(graded.status == status, "status %d: " TEST_LONG, graded.status, graded.printed);
    graded_is_open(&graded, "average", words);
    graded_is_open(&graded, "average", more);
    graded_clear(&graded);
}

/* ---- what the grader sets itself, falls back from, or refuses ------------------------------------------ */

START_TEST(umask_of_the_user_does_not_matter)
{
    umask(077);
    passes();
}
END_TEST

START_TEST(signals_and_streams_of_the_parent_do_not_matter)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    close(STDIN_FILENO);
    passes();
}
END_TEST

START_TEST(folder_that_only_its_owner_may_pass)
{
    ck_assert_int_eq(chmod(room, 0700), 0);
    g_setenv("TMPDIR", room, TRUE);
    struct graded graded = grading_run(NULL);
    graded_passes(&graded, "average", "");
    if (geteuid() == 0)
        grading_assert_says(graded.printed, "because the sandbox's user can't pass to");
    graded_clear(&graded);
}
END_TEST

START_TEST(low_limit_is_refused_before_the_first_file)
{
    static const struct {
        int which;
        rlim_t value;
    } limits[] = {{RLIMIT_FSIZE, 1 << 16},
                  {RLIMIT_CPU, 5},
                  {RLIMIT_AS, (rlim_t)500 << 20},
                  {RLIMIT_DATA, (rlim_t)100 << 20}};
    const struct rlimit limit = {limits[_i].value, limits[_i].value};
    ck_assert_int_eq(setrlimit(limits[_i].which, &limit), 0);
    struct graded graded = grading_try(NULL);
    if (graded.status == 1) {
        grading_assert_says(graded.printed, "grading needs");
        grading_assert_says(graded.printed, "in a new shell where no `ulimit");
    } else { /* who may do so lifts it */
        graded_passes(&graded, "average", "");
    }
    graded_clear(&graded);
}
END_TEST

/* ---- a disk that fills ------------------------------------------------------------------------------------ */

/* In a process of its own: waits for what the pattern names, then fills the room up. */
static pid_t fill_when(const char *pattern)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    glob_t found;
    g_autofree char *all = g_build_filename(room, pattern, NULL);
    g_autofree char *filler = g_build_filename(room, "filler", NULL);
    for (int tries = 0; tries < 60000 && glob(all, 0, NULL, &found) != 0; tries++)
        g_usleep(1000);
    const int file = open(filler, O_WRONLY | O_CREAT, 0600);
    off_t size = 0;
    for (off_t step = 16 << 20; step >= 4096; step /= 2)
        while (fallocate(file, 0, size, step) == 0)
            size += step;
    _exit(0);
}

START_TEST(disk_fills)
{
    static const char *const patterns[] = {"grade-*/objects", "grade-*/evidence/average-1"};
    if (!can_mount() || mount("tmpfs", room, "tmpfs", 0, "size=270m") != 0)
        return;
    g_setenv("TMPDIR", room, TRUE);
    const pid_t filler = fill_when(patterns[_i]);
    struct graded graded = grading_try(NULL);
    ck_assert_int_eq(kill(filler, 0), -1); /* it has filled the room up */
    if (graded.results == NULL) {          /* it was full before the build had begun */
        ck_assert_int_eq(graded.status, 1);
        grading_assert_says(graded.printed, "No space left on device");
    } else if (strcmp(graded_status(&graded, "average"), "passed") != 0) {
        ck_assert_int_eq(graded.status, 1);
        graded_is_open(&graded, "average", "make room there, or name another folder");
    }
    graded_clear(&graded);
}
END_TEST

/* ---- tools that break ------------------------------------------------------------------------------------- */

/* From now on a tool of this computer does this first (bash). False if that can't be. */
static bool fake(const char *tool, const char *body)
{
    g_autofree char *path = NULL, *real = g_strdup_printf(PLACE "/%d-real", (int)getpid());
    g_autofree char *script = g_strdup_printf(PLACE "/%d-fake", (int)getpid());
    char *ask[] = {"gcc", (char *)tool, NULL};
    if (!can_mount() || mount("tmpfs", PLACE, "tmpfs", 0, "size=100m") != 0)
        return false;
    if (tool[0] == '-') /* -print-prog-name=… */
        ck_assert(g_spawn_sync(NULL, ask, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &path, NULL, NULL,
                               NULL));
    else
        path = g_find_program_in_path(tool);
    ck_assert_ptr_nonnull(path);
    g_strstrip(path);
    char *copy[] = {"cp", "-L", path, real, NULL};
    g_autofree char *text = g_strdup_printf("#!/bin/bash\n%s\nexec %s \"$@\"\n", body, real);
    ck_assert(
        g_spawn_sync(NULL, copy, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    ck_assert(g_file_set_contents(script, text, -1, NULL));
    ck_assert_int_eq(chmod(script, 0755), 0);
    ck_assert_int_eq(mount(script, path, NULL, MS_BIND, NULL), 0);
    return true;
}

#define ON_SUBMISSION(what) "case \"$*\" in *average*) " what ";; esac"
#define ONCE(what)          "grep -q -e -again /proc/self/mountinfo || " ON_SUBMISSION(what)

static const struct {
    const char *tool, *body;
    int status;
    const char *words, *more; /* NULL: it passes */
} breaks[] = {
    {"-print-prog-name=cc1", ON_SUBMISSION("kill -9 $$"), 0, "Killed signal terminated program cc1",
     "too little memory free"},
    {"-print-prog-name=collect2", ON_SUBMISSION("exit 1"), 0, "the linker failed twice",
     "show this to whoever runs the course"},
    {"nm", ON_SUBMISSION("kill -9 $$"), 0, "nm failed on the submission's objects twice",
     "signal 9 (Killed)"},
    {"objdump", "kill -9 $$", 1, "objdump can't read the grader's own control", "Killed"},
    {"mpirun", ON_SUBMISSION("kill -9 $$"), 0, "ended twice by signal 9 (Killed)",
     "although nothing that the submission calls sends one"},
    {"mpirun", ONCE("exit 1"), 0, NULL, NULL},
};

START_TEST(tool_breaks)
{
    if (!fake(breaks[_i].tool, breaks[_i].body))
        return;
    if (breaks[_i].words)
        is_open(breaks[_i].status, breaks[_i].words, breaks[_i].more);
    else
        passes();
}
END_TEST

static const struct {
    const char *tool, *body, *words;
} refusals[] = {
    {"-print-prog-name=cc1", "exit 1", "the compiler does not compile the grader's own control"},
    {"mpirun", "exit 1", "no MPI program starts on this machine"},
    {"mpirun", "case \"$*\" in *control*) exit 0;; esac",
     "what the grader's own control wrote can't be read"},
};

START_TEST(broken_tool_is_refused_before_the_first_file)
{
    if (!fake(refusals[_i].tool, refusals[_i].body))
        return;
    struct graded graded = grading_try(NULL);
    ck_assert_int_eq(graded.status, 1);
    ck_assert_ptr_null(graded.results);
    grading_assert_says(graded.printed, refusals[_i].words);
    graded_clear(&graded);
}
END_TEST

/* ---- what stays the submission's --------------------------------------------------------------------------- */

#define TEN(x) x " " x " " x " " x " " x " " x " " x " " x " " x " " x

#define SAYS(words, status)                                                                        \
    "#include <stdio.h>\n#include <unistd.h>\n__attribute__((constructor)) static void "           \
    "say(void)\n"                                                                                  \
    "{\n    fputs(\"" words "\\n\", stderr);\n    _exit(" status ");\n}\n"

static const struct {
    const char *code; /* behind the last line of average.c */
    const char *words;
} faults[] = {
    {"#include \"/dev/zero\"\n", "average.c does not compile"},
    {"#line 1 \"elsewhere.c\"\nint x = no_such_name;\n", "average.c does not compile"},
    {"#error No space left on device\n", "average.c does not compile"},
    {"#line 1 \"Cannot allocate memory\"\nint f(int y)\n{\n    return x;\n}\n",
     "average.c does not compile"},
    {"#include \"Permission denied.h\"\n", "average.c does not compile"},
    {"__attribute__((constructor)) static void stop(void)\n{\n    __builtin_trap();\n}\n",
     "Illegal instruction"},
    /* the compiler itself crashes: a hundred thousand parentheses in each other */
    {"#define A " TEN("(") "\n#define B " TEN("A") "\n#define C " TEN("B") "\n#define D " TEN(
         "C") "\n"
              "#define E " TEN(")") "\n#define F " TEN("E") "\n#define G " TEN(
                  "F") "\n#define H " TEN("G") "\n"
                                               "int deep = " TEN("D") " 1 " TEN("H") ";\n",
     "average.c does not compile"},
    /* the linker names only objects of the C library */
    {"static volatile char big[1ul << 45];\nvoid use(void);\nvoid use(void)\n{\n    big[5] = "
     "1;\n}\n",
     "average.c does not link with the rest of the program"},
    /* nobody but the program itself says so, whatever its status */
    {SAYS("bwrap: Can't mount tmpfs on /newroot: No space left on device", "1"), "left no log"},
    {SAYS("sandbox: can't start the program: Cannot allocate memory", "120"), "left no log"},
    {SAYS("unknown signal", "213"), "left no log"},
};

START_TEST(fault_of_the_submission_costs_points)
{
    g_autofree char *path = grading_path("average.c");
    g_autofree char *text = grading_read(path);
    g_autofree char *wrong = g_strconcat(text, faults[_i].code, NULL);
    grading_write("average.c", wrong);
    struct graded graded = grading_run(NULL);
    graded_fails(&graded, "average", faults[_i].words);
    ck_assert_int_eq(graded.status, 0);
    graded_clear(&graded);
}
END_TEST

/* Stopped before the disk is full, but below the limit that holds where there is room: nobody loses by that. */
START_TEST(run_that_needs_more_room_than_there_is_is_not_judged)
{
    static const char fill[] =
        "#include <fcntl.h>\n#include <stdio.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) static void fill(void)\n{\n"
        "    static char block[1 << 20];\n    char name[40];\n"
        "    for (int file = 0; file < 18; file++) {\n"
        "        snprintf(name, sizeof name, \"/evidence/filler-%d\", file);\n"
        "        int to = open(name, O_WRONLY | O_CREAT, 0644);\n"
        "        for (int i = 0; i < 16 && write(to, block, sizeof block) > 0; i++)\n"
        "            continue;\n        close(to);\n    }\n"
        "    fputs(\"No space left on device\\n\", stderr);\n}\n";
    if (!can_mount() || mount("tmpfs", room, "tmpfs", 0, "size=290m") != 0)
        return;
    g_setenv("TMPDIR", room, TRUE);
    grading_allow_all_calls();
    g_autofree char *path = grading_path("average.c");
    g_autofree char *text = grading_read(path);
    g_autofree char *wrong = g_strconcat(text, fill, NULL);
    grading_write("average.c", wrong);
    is_open(1, "wrote more than", "has room for no more: make room there");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("whose fault is it?");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, umask_of_the_user_does_not_matter);
    tcase_add_test(tests, signals_and_streams_of_the_parent_do_not_matter);
    tcase_add_test(tests, folder_that_only_its_owner_may_pass);
    tcase_add_loop_test(tests, low_limit_is_refused_before_the_first_file, 0, 4);
    tcase_add_loop_test(tests, disk_fills, 0, 2);
    tcase_add_loop_test(tests, tool_breaks, 0, G_N_ELEMENTS(breaks));
    tcase_add_loop_test(tests, broken_tool_is_refused_before_the_first_file, 0,
                        G_N_ELEMENTS(refusals));
    tcase_add_test(tests, run_that_needs_more_room_than_there_is_is_not_judged);
    tcase_add_loop_test(tests, fault_of_the_submission_costs_points, 0, G_N_ELEMENTS(faults));
    suite_add_tcase(suite, tests);
    return suite;
}
