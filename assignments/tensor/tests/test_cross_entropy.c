/*
 * Cases of the vocabulary-parallel cross-entropy, and what its judge makes of losses and gradients that were put
 * together wrongly.
 */
#include "assignments/tensor/judges/layers/cross_entropy.h"
#include "common/training/loss.h"
#include "tests/support/test.h"

#include <math.h>

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
    Suite *suite = suite_create("vocabulary-parallel cross-entropy");
    TCase *cases = tcase_create("vocabulary-parallel cross-entropy");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, words_are_of_all_ranks_and_uneven);
    tcase_add_test(cases, losses_tell_what_was_done_wrong);
    tcase_add_test(cases, gradients_tell_what_was_done_wrong);
    suite_add_tcase(suite, cases);
    return suite;
}
