/*
 * The judges of ranks that share out a model's state, on real runs: right ones, and the same evidence taken for that of another
 * run, which it is not: of another stage of ZeRO, seed, rate or number of ranks' micro-batches. And the numbers of the probes.
 */
#include "assignments/memory/judges/zero/zero_clipped.h"
#include "assignments/memory/judges/zero/zero_costs.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/options.h"
#include "assignments/memory/shard_cases.h"
#include "common/base/sixteen_bits.h"
#include "tests/support/program_outcome.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define RUN                                                                                        \
    "--model mlp:depth=5,width=17 --data "                                                         \
    "synthetic:channels=1,height=4,width=5,train=64,classes=7 --batch 12 --micro-batches 6 "       \
    "--seed 5 "

static struct outcome a_run(int zero, const char *more)
{
    g_autofree char *options = g_strdup_printf(RUN "--zero %d %s", zero, more);
    return program_outcome(false, 3, "solutions/memory", &memory_own_options, options);
}

static void expect(struct verdict *verdict, const char *says, const char *mistake)
{
    const bool failed = verdict->kind == VERDICT_FAIL;
    ck_assert_msg(failed == (says != NULL) && (!says || strstr(verdict->headline->str, says)),
                  "verdict %d: %s", verdict->kind, verdict->headline->str);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake ? mistake : "") == 0, "named \"%s\": %s",
                  verdict->mistake->str, verdict->headline->str);
    verdict_free(verdict);
}

static struct verdict *passed(void)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "right");
    return verdict;
}

static void expect_numbers(const struct outcome *run, const char *says, const char *mistake)
{
    struct verdict *verdict = passed();
    memory_zero_state_is_right(run, verdict);
    expect(verdict, says, mistake);
}

