/*
 * The workplace, piece by piece: what a process sets itself, limits that are too low, folders that can't
 * be used, and controls that fail in one step.
 */
#include "grader/workplace/workplace.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <glob.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static GString *error;
static char *folder; /* of this test */
static struct workplace workplace;

static void setup(void)
{
    error = g_string_new(NULL);
    folder = test_folder_new();
    ck_assert_int_eq(chmod(folder, 0755), 0);
    workplace = (struct workplace){.kit = ".", .build_folder = test_build_folder()};
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", "--", workplace.work, NULL};
    if (workplace.work)
        g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    workplace_clear(&workplace);
    umount2(folder, MNT_DETACH); /* where a test mounted something there */
    test_folder_free(folder);
    g_string_free(error, TRUE);
}

static void says(const char *words)
{
    ck_assert_msg(strstr(error->str, words), "“%s” does not say “%s”", error->str, words);
}

/* ---- the process ------------------------------------------------------------------------------ */

START_TEST(a_process_does_not_keep_what_its_parent_set)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    umask(077);
    close(STDIN_FILENO);
    workplace_set_up_process();
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    ck_assert_int_eq(sigisemptyset(&blocked), 1);
    ck_assert_ptr_eq(signal(SIGCHLD, SIG_DFL), SIG_DFL);
    ck_assert_ptr_eq(signal(SIGTERM, SIG_DFL), SIG_DFL);
    ck_assert_ptr_eq(signal(SIGHUP, SIG_IGN), SIG_IGN); /* nohup's */
    ck_assert_ptr_eq(signal(SIGINT, SIG_IGN), SIG_IGN); /* a command's in the background */
    ck_assert_ptr_eq(signal(SIGXFSZ, SIG_IGN), SIG_IGN);
    ck_assert_int_eq(umask(022), 022);
    char byte;
    ck_assert_int_eq(read(STDIN_FILENO, &byte, 1), 0); /* /dev/null */
}
END_TEST

/* ---- limits -------------------------------------------------------------------------------------- */

static const struct {
    int which;
    rlim_t low, enough;
    const char *words;
} limits[] = {
    {RLIMIT_AS, (rlim_t)900 << 20, (rlim_t)2 << 30, "(ulimit -v) is 921600 KiB here"},
    {RLIMIT_DATA, (rlim_t)900 << 20, (rlim_t)2 << 30, "(ulimit -d) is 921600 KiB here"},
    {RLIMIT_STACK, 1 << 20, 8 << 20, "(ulimit -s) is 1024 KiB here"},
    {RLIMIT_FSIZE, 1 << 20, 64 << 20, "(ulimit -f) is 1024 KiB here"},
    {RLIMIT_CPU, 100, 300, "(ulimit -t) is 100 seconds here"},
    {RLIMIT_NOFILE, 30, 1024, "(ulimit -n) is 30 here"},
    {RLIMIT_NPROC, 20, 256, "(ulimit -u) is 20 here"},
};

START_TEST(low_soft_limit_is_raised)
{
    struct rlimit now;
    ck_assert_int_eq(getrlimit(limits[_i].which, &now), 0);
    now.rlim_cur = limits[_i].low;
    ck_assert_int_eq(setrlimit(limits[_i].which, &now), 0);
    ck_assert_msg(workplace_raise_limits(error), "%s", error->str);
    ck_assert_int_eq(getrlimit(limits[_i].which, &now), 0);
    ck_assert_uint_ge(now.rlim_cur, limits[_i].enough);
}
END_TEST

/* Who may do so lifts it. */
START_TEST(low_hard_limit_is_refused)
{
    const rlim_t low = limits[_i].low;
    ck_assert_int_eq(setrlimit(limits[_i].which, &(struct rlimit){low, low}), 0);
    if (workplace_raise_limits(error)) {
        struct rlimit now;
        ck_assert_int_eq(getrlimit(limits[_i].which, &now), 0);
        ck_assert_uint_ge(now.rlim_cur, limits[_i].enough);
        return;
    }
    says(limits[_i].words);
    says("grading needs");
    says("grade in a new shell where no `ulimit -");
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------------- */

static bool can_mount(const char *options, unsigned long flags)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", flags, options) == 0;
}

/* As in a container that was started by an ordinary user. */
START_TEST(root_that_can_become_nobody_else_is_told)
{
    g_autofree char *map = g_strdup_printf("0 %d 1", (int)geteuid());
    if (unshare(CLONE_NEWUSER) != 0)
        return;
    const int file = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, map, strlen(map)) < 0)
        return;
    close(file);
    ck_assert(!workplace_make_folder(&workplace, error));
    says("root can't become another user here");
    says("grade as an ordinary user");
}
END_TEST

