/*
 * The files of mutants are held to the rubric: a wrong name in one would pass unnoticed.
 */
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

/* Writes NAME.cfg, and an empty NAME.patch if wanted; what is said of that folder, to be freed. */
static char *faults_of_mutant(const char *name, const char *text, bool patch)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load("assignments/example/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    g_autofree char *folder = g_dir_make_tmp("mutants-XXXXXX", NULL);
    g_autofree char *configuration = g_strdup_printf("%s/%s.cfg", folder, name);
    g_autofree char *change = g_strdup_printf("%s/%s.patch", folder, name);
    ck_assert(!text || g_file_set_contents(configuration, text, -1, NULL));
    ck_assert(!patch || g_file_set_contents(change, "", -1, NULL));
    bool sound = rubric_lint_mutants(rubric, folder, errors);
    ck_assert_int_eq(sound, errors->len == 0);
    g_unlink(configuration);
    g_unlink(change);
    g_rmdir(folder);
    rubric_free(rubric);
    return g_string_free(errors, FALSE);
}

START_TEST(faults_of_mutants_are_named)
{
    static const struct {
        const char *text;
        bool patch;
        const char *says;
    } faulty[] = {
        {"fails = ( \"average\" );\n", false, "one.cfg: one.patch is missing"},
        {NULL, true, "one.patch: one.cfg is missing"},
        {"what = \"x\";\nfails = ( \"avrage\" );\n", true,
         "one.cfg:2: fails: the rubric has no check \"avrage\"; did you mean average?\n"},
        {"passes = ( \"average\", \"all\" );\n", true,
         "one.cfg:1: passes: the rubric has no check \"all\""},
        {"fast = ( \"nope\" );\n", true, "fast: the rubric has no check \"nope\""},
        {"what = \"x\";\nmistak = \"y\";\n", true,
         "one.cfg:2: unknown key \"mistak\"; known here: mistake, "},
        {"what = \"x\nfails", true, "one.cfg:"},
        {"what = \"x\"\nfails = (;\n", true,
         "one.cfg:2: syntax error: here, or in the line before"},
        {"fails = ( \"average\" );\n", true, "one.cfg:1: \"what\" is missing\n"},
        {"what = 3;\n", true, "one.cfg:1: \"what\" has to be a text in quotes\n"},
        {"what = \"x\";\nfails = \"average\";\n", true,
         "one.cfg:2: \"fails\" has to be a list: ( …, … )\n"},
        {"what = \"x\";\nfails = (\n3 );\n", true,
         "one.cfg:3: \"fails\" has to be a list of texts in quotes\n"},
        {"what = \"x\";\n\nsample = 1;\n", true, "one.cfg:3: \"sample\" has to be true or false\n"},
        {"what = \"x\";\nmistake = false;\n", true,
         "one.cfg:2: \"mistake\" has to be a text in quotes\n"},
        {"what = \"x\";\nfails = ( \"average\" );\npasses = ( \"average\" );\n", true,
         "one.cfg:3: \"average\" is among fails, too\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faulty); i++) {
        g_autofree char *said = faults_of_mutant("one", faulty[i].text, faulty[i].patch);
        ck_assert_msg(strstr(said, faulty[i].says), "%s and not %s", said, faulty[i].says);
    }
    g_autofree char *nothing = faults_of_mutant("one",
                                                "what = \"x\";\nmistake = \"y\";\nsample = "
                                                "true;\nfails = ( \"average\" );\npasses = ( );\n",
                                                true);
    ck_assert_str_eq(nothing, "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rubric mutants");
    TCase *tests = tcase_create("mutants");
    tcase_add_test(tests, faults_of_mutants_are_named);
    suite_add_tcase(suite, tests);
    return suite;
}
