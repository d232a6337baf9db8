/*
 * Tests of what a judge is told of collectives that ranks disagree about: programs that really run, on
 * both machines, whether they hang, are ended by MPI or come to their end all the same.
 */
#include "grader/evidence/collectives_agree.h"
#include "tests/support/hung.h"
#include "tests/support/test.h"

#include <string.h>

#define PROGRAM "grader/diagnosis/tests/hangs/collectives"

static const struct {
    const char *way;
    int ranks;
    const char *headline;
} wrong[] = {
    {"roots", 3, "rank 1 calls MPI_Bcast among all ranks with root 1 at collectives.c:"},
    {"sizes", 3,
     "rank 0 calls MPI_Bcast among all ranks with 80 bytes at collectives.c:37 (sizes), where rank "
     "1 "
     "calls it with 40 bytes at collectives.c:37 (sizes)"},
    {"one-left-out", 3, "MPI_Bcast of 80 bytes among all ranks at collectives.c:"},
    {"blocking-with-nonblocking", 2, "a non-blocking collective does not match a blocking one"},
};

static void check(const char *way, int ranks, bool simulated, const char *headline)
{
    struct hung hung;
    hung_run(&hung, PROGRAM, way, ranks, simulated, false, NULL);
    struct collectives *collectives = collectives_new(hung.outcome.log, ranks);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    const bool agree = evidence_collectives_agree(&hung.outcome, collectives, verdict);
    ck_assert_msg(agree == (headline == NULL), "%s", verdict->headline->str);
    hung_assert_part(verdict->headline->str, headline ? headline : "fine");
    ck_assert_int_eq(verdict->kind, agree ? VERDICT_PASS : VERDICT_FAIL);
    verdict_free(verdict);
    collectives_free(collectives);
    hung_clear(&hung);
}

START_TEST(on_this_computer)
{
    check(wrong[_i].way, wrong[_i].ranks, false, wrong[_i].headline);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    if (test_has_simulator())
        check(wrong[_i].way, wrong[_i].ranks, true, wrong[_i].headline);
}
END_TEST

/* Ranks that wait for others, each in the right one, agree about it. */
START_TEST(waiting_is_no_disagreement)
{
    check("in-flight", 4, false, NULL);
    check("crosswise", 3, false, NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("collectives_agree");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, on_this_computer, 0, G_N_ELEMENTS(wrong));
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tests, waiting_is_no_disagreement);
    suite_add_tcase(suite, tests);
    return suite;
}
