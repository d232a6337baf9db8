/* Which names a misspelt word may have meant. */
#include "grader/text/nearest.h"
#include "tests/support/test.h"

static const char *const names[] = {"small_step_odds", "odds_order", "evens_order",
                                    "baseline",        "beats_odds", NULL};

START_TEST(distances_are_those_of_the_definition)
{
    static const struct {
        const char *one, *other;
        int distance;
    } pairs[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"abc", "ABC", 0},
        {"kitten", "sitting", 3},
        {"abcd", "abdc", 1},
        {"odds_odrer", "odds_order", 1},
        {"flaw", "lawn", 2},
        {"a", "b", 1},
        {"baselin", "baseline", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        ck_assert_msg(text_distance(pairs[i].one, pairs[i].other) == pairs[i].distance,
                      "%s, %s: %d", pairs[i].one, pairs[i].other,
                      text_distance(pairs[i].one, pairs[i].other));
        ck_assert_int_eq(text_distance(pairs[i].other, pairs[i].one), pairs[i].distance);
    }
    g_autofree char *endless = g_strnfill(5000, 'x');
    ck_assert_int_ge(text_distance(endless, "x"), 100);
}
END_TEST

START_TEST(parts_of_names_count)
{
    ck_assert_int_eq(text_distance_to_parts("ordr", "odds_order"), 1);
    ck_assert_int_eq(text_distance_to_parts("step", "small_step_odds"), 0);
    ck_assert_int_eq(text_distance_to_parts("small_stp", "small_step_odds"), 1);
    ck_assert_int_eq(text_distance_to_parts("ds_or", "odds_order"), 4); /* that of "odds" */
}
END_TEST

static void assert_meant(const char *word, const char *words)
{
    g_autoptr(GString) text = g_string_new(NULL);
    text_append_meant(text, word, names);
    ck_assert_str_eq(text->str, words);
}

START_TEST(what_was_meant_is_said)
{
    assert_meant("odds_ordr", "; did you mean odds_order?");
    assert_meant("basline", "; did you mean baseline?");
    assert_meant("ODSD", "; did you mean odds_order, beats_odds or small_step_odds?");
    assert_meant("quicksort", "");
    assert_meant("x", "");
    assert_meant("", "");
}
END_TEST

START_TEST(the_nearest_is_first_and_none_is_lost)
{
    g_autoptr(GPtrArray) sorted = text_nearest_first("basline", names);
    ck_assert_uint_eq(sorted->len, 5);
    ck_assert_str_eq(sorted->pdata[0], "baseline");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("nearest");
    TCase *tests = tcase_create("nearest");
    tcase_add_test(tests, distances_are_those_of_the_definition);
    tcase_add_test(tests, parts_of_names_count);
    tcase_add_test(tests, what_was_meant_is_said);
    tcase_add_test(tests, the_nearest_is_first_and_none_is_lost);
    suite_add_tcase(suite, tests);
    return suite;
}
