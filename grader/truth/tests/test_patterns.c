/*
 * Patterns over matrices, against matrices that are written out.
 */
#include "grader/truth/patterns.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define MOST 36

/* Rows between blanks; a digit is how often the share is there. */
static struct pattern_matrix matrix_of(const char *rows, double share, double *value)
{
    struct pattern_matrix matrix = {.value = value, .tolerance = 1e-3};
    int count = 0;
    for (const char *c = rows; *c; c++) {
        if (*c != ' ')
            value[count++] = share * (*c - '0');
        else if (matrix.columns == 0)
            matrix.columns = count;
    }
    matrix.columns = matrix.columns ? matrix.columns : count;
    matrix.rows = count / matrix.columns;
    return matrix;
}

static const struct {
    const char *rows;
    enum pattern_shape shape;
    int number;
} cases[] = {
    {"000 000 000", PATTERN_NOTHING, 0},
    {"111 111 111", PATTERN_EVERY, 0},
    {"11111", PATTERN_EVERY, 0},
    {"010 010", PATTERN_COLUMN, 1},
    {"0001", PATTERN_COLUMN, 3},
    {"1011 1011", PATTERN_BUT_COLUMN, 1},
    {"100 010 001", PATTERN_DIAGONAL, 0},
    {"000 010 000", PATTERN_DIAGONAL_ONE, 1},
    {"1000 0100 0000 0001", PATTERN_DIAGONAL_BUT, 2},
    {"0100 0010 0001 1000", PATTERN_SHIFTED, 1},
    {"0001 1000 0100 0010", PATTERN_SHIFTED, 3},
    {"0010 0001 1000 0100", PATTERN_SHIFTED, 2},
    {"0001 0010 0100 1000", PATTERN_REVERSED, 0},
    {"100 110 111", PATTERN_LOWER_TRIANGLE, 0},
    {"111 011 001", PATTERN_UPPER_TRIANGLE, 0},
    {"1100 1100 0011 0011", PATTERN_GROUPS, 2},
    {"1010 0101 1010 0101", PATTERN_STRIDED_GROUPS, 2},
    {"111000 111000 111000 000111 000111 000111", PATTERN_GROUPS, 3},
    {"100100 010010 001001 100100 010010 001001", PATTERN_STRIDED_GROUPS, 3},
    {"0100 1000 0001 0010", PATTERN_PERMUTED, 0},
    {"0000 0100 0000 0001", PATTERN_PART_OF_DIAGONAL, 2},
};

/* What else a case is: the general shapes, and those that are the same in so small a matrix. */
static bool is_also(size_t c, enum pattern_shape shape)
{
    switch (cases[c].shape) {
    case PATTERN_SHIFTED:
    case PATTERN_REVERSED:
        return shape == PATTERN_PERMUTED;
    case PATTERN_DIAGONAL_ONE:
    case PATTERN_DIAGONAL_BUT:
        return shape == PATTERN_PART_OF_DIAGONAL;
    default:
        return false;
    }
}

START_TEST(each_matrix_is_what_it_is_and_nothing_else)
{
    double value[MOST];
    for (int s = 0; s < 3; s++) {
        double share = s == 0 ? 1 : s == 1 ? 0.25 : -4;
        struct pattern_matrix matrix = matrix_of(cases[_i].rows, share, value);
        for (int shape = 0; shape < PATTERN_SHAPES; shape++) {
            struct pattern pattern = {.shape = (enum pattern_shape)shape, .share = share};
            int number = -7;
            bool fits = pattern_fits(&matrix, &pattern, &number);
            bool own = shape == (int)cases[_i].shape;
            ck_assert_msg(fits == (own || is_also((size_t)_i, pattern.shape)), "shape %d", shape);
            ck_assert(!own || number == cases[_i].number);
        }
    }
}
END_TEST

START_TEST(one_wrong_element_is_seen)
{
    double value[MOST];
    struct pattern_matrix matrix = matrix_of(cases[_i].rows, 1, value);
    struct pattern pattern = {.shape = cases[_i].shape, .share = 1};
    for (int k = 0; k < matrix.rows * matrix.columns; k++) {
        double right = value[k];
        value[k] += 9e-4;
        ck_assert(pattern_fits(&matrix, &pattern, NULL));
        value[k] = right - 0.01;
        ck_assert(!pattern_fits(&matrix, &pattern, NULL));
        value[k] = 2;
        ck_assert(!pattern_fits(&matrix, &pattern, NULL));
        value[k] = right;
    }
    pattern.share = 0.5;
    ck_assert(pattern.shape == PATTERN_NOTHING || !pattern_fits(&matrix, &pattern, NULL));
}
END_TEST

START_TEST(what_is_no_pattern)
{
    static const char *const others[] = {
        "1110 1110 1110 0001", /* three are no group of four */
        "1001 0110 1001 0111", "110 010 001", "0100 1000 0010 0010", "210 010 001", "10 01 00",
    };
    double value[MOST];
    for (size_t c = 0; c < sizeof others / sizeof others[0]; c++)
        for (int shape = 0; shape < PATTERN_SHAPES; shape++) {
            struct pattern_matrix matrix = matrix_of(others[c], 1, value);
            struct pattern pattern = {.shape = (enum pattern_shape)shape, .share = 1};
            ck_assert_msg(!pattern_fits(&matrix, &pattern, NULL), "%s, shape %d", others[c], shape);
        }
}
END_TEST

