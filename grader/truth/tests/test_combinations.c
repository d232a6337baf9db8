/*
 * Tables of known combinations on small cases of their own: when a row is found and when none may be.
 */
#include "grader/truth/combinations.h"
#include "grader/truth/tests/shares.h"

#define ONE_OF(number)                                                                             \
    {                                                                                              \
        .family = number, .shape = PATTERN_EVERY                                                   \
    }

/* Four families of one candidate; the fourth is the sum of the first and the second. */
static void make_dependent(void)
{
    make(4, 50);
    for (int k = 0; k < 4; k++) {
        candidate[k].family = k;
        candidate[k].column = 0;
    }
    for (int i = 0; i < 50; i++) {
        share[3][i] = share[0][i] + share[1][i];
        target[i] = share[3][i];
    }
}

static const struct combination *find(const struct combination *table, int rows)
{
    struct fit *fit = fit_tensor(&problem);
    struct combination_blocks blocks = {1, &problem, &fit, NULL};
    const struct combination *found = combination_find(&blocks, table, rows);
    fit_free(fit);
    return found;
}

static const struct combination both = {{"both", "", ""}, {ONE_OF(0), ONE_OF(1)}, false},
                                whole_sum = {{"sum", "", ""}, {ONE_OF(3)}, false},
                                in_general = {{"in general", "", ""}, {ONE_OF(3)}, true},
                                third = {{"third", "", ""}, {ONE_OF(2)}, false},
                                unknown = {{"unknown", "", ""}, {ONE_OF(7)}, false},
                                nothing_at_all = {{"nothing", "", ""}, {{0}}, false};

START_TEST(one_row_or_none)
{
    make_dependent();
    const struct combination only_sum[] = {third, nothing_at_all, whole_sum, unknown},
                             same[] = {whole_sum, whole_sum};
    const struct combination two[] = {whole_sum, both}, other[] = {both},
                             general[] = {in_general, third};
    const struct combination after[] = {in_general, both}, instead[] = {in_general, whole_sum};
    ck_assert_ptr_eq(find(only_sum, 4), &only_sum[2]);
    ck_assert_ptr_eq(find(same, 2), &same[0]); /* one name */
    ck_assert_ptr_eq(find(general, 2), &general[0]);
    ck_assert_ptr_eq(find(instead, 2), &instead[1]);
    ck_assert_ptr_null(find(two, 2));   /* both explain it */
    ck_assert_ptr_null(find(other, 1)); /* it explains it, but is not what was found */
    ck_assert_ptr_null(find(after, 2));
    ck_assert_ptr_null(find(only_sum, 0));
    destroy();
}
END_TEST

START_TEST(nothing_is_a_row_as_well)
{
    make(2, 50);
    candidate[1].column = 0;
    candidate[1].family = 1;
    const struct combination table[] = {nothing_at_all, whole_sum};
    ck_assert_ptr_eq(find(table, 2), &table[0]);
    target[0] = 1;
    ck_assert_ptr_null(find(table, 2));
    destroy();
}
END_TEST

/* Blocks with other candidates, or without a fit, are no matrix. */
START_TEST(blocks_that_are_not_alike)
{
    make(2, 50);
    candidate[1].column = 0;
    candidate[1].family = 1;
    struct fit_candidate turned[] = {candidate[1], candidate[0]};
    struct fit_problem problems[] = {problem, problem};
    struct fit *fit[] = {fit_tensor(&problem), fit_tensor(&problem)};
    struct combination_blocks blocks = {2, problems, fit, NULL};
    ck_assert_ptr_eq(combination_find(&blocks, &nothing_at_all, 1), &nothing_at_all);
    problems[1].candidate = turned;
    ck_assert_ptr_null(combination_find(&blocks, &nothing_at_all, 1));
    struct pattern_matrix matrix = combination_matrix(&blocks, 0);
    ck_assert(matrix.rows == 0 && matrix.columns == 0);
    g_free((double *)matrix.value);
    fit_free(fit[1]);
    fit[1] = NULL;
    problems[1].candidate = candidate;
    ck_assert_ptr_null(combination_find(&blocks, &nothing_at_all, 1));
    fit_free(fit[0]);
    destroy();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known combinations");
    TCase *cases = tcase_create("combinations");
    tcase_add_test(cases, one_row_or_none);
    tcase_add_test(cases, nothing_is_a_row_as_well);
    tcase_add_test(cases, blocks_that_are_not_alike);
    suite_add_tcase(suite, cases);
    return suite;
}
