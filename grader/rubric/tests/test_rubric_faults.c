/* What is said of each kind of fault in a rubric: file, line, check, what is wrong, and what is right. */
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>

/* A line of the file is a line here. */
static const char right[] =
    "assignment = \"example\";\n"                                                       /* 1 */
    "uses = ( \"other\" );\n"                                                           /* 2 */
    "files = ( { name = \"first.c\"; begin = 2; },\n"                                   /* 3 */
    "          { name = \"second.c\"; } );\n"                                           /* 4 */
    "tiers = ( { name = \"One\"; points = 1.0; checks = (\n"                            /* 5 */
    "  { name = \"alpha\";\n"                                                           /* 6 */
    "    title = \"The first\";\n"                                                      /* 7 */
    "    points = 0.25;\n"                                                              /* 8 */
    "    judge = \"average\";\n"                                                        /* 9 */
    "    files = ( \"first.c\", \"other/o.c\" );\n"                                     /* 10 */
    "    runs = ( { ranks = 1; arguments = \"--probe average\"; seconds = 5.0; },\n"    /* 11 */
    "             { ranks = 2;\n"                                                       /* 12 */
    "               arguments = \"--probe average\";\n"                                 /* 13 */
    "               seconds = 5.0;\n"                                                   /* 14 */
    "               machine = \"simulated\";\n"                                         /* 15 */
    "               platform = \"rack\"; } ); },\n"                                     /* 16 */
    "  { name = \"beta\"; title = \"The second\"; points = 0.5; judge = \"average\";\n" /* 17 */
    "    visibility = \"visible\";\n"                                                   /* 18 */
    "    after = ( \"alpha\" );\n"                                                      /* 19 */
    "    needs = ( \"other/works\" );\n"                                                /* 20 */
    "    calm = true;\n"                                                                /* 21 */
    "    runs = ( { ranks = 1; arguments = \"--probe average\"; seconds = 5; } ); },\n" /* 22 */
    "  { name = \"gamma\"; title = \"The third\"; points = 0.25; judge = \"person\";\n" /* 23 */
    "    heading = \"Q1\"; } ); } );\n";                                                /* 24 */

