/*
 * Rounds of messages, and what they cost, against counts by hand.
 */
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/tests/support/judged_run.h"
#include "tests/support/test.h"

static struct outcome run;

static struct tensor_places *places_of(const char *arguments)
{
    return judged_run_places(arguments, &run);
}

/* Layers: flatten, linear 20 to 8, ReLU, linear 8 to 8, ReLU, linear 8 to 8, ReLU, linear 8 to 3. */
#define MLP "--model mlp:depth=4,width=8 --data synthetic:channels=1,height=4,width=5,classes=3"

struct expected_round {
    int place;
    enum round_kind kind;
    bool backward, needed;
    int numbers; /* of one sample */
};

static const struct expected_round one_round[] = {{3, ROUND_SUM, false, true, 8},
                                                  {7, ROUND_SUM, false, true, 3},
                                                  {5, ROUND_SUM, true, true, 8},
                                                  {1, ROUND_SUM, true, false, 20}},
                                   gathers[] = {{1, ROUND_GATHER, false, true, 8},
                                                {3, ROUND_GATHER, false, true, 8},
                                                {5, ROUND_GATHER, false, true, 8},
                                                {7, ROUND_GATHER, false, true, 3},
                                                {7, ROUND_SUM, true, true, 8},
                                                {5, ROUND_SUM, true, true, 8},
                                                {3, ROUND_SUM, true, true, 8},
                                                {1, ROUND_SUM, true, false, 20}};

START_TEST(rounds_of_an_mlp)
{
    const struct expected_round *expected = _i == 0 ? one_round : gathers;
    const guint count = _i == 0 ? G_N_ELEMENTS(one_round) : G_N_ELEMENTS(gathers);
    struct tensor_places *places =
        places_of(_i == 0 ? "--parallel one-round " MLP : "--parallel gathers " MLP);
    g_autofree enum form *form = tensor_places_forms(places, &run.options, 0);
    GArray *rounds = tensor_rounds_of(places, form);
    ck_assert_uint_eq(rounds->len, count);
    for (guint i = 0; i < count; i++) {
        const struct round *round = &g_array_index(rounds, struct round, i);
        ck_assert_int_eq(round->place, expected[i].place);
        ck_assert_int_eq(round->kind, expected[i].kind);
        ck_assert_int_eq(round->backward, expected[i].backward);
        ck_assert_int_eq(round->needed, expected[i].needed);
        ck_assert_double_eq(round->bytes, 4.0 * expected[i].numbers);
        /* 5 samples between 3 ranks: two messages for each number of a sum, and one of a gather. */
        ck_assert_double_eq(tensor_round_volume(round, 3, 5),
                            (round->kind == ROUND_SUM ? 4 : 2) * 20.0 * expected[i].numbers);
    }
    g_array_unref(rounds);
    tensor_places_free(places);
}
END_TEST

/* Of blocks that are made once and stand in several places, each counts: in a block attention's sum and that
 * of the second linear layer, 6 tokens of 8; before all of them nothing, and behind them a gather of the
 * logits, 17 of each token, or of the 7 classes. Backwards as many sums, and that of the head's input. */
START_TEST(rounds_of_blocks_that_are_alike)
{
    static const struct {
        const char *model;
        double activation, last; /* numbers */
        double head;             /* of its input */
    } of[] = {{"--model gpt:depth=%d,width=8,heads=2 --data "
               "synthetic-text:tokens=6,vocabulary=17,train=64",
               6 * 8, 6 * 17, 6 * 8},
              {"--model transformer:depth=%d,width=8,heads=2,patch=2 --data "
               "synthetic:channels=1,height=4,width=6,classes=7",
               6 * 8, 7, 8}};
    const int depth = 1 + _i / 2;
    g_autofree char *arguments = g_strdup_printf(of[_i % 2].model, depth);
    struct tensor_places *places = places_of(arguments);
    g_autofree enum form *form = tensor_places_forms(places, &run.options, 0);
    GArray *rounds = tensor_rounds_of(places, form);
    double forward = 0, backward = 0;
    for (guint i = 0; i < rounds->len; i++) {
        const struct round *round = &g_array_index(rounds, struct round, i);
        *(round->backward ? &backward : &forward) += tensor_round_volume(round, 2, 1) / 4;
    }
    ck_assert_double_eq(forward, 2 * 2 * depth * of[_i % 2].activation + of[_i % 2].last);
    ck_assert_double_eq(backward, 2 * 2 * depth * of[_i % 2].activation + 2 * of[_i % 2].head);
    g_array_unref(rounds);
    tensor_places_free(places);
}
END_TEST

