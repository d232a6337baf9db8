/*
 * The operations that have to do with tokens, of which layers of students are made, against loops in double
 * precision; what they charge, beside the kit's own layers; and what they say of tensors that do not fit.
 */
#include "common/base/flops.h"
#include "common/base/random.h"
#include "common/layers/layer.h"
#include "common/layers/operations.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdlib.h>

static struct tensor *numbers(struct shape shape, uint32_t which)
{
    struct tensor *x = compute_new(DEVICE_CPU, shape);
    random_uniform(tensor_floats(x), x->elements, 3, random_stream(RANDOM_TEST, which, 0), 0, -1,
                   1);
    return to_device(x);
}

static struct tensor *integers(struct shape shape, const int32_t *values)
{
    struct tensor *x = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, DEVICE_CPU, shape);
    for (int i = 0; i < x->count; i++)
        tensor_integers(x)[i] = values[i];
    return to_device(x);
}

static double each(const struct tensor *x, int i)
{
    float number;
    tensor_get(x, (size_t)i, 1, &number);
    return (double)number;
}

static int far;
static void expect(double found, double expected)
{
    far += !(fabs(found - expected) <= 1e-5 + 1e-5 * fabs(expected));
}

/* ---- attention ----------------------------------------------------------------------------------- */

enum { SAMPLES = 2, TOKENS = 5, HEADS = 3, HEAD_WIDTH = 4, WIDTH = HEADS * HEAD_WIDTH };

/* Which of queries, keys and values. */
enum { Q, K, V };
static int place(int sample, int token, int which, int head, int j)
{
    return (sample * TOKENS + token) * 3 * WIDTH + which * WIDTH + head * HEAD_WIDTH + j;
}

static int place_of_y(int sample, int token, int head, int j)
{
    return (sample * TOKENS + token) * WIDTH + head * HEAD_WIDTH + j;
}

/* p[key] of one query, by the definition. */
static void softmax_of(const struct tensor *qkv, bool causal, int sample, int head, int query,
                       double p[TOKENS])
{
    double sum = 0;
    for (int key = 0; key < TOKENS; key++) {
        double score = 0;
        for (int j = 0; j < HEAD_WIDTH; j++)
            score += each(qkv, place(sample, query, Q, head, j)) *
                     each(qkv, place(sample, key, K, head, j));
        p[key] = causal && key > query ? 0 : exp(score / sqrt(HEAD_WIDTH));
        sum += p[key];
    }
    for (int key = 0; key < TOKENS; key++)
        p[key] /= sum;
}

/* Adds to dqkv (double) what one query of one head gives. */
static void add_backward(const struct tensor *qkv, const struct tensor *dy, bool causal, int sample,
                         int head, int query, double *dqkv)
{
    double p[TOKENS], dp[TOKENS], mean = 0;
    softmax_of(qkv, causal, sample, head, query, p);
    for (int key = 0; key < TOKENS; key++) {
        dp[key] = 0;
        for (int j = 0; j < HEAD_WIDTH; j++) {
            const double d = each(dy, place_of_y(sample, query, head, j));
            dp[key] += d * each(qkv, place(sample, key, V, head, j));
            dqkv[place(sample, key, V, head, j)] += p[key] * d;
        }
        mean += p[key] * dp[key];
    }
    for (int key = 0; key < TOKENS; key++)
        for (int j = 0; j < HEAD_WIDTH; j++) {
            const double ds = p[key] * (dp[key] - mean) / sqrt(HEAD_WIDTH);
            dqkv[place(sample, query, Q, head, j)] +=
                ds * each(qkv, place(sample, key, K, head, j));
            dqkv[place(sample, key, K, head, j)] +=
                ds * each(qkv, place(sample, query, Q, head, j));
        }
}

START_TEST(attention_is_that_of_the_definition)
{
    const bool causal = _i == 1;
    struct tensor *qkv = numbers(SHAPE(SAMPLES, TOKENS, 3 * WIDTH), 1),
                  *dy = numbers(SHAPE(SAMPLES, TOKENS, WIDTH), 2), *y = compute_new_like(dy),
                  *dqkv = compute_new_like(qkv),
                  *probabilities =
                      compute_new(tested_device(), SHAPE(SAMPLES, HEADS, TOKENS, TOKENS));
    compute_scale(4.0f, qkv); /* peaked, so that the scale of the scores matters */
    compute_attention(causal, qkv, y, probabilities);
    compute_attention_backward(causal, qkv, probabilities, dy, dqkv);

    double expected[SAMPLES * TOKENS * 3 * WIDTH] = {0};
    for (int query = 0; query < SAMPLES * HEADS * TOKENS; query++) {
        const int sample = query / (HEADS * TOKENS), head = query / TOKENS % HEADS;
        const int token = query % TOKENS;
        double p[TOKENS];
        softmax_of(qkv, causal, sample, head, token, p);
        for (int j = 0; j < HEAD_WIDTH; j++) {
            double sum = 0;
            for (int key = 0; key < TOKENS; key++)
                sum += p[key] * each(qkv, place(sample, key, V, head, j));
            expect(each(y, place_of_y(sample, token, head, j)), sum);
        }
        add_backward(qkv, dy, causal, sample, head, token, expected);
    }
    for (int i = 0; i < dqkv->count; i++)
        expect(each(dqkv, i), expected[i]);
    ck_assert_int_eq(far, 0);
}
END_TEST

