/*
 * The GPU's attention, emulated, against the formula in double precision.
 */
#include "common/base/device.h"
#include "common/kernels/tests/on_device.h"

struct problem {
    struct attention_sizes sizes;
    struct array qkv, y, probabilities, dy, dqkv;
};

/* Where number j of part 0 (query), 1 (key) or 2 (value) of a token stands in qkv. */
static int in_qkv(const struct attention_sizes *sizes, int head, int token, int part, int j)
{
    const int sample = head / sizes->heads, width = sizes->head_width;
    const int row = (sample * sizes->tokens + token) * 3 + part;
    return (row * sizes->heads + head % sizes->heads) * width + j;
}

static int in_y(const struct attention_sizes *sizes, int head, int token, int j)
{
    const int row = head / sizes->heads * sizes->tokens + token;
    return (row * sizes->heads + head % sizes->heads) * sizes->head_width + j;
}

static int in_probabilities(const struct attention_sizes *sizes, int head, int key, int query)
{
    return (head * sizes->tokens + key) * sizes->tokens + query;
}

/* The probabilities of one query, and its y. */
static void attend(struct problem *problem, int head, int query)
{
    const struct attention_sizes *sizes = &problem->sizes;
    const int keys = sizes->causal ? query + 1 : sizes->tokens, width = sizes->head_width;
    const double *qkv = problem->qkv.exact;
    double sum = 0;
    for (int key = 0; key < keys; key++) {
        double score = 0;
        for (int j = 0; j < width; j++)
            score += qkv[in_qkv(sizes, head, query, 0, j)] * qkv[in_qkv(sizes, head, key, 1, j)];
        double *p = &problem->probabilities.exact[in_probabilities(sizes, head, key, query)];
        *p = exp(score / sqrt(width));
        sum += *p;
    }
    for (int key = 0; key < keys; key++) {
        double *p = &problem->probabilities.exact[in_probabilities(sizes, head, key, query)];
        *p /= sum;
        for (int j = 0; j < width; j++)
            problem->y.exact[in_y(sizes, head, query, j)] +=
                *p * qkv[in_qkv(sizes, head, key, 2, j)];
    }
}

/* What one query gives back, from its probabilities. */
static void attend_backward(struct problem *problem, int head, int query)
{
    const struct attention_sizes *sizes = &problem->sizes;
    const int width = sizes->head_width;
    const double *qkv = problem->qkv.exact, *dy = problem->dy.exact;
    double *dqkv = problem->dqkv.exact, mean = 0;
    double *dp = calloc((size_t)sizes->tokens, sizeof *dp);
    for (int key = 0; key < sizes->tokens; key++) {
        const double p = problem->probabilities.exact[in_probabilities(sizes, head, key, query)];
        for (int j = 0; j < width; j++) {
            const double given = dy[in_y(sizes, head, query, j)];
            dp[key] += qkv[in_qkv(sizes, head, key, 2, j)] * given;
            dqkv[in_qkv(sizes, head, key, 2, j)] += p * given;
        }
        mean += p * dp[key];
    }
    for (int key = 0; key < sizes->tokens; key++) {
        const double p = problem->probabilities.exact[in_probabilities(sizes, head, key, query)];
        const double score = p * (dp[key] - mean) / sqrt(width);
        for (int j = 0; j < width; j++) {
            dqkv[in_qkv(sizes, head, query, 0, j)] += score * qkv[in_qkv(sizes, head, key, 1, j)];
            dqkv[in_qkv(sizes, head, key, 1, j)] += score * qkv[in_qkv(sizes, head, query, 0, j)];
        }
    }
    free(dp);
}

static struct problem problem_new(const struct attention_sizes *sizes)
{
    const int rows = sizes->samples * sizes->tokens, width = sizes->heads * sizes->head_width;
    struct problem problem = {*sizes,
                              array_new(rows * 3 * width, true),
                              array_new(rows * width, false),
                              array_new(rows * sizes->heads * sizes->tokens, false),
                              array_new(rows * width, true),
                              array_new(rows * 3 * width, false)};
    for (int head = 0; head < sizes->samples * sizes->heads; head++)
        for (int query = 0; query < sizes->tokens; query++) {
            attend(&problem, head, query);
            attend_backward(&problem, head, query);
        }
    return problem;
}

static void work(const void *what)
{
    const struct problem *problem = what;
    const struct kernels *kernels = kernels_for(tested_device());
    float *qkv = array_lend(problem->qkv, true), *y = array_lend(problem->y, true);
    float *probabilities = array_lend(problem->probabilities, true);
    float *dy = array_lend(problem->dy, true), *dqkv = array_lend(problem->dqkv, true);
    kernels->attention(&problem->sizes, qkv, y, probabilities);
    kernels->attention_backward(&problem->sizes, qkv, probabilities, dy, dqkv);
    array_take_back(qkv, problem->qkv);
    array_take_back(y, problem->y);
    array_take_back(probabilities, problem->probabilities);
    array_take_back(dy, problem->dy);
    array_take_back(dqkv, problem->dqkv);
}

