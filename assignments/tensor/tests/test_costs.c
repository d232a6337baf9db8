/*
 * Tests of what a rank of a split model costs: FLOPs, bytes and rounds of messages counted by hand.
 */
#include "assignments/tensor/costs/rank_costs.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

static struct model *model_of(const char *name, struct shape input, int classes)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(name, input, classes, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

static struct rank_costs *costs_of(const struct model *model, enum way way, int ranks, int samples)
{
    const struct rank_setting setting = {.model = model,
                                         .way = way,
                                         .ranks = ranks,
                                         .samples = samples,
                                         .micro_batches = 1,
                                         .optimizer = OPTIMIZER_SGD};
    return rank_costs_new(&setting);
}

static char *refusal_of(const struct model *model, enum way way, int ranks, int samples)
{
    return rank_costs_refusal(&(struct rank_setting){.model = model,
                                                     .way = way,
                                                     .ranks = ranks,
                                                     .samples = samples,
                                                     .micro_batches = 1,
                                                     .optimizer = OPTIMIZER_SGD});
}

static const struct rank_round *round_of(const struct rank_costs *costs, guint i)
{
    ck_assert_uint_lt(i, costs->round->len);
    return &g_array_index(costs->round, struct rank_round, i);
}

static void assert_round(const struct rank_costs *costs, guint i, enum rank_round_kind kind,
                         bool backward, double bytes)
{
    const struct rank_round *round = round_of(costs, i);
    ck_assert_int_eq(round->kind, kind);
    ck_assert_int_eq(round->backward, backward);
    ck_assert_double_eq_tol(round->bytes, bytes, 0.5);
}

/* ---- FLOPs and parameters -------------------------------------------------------------------------- */

/* 20 inputs, two layers of 12, 6 classes, 5 samples: products of 2 · rows · columns · depth, twice in the
 * backward, but for the dx of the first layer, which nobody needs. */
START_TEST(a_chain_is_split_into_equal_parts)
{
    struct model *model = model_of("mlp:depth=3,width=12", SHAPE(1, 4, 5), 6);
    struct rank_costs *whole = costs_of(model, WAY_ONE_ROUND, 1, 5);
    const double first = 2 * 5 * 20 * 12, second = 2 * 5 * 12 * 12, third = 2 * 5 * 12 * 6;
    const double products = 2 * first + 3 * second + 3 * third;
    const double all = whole->forward + whole->backward;
    ck_assert_msg(all >= products && all < 1.1 * products, "%g FLOPs, and the products have %g",
                  all, products);
    ck_assert_double_eq(whole->parameter_bytes, 4 * (20 * 12 + 12 + 12 * 12 + 12 + 12 * 6 + 6));
    ck_assert_uint_eq(whole->round->len, 0);
    for (int ranks = 2; ranks <= 6; ranks++) {
        const bool divides = 12 % ranks == 0 && 6 % ranks == 0;
        struct rank_costs *costs = costs_of(model, WAY_ONE_ROUND, ranks, 5);
        const double share = (costs->forward + costs->backward) / all;
        ck_assert(share >= 1.0 / ranks && share < (divides ? 1.1 : 1.6) / ranks);
        ck_assert(costs->parameter_bytes >= whole->parameter_bytes / ranks);
        rank_costs_free(costs);
    }
    rank_costs_free(whole);
    model_free(model);
}
END_TEST

/* 7 columns on 3 ranks: the first has 3 of them, and nobody fewer than 2. */
START_TEST(the_largest_part_counts)
{
    struct model *model = model_of("mlp:depth=2,width=7", SHAPE(1, 1, 10), 3);
    struct rank_costs *costs = costs_of(model, WAY_ONE_ROUND, 3, 4);
    /* 3 of 7 rows with their biases, and of the second layer's 3 × 7 weights 3 columns and the whole bias */
    ck_assert_double_eq_tol(costs->parameter_bytes, 4 * (3 * 10 + 3 + 3 * 3 + 3), 0.5);
    rank_costs_free(costs);
    model_free(model);
}
END_TEST

/* ---- rounds ---------------------------------------------------------------------------------------- */

START_TEST(a_pair_takes_one_round_each_way)
{
    struct model *model = model_of("mlp:depth=4,width=12", SHAPE(1, 4, 5), 6);
    struct rank_costs *costs = costs_of(model, WAY_ONE_ROUND, 2, 5);
    ck_assert_uint_eq(costs->round->len, 3); /* the first pair's dx is nobody's */
    assert_round(costs, 0, RANK_ALL_REDUCE, false, 4 * 5 * 12);
    assert_round(costs, 1, RANK_ALL_REDUCE, true, 4 * 5 * 12);
    assert_round(costs, 2, RANK_ALL_REDUCE, false, 4 * 5 * 6);
    ck_assert_double_eq(round_of(costs, 0)->beside, 0);
    /* dx of the third layer, beside the gradient of its weight: 6 rows of 12 */
    ck_assert_double_ge(round_of(costs, 1)->beside, 2 * 5 * 6 * 12);
    ck_assert_double_lt(round_of(costs, 1)->beside, 1.1 * 2 * 5 * 6 * 12);
    rank_costs_free(costs);

    costs = costs_of(model, WAY_GATHERS, 2, 5);
    ck_assert_uint_eq(costs->round->len, 7); /* four gathers, three dx */
    assert_round(costs, 0, RANK_ALL_GATHER, false, 4 * 5 * 12);
    assert_round(costs, 1, RANK_ALL_GATHER, false, 4 * 5 * 12);
    assert_round(costs, 2, RANK_ALL_REDUCE, true, 4 * 5 * 12);
    assert_round(costs, 5, RANK_ALL_GATHER, false, 4 * 5 * 6);
    rank_costs_free(costs);
    model_free(model);
}
END_TEST

/* Two sums each way for each block, but for nothing of patches, norms and the mean; the head gathers. */
START_TEST(a_block_takes_two_rounds_each_way)
{
    struct model *model =
        model_of("transformer:depth=3,width=16,heads=4,patch=4", SHAPE(1, 8, 8), 10);
    struct rank_costs *costs = costs_of(model, WAY_ONE_ROUND, 4, 3);
    int forward = 0, backward = 0;
    const double bytes = 4 * 3 * 4 * 16; /* 3 samples of 4 tokens of 16 */
    for (guint i = 0; i < costs->round->len; i++) {
        const struct rank_round *round = round_of(costs, i);
        if (round->kind == RANK_ALL_REDUCE && round->bytes == bytes)
            (*(round->backward ? &backward : &forward))++;
    }
    ck_assert_int_eq(forward, 2 * 3);
    ck_assert_int_eq(backward, 2 * 3);
    ck_assert_uint_eq(costs->round->len, 4 * 3 + 2); /* the head's gather, and its dx */
    rank_costs_free(costs);
    model_free(model);
}
END_TEST

START_TEST(too_few_heads_are_refused)
{
    struct model *model =
        model_of("transformer:depth=1,width=16,heads=4,patch=4", SHAPE(1, 8, 8), 10);
    ck_assert_ptr_null(refusal_of(model, WAY_ONE_ROUND, 4, 1));
    g_autofree char *reason = refusal_of(model, WAY_ONE_ROUND, 5, 1);
    ck_assert_str_eq(reason, "4 heads of a layer can't be split over 5 ranks, each with one at "
                             "least: use 4 ranks or fewer");
    model_free(model);
}
END_TEST

/* The last of four layers is split by its inputs: 12 of them, for all that it has 6 outputs. Where every
 * layer gathers it is cut by outputs. */
START_TEST(what_is_cut_depends_on_the_way)
{
    struct model *model = model_of("mlp:depth=4,width=12", SHAPE(1, 4, 5), 6);
    ck_assert_ptr_null(refusal_of(model, WAY_ONE_ROUND, 12, 1));
    g_autofree char *reason = refusal_of(model, WAY_GATHERS, 12, 1);
    ck_assert_ptr_nonnull(strstr(reason, "6 outputs"));
    model_free(model);
}
END_TEST

START_TEST(ways_that_a_model_is_not_for_are_refused)
{
    struct model *mlp = model_of("mlp", SHAPE(1, 16, 16), 10);
    struct model *cnn = model_of("cnn", SHAPE(1, 16, 16), 10);
    struct model *norms = model_of("cnn:norm=batch", SHAPE(1, 16, 16), 10);
    struct model *resnet = model_of("resnet", SHAPE(1, 16, 16), 10);
    struct model *vit = model_of("vit:patch=8,heads=8", SHAPE(1, 16, 16), 10);
    struct model *gpt = model_of("gpt:heads=8", SHAPE(8), 6);
    const struct {
        const struct model *model;
        enum way way;
        int ranks, samples;
        const char *reason;
    } cases[] = {
        {mlp, WAY_SEQUENCE, 2, 8, "no tokens"},
        {cnn, WAY_SEQUENCE, 2, 8, "no tokens"},
        {vit, WAY_SEQUENCE, 4, 8, NULL},
        {vit, WAY_SEQUENCE, 5, 8, "the 4 tokens of a sample"},
        {vit, WAY_VOCABULARY, 2, 8, "no words"},
        {gpt, WAY_VOCABULARY, 6, 8, NULL},
        {gpt, WAY_VOCABULARY, 7, 8, "6 words of a layer"},
        {mlp, WAY_ONE_WEIRD_TRICK, 2, 8, "it is for cnn"},
        {vit, WAY_ONE_WEIRD_TRICK, 2, 8, "it is for cnn"},
        {resnet, WAY_ONE_WEIRD_TRICK, 2, 8, "it is for cnn"},
        {norms, WAY_ONE_WEIRD_TRICK, 2, 8, "norm=layer"},
        {cnn, WAY_ONE_WEIRD_TRICK, 8, 8, NULL}, /* more ranks than the first layer has channels */
        {cnn, WAY_ONE_WEIRD_TRICK, 8, 7, "has 7: use a larger BATCH"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reason =
            refusal_of(cases[i].model, cases[i].way, cases[i].ranks, cases[i].samples);
        const bool expected =
            cases[i].reason ? reason && strstr(reason, cases[i].reason) : reason == NULL;
        ck_assert_msg(expected, "case %zu: %s", i, reason ? reason : "not refused");
    }
    struct model *const all[] = {mlp, cnn, norms, resnet, vit, gpt};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        model_free(all[i]);
}
END_TEST

/* ---- other ways ----------------------------------------------------------------------------------------- */

static int rounds_like(const struct rank_costs *costs, enum rank_round_kind kind, bool backward,
                       bool once, double bytes)
{
    int count = 0;
    for (guint i = 0; i < costs->round->len; i++) {
        const struct rank_round *round = round_of(costs, i);
        count += round->kind == kind && round->backward == backward && round->once == once &&
                 fabs(round->bytes - bytes) < 0.5;
    }
    return count;
}

/* A block of 3 samples of 4 tokens of 16: attention and the perceptron are entered and left, each by one
 * all-gather and one reduce-scatter each way. The embedding wants the gradient of all tokens, the mean all
 * tokens; and three norms with two parameters each, and the projection's bias, have seen some tokens only. */
START_TEST(split_tokens_are_gathered_and_scattered)
{
    struct model *model =
        model_of("transformer:depth=1,width=16,heads=4,patch=4", SHAPE(1, 8, 8), 10);
    struct rank_costs *costs = costs_of(model, WAY_SEQUENCE, 2, 3);
    const double bytes = 4 * 3 * 4 * 16;
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_GATHER, false, false, bytes), 2 + 1);
    ck_assert_int_eq(rounds_like(costs, RANK_REDUCE_SCATTER, false, false, bytes), 2);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_GATHER, true, false, bytes), 2 + 1);
    ck_assert_int_eq(rounds_like(costs, RANK_REDUCE_SCATTER, true, false, bytes), 2);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, true, 4 * 16), 3 * 2 + 1);
    /* the head: gathers 10 outputs, and sums dx of 16 columns */
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_GATHER, false, false, 4 * 3 * 10), 1);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, false, 4 * 3 * 16), 1);
    ck_assert_uint_eq(costs->round->len, 3 + 2 + 3 + 2 + 7 + 2);

    struct rank_costs *whole = costs_of(model, WAY_ONE_ROUND, 2, 3);
    ck_assert_double_eq_tol(costs->parameter_bytes, whole->parameter_bytes, 0.5);
    /* Three norms (8 forward, 16 backward for each number) and two sums of residuals (1 and 1) are halved. */
    const double halved = 3 * 4 * 16 * (3 * (8 + 16) + 2 * 2) / 2.0;
    ck_assert_double_eq_tol(whole->forward + whole->backward - costs->forward - costs->backward,
                            halved, 0.5);
    rank_costs_free(whole);
    rank_costs_free(costs);
    model_free(model);
}
END_TEST

