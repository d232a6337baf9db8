/*
 * What the judges of mixed precision and loss scaling take for right: the bits that a power of two does not change, the
 * rule of the scales on sequences by hand, the bounds on runs of the solutions, and what the chapter says of numbers of 16 bits.
 */
#include "assignments/memory/judges/mixed/mixed_bounds.h"
#include "assignments/memory/judges/mixed/mixed_memory.h"
#include "assignments/memory/judges/mixed/mixed_scales.h"
#include "assignments/memory/judges/mixed/mixed_step.h"
#include "assignments/memory/options.h"
#include "common/base/sixteen_bits.h"
#include "grader/truth/reference.h"
#include "tests/support/program_outcome.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define MLP                                                                                        \
    "--model mlp:depth=3,width=17 --data "                                                         \
    "synthetic:channels=1,height=4,width=5,train=64,classes=7 --batch 12 --micro-batches 6 "

/* ---- numbers of 16 bits, as the chapter tells --------------------------------------------------------------- */

static float in_bfloat16(float number)
{
    return bfloat16_to_float32(bfloat16_from_float32(number));
}

static float in_float16(float number)
{
    return float16_to_float32(float16_from_float32(number));
}

START_TEST(test_small_updates_are_lost)
{
    float alone = 1, master = 1, half = 1, half_master = 1;
    for (int step = 0; step < 100; step++) {
        alone = in_bfloat16(alone - 0.001f);
        master -= 0.001f;
        half = in_float16(half - 0.0002f);
        half_master -= 0.0002f;
    }
    ck_assert(alone == 1 && half == 1);
    ck_assert_float_eq_tol(master, 0.9f, 1e-5f);
    ck_assert_float_eq_tol(half_master, 0.98f, 1e-5f);
    ck_assert_float_eq_tol(in_bfloat16(master), 0.9f, 0.9f * 0x1p-8f);
}
END_TEST

START_TEST(test_sums_end_at_256)
{
    float sum = 0;
    for (int i = 0; i < 300; i++)
        sum = in_bfloat16(sum + 1);
    ck_assert(sum == 256);
}
END_TEST

START_TEST(test_sixteenth_power_is_the_first_that_fits)
{
    int power = 20;
    while (isinf(in_float16((float)ldexp(0.7, power))))
        power--;
    ck_assert_int_eq(power, 16);
}
END_TEST

/* ---- the rule of the scales, by hand --------------------------------------------------------------------------- */

static const struct rule_case {
    const char *taken; /* "+": a step that is taken, "-": one that is skipped */
    double scale[10];  /* of each step; --loss-scale 16, --scale-window 2 */
    const char *named; /* NULL: it is right; "": wrong, without a name */
} rule_cases[] = {
    {"--++-+++", {16, 8, 4, 4, 8, 4, 4, 8}, NULL},
    {"++++", {16, 16, 32, 32}, NULL},
    {"--++", {16, 16, 16, 16}, "the loss scale is not halved after an overflow"},
    {"-++-", {16, 32, 32, 64}, "an overflow doubles the loss scale"},
    {"-+++-+", {16, 8, 8, 8, 8, 4}, "the loss scale never grows again"},
    {"-+++-+", {16, 8, 8, 8, 16, 8}, "the window is counted wrongly"},
    {"+-+-", {16, 32, 16, 32}, "the window is counted wrongly"},
    {"-+-++", {16, 8, 8, 4, 8}, "the counter of good steps is not reset at an overflow"},
    {"--+++", {16, 8, 4, 8, 8}, "skipped steps count as good ones"},
    {"++++", {16, 16, 32, 64}, "the counter of good steps is not reset when the scale is doubled"},
    {"+++-", {1, 1, 1, 1}, "the loss is not multiplied by the scale"},
    {"-+++", {16, 4, 4, 4}, ""},
};

