/*
 * Known mistakes of tensor parallel training as rows of tables: of what is summed over ranks (the outputs
 * of a row layer, the input's gradient of a column layer), and of what is put together from slices. Each
 * is made by plain loops that know nothing of the tables.
 */
#include "common/base/random.h"
#include "grader/truth/combinations.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define MOST_RANKS 5
#define ROWS       6
#define WIDTH      60 /* of outputs, and of a square matrix that is cut in slices of columns */

static int ranks;
static uint32_t draws;
static const int own[MOST_RANKS] = {0, 1, 2, 3, 4};

static void draw(float *number, size_t count)
{
    random_normal(number, count, 5, random_stream(RANDOM_TEST, draws++, 0), 0, 0, 1);
}

static float drawn(void)
{
    float number;
    draw(&number, 1);
    return number;
}

#define TERM(number, what, ...)                                                                    \
    {                                                                                              \
        .family = number, .shape = PATTERN_##what, __VA_ARGS__                                     \
    }
#define ONCE     .times = 1
#define FOR_EACH .power = {1}
#define SHARED   .power = {-1}
#define KNOWN(name)                                                                                \
    {                                                                                              \
        name, "", ""                                                                               \
    }

/* ---- sums ---------------------------------------------------------------------------------------- */

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

static const struct combination *find(int blocks, const struct fit_problem *problem,
                                      const int *owner, const struct combination *table, int rows)
{
    struct fit *fit[MOST_RANKS];
    for (int b = 0; b < blocks; b++)
        fit[b] = fit_tensor(&problem[b]);
    struct combination_blocks all = {blocks, problem, fit, owner};
    const struct combination *found = combination_find(&all, table, rows);
    for (int b = 0; b < blocks; b++)
        fit_free(fit[b]);
    return found;
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

/* ---- slices -------------------------------------------------------------------------------------- */

enum { SLICES, TURNED };

static const struct combination gathers[] = {
    {KNOWN(NULL), {TERM(SLICES, DIAGONAL, ONCE)}, false},
    {KNOWN("rank 0's slice everywhere"), {TERM(SLICES, COLUMN, .which = PATTERN_FIRST)}, false},
    {KNOWN("the own slice everywhere"), {TERM(SLICES, COLUMN, .which = PATTERN_OWN)}, false},
    {KNOWN("the next rank's slice"), {TERM(SLICES, SHIFTED, .which = PATTERN_FIRST)}, false},
    {KNOWN("the slice of the rank before"), {TERM(SLICES, SHIFTED, .which = PATTERN_LAST)}, false},
    {KNOWN("reversed"), {TERM(SLICES, REVERSED, ONCE)}, false},
    {KNOWN("in another order"), {TERM(SLICES, PERMUTED, ONCE)}, true},
    {KNOWN("summed in place of gathered"), {TERM(SLICES, EVERY, ONCE)}, false},
    {KNOWN("averaged in place of gathered"), {TERM(SLICES, EVERY, SHARED)}, false},
    {KNOWN("only the own slice"), {TERM(SLICES, DIAGONAL_ONE, .which = PATTERN_OWN)}, false},
    {KNOWN("a slice is missing"), {TERM(SLICES, DIAGONAL_BUT, ONCE)}, false},
    {KNOWN("some slices are missing"), {TERM(SLICES, PART_OF_DIAGONAL, ONCE)}, true},
    {KNOWN("the own slice in front"),
     {TERM(SLICES, COLUMN, .which = PATTERN_OWN, .rows = PATTERN_FIRST),
      TERM(SLICES, DIAGONAL_BUT, .which = PATTERN_OWN, .rows = PATTERN_NOT_FIRST)},
     false},
    {KNOWN("transposed"), {TERM(TURNED, DIAGONAL, ONCE)}, false},
    {KNOWN("times the ranks"), {TERM(SLICES, DIAGONAL, FOR_EACH)}, false},
};

static float whole[WIDTH * WIDTH], gathered[WIDTH * WIDTH];

/* Block b of what rank `holder` has put together: sums of `times[b][s]` slices s. */
static void gather(float times[MOST_RANKS][MOST_RANKS], bool turned)
{
    int width = WIDTH / ranks;
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++) {
            float sum = 0;
            for (int s = 0; s < ranks; s++) {
                int column = s * width + j % width;
                sum += times[j / width][s] *
                       (turned ? whole[column * WIDTH + i] : whole[i * WIDTH + column]);
            }
            gathered[i * WIDTH + j] = sum;
        }
}

static void make_gather(const char *name, int holder)
{
    static const int other_order[MOST_RANKS][MOST_RANKS] = {
        {0}, {0}, {0}, {1, 0, 3, 2}, {1, 0, 2, 4, 3}};
    float times[MOST_RANKS][MOST_RANKS] = {{0}};
    for (int b = 0; b < ranks; b++) {
        int from = b;
        if (!g_strcmp0(name, "rank 0's slice everywhere"))
            from = 0;
        if (!g_strcmp0(name, "the own slice everywhere") ||
            (!g_strcmp0(name, "the own slice in front") && b == 0))
            from = holder;
        if (!g_strcmp0(name, "the next rank's slice"))
            from = (b + 1) % ranks;
        if (!g_strcmp0(name, "the slice of the rank before"))
            from = (b + ranks - 1) % ranks;
        if (!g_strcmp0(name, "reversed"))
            from = ranks - 1 - b;
        if (!g_strcmp0(name, "in another order"))
            from = other_order[ranks - 1][b];
        bool empty = (!g_strcmp0(name, "only the own slice") && b != holder) ||
                     (!g_strcmp0(name, "a slice is missing") && b == 1) ||
                     (!g_strcmp0(name, "some slices are missing") && (b == 1 || b == 0)) ||
                     (!g_strcmp0(name, "the own slice in front") && b == holder);
        times[b][from] = empty ? 0 : !g_strcmp0(name, "times the ranks") ? (float)ranks : 1;
        for (int s = 0; s < ranks && name && strstr(name, "in place of gathered"); s++)
            times[b][s] = name[0] == 's' ? 1 : 1 / (float)ranks;
    }
    gather(times, !g_strcmp0(name, "transposed"));
}