static void works_elsewhere(const char *why)
{
    g_setenv("TMPDIR", folder, TRUE);
    ck_assert_msg(workplace_make_folder(&workplace, error), "%s", error->str);
    ck_assert(!g_str_has_prefix(workplace.work, folder));
    ck_assert_ptr_nonnull(workplace.elsewhere);
    ck_assert_msg(strstr(workplace.elsewhere, why), "%s", workplace.elsewhere);
    ck_assert_msg(strstr(workplace.elsewhere, folder), "%s", workplace.elsewhere);
}

START_TEST(good_folder_is_used)
{
    struct stat status;
    g_setenv("TMPDIR", folder, TRUE);
    ck_assert_msg(workplace_make_folder(&workplace, error), "%s", error->str);
    ck_assert(g_str_has_prefix(workplace.work, folder));
    ck_assert_ptr_null(workplace.elsewhere);
    ck_assert_int_eq(stat(workplace.work, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0711);
    g_autoptr(GDir) listing = g_dir_open(workplace.work, 0, NULL);
    ck_assert_str_eq(g_dir_read_name(listing), "grading"); /* its claim */
    ck_assert_ptr_null(g_dir_read_name(listing));          /* nothing of the tries is left */
}
END_TEST

START_TEST(folder_of_its_owner_alone)
{
    ck_assert_int_eq(chmod(folder, 0700), 0);
    if (geteuid() == 0) {
        works_elsewhere("the sandbox's user can't pass to");
        g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
        ck_assert_ptr_null(g_dir_read_name(listing));
        return;
    }
    g_setenv("TMPDIR", folder, TRUE); /* then the sandbox's user is its owner */
    ck_assert_msg(workplace_make_folder(&workplace, error), "%s", error->str);
    ck_assert_ptr_null(workplace.elsewhere);
}
END_TEST

START_TEST(folder_of_a_group_of_roots)
{
    const gid_t group = 12345;
    if (geteuid() != 0 || setgroups(1, &group) != 0)
        return;
    ck_assert_int_eq(chown(folder, 0, group), 0);
    ck_assert_int_eq(chmod(folder, 0770), 0);
    works_elsewhere("the sandbox's user can't pass to");
}
END_TEST

START_TEST(folder_that_is_not_there_is_not_made)
{
    ck_assert_int_eq(g_rmdir(folder), 0);
    works_elsewhere("No such file or directory");
    ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(folder_that_is_a_file)
{
    ck_assert_int_eq(g_rmdir(folder), 0);
    ck_assert(g_file_set_contents(folder, "", -1, NULL));
    works_elsewhere("is no folder");
}
END_TEST

START_TEST(folder_of_a_relative_path)
{
    g_setenv("TMPDIR", "build", TRUE);
    ck_assert_msg(workplace_make_folder(&workplace, error), "%s", error->str);
    ck_assert_str_eq(workplace.elsewhere, "build does not begin with /");
}
END_TEST

static const struct {
    const char *options;
    unsigned long flags;
    const char *why;
} mounts[] = {
    {"size=600m", MS_NOEXEC, "(it is mounted noexec)"},
    {"size=600m", MS_RDONLY, "Read-only file system"},
    {"size=20m", 0, "has room for 20 MiB, and grading needs 256 MiB"},
    {"size=600m,nr_inodes=100", 0, "more files (df -i), and grading needs 4000"},
    {"size=600m,mode=700", 0, "can't pass to"},
};

START_TEST(mounted_folder_that_lacks_something)
{
    if (can_mount(mounts[_i].options, mounts[_i].flags))
        works_elsewhere(mounts[_i].why);
}
END_TEST

START_TEST(nosuid_does_not_matter)
{
    if (!can_mount("size=600m", MS_NOSUID | MS_NODEV))
        return;
    g_setenv("TMPDIR", folder, TRUE);
    ck_assert_msg(workplace_make_folder(&workplace, error), "%s", error->str);
    ck_assert_ptr_null(workplace.elsewhere);
}
END_TEST

/* Of a grader that is killed nobody removes the folder but the next one. */
START_TEST(folder_of_a_killed_grader_is_removed)
{
    ck_assert_int_eq(chmod(folder, 0755), 0);
    g_setenv("TMPDIR", folder, TRUE);
    int ends[2];
    char begun;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        const bool made = workplace_make_folder(&workplace, error);
        if (made && write(ends[1], "!", 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &begun, 1), 1);
    struct workplace second = {0}, third = {0};
    ck_assert_msg(workplace_make_folder(&second, error), "%s", error->str);
    g_autofree char *all = g_build_filename(folder, WORKPLACE_NAME "??????", NULL);
    glob_t found;
    ck_assert_int_eq(glob(all, 0, NULL, &found), 0);
    ck_assert_uint_eq(found.gl_pathc, 2); /* its owner lives */
    globfree(&found);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    workplace_keep_folder(second.work);
    ck_assert_msg(workplace_make_folder(&third, error), "%s", error->str);
    ck_assert_int_eq(glob(all, 0, NULL, &found), 0);
    ck_assert_uint_eq(found.gl_pathc, 2);
    ck_assert(g_file_test(second.work, G_FILE_TEST_IS_DIR)); /* meant to stay */
    globfree(&found);
    workplace_clear(&second);
    workplace_clear(&third);
}
END_TEST

/* Something in it is still in use when the first sweep comes. */
START_TEST(what_can_not_be_swept_at_once_is_later)
{
    g_autofree char *work = g_build_filename(folder, WORKPLACE_NAME "abcdef", NULL),
                    *lock = g_build_filename(work, "grading", NULL),
                    *busy = g_build_filename(work, "busy", NULL);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return;
    ck_assert_int_eq(g_mkdir_with_parents(busy, 0755), 0);
    ck_assert(g_file_set_contents(lock, "", 0, NULL));
    ck_assert_int_eq(mount("tmpfs", busy, "tmpfs", 0, "size=1m"), 0);
    workplace_sweep(folder);
    ck_assert(g_file_test(busy, G_FILE_TEST_IS_DIR));
    ck_assert_int_eq(umount(busy), 0);
    workplace_sweep(folder);
    ck_assert(!g_file_test(work, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(no_folder_at_all)
{
    if (!can_mount("size=20m", 0) || mount("tmpfs", "/tmp", "tmpfs", 0, "size=10m") != 0 ||
        mount("tmpfs", "/var/tmp", "tmpfs", MS_NOEXEC, "size=600m") != 0)
        return;
    g_setenv("TMPDIR", "/no/such/folder", TRUE);
    ck_assert(!workplace_make_folder(&workplace, error));
    says("/no/such/folder: No such file or directory; /tmp has room for 10 MiB");
    says("/var/tmp (it is mounted noexec)");
    says("TMPDIR=/another/folder make grade");
}
END_TEST

/* Below the limit that holds everywhere: elsewhere it would have had that room. */
START_TEST(to_be_stopped_for_want_of_room_is_the_machines_fault)
{
    static char *const much[] = {"bash", "-c",
                                 "for i in 1 2 3 4; do head -c 50000000 /dev/zero >\"$0/$i\"; done",
                                 NULL, NULL};
    if (!can_mount("size=200m", 0))
        return;
    g_autofree char *objects = g_build_filename(folder, "objects", NULL);
    ck_assert(sandbox_writable_folder(objects, sandbox_user(0), error));
    char *words[] = {much[0], much[1], much[2], (char *)sandbox_path(objects, WORKPLACE_OBJECTS),
                     NULL};
    struct sandbox_result result = workplace_run_tool(folder, objects, words, 0);
    ck_assert_int_eq(result.end, SANDBOX_MACHINE);
    g_string_append(error, result.trouble);
    says("has room for no more: make room there");
    sandbox_result_clear(&result);
}
END_TEST

/* ---- the control ----------------------------------------------------------------------------------- */

/* From now on a kit of the test's own, whose control is this. */
static void use_control(const char *source)
{
    g_autofree char *control = g_build_filename(folder, "grader/workplace/control", NULL);
    g_autofree char *path = g_build_filename(control, "control.c", NULL);
    g_autofree char *tools = g_canonicalize_filename("tools", NULL);
    g_autofree char *link = g_build_filename(folder, "tools", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(control, 0755), 0);
    ck_assert(g_file_set_contents(path, source, -1, NULL));
    ck_assert_int_eq(symlink(tools, link), 0);
    g_autofree char *common = g_canonicalize_filename("common", NULL);
    g_autofree char *link_to_common = g_build_filename(folder, "common", NULL);
    ck_assert_int_eq(symlink(common, link_to_common), 0);
    workplace.kit = folder;
}

static bool prove(void)
{
    return workplace_make_folder(&workplace, error) && workplace_prepare(&workplace, error) &&
           workplace_prove(&workplace, error);
}

START_TEST(control_passes_and_can_be_repeated)
{
    char *const nm[] = {"nm", NULL}, *const no_tool[] = {"no-such-tool", NULL};
    ck_assert_msg(prove(), "%s", error->str);
    const struct workplace_run run = {.tree = workplace.tree, .ranks = 3, .slot = 1};
    ck_assert_msg(workplace_runs(&workplace, &run, error), "%s", error->str);
    ck_assert_msg(workplace_links(&workplace, false, 1, error), "%s", error->str);
    ck_assert_msg(workplace_reads_objects(&workplace, "nm", nm, "MPI_Sendrecv", 1, error), "%s",
                  error->str);
    ck_assert(!workplace_reads_objects(&workplace, "nm", nm, "MPI_Ibarrier", 1, error));
    says("nm can't read the grader's own control");
    g_string_truncate(error, 0);
    ck_assert(!workplace_reads_objects(&workplace, "it", no_tool, "", 1, error));
    says("tools/setup installs what is missing");
}
END_TEST

static const char begin[] =
    "#include <mpi.h>\n#include <fcntl.h>\n#include <stdio.h>\n"
    "#include <stdlib.h>\n#include <unistd.h>\n"
    "int main(int argc, char **argv)\n{\n    int rank;\n    char path[999];\n"
    "    MPI_Init(&argc, &argv);\n    MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n"
    "    snprintf(path, sizeof path, \"%s/control-%d\", argv[1], rank);\n";

static const struct {
    const char *code; /* behind the begin */
    const char *words;
} broken[] = {
    {"    return no_such_name;\n}\n", "the compiler does not compile the grader's own control"},
    {"    no_such_function();\n    return 0;\n}\n",
     "the linker does not link the grader's own control"},
    {"    __builtin_trap();\n}\n", "no MPI program starts on this machine"},
    {"    fputs(\"No space left on device\\n\", stderr);\n    exit(3);\n}\n",
     "No space left on device; make room there"},
    {"    MPI_Finalize();\n    return 0;\n}\n", "can't be read: "},
    {"    FILE *file = fopen(path, \"w\");\n    fputs(\"rank 7\", file);\n    fclose(file);\n"
     "    MPI_Finalize();\n    return 0;\n}\n",
     "wrote \"rank 7\" to "},
};

START_TEST(control_fails_in_one_step)
{
    g_autofree char *source = g_strconcat(begin, broken[_i].code, NULL);
    use_control(source);
    ck_assert(!prove());
    says(broken[_i].words);
}
END_TEST

START_TEST(words_that_machines_cause)
{
    ck_assert(workplace_is_suspicious("as: can't write 60 bytes: No space left on device"));
    ck_assert(workplace_is_suspicious("mpirun: fork: Resource temporarily unavailable"));
    ck_assert(!workplace_is_suspicious("average.c:3: error: 'x' undeclared"));
    ck_assert(!workplace_is_suspicious("my file: No such file or directory"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("workplace");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_process_does_not_keep_what_its_parent_set);
    tcase_add_loop_test(tests, low_soft_limit_is_raised, 0, G_N_ELEMENTS(limits));
    tcase_add_test(tests, root_that_can_become_nobody_else_is_told);
    tcase_add_loop_test(tests, low_hard_limit_is_refused, 0, G_N_ELEMENTS(limits));
    tcase_add_test(tests, good_folder_is_used);
    tcase_add_test(tests, folder_of_its_owner_alone);
    tcase_add_test(tests, folder_of_a_group_of_roots);
    tcase_add_test(tests, folder_that_is_not_there_is_not_made);
    tcase_add_test(tests, folder_that_is_a_file);
    tcase_add_test(tests, folder_of_a_relative_path);
    tcase_add_loop_test(tests, mounted_folder_that_lacks_something, 0, G_N_ELEMENTS(mounts));
    tcase_add_test(tests, nosuid_does_not_matter);
    tcase_add_test(tests, folder_of_a_killed_grader_is_removed);
    tcase_add_test(tests, what_can_not_be_swept_at_once_is_later);
    tcase_add_test(tests, no_folder_at_all);
    tcase_add_test(tests, to_be_stopped_for_want_of_room_is_the_machines_fault);
    tcase_add_test(tests, control_passes_and_can_be_repeated);
    tcase_add_loop_test(tests, control_fails_in_one_step, 0, G_N_ELEMENTS(broken));
    tcase_add_test(tests, words_that_machines_cause);
    suite_add_tcase(suite, tests);
    return suite;
}
