/*
 * Known mistakes of tensor parallel training, of what is summed over ranks: the outputs of a row layer,
 * and the input's gradient of a column layer. Each is made by plain loops that know nothing of the table.
 */
#include "grader/truth/tests/tensor_parallel.h"

#define ROWS 6

static const int own[MOST_RANKS] = {0, 1, 2, 3, 4};

enum { PARTS, BIAS, RESIDUAL };

#define COMPLETE TERM(PARTS, EVERY, ONCE)
#define ADDED    TERM(BIAS, EVERY, ONCE), TERM(RESIDUAL, EVERY, ONCE)
#define OWN_PART TERM(PARTS, COLUMN, .which = PATTERN_OWN)

static const struct combination sums[] = {
    {KNOWN(NULL), {COMPLETE, ADDED}, false},
    {KNOWN("bias on every rank"),
     {COMPLETE, TERM(BIAS, EVERY, FOR_EACH), TERM(RESIDUAL, EVERY, ONCE)},
     false},
    {KNOWN("bias left out"), {COMPLETE, TERM(RESIDUAL, EVERY, ONCE)}, false},
    {KNOWN("bias divided"),
     {COMPLETE, TERM(BIAS, EVERY, SHARED), TERM(RESIDUAL, EVERY, ONCE)},
     false},
    {KNOWN("residual on every rank"),
     {COMPLETE, TERM(BIAS, EVERY, ONCE), TERM(RESIDUAL, EVERY, FOR_EACH)},
     false},
    {KNOWN("both on every rank"),
     {COMPLETE, TERM(BIAS, EVERY, FOR_EACH), TERM(RESIDUAL, EVERY, FOR_EACH)},
     false},
    {KNOWN("never summed"), {OWN_PART, ADDED}, false},
    {KNOWN("averaged"), {TERM(PARTS, EVERY, SHARED), ADDED}, false},
    {KNOWN("all averaged"),
     {TERM(PARTS, EVERY, SHARED), TERM(BIAS, EVERY, SHARED), TERM(RESIDUAL, EVERY, SHARED)},
     false},
    {KNOWN("summed twice"), {TERM(PARTS, EVERY, FOR_EACH), ADDED}, false},
    {KNOWN("a rank's part is missing"), {TERM(PARTS, BUT_COLUMN, ONCE), ADDED}, false},
    {KNOWN("the own part twice"), {COMPLETE, OWN_PART, ADDED}, false},
    {KNOWN("rank 0's part everywhere"),
     {TERM(PARTS, COLUMN, .which = PATTERN_FIRST), ADDED},
     false},
};

static float part[MOST_RANKS][ROWS * WIDTH], bias[WIDTH], residual[ROWS * WIDTH];
static float result[MOST_RANKS][ROWS * WIDTH];

static void begin_sums(int of_ranks)
{
    ranks = of_ranks;
    draw(&part[0][0], sizeof(part) / sizeof(float));
    draw(bias, WIDTH);
    draw(residual, ROWS * WIDTH);
    memset(result, 0, sizeof(result));
}

static const struct combination *find_sum(void)
{
    struct fit_candidate candidate[MOST_RANKS + 2];
    struct fit_problem problem[MOST_RANKS];
    for (int r = 0; r < ranks; r++)
        candidate[r] = (struct fit_candidate){"a rank's part", PARTS, 0, r,
                                              fit_view_matrix(part[r], ROWS, WIDTH)};
    candidate[ranks] =
        (struct fit_candidate){"the bias", BIAS, 0, 0, fit_view_repeated(bias, ROWS, WIDTH)};
    candidate[ranks + 1] = (struct fit_candidate){"the residual", RESIDUAL, 0, 0,
                                                  fit_view_matrix(residual, ROWS, WIDTH)};
    for (int r = 0; r < ranks; r++)
        problem[r] = (struct fit_problem){.target = fit_view_matrix(result[r], ROWS, WIDTH),
                                          .candidates = ranks + 2,
                                          .candidate = candidate,
                                          .scale = {ranks}};
    return find(ranks, problem, own, sums, G_N_ELEMENTS(sums));
}

/* What rank r has in the end: how often each part, the bias and the residual. */
static void make_sum(const char *name)
{
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < ROWS * WIDTH; i++) {
            float sum = 0, b = bias[i % WIDTH], x = residual[i], p = (float)ranks;
            for (int of = 0; of < ranks; of++) {
                bool with = !g_strcmp0(name, "never summed")               ? of == r
                            : !g_strcmp0(name, "a rank's part is missing") ? of != 1
                            : !g_strcmp0(name, "rank 0's part everywhere") ? of == 0
                                                                           : true;
                sum += with ? part[of][i] : 0;
                if (!g_strcmp0(name, "bias on every rank") ||
                    !g_strcmp0(name, "both on every rank"))
                    sum += of > 0 ? b : 0;
                if (!g_strcmp0(name, "residual on every rank") ||
                    !g_strcmp0(name, "both on every rank"))
                    sum += of > 0 ? x : 0;
            }
            if (!g_strcmp0(name, "averaged"))
                sum /= p;
            if (!g_strcmp0(name, "summed twice"))
                sum *= p;
            if (!g_strcmp0(name, "the own part twice"))
                sum += part[r][i];
            if (g_strcmp0(name, "bias left out") != 0)
                sum += g_strcmp0(name, "bias divided") == 0 ? b / p : b;
            result[r][i] = sum + x;
            if (!g_strcmp0(name, "all averaged"))
                result[r][i] /= p;
        }
}

START_TEST(each_sum_has_its_name)
{
    for (int p = 3; p <= MOST_RANKS; p++) {
        begin_sums(p);
        make_sum(sums[_i].mistake.name);
        const struct combination *found = find_sum();
        ck_assert_msg(found == &sums[_i], "%d ranks: %s", p, found ? found->mistake.name : "none");
    }
}
END_TEST

/* A bias of zeros tells nobody whether it was added, but hides no other mistake as something else. */
START_TEST(what_is_not_there_is_not_named)
{
    begin_sums(3);
    for (size_t c = 0; c < G_N_ELEMENTS(sums); c++) {
        memset(bias, 0, sizeof(bias));
        make_sum(sums[c].mistake.name);
        ck_assert_ptr_null(find_sum());
    }
}
END_TEST

START_TEST(other_sums_have_no_name)
{
    draws = 1000000 * (uint32_t)_i;
    for (int trial = 0; trial < 300; trial++) {
        int rank = trial % 3, kind = trial % 4;
        begin_sums(3);
        make_sum(sums[(size_t)trial % G_N_ELEMENTS(sums)].mistake.name);
        for (int i = 0; i < ROWS * WIDTH; i++)
            result[rank][i] += kind == 0   ? 3e-4f * drawn()
                               : kind == 1 ? 0.31f * part[0][i]
                               : kind == 2 ? (i == trial ? 0.05f : 0)
                                           : -5 * bias[i % WIDTH];
        const struct combination *found = find_sum();
        ck_assert_msg(!found, "trial %d: %s", trial, found->mistake.name);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known combinations: sums over ranks");
    TCase *cases = tcase_create("combinations");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_sum_has_its_name, 0, G_N_ELEMENTS(sums));
    tcase_add_test(cases, what_is_not_there_is_not_named);
    tcase_add_loop_test(cases, other_sums_have_no_name, 0, 12);
    suite_add_tcase(suite, cases);
    return suite;
}