/* 10 words of width 8 on 2 ranks, 3 samples of 6 tokens: the embedding's sum and the head's dx beside the
 * block's, and three numbers for each token. */
START_TEST(split_words_take_five_rounds)
{
    const double bytes = 4 * 3 * 6 * 8;
    const int block =
        3 * 8 * 8 / 2 + 3 * 8 / 2 + 8 * 8 / 2 + 8 + 32 * 8 / 2 + 32 / 2 + 8 * 32 / 2 + 8;
    const int norms = 3 * 2 * 8, positions = 6 * 8, words = 5 * 8;
    for (int tied = 0; tied <= 1; tied++) {
        g_autofree char *name = g_strdup_printf("gpt:depth=1,width=8,heads=2,tied=%d", tied);
        struct model *model = model_of(name, SHAPE(6), 10);
        struct rank_costs *costs = costs_of(model, WAY_VOCABULARY, 2, 3);
        ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, false, false, bytes), 2 + 1);
        ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, false, bytes), 2 + 1);
        ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, false, false, 4 * 3 * 6), 3);
        ck_assert_uint_eq(costs->round->len, 9);
        ck_assert_double_eq_tol(costs->parameter_bytes,
                                4 * (block + norms + positions + (tied ? 1 : 2) * words), 0.5);
        rank_costs_free(costs);
        model_free(model);
    }
}
END_TEST

