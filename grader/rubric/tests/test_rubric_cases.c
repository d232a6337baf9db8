/* Sizes that vary: which alternatives a form has, how a case is drawn, given and named; and all rubrics in all years. */
#include "grader/rubric/rubric_cases.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

static char *kit;

static void write_to(const char *name, const char *content)
{
    g_autofree char *whole = g_build_filename(kit, name, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
    ck_assert(g_file_set_contents(whole, content, -1, NULL));
}

static void set_up(void)
{
    kit = g_dir_make_tmp("kit-XXXXXX", NULL);
    write_to("grader/rubric/calls.cfg", "calls = ( );");
    write_to("common/platforms/free.xml", "<platform/>");
}

static void tear_down(void)
{
    char *words[] = {"rm", "-rf", kit, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_clear_pointer(&kit, g_free);
}

/* A rubric with one check, "alpha", of two runs. */
static struct rubric *rubric_with(const char *ranks, const char *first, const char *second)
{
    g_autofree char *path = g_build_filename(kit, "assignments/example/rubric.cfg", NULL);
    g_autofree char *text = g_strdup_printf(
        "assignment = \"example\"; files = ( { name = \"a.c\"; } ); tiers = ( { name = \"One\"; "
        "points = 1.0; checks = ( { name = \"alpha\"; title = \"t\"; points = 1.0; judge = "
        "\"average\"; files = ( \"a.c\" ); runs = ( { ranks = %s; arguments = \"%s\"; seconds = 1; "
        "}, { ranks = 2; arguments = \"%s\"; seconds = 1; } ); } ); } );",
        ranks, first, second);
    GString *errors = g_string_new(NULL);
    write_to("assignments/example/rubric.cfg", text);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert_str_eq(errors->str, "");
    g_string_free(errors, TRUE);
    return rubric;
}

static bool take(struct rubric *rubric, const char *text)
{
    g_autoptr(GString) error = g_string_new(NULL);
    const bool taken = rubric_take(rubric, NULL, text, error);
    ck_assert(taken == (error->len == 0));
    return taken;
}

static void expect(const struct rubric *rubric, int run, int ranks, const char *arguments)
{
    const struct rubric_run *found = RUBRIC_RUNS(RUBRIC_CHECKS(rubric, 0), run);
    ck_assert_int_eq(found->ranks, ranks);
    ck_assert_str_eq(found->arguments, arguments);
}

START_TEST(a_form_has_these_alternatives)
{
    static const struct {
        const char *form, *all;
    } forms[] = {
        {"12|15|18", "12 15 18"},        {"8..11", "8 9 10 11"},          {"8..20 by 5", "8 13 18"},
        {"12|8..20 by 4", "12 8 16 20"}, {"7|9|8..10|30", "7 9 8 10 30"},
    };
    for (gsize f = 0; f < G_N_ELEMENTS(forms); f++) {
        g_autofree char *arguments = g_strdup_printf("--probe average --batch {%s}", forms[f].form);
        struct rubric *rubric = rubric_with("3", arguments, "--probe average");
        g_auto(GStrv) all = g_strsplit(forms[f].all, " ", -1);
        ck_assert_double_eq(rubric_cases(RUBRIC_CHECKS(rubric, 0)), g_strv_length(all));
        for (int i = 0; all[i]; i++) {
            g_autofree char *number = g_strdup_printf("%d", i);
            g_autofree char *text = g_strdup_printf("--probe average --batch %s", all[i]);
            ck_assert(take(rubric, number));
            expect(rubric, 0, 3, text);
            expect(rubric, 1, 2, "--probe average");
        }
        rubric_free(rubric);
    }
}
END_TEST

START_TEST(what_has_a_name_is_drawn_together)
{
    struct rubric *rubric =
        rubric_with("\"{3|5}\"", "--probe average --batch {s: 8|9|10} --epochs {1|2}",
                    "--probe average --batch {s: 4..6} --micro-batches {s: 1|3|2}");
    const struct rubric_check *check = RUBRIC_CHECKS(rubric, 0);
    expect(rubric, 0, 3, "--probe average --batch 8 --epochs 1");
    expect(rubric, 1, 2, "--probe average --batch 4 --micro-batches 1");
    ck_assert_ptr_null(rubric_case(check));
    ck_assert_double_eq(rubric_cases(check), 2 * 3 * 2);
    ck_assert(take(rubric, "1-2-0"));
    expect(rubric, 0, 5, "--probe average --batch 10 --epochs 1");
    expect(rubric, 1, 2, "--probe average --batch 6 --micro-batches 2");
    g_autofree char *which = rubric_case(check);
    ck_assert_str_eq(which, "1-2-0");
    ck_assert(take(rubric, "2")); /* for all; it counts round */
    expect(rubric, 0, 3, "--probe average --batch 10 --epochs 1");
    ck_assert(take(rubric, "0"));
    ck_assert_ptr_null(rubric_case(check));
    static const char *const wrong[] = {"1-2",   "1-3-0", "1-2-0-0", "",      "-",
                                        "1--2",  "x",     "1-2-x",   "+1",    "99999",
                                        "1-2-2", " 1",    "1-2-0-",  "1 2 0", "2-0-0"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        ck_assert_msg(!take(rubric, wrong[i]), "%s", wrong[i]);
    rubric_free(rubric);
}
END_TEST

/* What python3 makes of it: its own HMAC. A new string. */
static char *by_python(const char *key, const char *variable, int alternatives)
{
    g_autofree char *program = g_strdup_printf(
        "import hmac; d = hmac.new(b'%s', b'case\\nexample\\nalpha\\n%s\\n', 'sha256').digest(); "
        "print(int.from_bytes(d[:8], 'big') %% %d, end='')",
        key, variable, alternatives);
    char *words[] = {"python3", "-c", program, NULL}, *output = NULL;
    int status;
    ck_assert(g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL,
                           &status, NULL));
    ck_assert_int_eq(status, 0);
    return output;
}

START_TEST(a_draw_is_an_hmac_of_the_secret)
{
    struct rubric *rubric = rubric_with("\"{1..8}\"", "--probe average --batch {s: 1..64}",
                                        "--probe average --batch {s: 101..164} --epochs {1..7}");
    static const char *const keys[] = {"one secret", "another"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *first = by_python(keys[i], "1.1", 8);
        g_autofree char *second = by_python(keys[i], "s", 64);
        g_autofree char *third = by_python(keys[i], "2.2", 7);
        g_autofree char *all = g_strjoin("-", first, second, third, NULL);
        rubric_draw(rubric, keys[i], strlen(keys[i]));
        g_autofree char *drawn = rubric_case(RUBRIC_CHECKS(rubric, 0));
        ck_assert_str_eq(drawn, all);
    }
    rubric_free(rubric);
}
END_TEST

/* ---- the kit's own rubrics ----------------------------------------------------------------------------- */

enum { FIRST_YEAR = 2020, YEARS = 41 };

static void expect_meant(const struct rubric_check *check)
{
    for (guint i = 0; i < check->runs->len; i++) {
        const struct rubric_run *run = RUBRIC_RUNS(check, i);
        struct options options = {0};
        char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
        ck_assert_msg(rubric_parse_arguments(run, run->arguments, &options, error) ||
                          !dataset_present(options.dataset, why),
                      "%s: %s: %s", check->name, run->arguments, error);
        ck_assert(run->ranks >= 1 && run->ranks <= RUBRIC_MAX_RANKS);
        ck_assert_ptr_null(strpbrk(run->arguments, "{}|\n"));
        ck_assert_int_le(options_micro_batches(&options), options.batch_size);
    }
}

/* In how many pairs of years a check has other sizes, of those checks that can have them. */
static double share_that_differs(GPtrArray *cases, guint checks)
{
    guint differ = 0, pairs = 0;
    for (int a = 0; a < YEARS; a++)
        for (int b = 0; b < a; b++)
            for (guint c = 0; c < checks; c++, pairs++)
                differ += strcmp(cases->pdata[(guint)a * checks + c],
                                 cases->pdata[(guint)b * checks + c]) != 0;
    return (double)differ / pairs;
}

static void go_through_years(const char *name, const char *path)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func(g_free);
    guint vary = 0;
    for (int year = FIRST_YEAR; year < FIRST_YEAR + YEARS; year++) {
        g_autofree char *key = g_strdup_printf("a secret of %d", year);
        rubric_draw(rubric, key, strlen(key));
        vary = 0;
        for (guint c = 0; c < rubric->checks->len; c++) {
            const struct rubric_check *check = RUBRIC_CHECKS(rubric, c);
            char *which = rubric_case(check);
            expect_meant(check);
            if (check->variables->len > 0)
                g_ptr_array_add(cases, which ? which : g_strdup("0"));
            else
                ck_assert_ptr_null(which);
            vary += check->variables->len > 0;
        }
    }
    const double share = share_that_differs(cases, vary);
    printf("%s: %u of %u checks vary, and differ in %.1f%% of all pairs of years\n", name, vary,
           rubric->checks->len, 100 * share);
    ck_assert(vary > 0 && share > 0.8);
    rubric_free(rubric);
}

START_TEST(each_year_has_sizes_of_its_own_that_can_be_run)
{
    g_autoptr(GDir) folder = g_dir_open("assignments", 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *path = g_build_filename("assignments", name, "rubric.cfg", NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            go_through_years(name, path);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rubric_cases");
    TCase *forms = tcase_create("forms");
    tcase_add_checked_fixture(forms, set_up, tear_down);
    tcase_add_test(forms, a_form_has_these_alternatives);
    tcase_add_test(forms, what_has_a_name_is_drawn_together);
    tcase_add_test(forms, a_draw_is_an_hmac_of_the_secret);
    suite_add_tcase(suite, forms);
    TCase *years = tcase_create("years");
    tcase_add_test(years, each_year_has_sizes_of_its_own_that_can_be_run);
    suite_add_tcase(suite, years);
    return suite;
}
