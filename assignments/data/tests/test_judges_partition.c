/*
 * The judge of partition, on results written by hand: the probe's, of right rules and wrong ones, and logs of
 * training. The orders are this test's own, and so is what is right.
 */
#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "assignments/data/partition_cases.h"
#include "assignments/data/probes.h"
#include "common/log/log_fields.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* ---- rules -------------------------------------------------------------------------------------------- */

static struct logged_run *run;

static void begin(void)
{
    run = logged_run_new(1);
    run->outcome.options = options_defaults(&data_own_options);
    run->outcome.options.seed = 77;
}

static void end(void)
{
    logged_run_free(run);
}

/* An order that depends on one number alone. */
static void mix(unsigned seed, int samples, int *order)
{
    for (int i = 0; i < samples; i++)
        order[i] = i;
    for (int i = samples - 1; i > 0; i--) {
        const int j = rand_r(&seed) % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

enum rule {
    STRIDED,
    BLOCKS_LAST_HAVE_MORE,
    ORDER_OF_RANK,
    ORDER_OF_ALL_EPOCHS,
    ORDER_OF_ALL_SEEDS,
    NO_ORDER,
    REMAINDER_LOST,
    REMAINDER_ON_THE_LAST,
    STEP_TOO_FEW,
    STEP_TOO_MANY,
    SAMPLE_TOO_HIGH,
    NOT_SET,
    OVERRUN,
    RULES
};

static const char *const expected[RULES] = {
    [ORDER_OF_RANK] = "is there twice",
    [ORDER_OF_ALL_EPOCHS] = "every rank has the samples that it has in epoch 0, in the same order",
    [ORDER_OF_ALL_SEEDS] = "with another seed it is the same",
    [NO_ORDER] = "in the data set's order",
    [REMAINDER_LOST] = "the ranks have 6 samples together, and the batch has 7",
    [REMAINDER_ON_THE_LAST] = "no rank may have two more than another",
    [STEP_TOO_FEW] = "it has 3 steps, and should have 4",
    [STEP_TOO_MANY] = "it has 4 steps, and should have 3",
    [SAMPLE_TOO_HIGH] = "has sample 24: they are numbered from 0 to 23",
    [NOT_SET] = "first[1] of rank 0 is not set",
    [OVERRUN] = "it wrote outside of the arrays",
};

static bool has(enum rule rule, int samples, int ranks, int rank, int place)
{
    const int each = samples / ranks, more = samples % ranks;
    switch (rule) {
    case BLOCKS_LAST_HAVE_MORE: {
        const int few = ranks - more;
        return place < few * each ? place / each == rank
                                  : few + (place - few * each) / (each + 1) == rank;
    }
    case REMAINDER_LOST:
        return each > 0 && place < each * ranks && place / each == rank;
    case REMAINDER_ON_THE_LAST:
        return each == 0 ? rank == ranks - 1 : MIN(place / each, ranks - 1) == rank;
    default:
        return place % ranks == rank;
    }
}

static int steps_of(const struct partition_case *one, enum rule rule)
{
    const bool keeps = (one->keeps_last && rule != STEP_TOO_FEW) || rule == STEP_TOO_MANY;
    int steps = 0;
    while ((steps + 1) * one->batch_size <= one->samples)
        steps++;
    return steps + (keeps && steps * one->batch_size < one->samples ? 1 : 0);
}

static unsigned seed_of(const struct partition_case *one, int call, int rank, enum rule rule)
{
    unsigned seed = rule == ORDER_OF_ALL_SEEDS ? 5 : (unsigned)one->seed[call];
    seed = rule == ORDER_OF_ALL_EPOCHS ? seed : seed * 31 + (unsigned)one->number[call];
    return rule == ORDER_OF_RANK ? seed * 31 + (unsigned)rank : seed;
}

static void append_rank(const struct partition_case *one, int call, int rank, enum rule rule,
                        GString *firsts, GString *samples)
{
    g_autofree int *order = g_new(int, one->samples);
    int count = 0;
    mix(seed_of(one, call, rank, rule), one->samples, order);
    g_string_append(firsts, rank > 0 ? ", [0" : "[0");
    g_string_append(samples, rank > 0 ? ", [" : "[");
    for (int step = 0; step < steps_of(one, rule); step++) {
        const int before = step * one->batch_size;
        const int batch = MIN(one->batch_size, one->samples - before);
        for (int place = 0; place < batch; place++) {
            const int sample = rule == NO_ORDER ? before + place : order[before + place];
            if (has(rule, batch, one->ranks, rank, place))
                g_string_append_printf(samples, "%s%d", count++ > 0 ? ", " : "",
                                       sample + (rule == SAMPLE_TOO_HIGH ? 1 : 0));
        }
        if (rule == NOT_SET)
            g_string_append_printf(firsts, ", %d", PARTITION_UNSET);
        else
            g_string_append_printf(firsts, ", %d", count);
    }
    g_string_append_c(firsts, ']');
    g_string_append_c(samples, ']');
}

static char *written_by(enum rule rule)
{
    GString *json = g_string_new("[");
    for (int i = 0; i < PARTITION_CASES; i++) {
        const struct partition_case one = data_partition_case(77, i);
        for (int call = 0; call < PARTITION_CALLS; call++) {
            g_autoptr(GString) firsts = g_string_new(NULL), samples = g_string_new(NULL);
            for (int rank = 0; rank < one.ranks; rank++)
                append_rank(&one, call, rank, rule, firsts, samples);
            g_string_append_printf(
                json, "%s{\"steps\": %d, \"first\": [%s], \"sample\": [%s], \"overrun\": %s}",
                json->len > 1 ? ",\n" : "", steps_of(&one, rule), firsts->str, samples->str,
                rule == OVERRUN ? "true" : "false");
        }
    }
    g_string_append_c(json, ']');
    return g_string_free(json, FALSE);
}

/* ---- the probe ------------------------------------------------------------------------------------------ */

static void expect(enum verdict_kind kind, const char *says)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    data_judge_partition(&judgement, verdict);
    logged_run_expect(verdict, kind, says);
}

static void write_probe(const char *text)
{
    g_autofree char *name = g_strdup_printf(PROBE_PARTITION, 0);
    g_autofree char *path = g_build_filename(run->folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    strcpy(run->outcome.options.probe, "partition");
}

START_TEST(rules)
{
    g_autofree char *text = written_by((enum rule)_i);
    write_probe(text);
    logged_run_end(run);
    expect(expected[_i] ? VERDICT_FAIL : VERDICT_PASS, expected[_i]);
}
END_TEST

START_TEST(unusable_files)
{
    static const char *const text[] = {"", "[", "{}", "[]", "[1, 2]", "[{\"steps\": 1}]"};
    write_probe(text[_i]);
    logged_run_end(run);
    expect(VERDICT_FAIL, NULL);
}
END_TEST

/* Numbers that no program of this kind writes. */
START_TEST(senseless_numbers)
{
    static const char *const entry[] = {
        "{\"steps\": 6, \"first\": [[0]], \"sample\": [[]], \"overrun\": false}",
        "{\"steps\": 6, \"first\": [[0, 9, 3, 3, 3, 3, 3], [0]], \"sample\": [[], []], "
        "\"overrun\": false}",
        "{\"steps\": 1000000000, \"first\": [], \"sample\": [], \"overrun\": false}",
        "{\"steps\": -1, \"first\": [], \"sample\": [], \"overrun\": false}",
        "{\"steps\": 6, \"first\": {}, \"sample\": 3, \"overrun\": false}",
        "{\"steps\": 6, \"first\": [[0, -9223372036854775808, 0, 0, 0, 0, 0], [0]], \"sample\": "
        "[[], []], \"overrun\": false}",
        "{\"steps\": \"6\", \"first\": [[\"0\"]], \"sample\": [[]], \"overrun\": 0}",
    };
    GString *json = g_string_new("[");
    for (int i = 0; i < PARTITION_CASES * PARTITION_CALLS; i++)
        g_string_append_printf(json, "%s%s", i > 0 ? ", " : "", entry[_i]);
    g_string_append_c(json, ']');
    write_probe(json->str);
    g_string_free(json, TRUE);
    logged_run_end(run);
    expect(VERDICT_FAIL, NULL);
}
END_TEST

/* ---- training ---------------------------------------------------------------------------------------------- */

enum { SAMPLES = 19, BATCH = 4, RANKS = 3, EPOCHS = 2, STEPS = 5 };

enum training { AS_IT_SHOULD, FEWER_STEPS, SAME_EPOCHS, TWICE, TRAININGS };

static void log_share(int rank, int step, const int *sample, int count, int place)
{
    struct log_samples samples = {.count = count, .all = count, .place = place};
    for (int i = 0; i < count; i++)
        samples.number[i] = sample[i];
    script_put(&run->script[rank], log_record_of_samples(&samples));
    script_step(&run->script[rank], LOG_STEP_BEGIN, step);
    script_step(&run->script[rank], LOG_STEP_END, step);
}

static void log_training(enum training what)
{
    const int steps = EPOCHS * STEPS - (what == FEWER_STEPS ? 1 : 0);
    for (int step = 0; step < steps; step++) {
        int order[SAMPLES], share[BATCH];
        const int before = step % STEPS * BATCH, batch = MIN(BATCH, SAMPLES - before);
        mix(what == SAME_EPOCHS ? 3 : (unsigned)(step / STEPS), SAMPLES, order);
        for (int rank = 0, before_it = 0; rank < RANKS; rank++) {
            int count = 0;
            for (int place = rank; place < batch; place += RANKS)
                share[count++] = order[before + (what == TWICE && step == 7 ? place / 2 : place)];
            log_share(rank, step, share, count, before_it);
            before_it += count;
        }
    }
}

START_TEST(training)
{
    static const char *const says[TRAININGS] = {
        [FEWER_STEPS] = "the run has 9 steps: 2 epochs of 19 samples in batches of 4 (--last-batch "
                        "keep) have 10",
        [SAME_EPOCHS] = "in the same order",
        [TWICE] = "epoch 1 of 19 samples",
    };
    struct options *options = &run->outcome.options;
    struct data_options own = data_options(options);
    logged_run_free(run);
    run = logged_run_new(RANKS);
    options = &run->outcome.options;
    *options = options_defaults(&data_own_options);
    own.keeps_last = true;
    data_options_set(options, own);
    options->seed = 77;
    options->epochs = EPOCHS;
    options->batch_size = BATCH;
    strcpy(options->dataset, "synthetic:train=19");
    log_training((enum training)_i);
    logged_run_end(run);
    expect(says[_i] ? VERDICT_FAIL : VERDICT_PASS, says[_i]);
}
END_TEST

/* ---- the sizes ------------------------------------------------------------------------------------------ */

/* By counting samples one by one. */
START_TEST(steps_and_samples)
{
    for (int samples = 1; samples < 40; samples++)
        for (int batch = 1; batch < 12; batch++) {
            int full = 0, left = 0;
            for (int i = 0; i < samples; i++)
                if (++left == batch) {
                    full++;
                    left = 0;
                }
            ck_assert_int_eq(data_epoch_steps(samples, batch, false), full);
            ck_assert_int_eq(data_epoch_steps(samples, batch, true), full + (left > 0));
            if (left > 0)
                ck_assert_int_eq(data_step_samples(samples, batch, full), left);
            if (full > 0)
                ck_assert_int_eq(data_step_samples(samples, batch, full - 1), batch);
        }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of partition");
    TCase *cases = tcase_create("partition");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, rules, 0, RULES);
    tcase_add_loop_test(cases, unusable_files, 0, 6);
    tcase_add_loop_test(cases, senseless_numbers, 0, 7);
    tcase_add_loop_test(cases, training, 0, TRAININGS);
    tcase_add_test(cases, steps_and_samples);
    suite_add_tcase(suite, cases);
    return suite;
}
