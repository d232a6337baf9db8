/*
 * The GPU's embedding, emulated, against its definition: rows of a table, and their gradient in the order of the tokens.
 */
#include "common/kernels/tests/on_device.h"

struct problem {
    struct embedding_sizes sizes;
    bool with_position;
    int32_t *token; /* shared */
    struct array table, position, y, dy, table_gradient;
};

/* Few tokens come often, and some have no row. */
static int32_t draw_token(const struct embedding_sizes *sizes, int k)
{
    const int drawn = k * 7919 % 101;
    return drawn % 3 == 0 ? sizes->first : sizes->first - 2 + drawn % (sizes->vocabulary + 4);
}

static void by_definition(struct problem *problem, int k)
{
    const struct embedding_sizes *sizes = &problem->sizes;
    const int row = problem->token[k] - sizes->first;
    for (int j = 0; j < sizes->width; j++) {
        const int at = k * sizes->width + j;
        if (problem->with_position)
            problem->y.exact[at] += problem->position.exact[k % sizes->tokens * sizes->width + j];
        if (row < 0 || row >= sizes->vocabulary)
            continue;
        problem->y.exact[at] += problem->table.exact[row * sizes->width + j];
        problem->table_gradient.exact[row * sizes->width + j] += problem->dy.exact[at];
    }
}

static struct problem problem_new(const struct embedding_sizes *sizes, bool with_position)
{
    const int count = sizes->samples * sizes->tokens, width = sizes->width;
    struct problem problem = {*sizes,
                              with_position,
                              shared_numbers(count),
                              array_new(sizes->vocabulary * width, true),
                              array_new(sizes->tokens * width, true),
                              array_new(count * width, false),
                              array_new(count * width, true),
                              array_new(sizes->vocabulary * width, true)};
    for (int k = 0; k < count; k++) {
        problem.token[k] = draw_token(sizes, k);
        by_definition(&problem, k);
    }
    return problem;
}

static void work(const void *what)
{
    const struct problem *problem = what;
    const size_t bytes = sizeof(int32_t) * (size_t)(problem->sizes.samples * problem->sizes.tokens);
    const struct kernels *kernels = kernels_for(tested_device());
    int32_t *token = lend(problem->token, bytes);
    float *table = array_lend(problem->table, true), *y = array_lend(problem->y, true);
    float *position = array_lend(problem->position, problem->with_position);
    float *dy = array_lend(problem->dy, true);
    float *table_gradient = array_lend(problem->table_gradient, true);
    kernels->embedding(&problem->sizes, token, table, position, y);
    kernels->embedding_backward(&problem->sizes, token, dy, table_gradient);
    take_back(token, problem->token, bytes);
    array_take_back(table, problem->table);
    array_take_back(y, problem->y);
    array_take_back(position, problem->position);
    array_take_back(dy, problem->dy);
    array_take_back(table_gradient, problem->table_gradient);
}

static const struct embedding_sizes shapes[] = {
    {1, 1, 1, 1, 0},    {2, 16, 65, 33, 0},   {3, 7, 5, 1, 10},
    {4, 100, 2, 16, 3}, {1, 300, 90, 257, 0}, {8, 64, 1000, 3, 0},
};

START_TEST(every_shape_agrees_with_the_definition)
{
    const struct problem problem = problem_new(&shapes[_i / 2], _i % 2 == 0);
    in_every_order(work, &problem);
    ck_assert_double_lt(array_distance(problem.y), 1e-7);
    ck_assert_double_lt(array_distance(problem.table_gradient), 1e-6);
}
END_TEST

/* In float32, 1e8 + 1 - 1e8 is 0, and 1e8 - 1e8 + 1 is 1. */
START_TEST(rows_are_added_in_the_order_of_the_tokens)
{
    static const struct embedding_sizes sizes = {1, 6, 2, 1, 0};
    static const int32_t token[] = {0, 1, 0, 1, 0, 1};
    static const float dy[] = {1e8f, 1e8f, 1, -1e8f, -1e8f, 1};
    struct problem problem = problem_new(&sizes, false);
    memcpy(problem.token, token, sizeof token);
    memcpy(problem.dy.single, dy, sizeof dy);
    memset(problem.table_gradient.single, 0, 2 * sizeof *dy);
    in_every_order(work, &problem);
    ck_assert_float_eq(problem.table_gradient.single[0], 0);
    ck_assert_float_eq(problem.table_gradient.single[1], 1);
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("embedding");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_shape_agrees_with_the_definition, 0,
                        2 * sizeof shapes / sizeof *shapes);
    tcase_add_test(tests, rows_are_added_in_the_order_of_the_tokens);

    Suite *suite = suite_create("the GPU's embedding, emulated, against the definition");
    suite_add_tcase(suite, tests);
    return suite;
}
