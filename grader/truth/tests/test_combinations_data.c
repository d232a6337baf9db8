/*
 * Known mistakes of data parallel training as rows of a table. Each is made by a small program of plain
 * loops over ranks (data_parallel.h), which knows nothing of the table.
 */
#include "grader/truth/combinations.h"
#include "grader/truth/tests/data_parallel.h"
#include "tests/support/test.h"

#include <glib.h>

/* ---- the table ----------------------------------------------------------------------------------- */

enum { SHARES, BEFORE, PARAMETER, OTHER }; /* families */
enum { RANKS, PARTS, GROUP };              /* scales: ranks, micro-batches, ranks of a group */

#define EVERY(...)                                                                                 \
    {                                                                                              \
        .family = SHARES, .shape = PATTERN_EVERY, __VA_ARGS__                                      \
    }
#define ONE(number)                                                                                \
    {                                                                                              \
        .family = number, .shape = PATTERN_EVERY                                                   \
    }
#define OWN(...)                                                                                   \
    {                                                                                              \
        .family = SHARES, .shape = PATTERN_COLUMN, .which = PATTERN_OWN, __VA_ARGS__               \
    }
#define MEAN         .power = {[RANKS] = -1, [PARTS] = -1}
#define LOCAL        .power = {[PARTS] = -1}
#define IN_GROUP     .power = {[PARTS] = -1, [GROUP] = -1}
#define EARLIER_ONES .rows = PATTERN_NOT_LAST
#define LATER_ONES   .rows = PATTERN_NOT_FIRST

static const struct combination table[] = {
    {{NULL, NULL, NULL}, {EVERY(MEAN)}, false},
    {{"summed over ranks", "", ""}, {EVERY(LOCAL)}, false},
    {{"averaged over ranks twice", "", ""}, {EVERY(.power = {[RANKS] = -2, [PARTS] = -1})}, false},
    {{"micro-batches summed", "", ""}, {EVERY(.power = {[RANKS] = -1})}, false},
    {{"divided by micro-batches twice", "", ""},
     {EVERY(.power = {[RANKS] = -1, [PARTS] = -2})},
     false},
    {{"never reduced", "", ""}, {OWN(LOCAL)}, false},
    {{"never reduced, and divided", "", ""}, {OWN(MEAN)}, false},
    {{"reduced behind the first micro-batch", "", ""},
     {EVERY(MEAN, .rows = PATTERN_FIRST), OWN(LOCAL, LATER_ONES)},
     false},
    {{"last micro-batch behind the reduction", "", ""},
     {EVERY(MEAN, EARLIER_ONES), OWN(LOCAL, .rows = PATTERN_LAST)},
     false},
    {{"only the last micro-batch", "", ""}, {EVERY(MEAN, .rows = PATTERN_LAST)}, false},
    {{"sums summed again", "", ""}, {EVERY(MEAN, .growth = {[RANKS] = 1})}, false},
    {{"a rank is missing", "", ""}, {{.family = SHARES, .shape = PATTERN_BUT_COLUMN, MEAN}}, false},
    {{"the own share is missing", "", ""},
     {{.family = SHARES, .shape = PATTERN_BUT_COLUMN, .which = PATTERN_OWN, MEAN}},
     false},
    {{"one rank's gradient everywhere", "", ""},
     {{.family = SHARES, .shape = PATTERN_COLUMN, LOCAL}},
     false},
    {{"a rank counted twice", "", ""},
     {EVERY(MEAN), {.family = SHARES, .shape = PATTERN_COLUMN, MEAN}},
     false},
    {{"averaged within groups", "", ""},
     {{.family = SHARES, .shape = PATTERN_GROUPS, IN_GROUP}},
     false},
    {{"a group's sum divided by all", "", ""},
     {{.family = SHARES, .shape = PATTERN_GROUPS, MEAN}},
     false},
    {{"early micro-batches within groups", "", ""},
     {{.family = SHARES, .shape = PATTERN_GROUPS, EARLIER_ONES, IN_GROUP},
      EVERY(MEAN, .rows = PATTERN_LAST)},
     false},
    {{"averaged across groups only", "", ""},
     {{.family = SHARES,
       .shape = PATTERN_STRIDED_GROUPS,
       .power = {[RANKS] = -1, [PARTS] = -1, [GROUP] = 1}}},
     false},
    {{"not zeroed between steps", "", ""}, {EVERY(MEAN), ONE(BEFORE)}, false},
    {{"begins with the parameters", "", ""}, {EVERY(MEAN), ONE(PARAMETER)}, false},
    {{"another tensor's gradient", "", ""}, {ONE(OTHER)}, false},
};

static const struct combination *find(void)
{
    static const int own[MOST_RANKS] = {0, 1, 2, 3, 4, 5};
    struct fit_candidate candidate[MICRO_BATCHES * MOST_RANKS + 3];
    struct fit_problem problem[MOST_RANKS];
    struct fit *fit[MOST_RANKS];
    int n = 0;
    for (int a = 0; a < MICRO_BATCHES; a++)
        for (int r = 0; r < ranks; r++)
            candidate[n++] = (struct fit_candidate){"a share", SHARES, a, r,
                                                    fit_view_flat(gradient[a][r], COUNT)};
    candidate[n++] = (struct fit_candidate){"before", BEFORE, 0, 0, fit_view_flat(before, COUNT)};
    candidate[n++] =
        (struct fit_candidate){"parameter", PARAMETER, 0, 0, fit_view_flat(parameter, COUNT)};
    candidate[n++] = (struct fit_candidate){"other", OTHER, 0, 0, fit_view_flat(other, COUNT)};
    for (int r = 0; r < ranks; r++) {
        problem[r] = (struct fit_problem){.target = fit_view_flat(copy[r], COUNT),
                                          .candidates = n,
                                          .candidate = candidate,
                                          .scale = {ranks, MICRO_BATCHES, group}};
        fit[r] = fit_tensor(&problem[r]);
    }
    struct combination_blocks blocks = {ranks, problem, fit, own};
    const struct combination *found = combination_find(&blocks, table, G_N_ELEMENTS(table));
    ck_assert_ptr_eq(combination_mistake(&blocks, table, G_N_ELEMENTS(table)),
                     found && found->mistake.name ? &found->mistake : NULL);
    for (int r = 0; r < ranks; r++)
        fit_free(fit[r]);
    return found;
}

