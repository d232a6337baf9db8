/*
 * What memory_truth.c plays, beside published tables and formulas, numbers worked out by hand, and the accounting of the
 * kit.
 */
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/run_numbers.h"
#include "common/training/stage.h"
#include "tests/support/test.h"

#include <math.h>

static struct rank_memory right_of(const struct memory_case *one)
{
    return memory_arithmetic_truth(&(struct model_numbers){one->layers, one->layer}, &one->way, 0);
}

/* ---- published ------------------------------------------------------------------------------------------ */

/* Rajbhandari et al. 2020, table 1: GB. Entries over 500 are cut, others rounded or cut to the digits that there are. */
static const double zero_table[ZERO_MODELS][ZERO_STAGES][ZERO_RANKS] = {
    {{120, 52.5, 35.6, 31.4, 30.4, 30.1},
     {120, 41.3, 21.6, 16.6, 15.4, 15.1},
     {120, 30, 7.5, 1.88, 0.47, 0.12}},
    {{2048, 896, 608, 536, 518, 513}, {2048, 704, 368, 284, 263, 257}, {2048, 512, 128, 32, 8, 2}},
    {{16000, 7000, 4750, 4187, 4046, 4011},
     {16000, 5500, 2875, 2218, 2054, 2013},
     {16000, 4000, 1000, 250, 62.5, 15.6}},
};

/* One in the last digit that is given. */
static double last_digit(double entry)
{
    return entry >= 100 || entry == floor(entry) ? 1 : entry >= 2 ? 0.1 : 0.01;
}

START_TEST(zero_has_its_published_table)
{
    static struct memory_case one;
    for (int i = 0; i < ZERO_TABLE_CASES; i++) {
        memory_case_make(1, MEMORY_OF_STATE, i, &one);
        const double entry = zero_table[i / (ZERO_STAGES * ZERO_RANKS)]
                                       [i / ZERO_RANKS % ZERO_STAGES][i % ZERO_RANKS];
        const struct rank_memory right = right_of(&one);
        const double found =
            (right.parameters + right.gradients + right.optimizer + right.masters) / 1e9;
        ck_assert_msg(fabs(found - entry) <= last_digit(entry), "case %d: %g, published %g", i,
                      found, entry);
    }
}
END_TEST

/* Korthikanti et al. 2022, table 2, with t and b of table 3, times the layers and micro-batches that the first stage holds. */
static double published_layer(const struct published_transformer *published, bool sequence,
                              enum recompute recompute)
{
    const double s = published->model.sequence, h = published->model.width;
    const double a = published->model.heads, t = published->tensor, b = published->micro_batch;
    const double attention = recompute == RECOMPUTE_ATTENTION ? 0 : 5 * a * s / h;
    return sequence ? s * b * h / t * (34 + attention) : s * b * h * (10 + 24 / t + attention / t);
}

START_TEST(activations_are_those_of_published_formulas)
{
    static struct memory_case one;
    for (int i = 0; i < PUBLISHED_CASES; i++) {
        const struct published_transformer *published = &published_transformers[i / 8];
        const bool sequence = i / 4 % 2 == 1;
        memory_case_make(1, MEMORY_OF_ACTIVATIONS, i, &one);
        const double s = published->model.sequence, h = published->model.width;
        const double b = published->micro_batch, t = published->tensor;
        const double input = 2 * s * b * h / (sequence ? t : 1);
        const double layer = published_layer(published, sequence, one.way.recompute);
        const double attention = 5.0 * published->model.heads * s * s * b / t;
        const int layers = published->model.layers / published->pipeline;
        const double in_flight = published->pipeline; /* there are more micro-batches than stages */
        /* As many layers as the model has, whatever the stages. */
        const double all = in_flight * layers;
        ck_assert_int_eq((int)all, published->model.layers);
        const double found = right_of(&one).activations;
        if (one.way.recompute == RECOMPUTE_NOTHING)
            ck_assert_double_eq_tol(found, all * layer, 1);
        else if (one.way.recompute == RECOMPUTE_ATTENTION)
            ck_assert_double_eq_tol(found, all * layer + attention, 1);
        else if (one.way.recompute == RECOMPUTE_LAYERS)
            ck_assert_double_eq_tol(found, all * input + layer - input, 1);
    }
}
END_TEST

