/* Which checks a person means who does not write out all their names. */
#include "grader/rubric/rubric_select.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

/* Besides what is under test, a check is a judge, a title, points and a run that does not matter. */
#define REST                                                                                       \
    "title = \"T\"; points = 1.0; judge = \"average\";\n"                                          \
    "runs = ( { ranks = 1; arguments = \"--probe average\"; seconds = 1; } ); "

static const char text[] =
    "assignment = \"example\"; uses = ( \"other\" );\n"
    "files = ( { name = \"a.c\"; }, { name = \"b_c.c\"; }, { name = \"answers.md\"; } );\n"
    "tiers = (\n"
    "  { name = \"Tier 1 of 5: one\"; points = 2.0; checks = (\n"
    "    { name = \"step\"; files = ( \"a.c\" ); question = \"Q1, Q2\"; " REST "},\n"
    "    { name = \"step_order\"; files = ( \"a.c\", \"b_c.c\" ); " REST "} ); },\n"
    "  { name = \"Tier 3 of 5: three\"; points = 2.0; checks = (\n"
    "    { name = \"big_step_order\"; files = ( \"a.c\", \"b_c.c\" ); about = ( \"b_c.c\", \"a.c\" "
    "); " REST "},\n"
    "    { name = \"ordering\"; files = ( \"other/o.c\", \"b_c.c\" ); " REST "} ); },\n"
    "  { name = \"Written questions\"; points = 1.0; checks = (\n"
    "    { name = \"words\"; title = \"W\"; points = 1.0; judge = \"person\"; heading = \"Q3\"; } "
    "); },\n"
    "  { name = \"Bonus: more\"; points = 1.0; bonus = true; checks = (\n"
    "    { name = \"more\"; files = ( \"a.c\" ); question = \"Q3\"; " REST "} ); },\n"
    "  { name = \"Bonus: most\"; points = 1.0; bonus = true; checks = (\n"
    "    { name = \"bonus_3_most\"; files = ( \"a.c\" ); " REST "} ); } );\n";

static char *kit, *path;
static struct rubric *rubric;

