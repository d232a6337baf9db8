/*
 * Views of numbers and their inner products, against plain loops.
 */
#include "grader/truth/tests/shares.h"

static double at(const struct fit_view *view, int i, int j)
{
    return (double)view->number[i * view->row_step + j * view->column_step];
}

static double inner(const struct fit_view *a, const struct fit_view *b)
{
    double sum = 0;
    for (int i = 0; i < a->rows; i++)
        for (int j = 0; j < a->columns; j++)
            sum += at(a, i, j) * at(b, i, j);
    return sum;
}

START_TEST(views_are_what_they_say)
{
    g_autofree float *number = random_numbers(6 * 7);
    struct fit_view whole = fit_view_matrix(number, 6, 7);
    struct fit_view part = fit_view_part(whole, 1, 3, 2, 4);
    struct fit_view turned = fit_view_transposed(part);
    struct fit_view repeated = fit_view_repeated(number, 5, 7);
    ck_assert(part.rows == 3 && part.columns == 4 && turned.rows == 4 && turned.columns == 3);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            ck_assert_double_eq(at(&part, i, j), (double)number[(i + 1) * 7 + j + 2]);
            ck_assert_double_eq(at(&turned, j, i), (double)number[(i + 1) * 7 + j + 2]);
        }
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 7; j++)
            ck_assert_double_eq(at(&repeated, i, j), (double)number[j]);
}
END_TEST

/* Sizes around the blocks that they are read in. */
static const int sizes[][2] = {{1, 1}, {3, 5}, {1, 511}, {1, 512}, {2, 257}, {40, 37}, {700, 3}};

START_TEST(products_are_sums_over_all_elements)
{
    int rows = sizes[_i][0], columns = sizes[_i][1];
    g_autofree float *a = random_numbers(rows * columns), *b = random_numbers(rows * columns);
    g_autofree float *row = random_numbers(columns), *wide = random_numbers(rows * (columns + 3));
    struct fit_candidate four[] = {
        {.numbers = fit_view_matrix(a, rows, columns)},
        {.numbers = fit_view_transposed(fit_view_matrix(b, columns, rows))},
        {.numbers = fit_view_repeated(row, rows, columns)},
        {.numbers = fit_view_part(fit_view_matrix(wide, rows, columns + 3), 0, rows, 2, columns)}};
    struct fit_problem of_four = {.target = fit_view_matrix(b, rows, columns), 4, four, {0}, {0}};
    struct fit_products *products = fit_products_of(&of_four);
    for (int p = 0; p <= 4; p++)
        for (int q = 0; q <= 4; q++) {
            double right = inner(p < 4 ? &four[p].numbers : &of_four.target,
                                 q < 4 ? &four[q].numbers : &of_four.target);
            ck_assert_double_eq_tol(*fit_product(products, p, q), right, 1e-10 * rows * columns);
        }
    ck_assert_double_ge(products->additions, rows * columns < 512 ? 1 : 512);
    fit_products_free(products);
    four[2].numbers.rows++;
    ck_assert_ptr_null(fit_products_of(&of_four));
}
END_TEST

START_TEST(products_that_are_never_built)
{
    const int rows[] = {3, 3, 5}, inputs = 7, outputs = 4;
    static const struct fit_pair pair[] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 2}};
    float *x[3], *dy[3], *built[5];
    struct fit_view x_view[3], dy_view[3];
    struct fit_candidate five[5] = {{0}};
    for (int v = 0; v < 3; v++) {
        x_view[v] = fit_view_matrix(x[v] = random_numbers(rows[v] * inputs), rows[v], inputs);
        dy_view[v] = fit_view_matrix(dy[v] = random_numbers(rows[v] * outputs), rows[v], outputs);
    }
    for (int k = 0; k < 5; k++) {
        built[k] = g_new0(float, outputs *inputs);
        for (int a = 0; a < rows[pair[k].x]; a++)
            for (int o = 0; o < outputs; o++)
                for (int i = 0; i < inputs; i++)
                    built[k][o * inputs + i] +=
                        dy[pair[k].dy][a * outputs + o] * x[pair[k].x][a * inputs + i];
        five[k].numbers = fit_view_matrix(built[k], outputs, inputs);
    }
    g_autofree float *found = random_numbers(outputs * inputs);
    struct fit_problem of_five = {
        .target = fit_view_matrix(found, outputs, inputs), 5, five, {0}, {0}};
    struct fit_outer outer = {3, 3, 5, x_view, dy_view, pair};
    struct fit_products *one = fit_products_of(&of_five);
    struct fit_products *other = fit_products_of_outer(&outer, &of_five.target);
    for (int k = 0; k < 36; k++)
        ck_assert_double_eq_tol(one->value[k], other->value[k], 1e-4);
    fit_products_free(other);
    static const struct fit_pair uneven[] = {{0, 2}};
    outer = (struct fit_outer){3, 3, 1, x_view, dy_view, uneven};
    ck_assert_ptr_null(fit_products_of_outer(&outer, &of_five.target));
    fit_products_free(one);
    for (int v = 0; v < 3; v++)
        g_free(x[v]), g_free(dy[v]);
    for (int k = 0; k < 5; k++)
        g_free(built[k]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("inner products of candidates");
    TCase *cases = tcase_create("fit");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, views_are_what_they_say);
    tcase_add_loop_test(cases, products_are_sums_over_all_elements, 0, G_N_ELEMENTS(sizes));
    tcase_add_test(cases, products_that_are_never_built);
    suite_add_tcase(suite, cases);
    return suite;
}
