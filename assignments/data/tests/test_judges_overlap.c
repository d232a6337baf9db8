/*
 * The judges of overlap, on logs written by hand: when sums begin, what is waited for, and how long a step may take. The
 * limit is worked out here from the platform's figures.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/overlap_facts.h"
#include "assignments/data/options.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <string.h>

/* common/platforms/slow.xml */
#define FLOPS_PER_NANOSECOND 100
#define LATENCY              48e-6
#define BANDWIDTH            125e6

enum { RANKS = 2, MICRO_BATCHES = 3, FORWARD = 3000000, PART = 50000000, OPTIMIZER = 200000 };

enum kind {
    RIGHT,
    RIGHT_AND_A_LOSS,  /* a sum of a few bytes at the begin */
    FIRST_MICRO_BATCH, /* all sums begin in it */
    EACH_MICRO_BATCH,
    BUCKET_EARLY, /* the bucket with layer 0 begins with the layer above */
    NEVER_WAITED,
    WAITED_TOO_LATE,
    AT_ONCE,
    BEHIND,
    KINDS
};

static const char *const mistake[KINDS] = {
    [FIRST_MICRO_BATCH] = "a bucket is summed before its last micro-batch was added",
    [EACH_MICRO_BATCH] = "gradients are averaged in every micro-batch",
    [BUCKET_EARLY] = "a bucket is summed before all its layers' gradients are there",
    [NEVER_WAITED] = "a sum is never waited for",
    [WAITED_TOO_LATE] = "the optimizer steps before the sums are waited for",
};

static struct logged_run *run;
static struct model *model;

static void begin(void)
{
    struct verdict *verdict = verdict_new();
    run = logged_run_new(RANKS);
    struct options *options = &run->outcome.options;
    *options = options_defaults(&data_own_options);
    char error[OPTIONS_ERROR_SIZE];
    char *word[] = {"data",
                    "--average",
                    "overlap",
                    "--bucket",
                    "1",
                    "--model",
                    "mlp:depth=4,width=64",
                    "--data",
                    "synthetic:channels=1,height=8,width=8,train=64,classes=10",
                    "--batch",
                    "12",
                    "--micro-batches",
                    "3",
                    "--steps",
                    "1",
                    NULL};
    ck_assert_msg(options_read(options, &data_own_options, G_N_ELEMENTS(word) - 1, word, error),
                  "%s", error);
    run->outcome.simulated = true;
    run->outcome.platform = g_strdup("slow");
    run->outcome.platform_file = g_strdup("common/platforms/slow.xml");
    model = evidence_model(&run->outcome, verdict);
    ck_assert_msg(model != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
}

static void end(void)
{
    g_free(run->outcome.platform);
    g_free(run->outcome.platform_file);
    logged_run_free(run);
    model_free(model);
}

/* ---- logs ---------------------------------------------------------------------------------------------------- */

static double bytes_of(int layer)
{
    return 4.0 * (double)model->layer[layer].parameter_count;
}

static double bytes_of_all(void)
{
    double bytes = 0;
    for (int layer = 0; layer < model->layers; layer++)
        bytes += bytes_of(layer);
    return bytes;
}

/* The last layer with parameters has the first sum, and so on; all of one rank. */
struct sums {
    uint64_t request[64];
    int count;
};

static void start(struct script *script, int layer, struct sums *sums)
{
    if (bytes_of(layer) > 0)
        sums->request[sums->count++] =
            script_start_record(script, script_collective_on(script, LOG_IALLREDUCE, LOG_WORLD, -1,
                                                             (uint64_t)bytes_of(layer)));
}

static void wait_for(struct script *script, struct sums *sums, int all_but)
{
    while (sums->count > all_but)
        script_wait(script, sums->request[--sums->count]);
}

static void hook(enum kind kind, struct script *script, int micro_batch, int layer,
                 struct sums *sums)
{
    const bool last = micro_batch == MICRO_BATCHES - 1;
    const bool is_time =
        kind == EACH_MICRO_BATCH || (kind == FIRST_MICRO_BATCH ? micro_batch == 0 : last);
    if (!is_time || kind == BEHIND)
        return;
    if (kind == BUCKET_EARLY && layer == model->layers - 1)
        start(script, 1, sums); /* that of layer 1 comes out of turn */
    if (kind != BUCKET_EARLY || layer != 1)
        start(script, layer, sums);
    if (kind == AT_ONCE)
        wait_for(script, sums, 0);
}

static void write_rank(enum kind kind, struct script *script)
{
    struct sums sums = {.count = 0};
    script_step(script, LOG_STEP_BEGIN, 0);
    if (kind == RIGHT_AND_A_LOSS)
        script_call_record(script, script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, -1, 8),
                           true);
    for (int m = 0; m < MICRO_BATCHES; m++) {
        script_compute(script, LOG_FORWARD, 0, m, FORWARD);
        for (int layer = model->layers; layer-- > 0;) {
            script_compute(script, LOG_BACKWARD, 0, m, PART);
            script_put(script, log_record_of_gradient(0, m, layer));
            hook(kind, script, m, layer, &sums);
        }
        script_compute(script, LOG_BACKWARD, 0, m, 0);
        if (kind == EACH_MICRO_BATCH)
            wait_for(script, &sums, 0);
    }
    for (int layer = model->layers; kind == BEHIND && layer-- > 0;)
        start(script, layer, &sums);
    if (kind != WAITED_TOO_LATE)
        wait_for(script, &sums, kind == NEVER_WAITED ? 1 : 0);
    script_compute(script, LOG_OPTIMIZER_STEP, 0, -1, OPTIMIZER);
    if (kind == WAITED_TOO_LATE)
        wait_for(script, &sums, 0);
    script_step(script, LOG_STEP_END, 0);
}

