/*
 * The costs of a way to train beside published numbers and beside what is played layer by layer; the search beside ways drawn
 * at random.
 */
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/tests/support/drawn_ways.h"
#include "tests/support/test.h"

#include <math.h>

static struct rank_memory played(const struct job *job, const struct way *way)
{
    g_autofree struct layer_numbers *layer = g_new0(struct layer_numbers, job->model.layers);
    transformer_numbers(&job->model, way->pipeline, layer);
    return memory_arithmetic_truth(&(struct model_numbers){job->model.layers, layer}, way, 0);
}

/* ---- published ------------------------------------------------------------------------------------------ */

/* Narayanan et al. 2021, table 1: billions of parameters. */
static const struct {
    double billions;
    struct transformer model;
} published[] = {
    {1.7, {24, 2304, 24, 2048, 51200}},      {3.6, {30, 3072, 32, 2048, 51200}},
    {7.5, {36, 4096, 32, 2048, 51200}},      {18.4, {40, 6144, 48, 2048, 51200}},
    {39.1, {48, 8192, 64, 2048, 51200}},     {76.1, {60, 10240, 80, 2048, 51200}},
    {145.6, {80, 12288, 96, 2048, 51200}},   {310.1, {96, 16384, 128, 2048, 51200}},
    {529.6, {105, 20480, 128, 2048, 51200}}, {1008.0, {128, 25600, 160, 2048, 51200}},
};

START_TEST(parameters_are_the_published_ones)
{
    const struct way way = {.data = 1,
                            .tensor = 1,
                            .pipeline = 1,
                            .format = FORMAT_SIXTEEN_BITS,
                            .optimizer = STATE_ADAM,
                            .micro_batch_samples = 1,
                            .micro_batches = 1};
    const struct job job = {.model = published[_i].model, .batch_size = 1};
    ck_assert_double_eq_tol(played(&job, &way).parameters / 2e9, published[_i].billions, 0.051);
}
END_TEST

/* Narayanan et al. 2021, section 5.1: 175 billion parameters, 300 billion tokens, 1,024 GPUs at 140 TFLOP/s, batch 1536: 34
 * days, by 8 · tokens · parameters, which leaves out attention and logits. */
START_TEST(a_months_training_is_the_published_one)
{
    const struct job job = {{96, 12288, 96, 2048, 51200},
                            {.ranks = 1024,
                             .ranks_per_server = 8,
                             .flops = 140e12,
                             .bandwidth_in_server = 1,
                             .bandwidth_between = 1},
                            1536};
    const struct way way = {.data = 16,
                            .tensor = 8,
                            .pipeline = 8,
                            .format = FORMAT_SIXTEEN_BITS,
                            .optimizer = STATE_ADAM,
                            .recompute = RECOMPUTE_LAYERS,
                            .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                            .micro_batch_samples = 1,
                            .micro_batches = 96};
    const double steps = 300e9 / (1536.0 * 2048);
    ck_assert_double_eq_tol(way_costs(&job, &way).computing * steps / 86400, 34, 1);
}
END_TEST

/* ---- two ways to work it out ------------------------------------------------------------------------------ */

START_TEST(formulas_say_what_is_played)
{
    unsigned seed = 5;
    for (int i = 0; i < DECISION_CASES; i++) {
        const struct decision_case one = decision_case_of(7, i);
        for (int round = 0; round < 8; round++) {
            const struct way way = drawn_way(&seed, &one.job);
            const struct rank_memory closed = way_costs(&one.job, &way).memory;
            const struct rank_memory by_play = played(&one.job, &way);
            char text[WAY_TEXT_SIZE];
            for (int part = 0; part < MEMORY_PARTS; part++) {
                const double a = memory_part(&closed, (enum memory_part)part);
                const double b = memory_part(&by_play, (enum memory_part)part);
                ck_assert_msg(fabs(a - b) <= 1e-5 * b, "%s, %s, %s: %g, played %g", one.name,
                              way_text(&way, text), memory_part_names[part], a, b);
            }
        }
    }
}
END_TEST

/* No way that is drawn and fits beats the best, nor needs less than the least. */
START_TEST(nothing_beats_the_search)
{
    unsigned seed = 6;
    for (int i = 0; i < DECISION_CASES; i++) {
        const struct decision_case one = decision_case_of(8, i);
        const struct decision found = memory_arithmetic_decision(&one.job, 0);
        if (found.fits)
            ck_assert(way_costs(&one.job, &found.best).bytes <= one.job.cluster.memory);
        for (int round = 0; round < 40; round++) {
            const struct way way = drawn_way(&seed, &one.job);
            const struct way_costs costs = way_costs(&one.job, &way);
            ck_assert(costs.bytes >= found.least);
            ck_assert(costs.bytes > one.job.cluster.memory ||
                      (found.fits && costs.seconds >= found.seconds));
        }
    }
}
END_TEST

