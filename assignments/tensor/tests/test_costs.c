/*
 * Tests of what a rank of a split model costs: FLOPs, bytes and rounds of messages counted by hand.
 */
#include "assignments/tensor/costs/rank_costs.h"
#include "tests/support/test.h"

#include <math.h>

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
    ck_assert_ptr_null(rank_costs_refusal(model, 4));
    g_autofree char *reason = rank_costs_refusal(model, 5);
    ck_assert_str_eq(reason,
                     "4 heads of a layer can't be split over 5 ranks, each with one at least");
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
    const struct rank_round rounds[] = {{RANK_ALL_REDUCE, false, 8, 0},
                                        {RANK_ALL_REDUCE, true, 8, 300},
                                        {RANK_ALL_REDUCE, true, 8, 7000}};
    g_array_append_vals(costs.round, rounds, 3);
    const struct rank_seconds seconds = rank_seconds_of(&costs, &setting, &platform);
    ck_assert_double_eq_tol(seconds.computing, 2 * 1.6 + 0.05, 1e-12);
    ck_assert_double_eq_tol(seconds.messages, 2 * 3, 1e-12);
    ck_assert_double_eq_tol(seconds.hidden, 2 * (0.3 + 1), 1e-12);
    ck_assert_double_eq_tol(seconds.step, 3.25 + 6 - 2.6, 1e-12);
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
    tcase_add_test(tests, what_is_hidden_costs_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
