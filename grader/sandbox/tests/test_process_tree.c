/* Who descends from whom: the two ways to find out, against processes that the test started itself; and whose numbers of
 * users are whose. */
#include "tests/support/test.h"

#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready[2];

static void say(pid_t pid)
{
    ck_assert_int_eq(write(ready[1], &pid, sizeof pid), sizeof pid);
}

static pid_t hear(void)
{
    pid_t pid = 0;
    ck_assert_int_eq(read(ready[0], &pid, sizeof pid), sizeof pid);
    return pid;
}

static void wait_for_ever(void)
{
    say(getpid());
    while (true)
        pause();
}

/* A thread that is not the first one has a child of its own. */
static void *have_a_child(void *unused)
{
    if (fork() == 0)
        wait_for_ever();
    while (true)
        pause();
    return unused;
}

static void be_a_family(void)
{
    pthread_t thread;
    if (fork() == 0) {
        if (fork() == 0)
            wait_for_ever();
        wait_for_ever();
    }
    if (pthread_create(&thread, NULL, have_a_child, NULL) != 0)
        _exit(1);
    wait_for_ever();
}

static int by_number(const void *a, const void *b)
{
    return *(const pid_t *)a - *(const pid_t *)b;
}

static void expect(GArray *found, const pid_t *pids, guint count)
{
    ck_assert_uint_eq(found->len, count);
    g_array_sort(found, by_number);
    for (guint i = 0; i < count; i++)
        ck_assert_int_eq(g_array_index(found, pid_t, i), pids[i]);
    g_array_free(found, TRUE);
}

START_TEST(children_of_children_and_of_threads_are_found)
{
    enum { COUNT = 4 };
    pid_t pids[COUNT];
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        be_a_family();
    for (int i = 0; i < COUNT; i++)
        pids[i] = hear();
    qsort(pids, COUNT, sizeof *pids, by_number);
    expect(process_tree(getpid()), pids, COUNT);
    expect(process_tree_at_a_glance(getpid()), pids, COUNT);
    for (int i = 0; i < COUNT; i++)
        kill(pids[i], SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    expect(process_tree_at_a_glance(getpid()), NULL, 0);
}
END_TEST

/* Where numbers of users are few, two graders must not come upon the same. */
START_TEST(a_number_is_claimed_once)
{
    const unsigned numbers = 5, wish = (unsigned)getpid();
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        say((pid_t)sandbox_claim(wish, numbers));
        wait_for_ever();
    }
    const unsigned theirs = (unsigned)hear();
    hear();
    ck_assert_uint_lt(theirs, numbers);
    const unsigned own = sandbox_claim(theirs, numbers);
    ck_assert_uint_ne(own, theirs);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(sandbox_claim(theirs, numbers), theirs); /* free again */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("process tree");
    TCase *tests = tcase_create("process tree");
    tcase_add_test(tests, children_of_children_and_of_threads_are_found);
    tcase_add_test(tests, a_number_is_claimed_once);
    suite_add_tcase(suite, tests);
    return suite;
}