/* Of 5 samples rank 0 has 3. What convolutions of 6 and 16 channels make of 16 × 16 are 16 numbers, which are
 * gathered; then three linear layers, of 120, 84 and 10. */
START_TEST(convolutions_see_some_of_the_samples)
{
    struct model *model = model_of("cnn", SHAPE(1, 16, 16), 10);
    struct rank_costs *costs = costs_of(model, WAY_ONE_WEIRD_TRICK, 2, 5);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_GATHER, false, false, 4 * 5 * 16), 1);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, false, 4 * 5 * 16), 1);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, false, false, 4 * 5 * 84), 1);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_GATHER, false, false, 4 * 5 * 10), 1);
    ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, false, 4 * 5 * 84), 1);
    const int weights[] = {25 * 6, 6, 6 * 25 * 16, 16};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(rounds_like(costs, RANK_ALL_REDUCE, true, true, 4 * weights[i]), 1);
    ck_assert_uint_eq(costs->round->len, 9);
    const int linear = (16 * 120 + 120) / 2 + 120 * 84 / 2 + 84 + (84 * 10 + 10) / 2;
    ck_assert_double_eq_tol(costs->parameter_bytes, 4 * (6 * 25 + 6 + 6 * 25 * 16 + 16 + linear),
                            0.5);
    /* Products, biases, ReLUs, maxima of 4, of one sample; 12 × 12 and 2 × 2 leave the convolutions. */
    const double first = 6 * 144 * (2 * 25 + 1 + 1) + 6 * 36 * 4;
    const double second = 16 * 4 * (2 * 150 + 1 + 1) + 16 * 4;
    const double dense = (120 * (2 * 16 + 1 + 1) + 84 * (2 * 120 + 1) + 10 * (2 * 84 + 1)) / 2.0;
    ck_assert_double_eq_tol(costs->forward, 3 * (first + second) + 5 * (dense + 84), 0.5);
    rank_costs_free(costs);
    model_free(model);
}
END_TEST

