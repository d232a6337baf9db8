/*
 * The synthetic text: a rule that can be learned, agreed on by everybody who has
 * the seed.
 */
#include "common/base/memory.h"
#include "common/files/dataset.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define NAME       "synthetic-text:tokens=20,vocabulary=30,train=400,test=100"
#define TOKENS     20
#define VOCABULARY 30

static char error[DATASET_ERROR_SIZE];

START_TEST(is_described)
{
    struct data_shape shape;
    ck_assert_msg(dataset_describe(NAME, &shape, error), "%s", error);
    ck_assert(shape_equal(shape.input, SHAPE(TOKENS)));
    ck_assert_int_eq(shape.dtype, DTYPE_INT32);
    ck_assert_int_eq(shape.labels, TOKENS);
    ck_assert_int_eq(shape.classes, VOCABULARY);
    ck_assert_int_eq(dataset_count(NAME, DATASET_TRAIN, error), 400);
    ck_assert_int_eq(dataset_count(NAME, DATASET_TEST, error), 100);
    ck_assert(dataset_describe("synthetic-text", &shape, error));
    ck_assert(shape_equal(shape.input, SHAPE(64)));
    ck_assert(dataset_describe("synthetic-text:tokens=1024,vocabulary=50257", &shape, error));
    ck_assert_int_eq(shape.classes, 50257);
}
END_TEST

/* Of every token at most four others follow, the most frequent in half of the cases. */
START_TEST(has_a_rule)
{
    static int followed[VOCABULARY][VOCABULARY], first[VOCABULARY];
    struct dataset *set = dataset_open(NAME, DATASET_TRAIN, true, true, 9, error);
    ck_assert_ptr_nonnull(set);
    int wrong = 0;
    for (int i = 0; i < dataset_samples(set); i++) {
        int32_t inputs[TOKENS], labels[TOKENS];
        dataset_gather_inputs(set, &i, 1, inputs);
        dataset_gather_labels(set, &i, 1, labels);
        wrong += memcmp(inputs + 1, labels, (TOKENS - 1) * sizeof *inputs) != 0;
        first[inputs[0]]++;
        for (int t = 0; t < TOKENS; t++)
            followed[inputs[t]][labels[t]]++;
    }
    ck_assert_int_eq(wrong, 0);
    double best = 0, all = 0;
    int beginnings = 0;
    for (int token = 0; token < VOCABULARY; token++) {
        int successors = 0, most = 0;
        for (int next = 0; next < VOCABULARY; next++) {
            successors += followed[token][next] > 0;
            most = followed[token][next] > most ? followed[token][next] : most;
            all += followed[token][next];
        }
        ck_assert_int_le(successors, 4);
        best += most;
        beginnings += first[token] > 0;
    }
    ck_assert_double_ge(best / all, 0.47);
    ck_assert_double_le(best / all, 0.62); /* two of four may be the same token */
    ck_assert_int_eq(beginnings, VOCABULARY);
    dataset_close(set);
}
END_TEST

static void tokens_of(enum dataset_split split, uint64_t seed, int number, int32_t *tokens)
{
    struct dataset *set = dataset_open(NAME, split, true, false, seed, error);
    ck_assert_ptr_nonnull(set);
    dataset_gather_inputs(set, &number, 1, tokens);
    dataset_close(set);
}

/* A sample depends on seed, split and number, and on no other sample. */
START_TEST(depends_on)
{
    int32_t one[TOKENS], again[TOKENS];
    tokens_of(DATASET_TRAIN, 9, 5, one);
    struct dataset *set = dataset_open(NAME, DATASET_TRAIN, true, false, 9, error);
    const int numbers[] = {399, 5};
    int32_t two[2][TOKENS];
    dataset_gather_inputs(set, numbers, 2, two);
    dataset_close(set);
    ck_assert_mem_eq(one, two[1], sizeof one);
    ck_assert_mem_ne(one, two[0], sizeof one);
    tokens_of(DATASET_TRAIN, 10, 5, again);
    ck_assert_mem_ne(one, again, sizeof one);
    tokens_of(DATASET_TEST, 9, 5, again);
    ck_assert_mem_ne(one, again, sizeof one);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dataset_synthetic_text");
    TCase *tests = tcase_create("dataset_synthetic_text");
    tcase_add_test(tests, is_described);
    tcase_add_test(tests, has_a_rule);
    tcase_add_test(tests, depends_on);
    suite_add_tcase(suite, tests);
    return suite;
}
