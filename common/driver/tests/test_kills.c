/*
 * Tests of runs that are killed at random moments, a rank, mpirun or all at once, and go on until they are
 * done: to the bits of a run that nobody killed. KILLS=N in the environment: so many runs (make kills); the
 * seed of each is said.
 */
#include "tests/support/resumed.h"
#include "tests/support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS_OF_A_RUN = 3, STEPS = 120, EVERY = 2 };
enum { PATIENCE = 600 /* tenths of a second */ };

#define PROGRAM "common/tests/programs/sharded"
#define OPTIONS "--data synthetic --batch 16 --micro-batches 4 --model resnet:depth=8,width=4 "

enum victim { A_RANK, MPIRUN, MPIRUN_BY_HAND, ALL, VICTIMS };
static const char *const victim_names[] = {"a rank", "mpirun", "mpirun, by Ctrl-C", "all"};

/* ---- processes --------------------------------------------------------------------------------------- */

/* Is process `pid` of the run whose folder is named? Its name, or NULL. */
static char *name_of(const char *pid, const char *folder)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", pid), *line = NULL;
    g_autofree char *name_path = g_strdup_printf("/proc/%s/comm", pid);
    char *name = NULL;
    gsize length;
    if (!g_file_get_contents(path, &line, &length, NULL))
        return NULL;
    for (gsize i = 0; i + 1 < length; i++)
        if (line[i] == '\0')
            line[i] = ' ';
    if (length == 0 || strstr(line, folder) == NULL ||
        !g_file_get_contents(name_path, &name, NULL, NULL))
        return NULL;
    return g_strchomp(name);
}

/* Sends a signal to processes of the run; to all of them (name NULL), or to the first of that name. How many
 * there were. */
static int signal_processes(const char *folder, const char *name, int number)
{
    GDir *processes = g_dir_open("/proc", 0, NULL);
    int found = 0;
    for (const char *pid; (pid = g_dir_read_name(processes)) != NULL;) {
        if (pid[0] < '0' || pid[0] > '9' || atoi(pid) == getpid())
            continue;
        g_autofree char *own = name_of(pid, folder);
        if (own == NULL || (name != NULL && (strcmp(own, name) != 0 || found > 0)))
            continue;
        found++;
        kill(atoi(pid), number);
    }
    g_dir_close(processes);
    return found;
}

static void strike(const char *folder, enum victim victim)
{
    switch (victim) {
    case A_RANK:
        signal_processes(folder, "sharded", SIGKILL);
        break;
    case MPIRUN:
        signal_processes(folder, "mpirun", SIGKILL);
        break;
    case MPIRUN_BY_HAND:
        signal_processes(folder, "mpirun", SIGINT);
        break;
    default:
        signal_processes(folder, NULL, SIGKILL);
        break;
    }
}

/* ---- runs ----------------------------------------------------------------------------------------------- */

/* The step of the last complete checkpoint; 0: none. */
static int last_step(const struct resumed *resumed)
{
    int last = 0;
    for (int step = EVERY; step <= STEPS; step += EVERY) {
        g_autofree char *index =
            g_strdup_printf("%s/checkpoints/step-%d/index.json", resumed->folder, step);
        if (g_file_test(index, G_FILE_TEST_EXISTS))
            last = step;
    }
    return last;
}

static char *further(const struct resumed *resumed)
{
    return g_strdup_printf("--steps %d%s", STEPS, last_step(resumed) > 0 ? " --resume" : "");
}

static GPid start(const struct resumed *resumed)
{
    g_autofree char *program = test_program(false, PROGRAM), *more = further(resumed);
    g_autofree char *command = g_strdup_printf(
        "exec tools/launch %d %s --quiet --checkpoint %d --checkpoint-folder %s/checkpoints "
        "--curve "
        "%s/curve.csv " OPTIONS "%s > %s/output 2>&1 < /dev/null",
        resumed->ranks, program, EVERY, resumed->folder, resumed->folder, more, resumed->folder);
    char *words[] = {"sh", "-c", command, NULL};
    GPid pid;
    ck_assert(g_spawn_async(NULL, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                            NULL, NULL, &pid, NULL));
    return pid;
}

/* Until the process has ended, and nobody of the run is left. */
static void wait_for_end(const struct resumed *resumed, GPid pid)
{
    int status, waited = 0;
    while (waitpid(pid, &status, WNOHANG) == 0 && waited++ < PATIENCE)
        g_usleep(100000);
    while (signal_processes(resumed->folder, NULL, 0) > 0 && waited++ < PATIENCE)
        g_usleep(100000);
    if (waited >= PATIENCE)
        signal_processes(resumed->folder, NULL, SIGKILL);
    ck_assert_msg(waited < PATIENCE, "the run does not end");
}

/* A run is killed at a random moment, and is started again at once: its ranks may still be ending. */
static void kill_once(const struct resumed *resumed, GRand *random)
{
    const int before = last_step(resumed);
    const enum victim victim = (enum victim)g_rand_int_range(random, 0, VICTIMS);
    const int moment = g_rand_int_range(random, 150, 1000); /* milliseconds */
    const GPid pid = start(resumed);
    g_usleep((gulong)moment * 1000);
    strike(resumed->folder, victim);
    if (g_rand_boolean(random))
        wait_for_end(resumed, pid);
    else
        waitpid(pid, NULL, 0);
    const int after = last_step(resumed);
    ck_assert_msg(after >= before, "%s killed after %d ms: step %d was complete, now it is %d",
                  victim_names[victim], moment, before, after);
}

static void kill_and_go_on(struct resumed *resumed, guint32 seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    for (int i = 0; i < KILLS_OF_A_RUN; i++)
        kill_once(resumed, random);
    g_autofree char *more = further(resumed);
    struct test_run run = resumed_run(resumed, resumed->ranks, EVERY, more);
    ck_assert_msg(run.status == 0, "seed %u: " TEST_LONG, seed, run.output);
    test_run_clear(&run);
    resumed_expect_same_numbers(resumed, resumed->ranks);
    resumed_expect_same_curve(resumed);
    resumed_expect_steps(resumed, (const int[]){STEPS - EVERY, STEPS, 0});
}

static int runs(void)
{
    const char *asked = getenv("KILLS");
    return asked != NULL && atoi(asked) > 0 ? atoi(asked) : 2;
}

static struct resumed truth = {.program = PROGRAM, .options = OPTIONS, .ranks = 2, .steps = STEPS};

static void begin(void)
{
    resumed_begin(&truth);
}

static void end(void)
{
    resumed_end(&truth);
}

START_TEST(a_run_that_is_killed_goes_on_to_the_same_bits)
{
    const guint32 seed = g_random_int();
    struct resumed resumed = resumed_copy(&truth);
    printf("seed %u\n", seed); /* run_tests shows it where the test fails */
    fflush(stdout);
    kill_and_go_on(&resumed, seed);
    resumed_end(&resumed);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runs that are killed");
    TCase *tests = tcase_create("goes on");
    tcase_set_timeout(tests, 400);
    tcase_add_unchecked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, a_run_that_is_killed_goes_on_to_the_same_bits, 0, runs());
    suite_add_tcase(suite, tests);
    return suite;
}