/* Each block costs the same: what is there with one more is there with each more. */
START_TEST(work_of_blocks_that_are_alike)
{
    double whole[7];
    for (int depth = 2; depth <= 6; depth++) {
        g_autofree char *arguments =
            g_strdup_printf("--model gpt:depth=%d,width=8,heads=2 --data "
                            "synthetic-text:tokens=6,vocabulary=17,train=64",
                            depth);
        struct tensor_places *places = places_of(arguments);
        whole[depth] = tensor_cost_of(places, 2, 4, _i == 1).whole;
        tensor_places_free(places);
    }
    for (int depth = 4; depth <= 6; depth++)
        ck_assert_double_eq_tol(whole[depth] - whole[depth - 1], whole[3] - whole[2],
                                1e-9 * whole[2]);
}
END_TEST

/* Of five layers the last is by itself, the third, or the first: C R C R G, C R G C R, G C R C R. Of the two of
 * a transformer's block none is, and of its head's one always that. */
START_TEST(choices_of_the_odd_one)
{
    static const enum form expected[3][5] = {
        {FORM_COLUMN, FORM_ROW, FORM_COLUMN, FORM_ROW, FORM_COLUMN_GATHERED},
        {FORM_COLUMN, FORM_ROW, FORM_COLUMN_GATHERED, FORM_COLUMN, FORM_ROW},
        {FORM_COLUMN_GATHERED, FORM_COLUMN, FORM_ROW, FORM_COLUMN, FORM_ROW}};
    struct tensor_places *places = places_of(
        "--model mlp:depth=5,width=8 --data synthetic:channels=1,height=4,width=5,classes=3");
    ck_assert_int_eq(tensor_places_choices(places, &run.options), 3);
    g_autofree enum form *form = tensor_places_forms(places, &run.options, _i);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(form[1 + 2 * i], expected[_i][i]);
    for (int i = 0; i < 4; i++) /* ReLU */
        ck_assert_int_eq(form[2 + 2 * i], expected[_i][i] == FORM_COLUMN ? FORM_SPLIT : FORM_WHOLE);
    tensor_places_free(places);
    places = places_of("--model vit:depth=2,width=8,heads=2,patch=2 --data "
                       "synthetic:channels=1,height=4,width=4,classes=3");
    ck_assert_int_eq(tensor_places_choices(places, &run.options), 1);
    tensor_places_free(places);
}
END_TEST

/* 5 samples between 3 ranks: of a sum 2 numbers more, each twice to two others; of 8 columns gathered one more,
 * of each sample to two others. */
