/*
 * Layers that stand in no chain: which of them a way splits, and the rounds that they take, against counts by
 * hand; and what the cross-entropy's judge makes of losses that were put together wrongly.
 */
#include "assignments/tensor/alone.h"
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/judges/layers/cross_entropy.h"
#include "common/training/loss.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

static struct outcome run;

static struct tensor_places *places_of(const char *way, const char *model)
{
    char error[OPTIONS_ERROR_SIZE];
    g_autofree char *line = g_strdup_printf("tensor --parallel %s --model %s --data "
                                            "synthetic-text:tokens=5,vocabulary=11,train=64,test=8",
                                            way, model);
    g_auto(GStrv) word = NULL;
    int count;
    ck_assert(g_shell_parse_argv(line, &count, &word, NULL));
    ck_assert_msg(options_read(&run.options, &tensor_own_options, count, word, error), "%s", error);
    struct verdict *verdict = verdict_new();
    struct tensor_places *places = tensor_places_new(&run, verdict);
    ck_assert_msg(places != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return places;
}

/* ---- rounds -------------------------------------------------------------------------------------------- */

/* Numbers of one sample. A block of width 8 with 5 tokens: a sum of 40 behind attention and one behind its
 * perceptron, and likewise on the way back. */
enum { ACTIVATION = 5 * 8, LOGITS = 5 * 11 };

struct counted {
    const char *way, *model;
    int forward[8], backward[8]; /* sums of so many numbers, in their order; 0: the end */
    int gathered;                /* the only gather forward; 0: none */
};

static const struct counted counts[] = {
    {"one-round",
     "gpt:depth=2,width=8,heads=2",
     {ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION},
     {ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION},
     LOGITS},
    {"vocabulary",
     "gpt:depth=2,width=8,heads=2",
     {ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION},
     {ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION, ACTIVATION},
     0},
    {"vocabulary",
     "gpt:depth=1,width=8,heads=2,tied=1",
     {ACTIVATION, ACTIVATION, ACTIVATION},
     {ACTIVATION, ACTIVATION, ACTIVATION},
     0},
    /* The head is whole, and works with the whole table. */
    {"one-round",
     "gpt:depth=1,width=8,heads=2,tied=1",
     {ACTIVATION, ACTIVATION},
     {ACTIVATION, ACTIVATION},
     0},
};

START_TEST(rounds_of_a_gpt)
{
    const struct counted *expected = &counts[_i];
    struct tensor_places *places = places_of(expected->way, expected->model);
    g_autofree enum form *form = tensor_places_forms(places, &run.options, 0);
    GArray *rounds = tensor_rounds_of(places, form);
    int forward = 0, backward = 0, gathered = 0;
    for (guint i = 0; i < rounds->len; i++) {
        const struct round *round = &g_array_index(rounds, struct round, i);
        ck_assert(round->needed);
        if (round->kind == ROUND_GATHER) {
            ck_assert_double_eq(round->bytes, 4.0 * expected->gathered);
            gathered++;
            continue;
        }
        const int due =
            round->backward ? expected->backward[backward++] : expected->forward[forward++];
        ck_assert_double_eq(round->bytes, 4.0 * due);
    }
    ck_assert_int_eq(gathered, expected->gathered > 0);
    ck_assert_int_eq(expected->forward[forward], 0);
    ck_assert_int_eq(expected->backward[backward], 0);
    g_array_unref(rounds);
    tensor_places_free(places);
}
END_TEST

START_TEST(only_a_language_model_has_a_head)
{
    struct tensor_places *places = places_of("vocabulary", "gpt:depth=1,width=8,heads=2");
    const int head = tensor_split_head(places->at, places->count, WAY_VOCABULARY);
    ck_assert_int_ge(head, 0);
    ck_assert_int_eq(shape_last(places->at[head].whole.output), 11);
    ck_assert_int_eq(tensor_split_head(places->at, places->count, WAY_ONE_ROUND), -1);
    ck_assert_int_eq(tensor_split_head(places->at + 1, places->count - 1, WAY_VOCABULARY), -1);
    ck_assert_int_eq(tensor_form_alone(&places->at[0].whole, WAY_VOCABULARY), FORM_INSIDE);
    ck_assert_int_eq(tensor_form_alone(&places->at[0].whole, WAY_GATHERS), FORM_WHOLE);
    tensor_places_free(places);
}
END_TEST

/* ---- losses --------------------------------------------------------------------------------------------- */

enum { RANKS = 3 };

static struct loss_case one;
static struct loss_truth truth;

static void begin(void)
{
    int right;
    one = loss_case_of(77, RANKS, 0);
    truth = (struct loss_truth){
        .one = &one, .logits = loss_case_logits(&one, 0), .targets = loss_case_targets(&one, 0)};
    truth.loss = loss_forward(LOSS_CROSS_ENTROPY, truth.logits, truth.targets, &right);
    truth.gradient = loss_backward(LOSS_CROSS_ENTROPY, truth.logits, truth.targets, one.scale);
}

static void end(void)
{
    tensor_free(truth.logits);
    tensor_free(truth.targets);
    tensor_free(truth.gradient);
}

START_TEST(words_are_of_all_ranks_and_uneven)
{
    int next = 0;
    for (int rank = 0; rank < RANKS; rank++) {
        const struct part words = loss_case_words(&one, rank);
        bool first = false, last = false;
        ck_assert_int_eq(words.begin, next);
        next = words.end;
        for (int row = 0; row < truth.targets->count; row++) {
            first |= tensor_integers(truth.targets)[row] == words.begin;
            last |= tensor_integers(truth.targets)[row] == words.end - 1;
        }
        ck_assert(first && last);
    }
    ck_assert_int_eq(next, one.words);
    ck_assert_int_ne(one.words % RANKS, 0);
}
END_TEST

/* The mean over the rows of log Σ exp, over the words of one rank. */
static double log_sum_of_rank(int rank)
{
    const struct part words = loss_case_words(&one, rank);
    double mean = 0;
    for (int row = 0; row < truth.targets->count; row++) {
        double sum = exp((double)tensor_floats(truth.logits)[row * one.words + words.begin]);
        for (int word = words.begin + 1; word < words.end; word++)
            sum += exp((double)tensor_floats(truth.logits)[row * one.words + word]);
        mean += log(sum) / truth.targets->count;
    }
    return mean;
}

static double mean_of_targets(void)
{
    double mean = 0;
    for (int row = 0; row < truth.targets->count; row++)
        mean += (double)tensor_floats(
                    truth.logits)[row * one.words + tensor_integers(truth.targets)[row]] /
                truth.targets->count;
    return mean;
}

static void expect_name(const double *loss, const char *name)
{
    struct verdict *verdict = verdict_new();
    cross_entropy_name_loss(&truth, loss, verdict);
    ck_assert_str_eq(verdict->mistake->str, name);
    verdict_free(verdict);
}

START_TEST(losses_tell_what_was_done_wrong)
{
    double own[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        own[rank] = log_sum_of_rank(rank) - mean_of_targets();
    expect_name(own, "softmax over the own words only");
    const double thrice = truth.loss + log(RANKS), nothing = truth.loss + 0.1;
    expect_name((double[]){thrice, thrice, thrice}, "every exponential is counted on every rank");
    expect_name((double[]){truth.loss, INFINITY, truth.loss}, "exponentials of large logits");
    expect_name((double[]){nothing, nothing, nothing}, "");
}
END_TEST

/* A rank's part of the gradient, with something added to each row. */
START_TEST(gradients_tell_what_was_done_wrong)
{
    const int rank = 1;
    const struct part words = loss_case_words(&one, rank);
    const int own = words.end - words.begin, rows = truth.targets->count;
    struct tensor *found = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                      SHAPE(one.rows.size[0], one.rows.size[1], own));
    for (int i = 0; i < found->count; i++) {
        const int row = i / own, word = words.begin + i % own;
        const bool hit = tensor_integers(truth.targets)[row] == word;
        tensor_floats(found)[i] = tensor_floats(truth.gradient)[row * one.words + word] +
                                  (hit ? one.scale / (float)rows : 0);
    }
    struct verdict *verdict = verdict_new();
    cross_entropy_name_gradient(&truth, rank, found, verdict);
    ck_assert_str_eq(verdict->mistake->str, "nothing is subtracted at the target");
    verdict_free(verdict);
    tensor_free(found);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("attention, and the ends of a language model");
    TCase *cases = tcase_create("places");
    tcase_add_loop_test(cases, rounds_of_a_gpt, 0, G_N_ELEMENTS(counts));
    tcase_add_test(cases, only_a_language_model_has_a_head);
    suite_add_tcase(suite, cases);
    TCase *losses = tcase_create("losses");
    tcase_add_checked_fixture(losses, begin, end);
    tcase_add_test(losses, words_are_of_all_ranks_and_uneven);
    tcase_add_test(losses, losses_tell_what_was_done_wrong);
    tcase_add_test(losses, gradients_tell_what_was_done_wrong);
    suite_add_tcase(suite, losses);
    return suite;
}
