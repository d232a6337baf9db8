/* The rubric's reader and linter: a right one is understood, each fault is named. */
#include "grader/rubric/rubric_calls.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

static const char right[] =
    "assignment = \"example\";\n"
    "files = ( { name = \"a.c\"; question = \"Q1\"; begin = 2; }, { name = \"b.c\"; },\n"
    "          { name = \"answers.md\"; } );\n"
    "tiers = ( { name = \"Tier\"; points = 1.0; checks = (\n"
    "  { name = \"first\"; title = \"The first\"; points = 0.25; judge = \"average\";\n"
    "    files = ( \"a.c\" ); look = \"look here\"; question = \"Q1\";\n"
    "    runs = ( { ranks = 1; arguments = \"--probe average\"; seconds = 5.0; } ); },\n"
    "  { name = \"second\"; title = \"The second\"; points = 0.5; judge = \"average\";\n"
    "    files = ( \"a.c\", \"b.c\" ); after = ( \"first\" ); calm = true; curve = true;\n"
    "    visibility = \"after_published\";\n"
    "    runs = ( { ranks = 4; arguments = \"--probe average --batch 8 --log-data 64 "
    "--log-memory\";\n"
    "               otherwise = \"--probe average\"; reference = \"c.csv\"; seconds = 5; } ); },\n"
    "  { name = \"third\"; title = \"The third\"; points = 0.25; judge = \"person\";\n"
    "    heading = \"Q1\"; } ); } );\n";

static char *kit; /* with platforms, to hold rubrics */

static void make_kit(void)
{
    kit = g_dir_make_tmp("kit-XXXXXX", NULL);
    static const char *const folders[] = {"assignments/example", "common/platforms",
                                          "grader/rubric"};
    for (int i = 0; i < 3; i++) {
        g_autofree char *path = g_build_filename(kit, folders[i], NULL);
        ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
    }
    static const char *const names[] = {"free.xml", "rack.xml"};
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(kit, "common/platforms", names[i], NULL);
        ck_assert(g_file_set_contents(path, "<platform/>", -1, NULL));
    }
    g_autofree char *calls = g_build_filename(kit, "grader/rubric/calls.cfg", NULL);
    ck_assert(g_file_set_contents(calls, "calls = ( );", -1, NULL));
}