START_TEST(test_rules_are_told_apart)
{
    const struct rule_case *one = &rule_cases[_i];
    struct outcome run = {.ranks = 1, .options = options_defaults(&memory_own_options)};
    struct memory_options own = memory_options(&run.options);
    struct verdict *verdict = verdict_new();
    double scale[10];
    bool taken[10];
    struct mixed_scales scales = {(int)strlen(one->taken), scale, taken};
    own.loss_scale = 16;
    own.scale_window = 2;
    memory_options_set(&run.options, own);
    for (int step = 0; step < scales.steps; step++) {
        scale[step] = one->scale[step];
        taken[step] = one->taken[step] == '+';
    }
    verdict_set(verdict, VERDICT_PASS, "right");
    ck_assert_msg(mixed_scales_follow_the_rule(&run, &scales, verdict) == (one->named == NULL),
                  "%s: %s", one->taken, verdict->headline->str);
    ck_assert_str_eq(verdict->mistake->str, one->named ? one->named : "");
    verdict_free(verdict);
}
END_TEST

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static struct verdict *verdict;
static struct mixed_truth *truth;
static struct outcome run;

static void begin_run(int ranks, const char *options)
{
    verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "right");
    run = program_outcome(true, ranks, "solutions/memory", &memory_own_options, options);
    truth = mixed_truth_of_run(&run, verdict);
    ck_assert_msg(truth != NULL, "%s", verdict->headline->str);
}

static void end_run(void)
{
    mixed_truth_free(truth);
    program_outcome_clear(&run);
    verdict_free(verdict);
}

static struct mixed_snapshot *snapshot_before(int step)
{
    struct mixed_snapshot *snapshot = mixed_snapshot_read(&run, truth, step, verdict);
    ck_assert_msg(snapshot != NULL, "%s", verdict->headline->str);
    return snapshot;
}

/* The loss scale is a power of two: gradients have the same digits with twice the scale. */
START_TEST(test_twice_the_scale_is_the_same_bits)
{
    float *masters[2];
    size_t count = 0;
    for (int i = 0; i < 2; i++) {
        g_autofree char *options = g_strdup_printf(
            MLP "--precision float16 --zero 1 --loss-scale %d --steps 4 --snapshots 0,4 --seed 5",
            4096 << i);
        begin_run(3, options);
        struct mixed_snapshot *last = snapshot_before(4);
        count = truth->count;
        masters[i] = g_memdup2(last->masters, count * sizeof(float));
        for (int rank = 0; rank < 3; rank++)
            ck_assert_int_eq(last->steps_done[rank], 4);
        mixed_snapshot_free(last);
        end_run();
    }
    size_t other = 0;
    for (size_t i = 0; i < count; i++)
        other += masters[0][i] != masters[1][i];
    /* Those that were too small for float16 to have all digits. */
    ck_assert_msg(other <= count / 50, "%zu of %zu", other, count);
    g_free(masters[0]);
    g_free(masters[1]);
}
END_TEST

static const char *const bound_cases[] = {
    "--precision bfloat16 --zero 0", "--precision bfloat16 --zero 1 --optimizer adamw",
    "--precision bfloat16 --zero 3", "--precision float16 --loss-scale 1024 --zero 1"};

/* All is right, and with room to spare. */
START_TEST(test_solutions_are_well_within_the_bounds)
{
    g_autofree char *options =
        g_strdup_printf(MLP "%s --steps 2 --snapshots 1,2 --log-memory --seed 7", bound_cases[_i]);
    begin_run(3, options);
    struct mixed_snapshot *before = snapshot_before(1), *after = snapshot_before(2);
    const double scale = truth->precision == DTYPE_FLOAT16 ? 1024 : 1;
    const struct mixed_bounds bounds = mixed_bounds(truth->precision);
    const struct mixed_step step = {.run = &run,
                                    .truth = truth,
                                    .before = before,
                                    .after = after,
                                    .gradients = mixed_dtype_of_gradients(&run, truth),
                                    .scale = scale};
    ck_assert_int_eq(step.gradients, truth->precision);
    mixed_truth_compute(truth, 1, scale, before->parameters);
    g_autoptr(GString) table = g_string_new(NULL);
    ck_assert_msg(mixed_step_is_right(&step, table, verdict), "%s", verdict->headline->str);
    const struct mixed_distance distance = mixed_gradients_distance(&step);
    ck_assert(fabs(distance.factor - 1) < 0.75 * bounds.factor &&
              distance.rest < 0.75 * bounds.rest);
    /* Sixteen bits do round: a judge that found nothing would compare something with itself. */
    ck_assert(distance.rest > 1e-5);
    mixed_snapshot_free(before);
    mixed_snapshot_free(after);
    end_run();
}
END_TEST