START_TEST(which_one_is_meant)
{
    static const struct {
        const char *rows;
        enum pattern_shape shape;
        enum pattern_which which;
        bool fits;
    } meant[] = {
        {"100 100", PATTERN_COLUMN, PATTERN_FIRST, true},
        {"100 100", PATTERN_COLUMN, PATTERN_LAST, false},
        {"100 100", PATTERN_COLUMN, PATTERN_NOT_FIRST, false},
        {"010 010", PATTERN_COLUMN, PATTERN_NOT_FIRST, true},
        {"010 010", PATTERN_COLUMN, PATTERN_NOT_LAST, true},
        {"001 001", PATTERN_COLUMN, PATTERN_NOT_LAST, false},
        {"001 001", PATTERN_COLUMN, PATTERN_LAST, true},
        {"0100 0010 0001 1000", PATTERN_SHIFTED, PATTERN_FIRST, true},
        {"0001 1000 0100 0010", PATTERN_SHIFTED, PATTERN_LAST, true},
        {"0010 0001 1000 0100", PATTERN_SHIFTED, PATTERN_FIRST, false},
        {"0010 0001 1000 0100", PATTERN_SHIFTED, PATTERN_LAST, false},
        {"100 010 000", PATTERN_DIAGONAL_BUT, PATTERN_LAST, true},
        {"100 000 001", PATTERN_DIAGONAL_BUT, PATTERN_LAST, false},
        {"100 100", PATTERN_COLUMN, PATTERN_OWN, false}, /* nobody says whose they are */
    };
    double value[MOST];
    for (size_t c = 0; c < sizeof meant / sizeof meant[0]; c++) {
        struct pattern_matrix matrix = matrix_of(meant[c].rows, 1, value);
        struct pattern pattern = {.shape = meant[c].shape, .which = meant[c].which, .share = 1};
        ck_assert_msg(pattern_fits(&matrix, &pattern, NULL) == meant[c].fits, "case %zu", c);
    }
}
END_TEST

/* Two rows for each of three ranks' copies, which hold columns 0, 1 and 2. */
START_TEST(blocks_have_owners_and_rows)
{
    static const int own[] = {0, 1, 2};
    double value[MOST];
    struct pattern_matrix matrix = matrix_of("111 100 111 010 111 001", 0.5, value);
    matrix.rows_of_block = 2;
    matrix.own = own;
    double expected[18] = {0};
    const struct pattern every = {PATTERN_EVERY, PATTERN_ANY, PATTERN_FIRST, 0.5, 0};
    const struct pattern own_one = {PATTERN_COLUMN, PATTERN_OWN, PATTERN_NOT_FIRST, 0.5, 0};
    pattern_add(&every, &matrix, 0, expected);
    pattern_add(&own_one, &matrix, PATTERN_OWN_INDEX, expected);
    ck_assert_mem_eq(expected, value, sizeof(expected));
    ck_assert(!pattern_fits(&matrix, &every, NULL));

    const struct pattern diagonal = {.shape = PATTERN_DIAGONAL, .share = 0.5};
    matrix = matrix_of("100 100 010 010 001 001", 0.5, value);
    matrix.rows_of_block = 2;
    ck_assert(pattern_fits(&matrix, &diagonal, NULL));
    matrix.rows_of_block = 1; /* six rows and three columns have no diagonal */
    ck_assert(!pattern_fits(&matrix, &diagonal, NULL));
}
END_TEST

START_TEST(shares_grow_from_the_last_row)
{
    double value[MOST];
    struct pattern_matrix matrix = matrix_of("444 222 111 444 222 111", 1, value);
    const struct pattern doubled = {.shape = PATTERN_EVERY, .share = 1, .growth = 2};
    ck_assert(!pattern_fits(&matrix, &doubled, NULL)); /* six rows of one */
    matrix.rows_of_block = 3;
    ck_assert(pattern_fits(&matrix, &doubled, NULL));
    struct pattern_matrix one = matrix_of("99 33 11", 1, value);
    const struct pattern tripled = {.shape = PATTERN_EVERY, .share = 1, .growth = 3};
    ck_assert(pattern_fits(&one, &tripled, NULL));
}
END_TEST

START_TEST(what_a_diagonal_lacks)
{
    double value[MOST];
    const bool missing[] = {false, true, true}, others[] = {true, false, true};
    struct pattern_matrix matrix = matrix_of("100 000 000", 2, value);
    ck_assert(pattern_lacks(&matrix, 2, missing));
    ck_assert(!pattern_lacks(&matrix, 2, others));
    ck_assert(!pattern_lacks(&matrix, 1, missing));
    value[1] = 0.5;
    ck_assert(!pattern_lacks(&matrix, 2, missing));
}
END_TEST

START_TEST(the_picture_shows_the_numbers)
{
    double value[MOST];
    struct pattern_matrix matrix = matrix_of("100 010", 0.375, value);
    char *folder = test_folder_new();
    g_autofree char *picture = g_build_filename(folder, "slices", NULL);
    ck_assert(pattern_picture(&matrix, "What's in it", "slice of rank", "share of rank", picture));
    g_autofree char *path = g_strconcat(picture, ".svg", NULL);
    g_autofree char *svg = NULL;
    ck_assert(g_file_get_contents(path, &svg, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(svg, "0.375"));
    ck_assert_ptr_nonnull(strstr(svg, "slice of rank"));
    ck_assert_ptr_nonnull(strstr(svg, "share of rank"));
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("patterns of coefficients");
    TCase *tests = tcase_create("patterns");
    tcase_add_loop_test(tests, each_matrix_is_what_it_is_and_nothing_else, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tests, one_wrong_element_is_seen, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, what_is_no_pattern);
    tcase_add_test(tests, which_one_is_meant);
    tcase_add_test(tests, blocks_have_owners_and_rows);
    tcase_add_test(tests, shares_grow_from_the_last_row);
    tcase_add_test(tests, what_a_diagonal_lacks);
    tcase_add_test(tests, the_picture_shows_the_numbers);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return suite;
}
