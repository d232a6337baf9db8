/* Is a run stuck? */
#include "common/log/log.h"
#include "grader/run/hang.h"
#include "tests/support/test.h"

#include <glib.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static void setup(void)
{
    folder = g_dir_make_tmp("watching-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(folder);
}

/* Another process writes the log of a rank: `before` finished forwards, and a last record. It
 * ends without closing the log, as a rank does that is killed. */
static void write_log(int rank, int before, struct log_record last)
{
    pid_t pid = fork();
    if (pid == 0) {
        log_open(folder, rank, 2, 1);
        for (int i = 0; i < before; i++) {
            log_compute(LOG_FORWARD, LOG_BEGIN, rank, i);
            log_compute(LOG_FORWARD, LOG_END, rank, i);
        }
        log_append(last);
        _exit(0);
    }
    int status = 1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static struct log_record begin(enum log_operation operation)
{
    return log_record_new(operation, LOG_BEGIN);
}

/* Is it stuck, `seconds` of both clocks after the logs stopped growing? */
static bool hasty;
static bool stuck_after(double seconds)
{
    struct hang_watch *watch = hang_watch_new(folder, 2);
    watch->hasty = hasty;
    ck_assert(!hang_is_stuck(watch, 1.0));
    watch->changed_wall -= (int64_t)(seconds * 1e6);
    bool stuck = hang_is_stuck(watch, 1.0 + seconds);
    hang_watch_free(watch);
    return stuck;
}

START_TEST(ranks_that_all_wait_are_stuck)
{
    write_log(0, 0, begin(LOG_RECV));
    write_log(1, 7, begin(LOG_WAIT));
    ck_assert(!stuck_after(1.0));
    ck_assert(stuck_after(2.5));
}
END_TEST

START_TEST(a_rank_that_computes_is_not_stuck)
{
    write_log(0, 100, begin(LOG_FORWARD));
    write_log(1, 3, begin(LOG_RECV));
    ck_assert(!stuck_after(60.0));
}
END_TEST

START_TEST(a_rank_in_its_own_code_is_given_more_time)
{
    write_log(0, 5, log_record_new(LOG_STEP_BEGIN, LOG_INSTANT));
    write_log(1, 3, begin(LOG_RECV));
    ck_assert(!stuck_after(3.0));
    ck_assert(stuck_after(4.5));
}
END_TEST

START_TEST(nobody_in_mpi_is_not_stuck)
{
    write_log(0, 5, log_record_new(LOG_STEP_BEGIN, LOG_INSTANT));
    write_log(1, 5, log_record_new(LOG_STEP_BEGIN, LOG_INSTANT));
    ck_assert(!stuck_after(60.0));
}
END_TEST

/* After other hangs less will do, but who computes is never taken for stuck, however long it takes. */
START_TEST(a_hasty_watch_waits_for_computations_only)
{
    hasty = true;
    write_log(0, 5, log_record_new(LOG_STEP_BEGIN, LOG_INSTANT));
    write_log(1, 5, log_record_new(LOG_STEP_BEGIN, LOG_INSTANT));
    ck_assert(!stuck_after(2.5));
    ck_assert(stuck_after(3.5));
    write_log(1, 5, begin(LOG_FORWARD));
    ck_assert(!stuck_after(60.0));
    struct hang_watch *crowded = hang_watch_new(folder, 1); /* a slow machine: its clock counts */
    crowded->hasty = true;
    ck_assert(!hang_is_stuck(crowded, 1.0));
    crowded->changed_wall -= 60000000;
    ck_assert(!hang_is_stuck(crowded, 2.0));
    ck_assert(hang_is_stuck(crowded, 2.6));
    ck_assert(crowded->stuck_for_haste);
    hang_watch_free(crowded);
}
END_TEST

START_TEST(a_rank_that_polls_is_stuck)
{
    static const enum log_operation polls[] = {LOG_TEST, LOG_TESTSOME, LOG_IPROBE, LOG_IMPROBE};
    write_log(0, 5, log_record_new(polls[_i], LOG_END));
    write_log(1, 5, begin(LOG_RECV));
    ck_assert(stuck_after(2.5));
}
END_TEST

START_TEST(a_missing_or_strange_log_is_not_stuck)
{
    ck_assert(!stuck_after(60.0));
    write_log(0, 5, begin(LOG_RECV));
    g_autofree char *path = g_build_filename(folder, "rank-1.log", NULL);
    ck_assert_int_eq(symlink("/dev/zero", path), 0);
    ck_assert(!stuck_after(60.0));
}
END_TEST

START_TEST(growth_starts_the_time_again)
{
    struct hang_watch *watch = hang_watch_new(folder, 2);
    write_log(0, 5, begin(LOG_RECV));
    write_log(1, 5, begin(LOG_RECV));
    ck_assert(!hang_is_stuck(watch, 1.0));
    ck_assert_uint_eq(watch->written[0], 11);
    write_log(0, 1000, begin(LOG_RECV));
    watch->changed_wall -= 100000000;
    ck_assert(!hang_is_stuck(watch, 100.0));
    ck_assert_uint_eq(watch->written[0], 2001);
    hang_watch_free(watch);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("watching");
    TCase *tests = tcase_create("watching");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, ranks_that_all_wait_are_stuck);
    tcase_add_test(tests, a_rank_that_computes_is_not_stuck);
    tcase_add_test(tests, a_rank_in_its_own_code_is_given_more_time);
    tcase_add_test(tests, nobody_in_mpi_is_not_stuck);
    tcase_add_test(tests, a_hasty_watch_waits_for_computations_only);
    tcase_add_loop_test(tests, a_rank_that_polls_is_stuck, 0, 4);
    tcase_add_test(tests, a_missing_or_strange_log_is_not_stuck);
    tcase_add_test(tests, growth_starts_the_time_again);
    suite_add_tcase(suite, tests);
    return suite;
}