static const struct {
    const char *text, *by; /* one replaced by the other … */
    const char *says;      /* … is complained about with this, behind "FILE:" */
} faults[] = {
    /* form */
    {"begin = 2;", "begn = 2;",
     "3: file \"first.c\": unknown key \"begn\"; known here: begin, name, question"},
    {"name = \"second.c\";", "", "4: file 2: \"name\" is missing"},
    {"    title = \"The first\";\n", "\n", "6: check \"alpha\": \"title\" is missing"},
    {"name = \"alpha\";", "", "6: check 1: \"name\" is missing"},
    {"title = \"The first\"", "title = 3",
     "7: check \"alpha\": \"title\" has to be a text in quotes"},
    {"title = \"The first\"", "title = \"\"",
     "7: check \"alpha\": \"title\" has to be one line of text"},
    {"points = 0.25;\n", "points = \"many\";\n",
     "8: check \"alpha\": \"points\" has to be a number"},
    {"points = 0.25;\n", "points = -1;\n",
     "8: check \"alpha\": \"points\" = -1: has to be 0 … 1000000"},
    {"files = ( \"first.c\"", "files = ( 3, \"first.c\"",
     "10: check \"alpha\": \"files\" has to be a list of texts in quotes"},
    {"files = ( \"first.c\", \"other/o.c\" )", "files = \"first.c\"",
     "10: check \"alpha\": \"files\" has to be a list: ( …, … )"},
    {"calm = true", "calm = 1", "21: check \"beta\": \"calm\" has to be true or false"},
    {"tiers = (", "tiers = ( 3,", "5: \"tiers\" has to be a list of groups: ( { … }, … )"},
    {"points = 1.0; checks", "point = 1.0; checks",
     "5: tier \"One\": unknown key \"point\"; known here: points, bonus, name, checks"},
    {"points = 1.0; checks", "checks", "5: tier \"One\": \"points\" is missing"},
    {"uses =", "use =",
     "2: unknown key \"use\"; known here: uses, files, tiers, template, assignment"},
    {"assignment = \"example\";", "assignment = ;",
     "1: syntax error: here, or in the line before, a ; or , or = or a quote or bracket is missing "
     "or too many"},
    {"calm = true;", "calm = true; calm = true;", "21: duplicate setting name"},
    /* runs */
    {"ranks = 2;", "", "12: check \"alpha\": run 2: \"ranks\" is missing"},
    {"ranks = 2;", "ranks = 65;", "12: check \"alpha\": run 2: ranks = 65: has to be 1 … 64"},
    {"ranks = 2;", "rank = 2; ranks = 2;",
     "12: check \"alpha\": run 2: unknown key \"rank\"; known here: ranks, "},
    {"               seconds = 5.0;", "               seconds = 0;",
     "14: check \"alpha\": run 2: seconds has to be more than 0"},
    {"               arguments = \"--probe average\"", "               arguments = \"--prob\"",
     "13: check \"alpha\": run 2: the program would refuse \"--prob\": "},
    {"               arguments = \"--probe average\"", "               arguments = \"--stepps 3\"",
     "13: check \"alpha\": run 2: the program would refuse \"--stepps 3\": "},
    {"\"simulated\"", "\"cluster\"",
     "15: check \"alpha\": run 2: machine = \"cluster\": has to be \"real\" or \"simulated\""},
    {"machine = \"simulated\"", "machine = \"real\"",
     "16: check \"alpha\": run 2: \"platform\" goes with machine = \"simulated\""},
    {"platform = \"rack\"", "platform = \"rak\"",
     "16: check \"alpha\": run 2: platform = \"rak\": there is no such file in common/platforms; "
     "there are: rack, free"},
    /* what varies */
    {"ranks = 2;", "ranks = \"{2|65}\";",
     "12: check \"alpha\": run 2: ranks = 65: has to be 1 … 64"},
    {"ranks = 2;", "ranks = \"{2|two}\";",
     "12: check \"alpha\": run 2: ranks = 0: has to be 1 … 64"},
    {"ranks = 2;", "ranks = \"2\";", "12: check \"alpha\": run 2: \"ranks\" has to be a number"},
    {"ranks = 2;", "ranks = \"{2|3}\";", NULL},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8|9\";\n",
     "13: check \"alpha\": run 2: a } is missing: \"--probe average --batch {8|9\""},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch 8|9}\";\n",
     "13: check \"alpha\": run 2: a { is missing: "},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {{8|9}}\";\n",
     "13: check \"alpha\": run 2: a } is missing: "},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8}\";\n",
     "13: check \"alpha\": run 2: {8} has to have 2 … 64 alternatives"},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8|9|8}\";\n",
     "13: check \"alpha\": run 2: {8|9|8}: \"8\" stands there twice"},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8||9}\";\n",
     "13: check \"alpha\": run 2: {8||9}: an alternative is empty, or has blanks around it"},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8 | 9}\";\n",
     "13: check \"alpha\": run 2: {8 | 9}: an alternative is empty, or has blanks around it"},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {9..8}\";\n",
     "13: check \"alpha\": run 2: \"9..8\" is no range: write \"8..20\", or "},
    {"arguments = \"--probe average\";\n",
     "arguments = \"--probe average --batch {8..20 by 0}\";\n",
     "13: check \"alpha\": run 2: \"8..20 by 0\" is no range: "},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {1..999}\";\n",
     "13: check \"alpha\": run 2: {1..999} has to have 2 … 64 alternatives"},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {8|9|x}\";\n",
     "13: check \"alpha\": run 2: the program would refuse \"--probe average --batch x\": "},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {0|8}\";\n",
     "13: check \"alpha\": run 2: the program would refuse \"--probe average --batch 0\": "},
    {"arguments = \"--probe average\";\n",
     "arguments = \"--probe average --batch {1..60} --micro-batches {1..60}\";\n",
     "12: check \"alpha\": run 2: it can be drawn in 3600 ways, and may be in 512: "},
    {"arguments = \"--probe average\";\n", "arguments = \"--probe average --batch {n: 8|9}\";\n",
     "11: check \"alpha\": {n: …} stands once, so that nothing is drawn together with it: "},
    {"arguments = \"--probe average\";\n",
     "arguments = \"--probe average --batch {n: 8|9} --micro-batches {n: 1..3}\";\n",
     "13: check \"alpha\": run 2: {n: …} has 3 alternatives here and 2 where it stood first: "},
    {"arguments = \"--probe average\";\n",
     "arguments = \"--probe average --batch {n: 8|9} --micro-batches {n: 4|3}\";\n", NULL},
    {"arguments = \"--probe average\";\n",
     "arguments = \"--probe average\"; otherwise = \"--probe average --batch {8|9}\";\n",
     "13: check \"alpha\": run 2: \"otherwise\" can't vary: { } are for arguments"},
    /* meaning */
    {"\"example\"", "\"exmple\"", "1: nobody has registered an assignment \"exmple\": "},
    {"\"average\";\n    files", "\"avrage\";\n    files",
     "9: check \"alpha\": there is no judge \"avrage\"; there are: average, "},
    {"name = \"beta\"", "name = \"alpha\"",
     "17: check \"alpha\": two checks are called \"alpha\", the other in line 6"},
    {"name = \"beta\"", "name = \"be ta\"",
     "17: check \"be ta\": \"be ta\": a name has letters, digits and _"},
    {"points = 0.5;", "points = 0.6;",
     "5: tier \"One\": it is worth 1 points, but its checks add up to 1.1"},
    {"name = \"second.c\"", "name = \"first.c\"",
     "4: file \"first.c\": file \"first.c\" is listed twice"},
    {"name = \"second.c\"", "name = \"a/second.c\"",
     "4: file \"a/second.c\": \"a/second.c\" has to be the name of a file, without a folder"},
    {"files = ( \"first.c\"", "files = ( \"frist.c\"",
     "10: check \"alpha\": needs \"frist.c\", which is not among the files of this rubric; did "
     "you mean first.c?"},
    {"calm = true", "about = ( \"x.c\" )",
     "21: check \"beta\": is about \"x.c\", which is not among the files of this rubric"},
    {"calm = true", "builds_on = ( \"x.c\" )",
     "21: check \"beta\": builds on \"x.c\", which is not among the files of this rubric"},
    {"after = ( \"alpha\" )", "after = ( \"aplha\" )",
     "19: check \"beta\": comes after \"aplha\", which does not exist; did you mean alpha?"},
    {"after = ( \"alpha\" )", "after = ( \"beta\" )", "19: check \"beta\": comes after itself"},
    {"visibility = \"visible\"", "visibility = \"hiden\"",
     "18: check \"beta\": visibility \"hiden\" is not one of Gradescope's; these are: hidden, "},
    {"heading = \"Q1\";", "",
     "23: check \"gamma\": \"heading\" is missing: which section of answers.md a person reads"},
    {"calm = true", "heading = \"Q1\"",
     "21: check \"beta\": a heading goes with judge = \"person\""},
    {"heading = \"Q1\";",
     "heading = \"Q1\"; runs = ( { ranks = 1; arguments = \"--quiet\"; seconds = 1; } );",
     "24: check \"gamma\": it is for a person and can't have runs"},
    /* other assignments */
    {"uses = ( \"other\" )", "uses = ( \"othr\" )", "2: uses \"othr\": "},
    {", \"other/o.c\"", "", NULL}, /* it needs a check of it, too */
    {"other/works", "other/work", "20: check \"beta\": needs \"other/work\": "},
    {"other/works", "works",
     "20: check \"beta\": needs \"works\": it has to be \"ASSIGNMENT/CHECK\""},
    {"other/works", "third/works",
     "20: check \"beta\": needs \"third/works\": \"third\" is not among the assignments that it "
     "uses"},
};