static void begin_gathers(int of_ranks)
{
    ranks = of_ranks;
    draw(whole, WIDTH * WIDTH);
}

/* The slices are seen where they are, as columns of the whole, and of its transpose. */
static const struct combination *find_gather(int holder)
{
    const int owner[MOST_RANKS] = {holder, holder, holder, holder, holder};
    struct fit_view straight = fit_view_matrix(whole, WIDTH, WIDTH);
    struct fit_view turned = fit_view_transposed(straight);
    struct fit_candidate candidate[2 * MOST_RANKS];
    struct fit_problem problem[MOST_RANKS];
    int width = WIDTH / ranks;
    for (int s = 0; s < ranks; s++) {
        candidate[s] = (struct fit_candidate){"a slice", SLICES, 0, s,
                                              fit_view_part(straight, 0, WIDTH, s * width, width)};
        candidate[ranks + s] = (struct fit_candidate){
            "a transposed slice", TURNED, 0, s, fit_view_part(turned, 0, WIDTH, s * width, width)};
    }
    for (int b = 0; b < ranks; b++)
        problem[b] =
            (struct fit_problem){.target = fit_view_part(fit_view_matrix(gathered, WIDTH, WIDTH), 0,
                                                         WIDTH, b * width, width),
                                 .candidates = 2 * ranks,
                                 .candidate = candidate,
                                 .scale = {ranks}};
    return find(ranks, problem, owner, gathers, G_N_ELEMENTS(gathers));
}

START_TEST(each_gather_has_its_name)
{
    for (int p = 4; p <= MOST_RANKS; p++)
        for (int holder = 1; holder < p; holder++) {
            begin_gathers(p);
            make_gather(gathers[_i].mistake.name, holder);
            const struct combination *found = find_gather(holder);
            ck_assert_msg(found == &gathers[_i], "%d ranks, on rank %d: %s", p, holder,
                          found ? found->mistake.name : "none");
        }
}
END_TEST

/* On rank 0 its own slice everywhere is rank 0's everywhere: two names for one thing. */
START_TEST(two_names_for_one_thing)
{
    begin_gathers(4);
    make_gather("the own slice everywhere", 0);
    ck_assert_ptr_null(find_gather(0));
    make_gather("reversed", 0);
    ck_assert_str_eq(find_gather(0)->mistake.name, "reversed");
    begin_gathers(2); /* the next rank is the one before, and the reverse */
    make_gather("the next rank's slice", 0);
    ck_assert_ptr_null(find_gather(0));
}
END_TEST

/* A symmetric matrix is its transpose, and one with equal slices its own shift. */
START_TEST(matrices_that_hide_it)
{
    begin_gathers(4);
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < i; j++)
            whole[i * WIDTH + j] = whole[j * WIDTH + i];
    make_gather("transposed", 1);
    const struct combination *found = find_gather(1);
    ck_assert(!found || !found->mistake.name);
    begin_gathers(4);
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++)
            whole[i * WIDTH + j] = whole[i * WIDTH + j % (WIDTH / 4)];
    for (size_t c = 0; c < G_N_ELEMENTS(gathers); c++) {
        make_gather(gathers[c].mistake.name, 2);
        found = find_gather(2);
        ck_assert(!found || found == &gathers[c]);
    }
}
END_TEST

START_TEST(other_gathers_have_no_name)
{
    draws = 1000000 * (uint32_t)_i;
    for (int trial = 0; trial < 200; trial++) {
        begin_gathers(4);
        make_gather(gathers[(size_t)trial % G_N_ELEMENTS(gathers)].mistake.name, trial % 4);
        if (trial % 3 == 0)
            gathered[trial] += drawn() > 0 ? 0.05f : -0.05f;
        for (int i = 0; trial % 3 == 1 && i < WIDTH * WIDTH; i++)
            gathered[i] *= 1.01f;
        for (int i = 0; trial % 3 == 2 && i < WIDTH; i++) /* cut off by one column */
            for (int j = WIDTH - 1; j >= 0; j--)
                gathered[i * WIDTH + j] = j > 0 ? gathered[i * WIDTH + j - 1] : drawn();
        const struct combination *found = find_gather(trial % 4);
        ck_assert_msg(!found, "trial %d: %s", trial, found->mistake.name);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known combinations of tensor parallel training");
    TCase *cases = tcase_create("combinations");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_sum_has_its_name, 0, G_N_ELEMENTS(sums));
    tcase_add_test(cases, what_is_not_there_is_not_named);
    tcase_add_loop_test(cases, other_sums_have_no_name, 0, 12);
    tcase_add_loop_test(cases, each_gather_has_its_name, 0, G_N_ELEMENTS(gathers));
    tcase_add_test(cases, two_names_for_one_thing);
    tcase_add_test(cases, matrices_that_hide_it);
    tcase_add_loop_test(cases, other_gathers_have_no_name, 0, 8);
    suite_add_tcase(suite, cases);
    return suite;
}