static void write_to(const char *name, const char *content)
{
    g_autofree char *whole = g_build_filename(kit, name, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
    ck_assert(g_file_set_contents(whole, content, -1, NULL));
}

static void set_up(void)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    kit = g_dir_make_tmp("kit-XXXXXX", NULL);
    path = g_build_filename(kit, "assignments/example/rubric.cfg", NULL);
    write_to("assignments/example/rubric.cfg", text);
    write_to("assignments/other/rubric.cfg",
             "assignment = \"other\"; files = ( { name = \"o.c\"; } );\n"
             "tiers = ( { checks = ( { name = \"elsewhere\"; judge = \"average\"; } ); } );\n");
    write_to("grader/rubric/calls.cfg", "calls = ( );");
    rubric = rubric_load(path, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
}

static void tear_down(void)
{
    char *words[] = {"rm", "-rf", kit, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    rubric_free(rubric);
    g_clear_pointer(&kit, g_free);
    g_clear_pointer(&path, g_free);
}

static const struct {
    const char *words, *names;
} meant[] = {
    {"step", "step"}, /* a name, and not what has it as a part */
    {"STEP", "step"},
    {"step_order", "step_order"},
    {"step-order", "step_order"},
    {"order", "step_order big_step_order"}, /* not ordering */
    {"orderi", "ordering"},
    {"ord", "step_order big_step_order ordering"},
    {"big", "big_step_order"},
    {"big_step", "big_step_order"},
    {"*order", "step_order big_step_order"},
    {"*_?tep_*", "big_step_order"},
    {"tier1", "step step_order"},
    {"Tier-3", "big_step_order ordering"},
    {"tier 3", "big_step_order ordering"},
    {"tier", "step step_order big_step_order ordering"},
    {"written", "words"},
    {"bonus", "more bonus_3_most"},
    {"bonus1", "more"},
    {"bonus 2", "bonus_3_most"},
    {"most", "bonus_3_most"},
    {"q1", "step"},
    {"Q2", "step"},
    {"Q3", "words more"},
    {"a.c", "step big_step_order more bonus_3_most"},
    {"b_c.c", "step_order big_step_order ordering"},
    {"my/folder/example/b_c.c", "step_order big_step_order ordering"},
    {"example/b_c.c", "step_order big_step_order ordering"},
    {"o.c", "ordering"}, /* nothing is about it */
    {"other/o.c", "ordering"},
    {"ordering,step", "step ordering"}, /* the rubric's order */
    {"ordering step", "step ordering"},
    {" ,ordering;\tstep , step,", "step ordering"},
    {"big,tier1", "step step_order big_step_order"},
    {"all", "step step_order big_step_order ordering words more bonus_3_most"},
};

START_TEST(words_mean_checks)
{
    for (size_t i = 0; i < G_N_ELEMENTS(meant); i++) {
        g_autoptr(GString) error = g_string_new(NULL), found = g_string_new(NULL);
        g_autoptr(GPtrArray) names = rubric_select(rubric, path, meant[i].words, error);
        ck_assert_msg(names != NULL, "%s: %s", meant[i].words, error->str);
        for (guint n = 0; n < names->len; n++)
            g_string_append_printf(found, "%s%s", n > 0 ? " " : "", (char *)names->pdata[n]);
        ck_assert_msg(strcmp(found->str, meant[i].names) == 0, "%s: %s instead of %s",
                      meant[i].words, found->str, meant[i].names);
    }
}
END_TEST

static const struct {
    const char *words, *says;
} nothing[] = {
    {"", "no check is named\n"},
    {" , ", "no check is named\n"},
    {"step_ordr",
     "example has no check \"step_ordr\"; did you mean step_order or big_step_order?\n"},
    {"tier2", "example has no check \"tier2\"; did you mean tier1 or tier3?\n"},
    {"bonus3", "example has no check \"bonus3\"; did you mean bonus1, bonus2 or bonus_3_most?\n"},
    {"bc.c", "example has no check \"bc.c\"; did you mean b_c.c?\n"},
    {"elsewhere", "example has no check \"elsewhere\"; other has one: ASSIGNMENT=other\n"},
    {"x", "example has no check \"x\"\n"},
    {"step zzzzz", "example has no check \"zzzzz\"\n"},
    {"zzzzz,yyyyy", "example has no check \"zzzzz\"\nexample has no check \"yyyyy\"\n"},
    {"Q9", "example has no check \"Q9\"\n"},
    {"tier0", "example has no check \"tier0\"; did you mean tier1 or tier3?\n"},
};

START_TEST(what_means_nothing_is_refused_with_the_nearest)
{
    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autoptr(GString) error = g_string_new(NULL);
        ck_assert_ptr_null(rubric_select(rubric, path, nothing[i].words, error));
        ck_assert_str_eq(error->str, nothing[i].says);
    }
}
END_TEST

START_TEST(the_list_has_all)
{
    g_autoptr(GString) list = g_string_new(NULL);
    rubric_append_list(rubric, list);
    static const char *const parts[] = {
        "example: 7 checks, 5.00 points, and 2.00 of bonus\n",
        "\nTier 3 of 5: three  (CHECK=tier3; 2.00 points)\n",
        "\nBonus: most  (CHECK=bonus2; 1.00 points of bonus)\n",
        "\n  step            1.00  T (Q1, Q2)\n",
        "\n  words           1.00  W (a person reads it)\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        ck_assert_msg(strstr(list->str, parts[i]) != NULL, "no %s in %s", parts[i], list->str);
    for (guint i = 0; i < rubric->checks->len; i++)
        ck_assert_ptr_nonnull(strstr(list->str, RUBRIC_CHECKS(rubric, i)->name));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rubric select");
    TCase *tests = tcase_create("select");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, words_mean_checks);
    tcase_add_test(tests, what_means_nothing_is_refused_with_the_nearest);
    tcase_add_test(tests, the_list_has_all);
    suite_add_tcase(suite, tests);
    return suite;
}