static const struct attention_sizes shapes[] = {
    {1, 1, 1, 1, false},  {2, 1, 3, 64, true},   {1, 17, 1, 3, true},    {3, 16, 4, 16, false},
    {2, 33, 2, 64, true}, {5, 7, 3, 1, false},   {5, 7, 3, 1, true},     {1, 64, 12, 5, true},
    {2, 300, 1, 3, true}, {4, 50, 2, 48, false}, {1, 1500, 5, 2, false},
};

START_TEST(every_shape_agrees_with_the_formula)
{
    const struct problem problem = problem_new(&shapes[_i]);
    in_every_order(work, &problem);
    ck_assert_double_lt(array_distance(problem.probabilities), 1e-6);
    ck_assert_double_lt(array_distance(problem.y), 1e-6);
    ck_assert_double_lt(array_distance(problem.dqkv), 3e-6);
    int seen = 0; /* of what nobody may see */
    for (int k = 0; problem.sizes.causal && k < problem.probabilities.count; k++) {
        const int query = k % problem.sizes.tokens, key = k / problem.sizes.tokens;
        seen += key % problem.sizes.tokens > query && problem.probabilities.single[k] != 0;
    }
    ck_assert_int_eq(seen, 0);
}
END_TEST

/* Scores of hundreds: their powers are beyond all numbers; but not that of the distance from the largest. */
START_TEST(large_scores_stay_numbers)
{
    static const struct attention_sizes sizes = {1, 8, 2, 4, true};
    struct problem problem = problem_new(&sizes);
    for (int k = 0; k < problem.qkv.count; k++)
        problem.qkv.single[k] *= 60;
    in_every_order(work, &problem);
    int strange = 0;
    for (int k = 0; k < problem.dqkv.count; k++)
        strange += !isfinite(problem.dqkv.single[k]);
    for (int query = 0; query < sizes.tokens; query++) {
        double sum = 0;
        for (int key = 0; key < sizes.tokens; key++)
            sum += (double)problem.probabilities.single[key * sizes.tokens + query];
        strange += !(fabs(sum - 1) < 1e-5);
    }
    ck_assert_int_eq(strange, 0);
}
END_TEST

/* A later key that is no number does not reach an earlier query of a causal attention. */
START_TEST(nobody_sees_a_later_key)
{
    static const struct attention_sizes sizes = {1, 6, 1, 4, true};
    struct problem problem = problem_new(&sizes);
    for (int j = 0; j < sizes.head_width; j++)
        problem.qkv.single[in_qkv(&sizes, 0, sizes.tokens - 1, 1, j)] = NAN;
    in_every_order(work, &problem);
    for (int query = 0; query < sizes.tokens; query++)
        for (int key = 0; key < sizes.tokens; key++) {
            const int at = in_probabilities(&sizes, 0, key, query);
            if (query == sizes.tokens - 1)
                ck_assert_float_nan(problem.probabilities.single[at]);
            else
                ck_assert_double_eq_tol((double)problem.probabilities.single[at],
                                        problem.probabilities.exact[at], 1e-6);
        }
}
END_TEST

static void work_in_tf32(const void *what)
{
    (void)kernels_for(tested_device());
    device_use_tf32();
    work(what);
}

/* cuBLAS's fast modes are for matrices that begin at 16 bytes: heads that do not are multiplied in full float32. */
static const struct {
    struct attention_sizes sizes;
    double least, most; /* distance */
} in_tf32[] = {
    {{2, 16, 4, 8, false}, 1e-5, 2e-3},
    {{2, 16, 4, 6, false}, 0, 3e-6}, /* heads are 24 bytes apart */
    {{2, 15, 2, 4, true}, 0, 3e-6},  /* their probabilities 900 */
    {{1, 16, 1, 6, false}, 0, 3e-6}, /* keys 24 behind the queries */
};

START_TEST(unaligned_heads_are_not_multiplied_in_tf32)
{
    const struct problem problem = problem_new(&in_tf32[_i].sizes);
    in_every_order(work_in_tf32, &problem);
    const double distance = array_distance(problem.dqkv);
    ck_assert_double_ge(distance, in_tf32[_i].least);
    ck_assert_double_le(distance, in_tf32[_i].most);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("attention");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_shape_agrees_with_the_formula, 0,
                        sizeof shapes / sizeof *shapes);
    tcase_add_test(tests, large_scores_stay_numbers);
    tcase_add_test(tests, nobody_sees_a_later_key);
    tcase_add_loop_test(tests, unaligned_heads_are_not_multiplied_in_tf32, 0,
                        sizeof in_tf32 / sizeof *in_tf32);

    Suite *suite = suite_create("the GPU's attention, emulated, against the formula");
    suite_add_tcase(suite, tests);
    return suite;
}