static char *kit, *path;

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
    path = g_build_filename(kit, "assignments/example/rubric.cfg", NULL);
    write_to("assignments/other/rubric.cfg",
             "assignment = \"other\"; files = ( { name = \"o.c\"; } );\n"
             "tiers = ( { checks = ( { name = \"works\"; judge = \"average\"; } ); } );\n");
    write_to("grader/rubric/calls.cfg", "calls = ( );");
    write_to("common/platforms/free.xml", "<platform/>");
    write_to("common/platforms/rack.xml", "<platform/>");
}

static void tear_down(void)
{
    char *words[] = {"rm", "-rf", kit, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_clear_pointer(&kit, g_free);
    g_clear_pointer(&path, g_free);
}

/* What is said of a text as a rubric. */
static GString *said_of(const char *text)
{
    GString *errors = g_string_new(NULL);
    write_to("assignments/example/rubric.cfg", text);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert((rubric == NULL) == (errors->len > 0));
    rubric_free(rubric);
    return errors;
}

START_TEST(a_fault_is_told_with_line_and_check)
{
    ck_assert_msg(strstr(right, faults[_i].text) != NULL, "not there: %s", faults[_i].text);
    g_autoptr(GString) changed = g_string_new(right);
    g_string_replace(changed, faults[_i].text, faults[_i].by, 1);
    GString *errors = said_of(changed->str);
    g_autofree char *expected =
        g_strdup_printf("%s:%s", path, faults[_i].says ? faults[_i].says : "");
    if (faults[_i].says)
        ck_assert_msg(strstr(errors->str, expected) != NULL, "%s\ninstead of\n%s", errors->str,
                      expected);
    else
        ck_assert_str_eq(errors->str, "");
    g_auto(GStrv) lines = g_strsplit(errors->str, "\n", -1);
    for (char **line = lines; *line && **line; line++)
        ck_assert_msg(g_str_has_prefix(*line, path), "no file: %s", *line);
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(the_right_one_is_accepted)
{
    GString *errors = said_of(right);
    ck_assert_str_eq(errors->str, "");
    g_string_free(errors, TRUE);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_with_its_reason)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    ck_assert_ptr_null(rubric_load("/no/such/rubric.cfg", errors));
    ck_assert_str_eq(errors->str,
                     "/no/such/rubric.cfg: can't be read: No such file or directory\n");
    g_string_truncate(errors, 0);
    ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
    ck_assert_ptr_null(rubric_load(path, errors));
    g_autofree char *expected = g_strconcat(path, ": can't be read: ", NULL);
    ck_assert_msg(g_str_has_prefix(errors->str, expected), "%s", errors->str);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rubric faults");
    TCase *tests = tcase_create("faults");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_fault_is_told_with_line_and_check, 0, (int)G_N_ELEMENTS(faults));
    tcase_add_test(tests, the_right_one_is_accepted);
    tcase_add_test(tests, what_cannot_be_read_is_told_with_its_reason);
    suite_add_tcase(suite, tests);
    return suite;
}