/* With the two linear maps they cost what the kit's layer says of itself. */
START_TEST(attention_costs_what_the_kits_does)
{
    const bool causal = _i & 1;
    const enum device device = _i & 2 ? DEVICE_META : tested_device();
    struct layer layer = causal ? layer_causal_attention(SHAPE(TOKENS, WIDTH), HEADS)
                                : layer_attention(SHAPE(TOKENS, WIDTH), HEADS);
    struct tensor *qkv = compute_new(device, SHAPE(SAMPLES, TOKENS, 3 * WIDTH)),
                  *y = compute_new(device, SHAPE(SAMPLES, TOKENS, WIDTH)),
                  *probabilities = compute_new(device, SHAPE(SAMPLES, HEADS, TOKENS, TOKENS));
    tensor_zero(qkv);
    const double maps = 8.0 * TOKENS * WIDTH * WIDTH, biases = 4.0 * TOKENS * WIDTH;
    const uint64_t begin = flops_charged();
    compute_attention(causal, qkv, y, probabilities);
    const uint64_t forward = flops_charged();
    ck_assert_double_eq((double)(forward - begin), SAMPLES * (layer.forward_flops - maps - biases));
    compute_attention_backward(causal, qkv, probabilities, y, qkv);
    ck_assert_double_eq((double)(flops_charged() - forward),
                        SAMPLES * (layer.backward_input_flops - maps));
}
END_TEST

/* ---- rows of a table ------------------------------------------------------------------------------- */

enum { WORDS = 7, COLUMNS = 5, FIRST = 3 };

/* The rows 3, 4, 5 of a table of 7: tokens before, at both ends, and behind. */
START_TEST(tokens_find_their_rows_or_none)
{
    static const int32_t words[] = {0, 3, 5, 6, 4, 5, 2, 3};
    struct tensor *tokens = integers(SHAPE(2, 4), words), *table = numbers(SHAPE(3, COLUMNS), 1),
                  *y = numbers(SHAPE(2, 4, COLUMNS), 2), *dy = numbers(SHAPE(2, 4, COLUMNS), 3),
                  *gradient = numbers(SHAPE(3, COLUMNS), 4),
                  *before = numbers(SHAPE(3, COLUMNS), 4);
    const uint64_t charged = flops_charged();
    compute_look_up(tokens, FIRST, table, y);
    ck_assert_uint_eq(flops_charged(), charged);
    compute_add_looked_up(tokens, FIRST, dy, gradient);
    ck_assert_uint_eq(flops_charged() - charged, 2 * 4 * COLUMNS);
    for (int j = 0; j < COLUMNS; j++) {
        double sum[3] = {0};
        for (int i = 0; i < 8; i++) {
            const int row = words[i] - FIRST;
            const bool own = row >= 0 && row < 3;
            expect(each(y, i * COLUMNS + j), own ? each(table, row * COLUMNS + j) : 0);
            if (own)
                sum[row] += each(dy, i * COLUMNS + j);
        }
        for (int row = 0; row < 3; row++)
            expect(each(gradient, row * COLUMNS + j), each(before, row * COLUMNS + j) + sum[row]);
    }
    ck_assert_int_eq(far, 0);
}
END_TEST

/* ---- what a cross-entropy is made of ----------------------------------------------------------------- */

START_TEST(maxima_exponentials_and_logarithms)
{
    struct tensor *x = numbers(SHAPE(4, 3, COLUMNS), 1), *y = compute_new_like(x),
                  *maxima = compute_new(tested_device(), SHAPE(4, 3));
    compute_scale(50.0f, x);
    compute_row_maxima(x, maxima);
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        double most = -INFINITY;
        for (int j = 0; j < COLUMNS; j++) {
            most = fmax(most, each(x, i * COLUMNS + j));
            sum += each(x, i * COLUMNS + j);
        }
        ck_assert_double_eq(each(maxima, i), most);
    }
    expect(compute_sum(x), sum);
    compute_exponential(x, y);
    for (int i = 0; i < x->count; i++)
        far += !(fabs(each(y, i) / exp(each(x, i)) - 1) < 1e-5);
    compute_logarithm(y, y); /* in place */
    for (int i = 0; i < x->count; i++)
        expect(each(y, i), each(x, i));
    ck_assert_int_eq(far, 0);
    tensor_put(x, 2 * COLUMNS + 1, 1, &(float){NAN});
    compute_row_maxima(x, maxima);
    ck_assert(isnan(each(maxima, 2)) && !isnan(each(maxima, 1)));
}
END_TEST