/* ---- programs and their names ---------------------------------------------------------------------- */

static const struct {
    void (*run)(void);
    const char *name;
    bool groups; /* it needs them */
} programs[] = {
    {right, NULL, false},
    {right_divided_first, NULL, false},
    {right_averaged_every_time, NULL, false},
    {summed, "summed over ranks", false},
    {averaged_twice, "averaged over ranks twice", false},
    {micro_batches_summed, "micro-batches summed", false},
    {divided_twice, "divided by micro-batches twice", false},
    {never_reduced, "never reduced", false},
    {never_reduced_and_divided, "never reduced, and divided", false},
    {reduced_first, "reduced behind the first micro-batch", false},
    {last_behind, "last micro-batch behind the reduction", false},
    {only_last, "only the last micro-batch", false},
    {summed_again, "sums summed again", false},
    {one_missing, "a rank is missing", false},
    {own_missing, "the own share is missing", false},
    {broadcast, "one rank's gradient everywhere", false},
    {counted_twice, "a rank counted twice", false},
    {within_groups, "averaged within groups", true},
    {within_groups_by_all, "a group's sum divided by all", true},
    {early_within_groups, "early micro-batches within groups", true},
    {across_groups_only, "averaged across groups only", true},
    {not_zeroed, "not zeroed between steps", false},
    {with_parameters, "begins with the parameters", false},
    {another_tensor, "another tensor's gradient", false},
};

/* Ranks and groups with which all mistakes differ. */
static const int machines[][2] = {{4, 2}, {5, 0}, {6, 2}};

START_TEST(each_program_has_its_name)
{
    for (size_t m = 0; m < G_N_ELEMENTS(machines); m++) {
        begin(machines[m][0], machines[m][1]);
        if (programs[_i].groups && group == 0)
            continue;
        programs[_i].run();
        const struct combination *found = find();
        ck_assert_msg(found, "%d ranks: nothing is found", ranks);
        ck_assert_msg(g_strcmp0(found->mistake.name, programs[_i].name) == 0, "%d ranks: %s", ranks,
                      found->mistake.name);
    }
}
END_TEST

/* Three ranks and three micro-batches: what was divided twice by 3 can't be told. */
START_TEST(where_two_rows_say_the_same_none_does)
{
    begin(3, 0);
    averaged_twice();
    ck_assert_ptr_null(find());
    begin(3, 0);
    summed();
    ck_assert_ptr_null(find());
    begin(3, 0);
    own_missing();
    ck_assert_str_eq(find()->mistake.name, "the own share is missing");
}
END_TEST

/* Two ranks had the same data, one had none, or nearly: no row may be found but one that is true. */
START_TEST(shares_that_look_alike)
{
    for (int kind = 0; kind < 3; kind++)
        for (size_t p = 0; p < G_N_ELEMENTS(programs); p++) {
            begin(5, 0);
            if (programs[p].groups)
                continue;
            for (int a = 0; a < MICRO_BATCHES; a++)
                for (int i = 0; i < COUNT; i++)
                    gradient[a][2][i] = kind == 0   ? gradient[a][1][i]
                                        : kind == 1 ? 0
                                                    : gradient[a][1][i] * (1 + 1e-7f * other[i]);
            programs[p].run();
            const struct combination *found = find();
            ck_assert_msg(!found || g_strcmp0(found->mistake.name, programs[p].name) == 0,
                          "kind %d: %s", kind, found->mistake.name);
        }
}
END_TEST

static float drawn(void)
{
    float number;
    draw(&number, 1);
    return number;
}

/* Right or wrong programs whose result is then wrong otherwise: in one element, on one rank, by a factor
 * that nobody multiplies by, by a sum of anything. */
START_TEST(other_errors_have_no_name)
{
    draws = 1000000 * (uint32_t)_i;
    for (int trial = 0; trial < 500; trial++) {
        size_t program = (size_t)trial % G_N_ELEMENTS(programs);
        int kind = trial % 5, rank = trial % 4;
        begin(4, 2);
        programs[program].run();
        if (kind == 0)
            copy[rank][trial % COUNT] += 0.01f * (drawn() > 0 ? 1 : -1);
        else if (kind == 1)
            divide(1.37f + 0.01f * drawn());
        else if (kind == 2)
            for (int i = 0; i < COUNT; i++)
                copy[rank][i] = -copy[rank][i];
        else if (kind == 3)
            add_to_copies(gradient[trial % 3][rank], 0.2f + 0.3f * drawn());
        else
            draw(&copy[rank][0], COUNT);
        const struct combination *found = find();
        ck_assert_msg(!found, "trial %d: %s", trial, found->mistake.name);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known combinations of data parallel training");
    TCase *cases = tcase_create("combinations");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, each_program_has_its_name, 0, G_N_ELEMENTS(programs));
    tcase_add_test(cases, where_two_rows_say_the_same_none_does);
    tcase_add_test(cases, shares_that_look_alike);
    tcase_add_loop_test(cases, other_errors_have_no_name, 0, 10);
    suite_add_tcase(suite, cases);
    return suite;
}