/* ---- time -------------------------------------------------------------------------------------------- */

/* A second for a message, whatever its size, and a second for 1000 FLOPs. */
START_TEST(what_is_hidden_costs_nothing)
{
    const struct platform platform = {.speed = 1000,
                                      .hosts = 8,
                                      .latency = 1,
                                      .bandwidth = INFINITY,
                                      .shared_bandwidth = INFINITY,
                                      .together = 8};
    struct rank_costs costs = {.forward = 500, .backward = 1000, .loss = 100, .optimizer = 50};
    const struct rank_setting setting = {.ranks = 2, .micro_batches = 2};
    costs.round = g_array_new(FALSE, FALSE, sizeof(struct rank_round));
    const struct rank_round rounds[] = {
        {.kind = RANK_REDUCE_SCATTER, .bytes = 8},
        {.kind = RANK_ALL_REDUCE, .backward = true, .bytes = 8, .beside = 300},
        {.kind = RANK_ALL_GATHER, .backward = true, .bytes = 8, .beside = 7000},
        {.kind = RANK_ALL_REDUCE, .once = true, .bytes = 8}};
    g_array_append_vals(costs.round, rounds, G_N_ELEMENTS(rounds));
    const struct rank_seconds seconds = rank_seconds_of(&costs, &setting, &platform);
    ck_assert_double_eq_tol(seconds.computing, 2 * 1.6 + 0.05, 1e-12);
    ck_assert_double_eq_tol(seconds.messages, 2 * 3 + 1, 1e-12);
    ck_assert_double_eq_tol(seconds.hidden, 2 * (0.3 + 1), 1e-12);
    ck_assert_double_eq_tol(seconds.step, 3.25 + 7 - 2.6, 1e-12);
    g_array_unref(costs.round);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("costs of the tensor assignment");
    TCase *tests = tcase_create("costs");
    tcase_add_test(tests, a_chain_is_split_into_equal_parts);
    tcase_add_test(tests, the_largest_part_counts);
    tcase_add_test(tests, a_pair_takes_one_round_each_way);
    tcase_add_test(tests, a_block_takes_two_rounds_each_way);
    tcase_add_test(tests, too_few_heads_are_refused);
    tcase_add_test(tests, what_is_cut_depends_on_the_way);
    tcase_add_test(tests, ways_that_a_model_is_not_for_are_refused);
    tcase_add_test(tests, split_tokens_are_gathered_and_scattered);
    tcase_add_test(tests, split_words_take_five_rounds);
    tcase_add_test(tests, convolutions_see_some_of_the_samples);
    tcase_add_test(tests, what_is_hidden_costs_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
