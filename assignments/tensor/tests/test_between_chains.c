/*
 * Layers that stand between chains: which of them a way splits, and the rounds that they take, against counts by
 * hand.
 */
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/tests/support/judged_run.h"
#include "tests/support/test.h"

static struct outcome run;

static struct tensor_places *places_of(const char *way, const char *model)
{
    g_autofree char *arguments =
        g_strdup_printf("--parallel %s --model %s --data "
                        "synthetic-text:tokens=5,vocabulary=11,train=64,test=8",
                        way, model);
    return judged_run_places(arguments, &run);
}

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
    ck_assert_int_eq(tensor_form_between_chains(&places->at[0].whole, WAY_VOCABULARY), FORM_INSIDE);
    ck_assert_int_eq(tensor_form_between_chains(&places->at[0].whole, WAY_GATHERS), FORM_WHOLE);
    tensor_places_free(places);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layers between chains");
    TCase *cases = tcase_create("layers between chains");
    tcase_add_loop_test(cases, rounds_of_a_gpt, 0, G_N_ELEMENTS(counts));
    tcase_add_test(cases, only_a_language_model_has_a_head);
    suite_add_tcase(suite, cases);
    return suite;
}
