/*
 * The judges of schedules on logs that make no sense: they say something, and nothing passes.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/tests/support/written.h"
#include "tests/support/test.h"

START_TEST(nonsense_is_survived)
{
    static const char *const options[] = {
        WRITTEN_NAIVE,       WRITTEN_AFAB,      WRITTEN_1F1B,       WRITTEN_BOUNDED,
        WRITTEN_INTERLEAVED, WRITTEN_PIPEDREAM, WRITTEN_ZERO_BUBBLE};
    judge_function *judges_of_order[] = {judge_order, judge_parallel, judge_race, judge_memory};
    for (unsigned seed = 1; seed < 140; seed++) {
        struct written *run = written_new(options[seed % G_N_ELEMENTS(options)], 4);
        script_nonsense(run->script, 4, seed);
        written_end(run);
        run->outcome.simulated = seed & 1;
        run->outcome.platform = seed & 1 ? "free" : NULL;
        for (gsize k = 0; k < G_N_ELEMENTS(judges_of_order); k++) {
            struct outcome twice[2] = {run->outcome, run->outcome};
            struct judgement judgement = {.outcome = twice, .outcomes = 2};
            struct verdict *verdict = verdict_new();
            judges_of_order[k](&judgement, verdict);
            ck_assert_uint_gt(verdict->headline->len, 0);
            bool lone = judges_of_order[k] == judge_race; /* it wants a second schedule */
            ck_assert_msg(lone || verdict->kind != VERDICT_PASS, "seed %u: %s", seed,
                          verdict->headline->str);
            verdict_free(verdict);
        }
        written_free(run);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of schedules: nonsense");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, nonsense_is_survived);
    suite_add_tcase(suite, tests);
    return suite;
}