START_TEST(picked_is_what_is_there)
{
    static const int32_t columns[] = {2, 3, 7, 8, 0, 5};
    struct tensor *index = integers(SHAPE(6), columns), *x = numbers(SHAPE(2, 3, COLUMNS), 1),
                  *before = numbers(SHAPE(2, 3, COLUMNS), 1), *values = numbers(SHAPE(2, 3), 2);
    compute_pick(index, FIRST, x, values);
    compute_add_to_picked(index, FIRST, -0.5f, x);
    for (int i = 0; i < 6; i++) {
        const int column = columns[i] - FIRST;
        const bool there = column >= 0 && column < COLUMNS;
        expect(each(values, i), there ? each(before, i * COLUMNS + column) : 0);
        for (int j = 0; j < COLUMNS; j++)
            expect(each(x, i * COLUMNS + j),
                   each(before, i * COLUMNS + j) - (there && j == column ? 0.5 : 0));
    }
    ck_assert_int_eq(far, 0);
}
END_TEST

static uint64_t cost_on(enum device device)
{
    const uint64_t charged = flops_charged();
    struct tensor *x = compute_new(device, SHAPE(9, 8)), *rows = compute_new(device, SHAPE(9)),
                  *index = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, device, SHAPE(9)),
                  *table = compute_new(device, SHAPE(3, 8));
    struct tensor *const all[] = {x, rows, index, table};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_zero(all[i]);
    compute_row_maxima(x, rows);
    compute_exponential(x, x);
    compute_logarithm(rows, rows);
    compute_pick(index, 0, x, rows);
    compute_add_to_picked(index, 0, 1.0f, x);
    compute_look_up(index, 0, table, x);
    compute_add_looked_up(index, 0, x, table);
    const double sum = compute_sum(x);
    ck_assert(device != DEVICE_META || sum == 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    return flops_charged() - charged;
}

START_TEST(without_numbers_they_cost_the_same)
{
    const uint64_t expected = (1 + 10 + 1 + 1) * 9 * 8 + (10 + 1) * 9;
    ck_assert_uint_eq(cost_on(tested_device()), expected);
    ck_assert_uint_eq(cost_on(DEVICE_META), expected);
}
END_TEST

/* ---- what does not fit ------------------------------------------------------------------------------- */

static void heads_that_do_not_divide(void)
{
    compute_attention(false, numbers(SHAPE(1, 2, 9), 1), numbers(SHAPE(1, 2, 3), 2),
                      numbers(SHAPE(1, 2, 2, 2), 3));
}
static void only_one_of_three(void)
{
    compute_attention_backward(true, numbers(SHAPE(1, 2, 4), 1), numbers(SHAPE(1, 2, 2, 2), 2),
                               numbers(SHAPE(1, 2, 4), 3), numbers(SHAPE(1, 2, 4), 4));
}
static void floats_for_tokens(void)
{
    compute_look_up(numbers(SHAPE(2, 3), 1), 0, numbers(SHAPE(4, 5), 2),
                    numbers(SHAPE(2, 3, 5), 3));
}
static void another_width(void)
{
    static const int32_t zeros[6];
    compute_add_looked_up(integers(SHAPE(2, 3), zeros), 0, numbers(SHAPE(2, 3, 5), 3),
                          numbers(SHAPE(4, 6), 2));
}
static void too_few_labels(void)
{
    static const int32_t zeros[6];
    compute_pick(integers(SHAPE(6), zeros), 0, numbers(SHAPE(7, 2), 1), numbers(SHAPE(7), 2));
}

static const struct fatal_case misuses[] = {
    {heads_that_do_not_divide,
     "compute_attention: qkv is (1, 2, 9), y is (1, 2, 3) and probabilities is (1, 2, 2, 2); "
     "expected (samples, tokens, 3 · heads · width)"},
    {only_one_of_three,
     "compute_attention_backward: qkv is (1, 2, 4), dy is (1, 2, 4) and probabilities is (1, 2, "
     "2, 2)"},
    {floats_for_tokens, "compute_look_up: tokens is float32; expected int32"},
    {another_width, "compute_add_looked_up: tokens is (2, 3), gradient is (4, 6) and dy is (2, 3, "
                    "5); expected a table"},
    {too_few_labels,
     "compute_pick: index is (6) and x is (7, 2); expected one number for each of the 7 rows of x"},
};

START_TEST(tensors_that_do_not_fit_are_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("operations with tokens");
    TCase *cases = tcase_create("operations");
    tcase_add_loop_test(cases, attention_is_that_of_the_definition, 0, 2);
    tcase_add_loop_test(cases, attention_costs_what_the_kits_does, 0, 4);
    tcase_add_test(cases, tokens_find_their_rows_or_none);
    tcase_add_test(cases, maxima_exponentials_and_logarithms);
    tcase_add_test(cases, picked_is_what_is_there);
    tcase_add_test(cases, without_numbers_they_cost_the_same);
    tcase_add_loop_test(cases, tensors_that_do_not_fit_are_told, 0,
                        sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