/* Time passes with computations, and `waiting` nanoseconds more in each wait; the last wait ends so that the step
 * takes `step` nanoseconds, unless it takes longer anyway. */
static void set_clocks(struct log_file *log, double waiting, double step)
{
    double waited = 0;
    size_t last_wait = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_WAIT && log->record[i].phase == LOG_END)
            last_wait = i;
    const uint64_t from = log->record[0].flops;
    for (size_t i = 0; i < log->count; i++) {
        struct log_record *record = &log->record[i];
        const double computed = (double)(record->flops - from) / FLOPS_PER_NANOSECOND;
        if (record->operation == LOG_WAIT && record->phase == LOG_END)
            waited += waiting;
        if (i == last_wait)
            waited = MAX(waited, step - (double)OPTIMIZER / FLOPS_PER_NANOSECOND - computed);
        record->clock = 1000 + (uint64_t)(computed + waited);
    }
}

static void write_all(enum kind kind, double waiting, double step)
{
    for (int rank = 0; rank < RANKS; rank++)
        write_rank(kind, &run->script[rank]);
    logged_run_end(run);
    for (int rank = 0; rank < RANKS; rank++) {
        set_clocks(&run->log[rank], waiting, step);
        set_clocks(&run->outcome.log[rank], waiting, step);
    }
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

START_TEST(facts_are_as_written)
{
    const enum kind kind = (enum kind)_i;
    write_all(kind, 0, 0);
    struct overlap_facts facts;
    ck_assert(overlap_facts_of(&run->outcome.log[1], 0, MICRO_BATCHES, model, &facts));
    const struct mistake *found = overlap_mistake(&facts);
    ck_assert_pstr_eq(found ? found->name : NULL, mistake[kind]);
    const double all = bytes_of_all();
    ck_assert_double_eq(facts.bytes, all);
    ck_assert_double_eq(facts.summed, kind == EACH_MICRO_BATCH ? MICRO_BATCHES * all : all);
    if (kind == RIGHT || kind == AT_ONCE)
        ck_assert_double_eq(facts.begun, all - bytes_of(0));
    if (kind == BEHIND)
        ck_assert_double_eq(facts.begun, 0);
    ck_assert_double_eq(facts.optimizer, OPTIMIZER);
    const int layers = model->layers;
    const double before = (MICRO_BATCHES - 1.0) * (FORWARD + (double)layers * PART) + FORWARD;
    for (int layer = 0; layer < layers; layer++)
        ck_assert_double_eq(facts.ready[layer], before + (double)(layers - layer) * PART);
    ck_assert_double_eq(facts.flops, before + (double)layers * PART + OPTIMIZER);
    g_free(facts.ready);
}
END_TEST

START_TEST(a_step_that_is_not_there_has_none)
{
    write_all(RIGHT, 0, 0);
    struct overlap_facts facts;
    ck_assert(!overlap_facts_of(&run->outcome.log[0], 1, MICRO_BATCHES, model, &facts));
}
END_TEST

/* ---- time ------------------------------------------------------------------------------------------------------ */

static double sum_seconds(int layer)
{
    /* Halving and doubling between two ranks: half of it each way. Short ones in one step. */
    const double bytes = bytes_of(layer);
    return bytes < 16384 ? (bytes > 0 ? LATENCY + bytes / BANDWIDTH : 0)
                         : 2 * LATENCY + bytes / BANDWIDTH;
}

/* As the judge's file says, in nanoseconds. */
static double limit(void)
{
    const double speed = 1e9 * FLOPS_PER_NANOSECOND;
    const double before =
        (MICRO_BATCHES - 1.0) * (FORWARD + (double)model->layers * PART) + FORWARD;
    double sums = 0, in_turn = 0, first = 0;
    for (int layer = model->layers; layer-- > 0;) {
        /* A layer without parameters below is in the same bucket. */
        int lowest = layer;
        while (lowest > 0 && bytes_of(lowest - 1) <= 0)
            lowest--;
        if (bytes_of(layer) <= 0)
            continue;
        const double ready = (before + (double)(model->layers - lowest) * PART) / speed;
        first = first > 0 ? first : ready;
        sums += sum_seconds(layer);
        in_turn = MAX(in_turn, ready) + sum_seconds(layer);
    }
    int first_layer = 0;
    while (bytes_of(first_layer) <= 0)
        first_layer++;
    const double computing = (before + (double)model->layers * PART) / speed;
    const double bound = MAX(computing, first + sums) + sum_seconds(first_layer);
    return 1e9 * 1.05 * (MAX(bound, in_turn) + OPTIMIZER / speed);
}

static void expect(enum verdict_kind kind, const char *says, const char *named)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    data_judge_overlap(&judgement, verdict);
    ck_assert_msg(!named || strcmp(verdict->mistake->str, named) == 0, "\"%s\" is not \"%s\": %s",
                  verdict->mistake->str, named, verdict->headline->str);
    logged_run_expect(verdict, kind, says);
}