/* Korthikanti et al. 2022, section 4: the 175 billion model with s = 2048 has 5as/h = 80. */
START_TEST(attention_counts_eighty_where_it_is_published)
{
    const struct transformer *model = &published_transformers[1].model;
    ck_assert_double_eq(5.0 * model->heads * model->sequence / model->width, 80);
}
END_TEST

/* ---- by hand --------------------------------------------------------------------------------------------- */

/* Three layers of 7, 0 and 5 numbers. */
static const struct layer_numbers seven_and_five[] = {
    {.whole_parameters = 7}, {.whole_parameters = 0}, {.whole_parameters = 5}};

START_TEST(shards_are_rounded_up)
{
    struct way way = {.data = 4,
                      .tensor = 1,
                      .pipeline = 1,
                      .optimizer = STATE_ADAM,
                      .format = FORMAT_SIXTEEN_BITS,
                      .micro_batch_samples = 1,
                      .micro_batches = 1};
    const struct model_numbers model = {3, seven_and_five};
    /* One row of 12: 3 each. */
    way.zero_stage = 1;
    struct rank_memory found = memory_arithmetic_truth(&model, &way, 0);
    ck_assert_double_eq(found.parameters, 24);
    ck_assert_double_eq(found.gradients, 24);
    ck_assert_double_eq(found.optimizer, 8 * 3);
    ck_assert_double_eq(found.masters, 4 * 3);
    ck_assert_double_eq(found.layer_parameters + found.layer_gradients, 0);
    /* Rows of 7 and 5: 2 and 2. */
    way.zero_stage = 3;
    way.gradients_float32 = true;
    found = memory_arithmetic_truth(&model, &way, 0);
    ck_assert_double_eq(found.parameters, 2 * 4);
    ck_assert_double_eq(found.gradients, 4 * 4);
    ck_assert_double_eq(found.optimizer, 8 * 4);
    ck_assert_double_eq(found.masters, 4 * 4);
    ck_assert_double_eq(found.layer_parameters, 2 * 7);
    ck_assert_double_eq(found.layer_gradients, 4 * 7);
    /* With SGD in float32. */
    way.optimizer = STATE_SGD_MOMENTUM;
    way.format = FORMAT_FLOAT32;
    way.zero_stage = 2;
    found = memory_arithmetic_truth(&model, &way, 0);
    ck_assert_double_eq(found.parameters, 48);
    ck_assert_double_eq(found.gradients, 16);
    ck_assert_double_eq(found.optimizer, 16);
    ck_assert_double_eq(found.masters, 0);
    ck_assert_double_eq(found.layer_gradients, 28);
}
END_TEST

/* Four layers: each is entered by 10 numbers, which it keeps, and keeps 3, 4, 5, 6 besides; the second keeps its output. */
static const struct layer_numbers four_layers[] = {
    {.whole_input = 10, .keeps_input = true, .whole_kept = 3},
    {.whole_input = 10, .keeps_input = true, .keeps_output = true, .whole_kept = 4},
    {.whole_input = 10, .keeps_input = true, .whole_kept = 5, .whole_bytes_kept = 1},
    {.whole_input = 10, .keeps_input = true, .whole_kept = 6}};

static const struct {
    int pipeline;
    enum recompute recompute;
    enum pipeline_order order;
    int micro_batches;
    double expected;
} by_hand[] = {
    /* 13 + 14 + 5 + 16 numbers, and a byte. */
    {1, RECOMPUTE_NOTHING, ORDER_ONE_FORWARD_ONE_BACKWARD, 3, 4 * 48 + 1},
    {1, RECOMPUTE_NOTHING, ORDER_ALL_FORWARD_FIRST, 3, 3 * (4 * 48 + 1)},
    /* Two stages: the first has two in flight, 27 numbers each; the second one, 31 numbers and a byte: its input is not the
     * first one's any more. */
    {2, RECOMPUTE_NOTHING, ORDER_ONE_FORWARD_ONE_BACKWARD, 3, 2 * 4 * 27},
    {2, RECOMPUTE_NOTHING, ORDER_ALL_FORWARD_FIRST, 1, 4 * 31 + 1},
    /* Inputs of 10 and 10 for each segment of two; the last one's turn: 5 + 16 numbers and a byte besides. */
    {1, RECOMPUTE_SEGMENTS, ORDER_ALL_FORWARD_FIRST, 1, 4 * (20 + 21) + 1},
    {1, RECOMPUTE_SEGMENTS, ORDER_ALL_FORWARD_FIRST, 4, 3 * 4 * 20 + 4 * (20 + 21) + 1},
    {1, RECOMPUTE_LAYERS, ORDER_ALL_FORWARD_FIRST, 2, 4 * 40 + 4 * (40 + 6)},
};

