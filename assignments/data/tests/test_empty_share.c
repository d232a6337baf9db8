/*
 * A rank without samples that stays away, by logs written by hand, whole and cut off.
 */
#include "assignments/data/judges/empty_share.h"
#include "common/log/log_fields.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

enum { RANKS = 3 };

/* How far a rank comes in its last step. */
enum end { WHOLE_STEP, WAITS_IN_CALL, NO_CALL_AND_NO_END };

struct act {
    int samples;
    bool calls;
    enum end end;
};

static const struct {
    struct act rank[RANKS];
    bool found;
} cases_of[] = {
    {{{2, true, WAITS_IN_CALL}, {1, true, WAITS_IN_CALL}, {0, false, WHOLE_STEP}}, true},
    {{{0, false, WHOLE_STEP}, {0, true, WHOLE_STEP}, {1, true, WHOLE_STEP}}, true},
    {{{2, true, WHOLE_STEP}, {1, true, WHOLE_STEP}, {0, true, WHOLE_STEP}}, false},
    /* It may be on its way. */
    {{{2, true, WAITS_IN_CALL}, {1, true, WAITS_IN_CALL}, {0, false, NO_CALL_AND_NO_END}}, false},
    /* That is another mistake. */
    {{{2, true, WAITS_IN_CALL}, {1, false, WHOLE_STEP}, {0, true, WAITS_IN_CALL}}, false},
    {{{2, false, WHOLE_STEP}, {1, false, WHOLE_STEP}, {0, false, WHOLE_STEP}}, false},
};

static void script_act(struct script *script, const struct act *act)
{
    const struct log_samples samples = {.count = act->samples, .all = act->samples};
    script_put(script, log_record_of_samples(&samples));
    script_step(script, LOG_STEP_BEGIN, 0);
    if (act->calls)
        script_call_record(script,
                           script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, LOG_NO_PEER, 40),
                           act->end == WHOLE_STEP);
    if (act->end == WHOLE_STEP)
        script_step(script, LOG_STEP_END, 0);
}

START_TEST(empty_share)
{
    struct logged_run *run = logged_run_new(RANKS);
    g_autoptr(GString) cause = g_string_new(NULL);
    for (int rank = 0; rank < RANKS; rank++) {
        script_act(&run->script[rank], &cases_of[_i].rank[rank]);
        run->log[rank] = run->script[rank].log;
    }
    const struct mistake *mistake = data_mistake_of_empty_share(&run->outcome, cause);
    ck_assert_int_eq(mistake != NULL, cases_of[_i].found);
    if (mistake) {
        ck_assert_str_eq(mistake->name, "a rank without samples does not take part");
        ck_assert_msg(strstr(cause->str, "has no sample in step 0") != NULL, "%s", cause->str);
    } else {
        ck_assert_uint_eq(cause->len, 0);
    }
    logged_run_free(run);
}
END_TEST

/* Logs that make no sense end in no crash. */
START_TEST(nonsense)
{
    struct logged_run *run = logged_run_new(RANKS);
    g_autoptr(GString) cause = g_string_new(NULL);
    script_nonsense(run->script, RANKS, (unsigned)_i);
    for (int rank = 0; rank < RANKS; rank++)
        run->log[rank] = run->script[rank].log;
    const struct mistake *mistake = data_mistake_of_empty_share(&run->outcome, cause);
    ck_assert_int_eq(mistake != NULL, cause->len > 0);
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mistakes of runs that hang");
    TCase *cases = tcase_create("hangs");
    tcase_add_loop_test(cases, empty_share, 0, G_N_ELEMENTS(cases_of));
    tcase_add_loop_test(cases, nonsense, 1, 40);
    suite_add_tcase(suite, cases);
    return suite;
}
