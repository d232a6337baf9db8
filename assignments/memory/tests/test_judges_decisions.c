/* The judge of choices, on choices made by hand. */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/options.h"
#include "assignments/memory/tests/support/drawn_ways.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

/* ---- the judge ----------------------------------------------------------------------------------------------- */

enum wrong {
    RIGHT,
    SMALLEST_TIME_ROOM, /* another way within 25% */
    ALWAYS_YES,
    ALWAYS_NO,
    SLOW,
    NOT_ALL_RANKS,
    ZERO_3_IN_PIPELINE,
    FLOAT32,
    BYTES_OF_PARAMETERS,
    BYTES_IN_GIB,
    LEAST_IS_ZERO,
    REASON_ALWAYS_STATE,
    REASON_OUT_OF_RANGE,
    WRONGS
};

static const char *const says[WRONGS] = {
    [ALWAYS_YES] = "it says that it fits, and its way",
    [ALWAYS_NO] = "it says that nothing fits",
    [SLOW] = "s a step, and there is one with",
    [NOT_ALL_RANKS] = "is not the number of ranks",
    [ZERO_3_IN_PIPELINE] = "with a pipeline ZeRO goes to stage 1",
    [FLOAT32] = "in 16 bits with Adam",
    [BYTES_OF_PARAMETERS] = "bytes_on_one is",
    [BYTES_IN_GIB] = "bytes_per_rank is",
    [LEAST_IS_ZERO] = "the least that any way needs",
    [REASON_ALWAYS_STATE] = "the reason is REASON_STATE_TOO_LARGE, and should be",
    [REASON_OUT_OF_RANGE] = "the reason is none that there is",
};

/* The fastest way by another measure: a way that is drawn, of those within the room. */
static struct way other_way(const struct job *job, const struct decision *right, double room)
{
    unsigned seed = 9;
    for (int i = 0; i < 2000; i++) {
        const struct way way = drawn_way(&seed, job);
        const struct way_costs costs = way_costs(job, &way);
        if (costs.bytes <= job->cluster.memory && costs.seconds <= room * right->seconds &&
            costs.seconds > (room > 2 ? 1.3 : 1) * right->seconds)
            return way;
    }
    return right->best;
}

static struct choice choice_of(const struct job *job, enum wrong wrong)
{
    const struct decision right = memory_arithmetic_decision(job, 0);
    struct choice choice = {right.fits, right.best, REASON_NOTHING_FITS,
                            right.fits ? right.bytes : right.least, right.bytes_on_one};
    if (right.fits)
        choice.reason = right.bytes_on_one <= job->cluster.memory  ? REASON_FITS_ON_ONE
                        : right.state_on_one > job->cluster.memory ? REASON_STATE_TOO_LARGE
                                                                   : REASON_ACTIVATIONS_TOO_LARGE;
    const double psi = (right.state_on_one) / 16;
    if (wrong == ALWAYS_YES && !choice.fits)
        choice.way = right.smallest, choice.fits = true;
    if (wrong == ALWAYS_NO)
        choice.fits = false, choice.reason = REASON_NOTHING_FITS,
        choice.bytes_per_rank = right.least;
    if (wrong == SMALLEST_TIME_ROOM || wrong == SLOW)
        choice.way = other_way(job, &right, wrong == SLOW ? 1e9 : 1.24);
    if (right.fits && (wrong == SMALLEST_TIME_ROOM || wrong == SLOW))
        choice.bytes_per_rank = way_costs(job, &choice.way).bytes;
    if (wrong == NOT_ALL_RANKS)
        choice.way.data += 1;
    if (wrong == ZERO_3_IN_PIPELINE && choice.way.pipeline > 1)
        choice.way.zero_stage = 3;
    if (wrong == FLOAT32)
        choice.way.format = FORMAT_FLOAT32;
    if (wrong == BYTES_OF_PARAMETERS)
        choice.bytes_on_one = 2 * psi;
    if (wrong == BYTES_IN_GIB)
        choice.bytes_per_rank /= 1073741824.0;
    if (wrong == LEAST_IS_ZERO && !choice.fits)
        choice.bytes_per_rank = 0;
    if (wrong == REASON_ALWAYS_STATE)
        choice.reason = REASON_STATE_TOO_LARGE;
    if (wrong == REASON_OUT_OF_RANGE)
        choice.reason = (enum reason)7;
    return choice;
}

static struct logged_run *run;

static void begin(void)
{
    run = logged_run_new(1);
    run->outcome.options = options_defaults(&memory_own_options);
    run->outcome.options.seed = 77;
}

static void end(void)
{
    logged_run_free(run);
}

static void append_choice(GString *json, const struct choice *choice)
{
    const struct way *way = &choice->way;
    g_string_append_printf(
        json,
        "{\"fits\": %s, \"reason\": %d, \"bytes_per_rank\": \"%.17g\", \"bytes_on_one\": "
        "\"%.17g\", "
        "\"data\": %d, \"tensor\": %d, \"pipeline\": %d, \"zero_stage\": %d, \"optimizer\": %d, "
        "\"format\": %d, \"recompute\": %d, \"order\": %d, \"micro_batch_samples\": %d, "
        "\"micro_batches\": %d, \"gradients_float32\": false}",
        choice->fits ? "true" : "false", (int)choice->reason, choice->bytes_per_rank,
        choice->bytes_on_one, way->data, way->tensor, way->pipeline, way->zero_stage,
        (int)way->optimizer, (int)way->format, (int)way->recompute, (int)way->order,
        way->micro_batch_samples, way->micro_batches);
}

START_TEST(choices_are_judged)
{
    const enum wrong wrong = (enum wrong)_i;
    GString *json = g_string_new("[");
    for (int i = 0; i < DECISION_CASES; i++) {
        const struct decision_case one = decision_case_of(run->outcome.options.seed, i);
        const struct choice choice = choice_of(&one.job, wrong);
        g_string_append(json, i > 0 ? ", " : "");
        append_choice(json, &choice);
    }
    g_string_append_c(json, ']');
    g_autofree char *path = g_build_filename(run->folder, PROBE_CHOICES, NULL);
    ck_assert(g_file_set_contents(path, json->str, -1, NULL));
    g_string_free(json, TRUE);
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    logged_run_end(run);
    memory_judge_decisions(&judgement, verdict);
    if (wrong == ALWAYS_YES)
        ck_assert_str_eq(verdict->mistake->str, "yes where nothing fits");
    if (wrong == BYTES_OF_PARAMETERS)
        ck_assert_str_eq(verdict->mistake->str, "counts the parameters alone");
    logged_run_expect(verdict, says[wrong] ? VERDICT_FAIL : VERDICT_PASS, says[wrong]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of choices");
    TCase *judged = tcase_create("judged");
    tcase_add_checked_fixture(judged, begin, end);
    tcase_add_loop_test(judged, choices_are_judged, 0, WRONGS);
    suite_add_tcase(suite, judged);
    return suite;
}