START_TEST(padding_of_rounds)
{
    struct tensor_places *places = places_of("--parallel gathers " MLP);
    g_autofree enum form *form = tensor_places_forms(places, &run.options, 0);
    GArray *rounds = tensor_rounds_of(places, form);
    const struct round *gather = &g_array_index(rounds, struct round, 0),
                       *sum = &g_array_index(rounds, struct round, 4);
    ck_assert_double_eq(tensor_round_padding(places, gather, 3, 5), 4.0 * 5 * 2);
    ck_assert_double_eq(tensor_round_padding(places, gather, 4, 5), 0);
    ck_assert_double_eq(tensor_round_padding(places, sum, 3, 5), 4.0 * 2 * 2 * 2);
    ck_assert_double_eq(tensor_round_padding(places, sum, 4, 5), 0); /* 40 numbers */
    GArray *padding = g_array_new(FALSE, FALSE, sizeof(double));
    tensor_round_add_padding(places, gather, 3, 5, padding);
    tensor_round_add_padding(places, sum, 3, 5, padding);
    tensor_round_add_padding(places, sum, 4, 5, padding);
    const double expected[] = {40, 16, 16};
    ck_assert_uint_eq(padding->len, 3);
    for (guint i = 0; i < padding->len; i++)
        ck_assert_double_eq(g_array_index(padding, double, i), expected[i]);
    g_array_unref(padding);
    g_array_unref(rounds);
    tensor_places_free(places);
}
END_TEST

/* Of pieces of 40, 16, 16 and 24 bytes each may be there or not, and besides up to so many bytes: all choices are
 * tried. */
START_TEST(what_can_be_padding)
{
    const double piece[] = {40, 16, 16, 24}, besides = 4.0 * _i;
    GArray *padding = g_array_new(FALSE, FALSE, sizeof(double));
    g_array_append_vals(padding, piece, G_N_ELEMENTS(piece));
    for (int bytes = 0; bytes <= 140; bytes += 4) {
        bool is = false;
        for (int choice = 0; choice < 16; choice++) {
            double sum = 0;
            for (int i = 0; i < 4; i++)
                sum += choice >> i & 1 ? piece[i] : 0;
            is = is || (sum <= bytes && sum + besides >= bytes);
        }
        ck_assert_msg(tensor_round_is_padding(padding, bytes, besides) == is, "%d bytes", bytes);
    }
    g_array_unref(padding);
}
END_TEST

START_TEST(a_round_in_words)
{
    struct tensor_places *places = places_of("--parallel one-round " MLP);
    const struct round round = {.place = 3, .kind = ROUND_SUM, .bytes = 32};
    g_autofree char *name = tensor_round_name(places, &round, 5);
    ck_assert_str_eq(name, "an all-reduce of 160 bytes (linear, layer 3 of 8)");
    tensor_places_free(places);
}
END_TEST

/* The first linear layer alone: 2 · 20 · 8 for the product and 8 for the bias, of each sample. */
START_TEST(shares_of_the_work)
{
    struct tensor_places *places =
        places_of("--model mlp:depth=1 --data synthetic:channels=1,height=4,width=5,classes=8");
    const double product = 2 * 20 * 8, bias = 8;
    const struct tensor_cost alone = tensor_cost_of(places, 1, 5, false),
                             third = tensor_cost_of(places, 3, 5, false);
    ck_assert_double_eq(alone.whole, 5 * (product + bias));
    ck_assert_double_eq(alone.least, alone.whole);
    ck_assert_double_eq(alone.most, alone.whole);
    /* Of 8 columns a rank has 2 or 3, of 20 rows 6 or 7; and a bias may be added on each. */
    ck_assert_double_eq_tol(third.least, 5 * (product + bias) * 2 / 8, 1e-9);
    ck_assert_double_eq_tol(third.most, 5 * ((product + bias) * 3 / 8 + bias), 1e-9);
    tensor_places_free(places);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rounds of messages");
    TCase *cases = tcase_create("rounds");
    tcase_add_loop_test(cases, rounds_of_an_mlp, 0, 2);
    tcase_add_loop_test(cases, rounds_of_blocks_that_are_alike, 0, 12);
    tcase_add_loop_test(cases, work_of_blocks_that_are_alike, 0, 2);
    tcase_add_loop_test(cases, choices_of_the_odd_one, 0, 3);
    tcase_add_test(cases, padding_of_rounds);
    tcase_add_loop_test(cases, what_can_be_padding, 0, 3);
    tcase_add_test(cases, a_round_in_words);
    tcase_add_test(cases, shares_of_the_work);
    suite_add_tcase(suite, cases);
    return suite;
}