START_TEST(a_step_may_take_as_long_as_the_limit)
{
    write_all(RIGHT, 0, limit() - 10);
    expect(VERDICT_PASS, NULL, "");
}
END_TEST

START_TEST(a_longer_step_is_told)
{
    write_all(RIGHT, 0, limit() + 10);
    expect(VERDICT_FAIL, "on the simulated cluster \"slow\"", "");
}
END_TEST

START_TEST(who_waits_within_the_backward_is_told)
{
    write_all(AT_ONCE, limit() / 4, 0);
    expect(VERDICT_FAIL, "on the simulated cluster \"slow\"", "the backward waits for each bucket");
}
END_TEST

START_TEST(a_wait_within_the_backward_is_right_if_there_is_time)
{
    write_all(AT_ONCE, 0, 0);
    expect(VERDICT_PASS, NULL, "");
}
END_TEST

START_TEST(sums_behind_the_backward_are_told)
{
    write_all(BEHIND, 0, 0);
    expect(VERDICT_FAIL, "before the backward has come to the first layer",
           "the sums begin behind the backward");
}
END_TEST

START_TEST(early_sums_are_told)
{
    const enum kind kind[] = {FIRST_MICRO_BATCH, EACH_MICRO_BATCH, BUCKET_EARLY};
    write_all(kind[_i], 0, 0);
    expect(VERDICT_FAIL, "of its gradients are complete", mistake[kind[_i]]);
}
END_TEST

START_TEST(a_small_sum_beside_is_right)
{
    write_all(RIGHT_AND_A_LOSS, 0, limit() - 10);
    expect(VERDICT_PASS, NULL, "");
}
END_TEST

START_TEST(without_a_platform_nothing_is_judged)
{
    write_all(RIGHT, 0, 0);
    g_free(run->outcome.platform_file);
    run->outcome.platform_file = g_strdup("common/platforms/no-such.xml");
    expect(VERDICT_NOT_JUDGED, "platform", "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judges of overlap");
    TCase *tests = tcase_create("overlap");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, facts_are_as_written, 0, KINDS);
    tcase_add_test(tests, a_step_that_is_not_there_has_none);
    tcase_add_test(tests, a_step_may_take_as_long_as_the_limit);
    tcase_add_test(tests, a_longer_step_is_told);
    tcase_add_test(tests, who_waits_within_the_backward_is_told);
    tcase_add_test(tests, a_wait_within_the_backward_is_right_if_there_is_time);
    tcase_add_test(tests, sums_behind_the_backward_are_told);
    tcase_add_loop_test(tests, early_sums_are_told, 0, 3);
    tcase_add_test(tests, a_small_sum_beside_is_right);
    tcase_add_test(tests, without_a_platform_nothing_is_judged);
    suite_add_tcase(suite, tests);
    return suite;
}