START_TEST(activations_by_hand)
{
    const struct way way = {.data = 1,
                            .tensor = 1,
                            .pipeline = by_hand[_i].pipeline,
                            .recompute = by_hand[_i].recompute,
                            .order = by_hand[_i].order,
                            .micro_batch_samples = 1,
                            .micro_batches = by_hand[_i].micro_batches};
    const struct rank_memory found =
        memory_arithmetic_truth(&(struct model_numbers){4, four_layers}, &way, 0);
    ck_assert_double_eq(found.activations, by_hand[_i].expected);
}
END_TEST

/* ---- the kit ------------------------------------------------------------------------------------------------ */

START_TEST(the_accounting_says_what_is_played)
{
    static struct memory_case one;
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int i = 0; i < MEMORY_RUN_CASES; i++) {
            memory_case_make(seed, MEMORY_OF_RUNS, i, &one);
            const struct rank_memory played = right_of(&one), run = memory_arithmetic_run(&one);
            for (int part = 0; part < MEMORY_PARTS; part++)
                ck_assert_msg(memory_part(&played, (enum memory_part)part) ==
                                  memory_part(&run, (enum memory_part)part),
                              "seed %d, case %d, %s: played %g, run %g", (int)seed, i,
                              memory_part_names[part], memory_part(&played, (enum memory_part)part),
                              memory_part(&run, (enum memory_part)part));
        }
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

/* Segments that the kit's own layer computes again keep what enters them, in all micro-batches. */
START_TEST(the_kits_recomputation_keeps_the_inputs)
{
    enum { IN_FLIGHT = 3, SAMPLES = 2 };
    static struct memory_case one;
    memory_case_make(1, MEMORY_OF_RUNS, 0, &one);
    struct model *model = memory_run_model(&one);
    double inputs = 0;
    for (int i = 0; i < model->layers; i++) {
        inputs += run_numbers_of(model, i, FORMAT_FLOAT32).whole_input * sizeof(float);
        const struct layer inner = model->layer[i];
        model->layer[i] = layer_recomputed(&inner, 1);
        model->layer[i].index = i;
    }
    struct stage *stage = stage_new(model, &(struct stage_options){.index = 1,
                                                                   .stages = 3,
                                                                   .layers = model->layers,
                                                                   .micro_batch_size = SAMPLES,
                                                                   .micro_batches = IN_FLIGHT,
                                                                   .device = DEVICE_META});
    for (int i = 0; i < IN_FLIGHT; i++)
        tensor_free(stage_forward(stage, i, stage_input_new(stage)));
    ck_assert_double_eq((double)memory_live(MEMORY_ACTIVATION), IN_FLIGHT * SAMPLES * inputs);
    for (int i = 0; i < IN_FLIGHT; i++)
        tensor_free(stage_backward(stage, i, stage_output_new(stage)));
    stage_free(stage);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("arithmetic of memory");
    TCase *truth = tcase_create("truth");
    tcase_add_test(truth, zero_has_its_published_table);
    tcase_add_test(truth, activations_are_those_of_published_formulas);
    tcase_add_test(truth, attention_counts_eighty_where_it_is_published);
    tcase_add_test(truth, shards_are_rounded_up);
    tcase_add_loop_test(truth, activations_by_hand, 0, G_N_ELEMENTS(by_hand));
    tcase_add_test(truth, the_accounting_says_what_is_played);
    tcase_add_test(truth, the_kits_recomputation_keeps_the_inputs);
    suite_add_tcase(suite, truth);
    return suite;
}
