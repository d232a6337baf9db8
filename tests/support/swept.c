/* Judges on odd values; see swept.h. */
#include "tests/support/swept.h"

#include "tests/fuzz/odd_sweep.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct odd_sweep sweep;

static void say_last(int number)
{
    (void)!write(STDERR_FILENO, sweep.last, strlen(sweep.last));
    (void)!write(STDERR_FILENO, "\n", 1);
    signal(number, SIG_DFL);
    raise(number);
}

static GArray *runs_of(const char *checks, const char *folder)
{
    struct test_run made = test_run_command("tests/fuzz/make_corpus '%s' '%s' %s 2>&1",
                                            test_build_folder(), folder, checks);
    ck_assert_msg(made.status == 0 && made.output[0] == '\0', TEST_LONG, made.output);
    test_run_clear(&made);
    return judged_runs_load(folder);
}

void swept_are_judged(const char *checks, int cases)
{
    static const int signals[] = {SIGFPE, SIGSEGV, SIGBUS, SIGABRT, SIGTERM};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], say_last);
    char *folder = test_folder_new();
    GArray *all = runs_of(checks, folder);
    g_auto(GStrv) names = g_strsplit(checks, " ", -1);
    if (test_has_simulator())
        ck_assert_uint_eq(all->len, g_strv_length(names));
    for (guint i = 0; i < all->len; i++) {
        const struct judged_runs *runs = JUDGED_RUNS(all, i);
        ck_assert_msg(judged_runs_judge(runs, runs->outcome) == VERDICT_PASS, "%s",
                      runs->check->name);
        odd_sweep(runs, 0, 1 << 30, &sweep); /* how many are there? */
        int every = MAX(1, sweep.cases / cases);
        while (every % 2 == 0 || every % 3 == 0)
            every++; /* of all places, values and fields: their numbers have no other divisors */
        odd_sweep(runs, (int)i, every, &sweep);
        ck_assert_int_ge(sweep.judged, MIN(cases, sweep.cases) / 4);
        ck_assert_msg(sweep.slow == 0, "%s: %d of %d cases took too long", runs->check->name,
                      sweep.slow, sweep.judged);
    }
    test_folder_free(folder);
}