/* ---- the references ------------------------------------------------------------------------------------------------- */

/* A reference in bfloat16 is not far from one in float32, and not the same; its masters move by less than its parameters can. */
START_TEST(test_reference_in_sixteen_bits)
{
    begin_run(1, MLP "--precision bfloat16 --learning-rate 1e-4 --steps 1 --snapshots 0 --seed 3");
    struct reference *wide = reference_of_run(&run, verdict);
    struct reference *narrow = reference_in_precision(&run, DTYPE_BFLOAT16, verdict);
    ck_assert(wide && narrow && narrow->masters && !wide->masters);
    reference_compute(wide, 0);
    reference_compute(narrow, 0);
    ck_assert_double_eq_tol(wide->loss, narrow->loss, 0.02 * wide->loss);
    ck_assert_double_ne(wide->loss, narrow->loss);
    float *before = g_memdup2(tensor_floats(narrow->masters), truth->count * sizeof(float));
    reference_update(narrow);
    const uint16_t *rounded = stage_parameters(narrow->stage)->data;
    const float *masters = tensor_floats(narrow->masters);
    size_t moved = 0, stood = 0;
    for (size_t i = 0; i < truth->count; i++) {
        ck_assert_uint_eq(rounded[i], bfloat16_from_float32(masters[i]));
        moved += masters[i] != before[i];
        stood += masters[i] != before[i] && bfloat16_to_float32(rounded[i]) == before[i];
    }
    ck_assert(moved > truth->count / 2 && stood > moved / 2);
    g_free(before);
    reference_free(wide);
    reference_free(narrow);
    end_run();
}
END_TEST

/* The truth's gradients are those of float32 up to bfloat16's digits, and no sum is larger than what is added up. */
START_TEST(test_truth_beside_float32)
{
    begin_run(1, MLP "--precision bfloat16 --steps 1 --snapshots 0 --seed 4");
    struct reference *wide = reference_of_run(&run, verdict);
    g_autofree float *initial = g_new(float, truth->count + 1);
    mixed_truth_initial(truth, initial);
    memcpy(tensor_floats(stage_parameters(wide->stage)), initial, truth->count * sizeof(float));
    reference_compute(wide, 0);
    mixed_truth_compute(truth, 0, 1, initial);
    const float *expected = tensor_floats(stage_gradients(wide->stage));
    double apart = 0, norm = 0;
    for (size_t i = 0; i < truth->count; i++) {
        apart += (truth->sum[i] - expected[i]) * (truth->sum[i] - expected[i]);
        norm += (double)expected[i] * expected[i];
        ck_assert(fabs(truth->sum[i]) <= truth->amounts[i] * (1 + 1e-12));
    }
    ck_assert(truth->finite && sqrt(apart / norm) < 0.03 && sqrt(apart / norm) > 1e-4);
    reference_free(wide);
    end_run();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mixed precision");
    TCase *numbers = tcase_create("numbers of 16 bits"), *runs = tcase_create("runs");
    tcase_add_test(numbers, test_small_updates_are_lost);
    tcase_add_test(numbers, test_sums_end_at_256);
    tcase_add_test(numbers, test_sixteenth_power_is_the_first_that_fits);
    tcase_add_loop_test(numbers, test_rules_are_told_apart, 0, G_N_ELEMENTS(rule_cases));
    tcase_set_timeout(runs, 300);
    tcase_add_test(runs, test_twice_the_scale_is_the_same_bits);
    tcase_add_loop_test(runs, test_solutions_are_well_within_the_bounds, 0,
                        G_N_ELEMENTS(bound_cases));
    tcase_add_test(runs, test_reference_in_sixteen_bits);
    tcase_add_test(runs, test_truth_beside_float32);
    suite_add_tcase(suite, numbers);
    suite_add_tcase(suite, runs);
    return suite;
}