static void remove_kit(void)
{
    char *words[] = {"rm", "-rf", kit, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_clear_pointer(&kit, g_free);
}

/* Loads a text as a rubric; the faults, if any, are in errors. */
static struct rubric *load(const char *text, GString *errors)
{
    g_autofree char *path = g_build_filename(kit, "assignments/example/rubric.cfg", NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    return rubric_load(path, errors);
}

/* A right rubric with one text replaced by another must be refused with these words. */
static void refuse_in(const char *whole, const char *text, const char *by, const char *words)
{
    GString *errors = g_string_new(NULL), *changed = g_string_new(whole);
    ck_assert_msg(strstr(whole, text) != NULL, "not in the rubric: %s", text);
    g_string_replace(changed, text, by, 1);
    struct rubric *rubric = load(changed->str, errors);
    ck_assert_msg(rubric == NULL, "accepted: %s", by);
    ck_assert_msg(strstr(errors->str, words) != NULL, "no \"%s\" in: %s", words, errors->str);
    g_string_free(errors, TRUE);
    g_string_free(changed, TRUE);
}

static void refuse(const char *text, const char *by, const char *words)
{
    refuse_in(right, text, by, words);
}

START_TEST(a_right_rubric_is_understood)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = load(right, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert_str_eq(errors->str, "");
    ck_assert_str_eq(rubric->assignment, "example");
    ck_assert_uint_eq(rubric->files->len, 3);
    ck_assert_int_eq(RUBRIC_FILES(rubric, 0)->begin, 2);
    ck_assert_int_eq(RUBRIC_FILES(rubric, 1)->begin, 0);
    ck_assert_double_eq_tol(rubric_points(rubric), 1.0, 1e-12);
    ck_assert_uint_eq(rubric->checks->len, 3);
    const struct rubric_check *second = rubric_find(rubric, "second");
    ck_assert_ptr_eq(second, RUBRIC_CHECKS(rubric, 1));
    ck_assert_str_eq(second->judge->name, "average");
    ck_assert(second->calm && second->curve);
    ck_assert_str_eq(second->visibility, "after_published");
    ck_assert_str_eq(second->after->pdata[0], "first");
    ck_assert_int_eq(RUBRIC_RUNS(second, 0)->ranks, 4);
    ck_assert_double_eq_tol(RUBRIC_RUNS(second, 0)->seconds, 5, 1e-12);
    ck_assert_str_eq(RUBRIC_RUNS(second, 0)->otherwise, "--probe average");
    ck_assert_ptr_null(rubric_find(rubric, "third")->judge);
    ck_assert_str_eq(rubric_find(rubric, "first")->visibility, "visible");
    ck_assert_ptr_null(rubric_find(rubric, "fourth"));
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

/* Where causes of failures may be. */
START_TEST(what_a_check_is_about_is_read)
{
    g_autoptr(GString) errors = g_string_new(NULL), text = g_string_new(right);
    struct rubric *plain = load(right, errors);
    ck_assert_int_eq(rubric_check_abouts(rubric_find(plain, "first")), 1);
    ck_assert_str_eq(rubric_check_about(rubric_find(plain, "first"), 0), "a.c");
    ck_assert_uint_eq(rubric_find(plain, "first")->builds_on->len, 0);
    rubric_free(plain);
    g_string_replace(text, "files = ( \"a.c\" )",
                     "files = ( \"a.c\" ); about = ( \"b.c\", \"a.c\" ); builds_on = ( \"b.c\" )",
                     1);
    struct rubric *rubric = load(text->str, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    const struct rubric_check *first = rubric_find(rubric, "first");
    ck_assert_int_eq(rubric_check_abouts(first), 2);
    ck_assert_str_eq(rubric_check_about(first, 0), "b.c");
    ck_assert_str_eq(first->builds_on->pdata[0], "b.c");
    rubric_free(rubric);
    refuse_in(text->str, "about = ( \"b.c\"", "about = ( \"z.c\"",
              "is about \"z.c\", which is not among the files");
    refuse_in(text->str, "builds_on = ( \"b.c\"", "builds_on = ( \"z.c\"",
              "builds on \"z.c\", which is not among the files");
}
END_TEST

/* An assignment that needs the student's files of another one. */
START_TEST(files_of_another_assignment_are_known)
{
    static const char head[] = "assignment = \"example\";\n";
    static const char other[] =
        "assignment = \"other\"; files = ( { name = \"o.c\"; begin = 1; } ); tiers = ( );\n";
    g_autoptr(GString) errors = g_string_new(NULL), text = g_string_new(right);
    g_autofree char *folder = g_build_filename(kit, "assignments/other", NULL);
    g_autofree char *path = g_build_filename(folder, "rubric.cfg", NULL);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    ck_assert(g_file_set_contents(path, other, -1, NULL));
    g_string_replace(text, head,
                     "assignment = \"example\";\ntemplate = true;\nuses = ( \"other\" );\n", 1);
    g_string_replace(text, "files = ( \"a.c\" )",
                     "waits = true; files = ( \"a.c\", \"other/o.c\" )", 1);
    struct rubric *rubric = load(text->str, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert(rubric->is_template);
    ck_assert_uint_eq(rubric->uses->len, 1);
    ck_assert_uint_eq(rubric->used_files->len, 1);
    ck_assert_str_eq(RUBRIC_USED_FILES(rubric, 0)->name, "other/o.c");
    ck_assert(rubric_find(rubric, "first")->waits && !rubric_find(rubric, "second")->waits);
    rubric_free(rubric);
    refuse_in(text->str, ", \"other/o.c\"", "", "uses \"other\": no check names a file of it");
    refuse_in(text->str, "other/o.c", "other/p.c", "\"other/p.c\", which is not among the files");
    refuse_in(text->str, "uses = ( \"other\" )", "uses = ( \"nowhere\" )", "uses \"nowhere\"");
}
END_TEST

/* Beside the kit's rubric that of an assignment "other", with a check that a judge and one that a person decides. */
static void write_other(const char *uses)
{
    g_autofree char *folder = g_build_filename(kit, "assignments/other", NULL);
    g_autofree char *path = g_build_filename(folder, "rubric.cfg", NULL);
    g_autofree char *text = g_strdup_printf(
        "assignment = \"other\"; uses = ( %s ); files = ( { name = \"o.c\"; } );\n"
        "tiers = ( { checks = ( { name = \"works\"; judge = \"average\"; } ); },\n"
        "          { checks = ( { name = \"reads\"; judge = \"person\"; } ); } );\n",
        uses);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

START_TEST(needs_of_another_assignment_are_known)
{
    g_autoptr(GString) errors = g_string_new(NULL), text = g_string_new(right);
    write_other("");
    g_string_replace(text, "assignment = \"example\";\n",
                     "assignment = \"example\";\nuses = ( \"other\" );\n", 1);
    g_string_replace(text, "after = ( \"first\" );", "needs = ( \"other/works\" );", 1);
    struct rubric *rubric = load(text->str, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert_uint_eq(rubric_find(rubric, "first")->needs->len, 0);
    ck_assert_str_eq(rubric_find(rubric, "second")->needs->pdata[0], "other/works");
    ck_assert(rubric_check_needs_checks_of(rubric_find(rubric, "second"), "other"));
    ck_assert(!rubric_check_needs_checks_of(rubric_find(rubric, "second"), "oth"));
    ck_assert(!rubric_check_needs_checks_of(rubric_find(rubric, "first"), "other"));
    rubric_free(rubric);
    refuse_in(text->str, "other/works", "other/runs", "rubric.cfg has no check \"runs\"");
    refuse_in(text->str, "other/works", "other/reads", "a person judges that");
    refuse_in(text->str, "( \"other/works\" )", "( \"other/works\", \"works\" )",
              "it has to be \"ASSIGNMENT/CHECK\"");
    refuse_in(text->str, "( \"other/works\" )", "( \"other/works\", \"third/works\" )",
              "\"third\" is not among the assignments that it uses");
    refuse_in(text->str, "heading = \"Q1\"", "heading = \"Q1\"; needs = ( \"other/works\" )",
              "needs others and has no runs");
}
END_TEST

START_TEST(assignments_do_not_use_each_other)
{
    g_autoptr(GString) text = g_string_new(right), errors = g_string_new(NULL);
    g_string_replace(text, "assignment = \"example\";\n",
                     "assignment = \"example\";\nuses = ( \"other\" );\n", 1);
    g_string_replace(text, "after = ( \"first\" );", "needs = ( \"other/works\" );", 1);
    write_other("\"example\"");
    ck_assert_ptr_null(load(text->str, errors));
    ck_assert_msg(strstr(errors->str, "uses \"other\", which uses \"example\" itself"), "%s",
                  errors->str);
    write_other("\"third\"");
    ck_assert_ptr_null(load(text->str, errors));
    ck_assert_msg(strstr(errors->str, "which uses \"third\": name that, too"), "%s", errors->str);
}
END_TEST

START_TEST(faults_of_form_are_named)
{
    refuse("title = \"The first\";", "titel = \"The first\";", "unknown key \"titel\"");
    refuse("title = \"The first\";", "", "\"title\" is missing");
    refuse("title = \"The first\";", "title = 3;", "has to be a text");
    refuse("points = 0.25;", "points = \"many\";", "\"points\" has to be a number");
    refuse("points = 0.25;", "points = -1.0;", "has to be 0 … 1000000");
    refuse("calm = true;", "calm = 1;", "has to be true or false");
    refuse("files = ( \"a.c\" );", "files = \"a.c\";", "has to be a list");
    refuse("assignment = \"example\";", "assignment = ;", "syntax error");
    refuse("name = \"b.c\"", "name = \"../b.c\"", "without a folder");
}
END_TEST

START_TEST(a_fault_has_its_line)
{
    refuse("title = \"The second\";", "titel = \"The second\";",
           ":8: check \"second\": unknown key");
}
END_TEST

START_TEST(faults_of_meaning_are_named)
{
    refuse("judge = \"average\"", "judge = \"nobody\"",
           "there is no judge \"nobody\"; there are: person, average");
    refuse("assignment = \"example\"", "assignment = \"exmple\"", "call assignment_register");
    refuse("name = \"second\"", "name = \"first\"", "two checks are called \"first\"");
    refuse("name = \"second\"", "name = \"se cond\"", "letters, digits and _");
    refuse("points = 0.5;", "points = 0.6;", "add up to 1.1");
    refuse("name = \"b.c\"", "name = \"a.c\"", "listed twice");
    refuse("files = ( \"a.c\" );", "files = ( \"x.c\" );", "\"x.c\", which is not among the files");
    refuse("after = ( \"first\" )", "after = ( \"zeroth\" )", "which does not exist");
    refuse("after = ( \"first\" )", "after = ( \"second\" )", "comes after itself");
    refuse("visibility = \"after_published\"", "visibility = \"secret\"", "Gradescope");
}
END_TEST

START_TEST(a_cycle_is_found)
{
    refuse("look = \"look here\";", "after = ( \"second\" );", "comes after itself");
}
END_TEST

START_TEST(runs_are_checked)
{
    refuse("ranks = 4;", "ranks = 0;", "has to be 1");
    refuse("ranks = 4;", "ranks = 65;", "has to be 1");
    refuse("seconds = 5.0;", "seconds = 0.0;", "more than 0");
    refuse("--probe average", "--no-such-option", "the program would refuse");
    refuse("--batch 8", "--batch eight", "the program would refuse");
    refuse("otherwise = \"--probe average\"", "otherwise = \"--steps x\"", "would refuse");
    refuse("judge = \"person\";",
           "judge = \"person\"; runs = ( { ranks = 1; arguments = \"--quiet\"; seconds = 1.0; } );",
           "can't have runs");
    refuse("heading = \"Q1\";", "", "\"heading\" is missing");
    refuse("look = \"look here\";", "heading = \"Q1\";", "a heading goes with");
}
END_TEST

static const char simulated[] =
    "assignment = \"example\";\nfiles = ( { name = \"a.c\"; } );\n"
    "tiers = ( { name = \"T\"; points = 1.0; checks = (\n"
    "  { name = \"real\"; title = \"r\"; points = 1.0; judge = \"average\";\n"
    "    runs = ( { ranks = 2; arguments = \"--probe average\"; seconds = 5; } ); } ); },\n"
    "  { name = \"B\"; points = 0.5; bonus = true; checks = (\n"
    "  { name = \"simulated\"; title = \"s\"; points = 0.5; judge = \"average\";\n"
    "    runs = ( { ranks = 2; arguments = \"--probe average\"; seconds = 5;\n"
    "               machine = \"simulated\"; platform = \"rack\"; synchronous = true; },\n"
    "             { ranks = 2; arguments = \"--probe average\"; seconds = 5; machine = "
    "\"simulated\"; } ); } ); } );\n";

START_TEST(a_run_says_which_machine)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = load(simulated, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    const struct rubric_check *check = rubric_find(rubric, "simulated");
    ck_assert(rubric_check_is_simulated(check));
    ck_assert(RUBRIC_RUNS(check, 0)->simulated && RUBRIC_RUNS(check, 1)->simulated);
    ck_assert(RUBRIC_RUNS(check, 0)->synchronous && !RUBRIC_RUNS(check, 1)->synchronous);
    ck_assert_str_eq(RUBRIC_RUNS(check, 0)->platform, "rack");
    ck_assert_str_eq(RUBRIC_RUNS(check, 1)->platform, "free");
    check = rubric_find(rubric, "real");
    ck_assert(!rubric_check_is_simulated(check));
    ck_assert_ptr_null(RUBRIC_RUNS(check, 0)->platform);
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(bonus_points_stand_apart)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = load(simulated, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    ck_assert_double_eq_tol(rubric_points(rubric), 1.0, 1e-12);
    ck_assert_double_eq_tol(rubric_bonus_points(rubric), 0.5, 1e-12);
    ck_assert(!rubric_check_is_bonus(rubric, rubric_find(rubric, "real")));
    ck_assert(rubric_check_is_bonus(rubric, rubric_find(rubric, "simulated")));
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(faults_of_machines_are_named)
{
    refuse_in(simulated, "machine = \"simulated\"; platform", "machine = \"cluster\"; platform",
              "\"real\" or \"simulated\"");
    refuse_in(simulated, "machine = \"simulated\"; platform", "platform",
              "\"platform\" goes with machine = \"simulated\"");
    refuse_in(simulated, "machine = \"simulated\"; platform = \"rack\";", "machine = \"real\";",
              "\"synchronous\" goes with");
    refuse_in(simulated, "platform = \"rack\"", "platform = \"moon\"",
              "there is no such file in common/platforms");
    refuse_in(simulated, "platform = \"rack\"", "platform = \"../platforms/rack\"",
              "there is no such file in common/platforms");
    refuse_in(simulated, "synchronous = true", "synchronous = 1", "has to be true or false");
    refuse_in(simulated, "bonus = true", "bonus = \"yes\"", "has to be true or false");
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    GString *errors = g_string_new(NULL);
    ck_assert_ptr_null(rubric_load("/no/such/rubric.cfg", errors));
    ck_assert_ptr_nonnull(strstr(errors->str, "/no/such/rubric.cfg"));
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(coverage_needs_a_mutant_for_each_judged_check)
{
    GString *errors = g_string_new(NULL);
    struct rubric *rubric = load(right, errors);
    g_autofree char *folder = g_dir_make_tmp("mutants-XXXXXX", NULL);
    g_autofree char *mutant = g_build_filename(folder, "one.cfg", NULL);
    ck_assert(g_file_set_contents(mutant, "fails = ( \"first\" );\n", -1, NULL));
    ck_assert(!rubric_is_covered(rubric, "rubric.cfg", folder, errors));
    ck_assert_ptr_nonnull(strstr(errors->str, "rubric.cfg:8: check \"second\": no mutant in "));
    ck_assert_ptr_null(strstr(errors->str, "\"first\""));
    ck_assert_ptr_null(strstr(errors->str, "\"third\""));
    g_string_truncate(errors, 0);
    ck_assert(g_file_set_contents(mutant, "fails = ( \"first\", \"second\" );\n", -1, NULL));
    ck_assert(rubric_is_covered(rubric, "rubric.cfg", folder, errors));
    ck_assert_str_eq(errors->str, "");
    g_unlink(mutant);
    g_rmdir(folder);
    rubric_free(rubric);
    g_string_free(errors, TRUE);
}
END_TEST

/* ---- the rules about calls ------------------------------------------------------------------------- */

/* Writes rules, for all assignments or for this one, and loads the rubric with them. */
static struct rubric *load_with_calls(const char *where, const char *rules, GString *errors)
{
    g_autofree char *path = g_build_filename(kit, where, "calls.cfg", NULL);
    ck_assert(g_file_set_contents(path, rules, -1, NULL));
    return load(right, errors);
}

static void assert_call(const struct rubric *rubric, const char *function,
                        enum rubric_call_kind kind, const char *why)
{
    g_autofree char *found = NULL;
    ck_assert_int_eq(rubric_calls_look_up(rubric, function, &found), kind);
    ck_assert_msg(g_strcmp0(found, why) == 0, "%s: %s", function, found ? found : "no reason");
}

START_TEST(the_first_name_that_fits_decides_about_a_call)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    rubric_free(load_with_calls("assignments/example",
                                "calls = ( { names = ( \"open\" ); usual = true; } );", errors));
    struct rubric *rubric =
        load_with_calls("grader/rubric",
                        "calls = ( { names = ( \"PMPI*\", \"P*_x\" ); refused = \"unseen: call "
                        "MPI*, not PMPI*\"; },\n"
                        "{ names = ( \"open\", \"*stat\" ); refused = \"no files\"; },\n"
                        "{ names = ( \"MPI_Put\" ); unusual = \"one-sided\"; },\n"
                        "{ names = ( \"MPI_*\" ); usual = true; } );",
                        errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    assert_call(rubric, "PMPI_Send", RUBRIC_CALL_REFUSED, "unseen: call MPI_Send, not PMPI_Send");
    assert_call(rubric, "Paa_x", RUBRIC_CALL_REFUSED, "unseen: call MPIaa, not PMPIaa");
    assert_call(rubric, "fstat", RUBRIC_CALL_REFUSED, "no files");
    assert_call(rubric, "open", RUBRIC_CALL_USUAL, NULL); /* the assignment's own rule */
    assert_call(rubric, "open2", RUBRIC_CALL_UNKNOWN, NULL);
    assert_call(rubric, "MPI_Put", RUBRIC_CALL_UNUSUAL, "one-sided");
    assert_call(rubric, "MPI_Puts", RUBRIC_CALL_USUAL, NULL);
    rubric_free(rubric);
}
END_TEST

START_TEST(faults_in_the_rules_about_calls_are_named)
{
    static const struct {
        const char *rules, *words;
    } faults[] = {
        {"calls = ( { names = ( \"a\" ); } );", "one of \"refused\", \"unusual\" and \"usual\""},
        {"calls = ( { names = ( \"a\" ); usual = true; refused = \"b\"; } );",
         "one of \"refused\""},
        {"calls = ( { usual = true; } );", ":1: rule 1: \"names\" is missing"},
        {"calls = ( { names = ( \"a\" ); refuse = \"b\"; } );", "unknown key \"refuse\""},
        {"calls = ( { names = ( \"a\" ); refused = \"call b*\"; } );", "one is needed in \"a\""},
        {"call = ( );", "unknown key \"call\""},
        {"calls = (", "syntax error"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GString) errors = g_string_new(NULL);
        ck_assert_ptr_null(load_with_calls("grader/rubric", faults[i].rules, errors));
        ck_assert_msg(strstr(errors->str, faults[i].words) &&
                          strstr(errors->str, "grader/rubric/calls.cfg:1: "),
                      "no \"%s\" in: %s", faults[i].words, errors->str);
    }
}
END_TEST

/* Rules that are lost must not mean that all is allowed. */
START_TEST(rules_about_calls_can_not_be_missing)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autofree char *path = g_build_filename(kit, "grader/rubric/calls.cfg", NULL);
    ck_assert_int_eq(g_unlink(path), 0);
    ck_assert_ptr_null(load(right, errors));
    ck_assert_ptr_nonnull(strstr(errors->str, "calls.cfg"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rubric");
    TCase *tests = tcase_create("rubric");
    tcase_add_checked_fixture(tests, make_kit, remove_kit);
    tcase_add_test(tests, a_right_rubric_is_understood);
    tcase_add_test(tests, a_run_says_which_machine);
    tcase_add_test(tests, bonus_points_stand_apart);
    tcase_add_test(tests, faults_of_machines_are_named);
    tcase_add_test(tests, files_of_another_assignment_are_known);
    tcase_add_test(tests, needs_of_another_assignment_are_known);
    tcase_add_test(tests, assignments_do_not_use_each_other);
    tcase_add_test(tests, what_a_check_is_about_is_read);
    tcase_add_test(tests, faults_of_form_are_named);
    tcase_add_test(tests, a_fault_has_its_line);
    tcase_add_test(tests, faults_of_meaning_are_named);
    tcase_add_test(tests, a_cycle_is_found);
    tcase_add_test(tests, runs_are_checked);
    tcase_add_test(tests, a_missing_file_is_an_error);
    tcase_add_test(tests, coverage_needs_a_mutant_for_each_judged_check);
    tcase_add_test(tests, the_first_name_that_fits_decides_about_a_call);
    tcase_add_test(tests, faults_in_the_rules_about_calls_are_named);
    tcase_add_test(tests, rules_about_calls_can_not_be_missing);
    suite_add_tcase(suite, tests);
    return suite;
}