/* ---- by hand ------------------------------------------------------------------------------------------------ */

/* One layer of width 2 with one head, two tokens of a vocabulary of 4: 12·4 + 26 + 12 = 86 parameters. Two samples on two
 * ranks, each with one FLOP and one byte a second. */
static const struct job tiny = {{1, 2, 1, 2, 4}, {2, 2, 1e9, 1, 1, 1}, 2};

static const struct {
    int data, tensor, zero;
    double computing, layer_sums, gradient_sums;
} by_hand[] = {
    /* FLOPs of a sample: 72·2·4·(1 + 2/12) + 6·2·2·4 = 672 + 96; both ranks have one. Gradients: 2·1/2·2·86. */
    {2, 1, 0, 768, 0, 172},
    /* Gathered before forward and backward, and reduced. */
    {2, 1, 3, 768, 0, 258},
    {2, 1, 2, 768, 0, 172},
    /* Sums of 2·2·2·2 = 16 bytes of both samples at once, four of them, 2·1/2 each. */
    {1, 2, 0, 768, 64, 0},
};

START_TEST(seconds_by_hand)
{
    const struct way way = {.data = by_hand[_i].data,
                            .tensor = by_hand[_i].tensor,
                            .pipeline = 1,
                            .zero_stage = by_hand[_i].zero,
                            .format = FORMAT_SIXTEEN_BITS,
                            .optimizer = STATE_ADAM,
                            .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                            .micro_batch_samples = 2 / by_hand[_i].data,
                            .micro_batches = 1};
    const struct way_costs costs = way_costs(&tiny, &way);
    ck_assert_double_eq_tol(costs.computing, by_hand[_i].computing, 1e-9);
    ck_assert_double_eq_tol(costs.layer_sums, by_hand[_i].layer_sums, 1e-9);
    ck_assert_double_eq_tol(costs.gradient_sums, by_hand[_i].gradient_sums, 1e-9);
    ck_assert_double_eq(costs.stage_messages, 0);
    ck_assert_double_eq(costs.bubble, 0);
}
END_TEST

/* The lesson's: 16 bytes for each of 35·10⁹ parameters are 560 GB, and four ranks have 320; sixteen have 1,280. */
START_TEST(the_lessons_model_does_not_fit)
{
    const struct decision_case four = decision_case_of(1, 0), sixteen = decision_case_of(1, 1);
    const struct decision no = memory_arithmetic_decision(&four.job, 0);
    ck_assert(!no.fits);
    ck_assert_double_gt(no.least * 4, 16 * 34.9e9);
    ck_assert_double_eq_tol(no.state_on_one / 16e9, 35, 0.1);
    ck_assert(memory_arithmetic_decision(&sixteen.job, 0).fits);
}
END_TEST

/* Every reason, and every technique, is needed by some of the fixed cases. */
START_TEST(the_cases_need_everything)
{
    bool nothing_fits = false, one_is_enough = false, activations = false, state = false;
    bool tensor = false, pipeline = false, zero = false, recompute = false, replicas = false;
    for (int i = 0; i < DECISION_FIXED; i++) {
        const struct decision_case one = decision_case_of(1, i);
        const struct decision found = memory_arithmetic_decision(&one.job, 0);
        const double memory = one.job.cluster.memory;
        nothing_fits = nothing_fits || !found.fits;
        one_is_enough = one_is_enough || found.bytes_on_one <= memory;
        activations = activations ||
                      (found.fits && found.bytes_on_one > memory && found.state_on_one <= memory);
        state = state || (found.fits && found.state_on_one > memory);
        tensor = tensor || (found.fits && found.best.tensor > 1);
        pipeline = pipeline || (found.fits && found.best.pipeline > 1);
        zero = zero || (found.fits && found.best.zero_stage > 0);
        recompute = recompute || (found.fits && found.best.recompute != RECOMPUTE_NOTHING);
        replicas = replicas || (found.fits && found.best.data == one.job.cluster.ranks &&
                                found.best.zero_stage == 0);
    }
    ck_assert(nothing_fits && one_is_enough && activations && state);
    ck_assert(tensor && pipeline && zero && recompute && replicas);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("choices");
    TCase *costs = tcase_create("costs");
    tcase_add_loop_test(costs, parameters_are_the_published_ones, 0, G_N_ELEMENTS(published));
    tcase_add_test(costs, a_months_training_is_the_published_one);
    tcase_add_test(costs, formulas_say_what_is_played);
    tcase_add_test(costs, nothing_beats_the_search);
    tcase_add_loop_test(costs, seconds_by_hand, 0, G_N_ELEMENTS(by_hand));
    tcase_add_test(costs, the_lessons_model_does_not_fit);
    tcase_add_test(costs, the_cases_need_everything);
    suite_add_tcase(suite, costs);
    return suite;
}