static void expect_costs(const struct outcome *run, const char *says, const char *mistake)
{
    struct verdict *verdict = passed();
    struct model *model = evidence_model(run, verdict);
    const struct zero_sizes sizes = memory_zero_sizes(run, model);
    const double bytes = memory_zero_memory_is_right(run, &sizes, verdict);
    if (bytes > 0)
        memory_zero_traffic_is_right(run, &sizes, bytes, verdict);
    model_free(model);
    expect(verdict, says, mistake);
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

START_TEST(numbers)
{
    struct outcome run = a_run(_i, "--optimizer adamw --steps 2 --snapshots 0,1,2");
    expect_numbers(&run, NULL, NULL);
    run.options.optimizer.learning_rate *= 1.001;
    expect_numbers(&run, "the optimizer makes it", NULL);
    run.options.optimizer.learning_rate /= 1.001;
    run.options.seed++;
    expect_numbers(&run, "is not the initial value that the seed gives", NULL);
    program_outcome_clear(&run);
}
END_TEST

/* Behind a layer norm of two numbers a bias has hardly a gradient: what rounding leaves is no mistake. */
START_TEST(numbers_that_cancel_out)
{
    struct outcome run = program_outcome(
        false, 5, "solutions/memory", &memory_own_options,
        "--zero 2 --model mlp:depth=3,width=2,norm=layer --data "
        "synthetic:channels=1,height=4,width=5,train=64,classes=7 --batch 10 --micro-batches 10 "
        "--steps 3 --snapshots 0,1,2,3 --seed 1578830085");
    expect_numbers(&run, NULL, NULL);
    run.options.seed++;
    expect_numbers(&run, "is not the initial value that the seed gives", NULL);
    program_outcome_clear(&run);
}
END_TEST

/* A gradient that is too long by a known factor is what one process has, if it clips. */
START_TEST(clipped_numbers)
{
    struct outcome run = a_run(_i, "--clip 0.05 --steps 2 --snapshots 0,1,2");
    expect_numbers(&run, NULL, NULL);
    struct memory_options own = memory_options(&run.options);
    own.clip = 0.04;
    memory_options_set(&run.options, own);
    expect_numbers(&run, "was made from a gradient of", NULL);
    program_outcome_clear(&run);
}
END_TEST

/* ---- memory and messages -------------------------------------------------------------------------------- */

static void take_for(struct outcome *run, int zero)
{
    struct memory_options own = memory_options(&run->options);
    own.zero = zero;
    memory_options_set(&run->options, own);
}

START_TEST(costs)
{
    static const char *const more[] = {"--steps 2 --log-memory --optimizer adamw",
                                       "--steps 2 --log-memory --precision bfloat16",
                                       "--steps 2 --log-memory --precision float16"};
    struct outcome run = a_run(_i / 3, more[_i % 3]);
    expect_costs(&run, NULL, NULL);
    program_outcome_clear(&run);
}
END_TEST

/* What one stage may hold the next one may not. */
START_TEST(less_is_shared_out)
{
    static const char *const what[] = {"bytes of optimizer", "bytes of gradient",
                                       "bytes of parameter"};
    static const char *const mistakes[] = {"the optimizer's state is not shared out",
                                           "tensors are kept beside the shards",
                                           "tensors are kept beside the shards"};
    struct outcome run = a_run(_i, "--steps 2 --log-memory");
    take_for(&run, _i + 1);
    expect_costs(&run, what[_i], mistakes[_i]);
    program_outcome_clear(&run);
}
END_TEST

/* By hand: an mlp of 20, 17 and 7 has (20 + 1) · 17 + 3 · (17 + 1) · 17 + (17 + 1) · 7 … numbers. */
START_TEST(sizes_and_messages)
{
    struct verdict *verdict = passed();
    struct outcome run = a_run(3, "--steps 1");
    struct model *model = evidence_model(&run, verdict);
    const struct zero_sizes sizes = memory_zero_sizes(&run, model);
    const double first = 21 * 17, middle = 18 * 17, last = 18 * 7;
    ck_assert_double_eq(sizes.all, first + 3 * middle + last);
    ck_assert_double_eq(sizes.layers[0], first);
    ck_assert_double_eq(sizes.layers[1], first + middle);
    ck_assert_double_eq(sizes.shard, first / 3 + 3 * middle / 3 + last / 3);
    ck_assert_int_eq(sizes.micro_batches, 2);
    /* Two gathers and a reduce-scatter of each micro-batch. */
    const struct zero_traffic traffic = memory_zero_traffic(&run, &sizes, 4);
    ck_assert_double_eq_tol(traffic.found, 6, 1e-9);
    ck_assert_double_eq_tol(traffic.gradients, 2, 1e-9);
    ck_assert_double_eq(traffic.limit, 6);
    model_free(model);
    verdict_free(verdict);
    program_outcome_clear(&run);
}
END_TEST

/* ---- probes ------------------------------------------------------------------------------------------------- */

static double rounded(enum dtype dtype, double value)
{
    return dtype == DTYPE_BFLOAT16
               ? (double)bfloat16_to_float32(bfloat16_from_float32((float)value))
           : dtype == DTYPE_FLOAT16 ? (double)float16_to_float32(float16_from_float32((float)value))
                                    : (double)(float)value;
}

/* So that bits say who is in a sum. */
START_TEST(sums_are_exact)
{
    for (int number = 0; number < SHARD_CALLS; number++) {
        const struct shard_call call = shard_call_of(SHARD_MOST_RANKS - 1, number);
        for (size_t i = 0; i < call.count; i++) {
            double sum = 0;
            for (int member = 0; member < SHARD_MOST_RANKS - 1; member++) {
                const double one = ldexp(shard_factor(call.dtype, i), member);
                ck_assert_double_eq(rounded(call.dtype, one), one);
                sum = rounded(call.dtype, sum + one);
                ck_assert_double_eq(sum, (ldexp(1, member + 1) - 1) * shard_factor(call.dtype, i));
            }
        }
    }
}
END_TEST

START_TEST(clip_cases_have_their_norms)
{
    for (int i = 0; i < CLIP_CASES; i++)
        for (int rank = 0; rank < 3; rank++) {
            double squares = 0;
            for (int unit = 0; unit < CLIP_UNITS; unit++)
                squares += clip_count(&clip_cases[i], 3, rank, unit) *
                           pow((double)clip_number(&clip_cases[i], 3, rank, unit), 2);
            const int times = clip_cases[i].zero_stage == 0 ? 1 : rank + 1;
            const bool has_second = clip_count(&clip_cases[i], 3, rank, 1) > 0;
            const double due =
                hypot(clip_cases[i].norm[0], has_second ? clip_cases[i].norm[1] : 0) * times;
            ck_assert_double_eq_tol(sqrt(squares), due, 1e-6 * due + 1e-12);
        }
}
END_TEST

/* ---- clipping by name ------------------------------------------------------------------------------------------ */

static void expect_clip(double norm, double other, double most, double factor, double other_factor,
                        const char *name)
{
    const struct zero_clipped c = {.ranks = 2,
                                   .of_run = 2,
                                   .most = most,
                                   .norm = {norm, other},
                                   .factor = {factor, other_factor}};
    const struct mistake *mistake = memory_zero_clip_mistake(&c);
    ck_assert_str_eq(mistake ? mistake->name : "", name);
}

START_TEST(clips)
{
    expect_clip(3, 4, 1, 0.2, 0.2, "");
    expect_clip(3, 4, 1, 1.0 / 3, 0.25, "each rank clips by the norm of its own shard");
    expect_clip(3, 4, 1, 1.0 / 7, 1.0 / 7, "the ranks' norms are added up, not their squares");
    expect_clip(3, 4, 1, 1.0 / 25, 1.0 / 25, "the root of the sum of squares is missing");
    expect_clip(3, 4, 1, 1, 1, "gradients are not clipped");
    expect_clip(3, 4, 10, 2, 2, "short gradients are made longer");
    expect_clip(3, 4, 1, 0.123, 0.123, "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("ranks that share out a model's state");
    TCase *runs = tcase_create("runs");
    tcase_set_timeout(runs, 60);
    tcase_add_loop_test(runs, numbers, 1, 4);
    tcase_add_test(runs, numbers_that_cancel_out);
    tcase_add_loop_test(runs, clipped_numbers, 0, 4);
    tcase_add_loop_test(runs, costs, 0, 12);
    tcase_add_loop_test(runs, less_is_shared_out, 0, 3);
    tcase_add_test(runs, sizes_and_messages);
    suite_add_tcase(suite, runs);
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, sums_are_exact);
    tcase_add_test(tables, clip_cases_have_their_norms);
    tcase_add_test(tables, clips);
    suite_add_tcase(suite, tables);
    return suite;
}
