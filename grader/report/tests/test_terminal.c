/* What the report on a terminal ends with after every kind of grade, and what it says once. */
#include "grader/grade/causes.h"
#include "grader/report/report.h"
#include "tests/support/test.h"

#include <string.h>

#define MOST 40

static struct rubric rubric;
static struct collection collection;
static struct build build;
static struct runner runner;
static struct grade grade;
static struct judge judge = {.name = "judge"};

static void add_tier(const char *name, bool bonus)
{
    const struct rubric_tier tier = {.name = (char *)name, .points = 1, .bonus = bonus};
    g_array_append_val(rubric.tiers, tier);
}

static void setup(void)
{
    rubric = (struct rubric){.assignment = (char *)"lesson",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier)),
                             .checks =
                                 g_array_sized_new(FALSE, TRUE, sizeof(struct rubric_check), MOST)};
    collection = (struct collection){
        .name = (char *)"alice", .files = g_array_new(FALSE, TRUE, sizeof(struct collected_file))};
    build = (struct build){.files = g_array_new(FALSE, TRUE, sizeof(struct built_file))};
    runner = (struct runner){.submission = "handed in/alice", .kit = "."};
    grade = (struct grade){
        .rubric = &rubric, .collection = &collection, .build = &build, .runner = &runner};
    grade.results = g_array_new(FALSE, TRUE, sizeof(struct check_result));
    grade.notes = g_ptr_array_new_with_free_func(g_free);
    add_tier("First", false);
    add_tier("More", true);
}

static void teardown(void)
{
    grade_clear(&grade);
    for (guint i = 0; i < rubric.checks->len; i++) {
        g_ptr_array_unref(RUBRIC_CHECKS(&rubric, i)->files);
        g_array_unref(RUBRIC_CHECKS(&rubric, i)->runs);
        g_free(RUBRIC_CHECKS(&rubric, i)->name);
    }
    for (guint i = 0; i < collection.files->len; i++)
        g_free((gpointer)COLLECTED_FILES(&collection, i)->file);
    g_array_unref(rubric.files);
    g_array_unref(rubric.tiers);
    g_array_unref(rubric.checks);
    g_array_unref(collection.files);
    g_array_unref(build.files);
}

/* A file whose TODO stands in this line; 0: it is written. */
static void add_file(const char *name, int todo_line)
{
    struct rubric_file *file = g_new0(struct rubric_file, 1);
    *file = (struct rubric_file){.name = (char *)name, .begin = (int)rubric.files->len + 1};
    g_array_append_val(rubric.files, *file);
    const struct collected_file collected = {
        .file = file, .assignment = "lesson", .todo_line = todo_line};
    g_array_append_val(collection.files, collected);
}

/* A check about a file, with a run of seed 77, that came out so. */
static struct check_result *add_check(const char *name, int tier, const char *file,
                                      enum verdict_kind kind, const char *headline)
{
    struct rubric_check check = {.name = g_strdup(name),
                                 .title = (char *)"A title",
                                 .points = 0.25,
                                 .judge = &judge,
                                 .tier = tier,
                                 .visibility = (char *)"visible",
                                 .files = g_ptr_array_new(),
                                 .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
    const struct rubric_run run = {.ranks = 2};
    struct run_summary summary = {.end = RUN_FINISHED, .seed = 77, .command = g_strdup("make")};
    g_ptr_array_add(check.files, (gpointer)file);
    g_array_append_val(check.runs, run);
    ck_assert_uint_lt(rubric.checks->len, MOST); /* or they would move */
    g_array_append_val(rubric.checks, check);
    struct check_result result = {.check = RUBRIC_CHECKS(&rubric, rubric.checks->len - 1),
                                  .verdict = verdict_new(),
                                  .done = true,
                                  .runs = grade_runs_new()};
    g_array_append_val(result.runs, summary);
    verdict_set(result.verdict, kind, "%s", headline);
    result.points = kind == VERDICT_PASS ? check.points : 0;
    g_array_append_val(grade.results, result);
    return GRADE_RESULTS(&grade, grade.results->len - 1);
}

static void add_unwritten(const char *name, int tier, const char *file, const char *headline)
{
    add_check(name, tier, file, VERDICT_FAIL, headline)->verdict->basis = BASIS_UNWRITTEN;
}

static char *terminal(void)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    g_clear_pointer(&grade.causes, g_ptr_array_unref);
    causes_find(&grade);
    report_terminal(&grade, to, &(struct report_screen){.width = REPORT_WIDTH});
    fclose(to);
    return text;
}

static int count(const char *text, const char *part)
{
    int times = 0;
    for (const char *c = text; (c = strstr(c, part)); c++)
        times++;
    return times;
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in:\n%s", part, text);
}

/* The report's last lines: what to do, and the one command. */
static void ends_with(const char *sentence, const char *command)
{
    g_autofree char *text = terminal(), *end = g_strdup_printf("\n\n    %s\n", command);
    const char *next = strstr(text, "\nNext: ");
    ck_assert_msg(next != NULL, "%s", text);
    has(next, sentence);
    ck_assert_msg(g_str_has_suffix(text, end), "not “%s” at the end of:\n%s", command, text);
    ck_assert_int_eq(count(text, "\n    make "), 1);
    /* the score stands right before */
    const char *score = next;
    while (score > text && score[-1] != '\n')
        score--;
    ck_assert_msg(g_str_has_prefix(score, "lesson: alice: "), "%s", score);
}

#define GRADE "make grade ASSIGNMENT=lesson SUBMISSION='handed in/alice'"

/* ---- what to do next --------------------------------------------------------------------------- */

START_TEST(what_failed_is_mended_first)
{
    add_file("a.c", 3);
    add_file("b.c", 0);
    add_unwritten("todo", 0, "a.c", "lesson/a.c:3 is still to be written");
    add_check("wrong", 0, "b.c", VERDICT_FAIL, "too large at b.c:12 (step)");
    ends_with("mend this cause, at b.c:12.", GRADE " CHECK=wrong SEED=77");
}
END_TEST

/* Of several runs that ended well the one whose numbers are wrong; and a story of that command alone is no story. */
START_TEST(the_run_that_failed_is_repeated)
{
    add_file("b.c", 0);
    struct check_result *result =
        add_check("wrong", 0, "b.c", VERDICT_FAIL, "too large at b.c:12 (step)");
    struct run_summary second = {
        .end = RUN_FINISHED, .seed = 78, .command = g_strdup(GRADE " CHECK=wrong SEED=78")};
    g_array_append_val(result->runs, second);
    ends_with("mend this cause, at b.c:12.", GRADE " CHECK=wrong SEED=77");
    verdict_explain(result->verdict,
                    "\n\nTo see this again:\n\n    " GRADE " CHECK=wrong SEED=78\n");
    ends_with("mend this cause, at b.c:12.", GRADE " CHECK=wrong SEED=78");
    g_autofree char *text = terminal();
    has_not(text, "saw it");
}
END_TEST

START_TEST(a_compile_error_is_told_with_its_line)
{
    add_file("b.c", 0);
    struct check_result *result =
        add_check("wrong", 0, "b.c", VERDICT_FAIL, "b.c does not compile");
    g_array_set_size(result->runs, 0);
    verdict_explain(result->verdict,
                    "The compiler on `b.c`:\n\n```\nlesson/b.c: In function ‘f’:\n"
                    "lesson/b.c:4:7: error: expected ‘;’\nlesson/b.c:9:1: error: and so on\n```\n");
    ends_with("mend this cause, at lesson/b.c:4:7. This runs its check again:",
              GRADE " CHECK=wrong");
    g_autofree char *text = terminal();
    has(text, "  1. b.c does not compile\n     lesson/b.c:4:7: error: expected ‘;’\n");
    g_autoptr(GString) causes = g_string_new(NULL);
    report_causes(causes, &grade);
    has(causes->str,
        "1. **b.c does not compile**: lesson/b.c:4:7: error: expected ‘;’. This explains "
        "`wrong`");
}
END_TEST

START_TEST(remarks_that_differ_in_numbers_are_one)
{
    static const char *const names[] = {"one", "two"};
    add_file("b.c", 0);
    for (int i = 0; i < 2; i++)
        g_string_printf(add_check(names[i], 0, "b.c", VERDICT_PASS, "fine")->verdict->remark,
                        "run %d hangs from %s bytes on.", i + 1, i == 0 ? "128" : "1,024");
    g_autofree char *text = terminal();
    has(text, "one, two: a remark that costs no points\n  run 1 hangs from 128 bytes on.\n");
    has_not(text, "run 2");
}
END_TEST

/* Files in the order of the work, what is no bonus before what is one. */
START_TEST(what_is_not_written_comes_next)
{
    add_file("more.c", 9);
    add_file("b.c", 5);
    add_file("a.c", 3);
    add_unwritten("first", 0, "a.c", "lesson/a.c:3 is still to be written");
    add_unwritten("second", 0, "b.c", "lesson/a.c:3 is still to be written");
    add_unwritten("extra", 1, "more.c", "lesson/more.c:9 is still to be written");
    ends_with("write b.c, line 5", GRADE " CHECK=second");
}
END_TEST

START_TEST(full_marks_are_handed_in)
{
    add_file("a.c", 0);
    add_file("more.c", 9);
    add_check("first", 0, "a.c", VERDICT_PASS, "well done");
    add_unwritten("extra", 1, "more.c", "lesson/more.c:9 is still to be written");
    ends_with("The bonus goes on in more.c, line 9. Pack what you hand in:",
              "make submission ASSIGNMENT=lesson SUBMISSION='handed in/alice'");
}
END_TEST

START_TEST(after_a_check_comes_the_whole)
{
    add_file("a.c", 0);
    add_check("first", 0, "a.c", VERDICT_PASS, "well done");
    grade.partial = true;
    ends_with("Grade the whole:", GRADE);
}
END_TEST

START_TEST(what_the_machine_left_open_is_told)
{
    add_file("a.c", 0);
    struct check_result *result = add_check("first", 0, "a.c", VERDICT_PASS, "well done");
    verdict_not_judged(result->verdict, CULPRIT_MACHINE, "no space left in /tmp");
    ends_with("first was not judged: no space left in /tmp. Mend that, and grade again:", GRADE);
    verdict_not_judged(result->verdict, CULPRIT_NOBODY, BUILD_NO_SIMULATOR);
    ends_with("This comes first:", "make setup");
    verdict_not_judged(result->verdict, CULPRIT_KIT, "the judge crashed");
    ends_with("That is not your fault.", GRADE);
    result->settled = verdict_new();
    verdict_not_judged(result->verdict, CULPRIT_NOBODY,
                       "needs your other first: make grade ASSIGNMENT=other CHECK=x");
    ends_with("first was not judged: needs your other first.",
              "make grade ASSIGNMENT=other CHECK=x");
}
END_TEST

/* ---- once ---------------------------------------------------------------------------------------- */

START_TEST(what_is_not_written_is_grey_and_told_once)
{
    add_file("a.c", 3);
    add_unwritten("one", 0, "a.c", "lesson/a.c:3 is still to be written");
    add_unwritten("two", 0, "a.c", "lesson/a.c:3 is still to be written");
    struct check_result *needs = add_check("three", 0, "a.c", VERDICT_FAIL, "needs two first");
    needs->needs = GRADE_RESULTS(&grade, 1);
    add_unwritten("extra", 1, "a.c", "lesson/a.c:3 is still to be written");
    add_unwritten("further", 1, "a.c", "lesson/a.c:3 is still to be written");
    g_autofree char *text = terminal();
    has(text, "  not yet written  0.00 of 0.75  lesson/a.c:3 is still to be written: one 0.25,");
    ck_assert_int_eq(count(text, "is still to be written"), 1);
    ck_assert_int_eq(count(text, "not yet written"), 2); /* and once of the bonus */
    has(text, "  not yet written  0.00 of 0.50  a.c\n");
    has_not(text, "FAIL");
    has_not(text, "What to mend");
    has(text, "0.00 of 0.75 points, and bonus 0.00 of 0.50");
}
END_TEST

START_TEST(one_fault_is_told_once)
{
    add_file("a.c", 0);
    for (int i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("check_%d", i);
        add_check(name, 0, "a.c", VERDICT_FAIL, "deadlock at a.c:7");
    }
    g_autofree char *text = terminal();
    ck_assert_int_eq(count(text, "deadlock"), 1);
    ck_assert_int_eq(count(text, "FAIL"), 2); /* who tells it, and all others */
    has(text, "cause 1 (CHECK=check_0)");
    has(text, "follows from cause 1: check_1 0.25, check_2 0.25");
    has(text, "This explains 6 checks (1.50 points).");
}
END_TEST

START_TEST(many_causes_are_cut)
{
    add_file("a.c", 0);
    for (int i = 0; i < 20; i++) {
        g_autofree char *name = g_strdup_printf("check_%c", 'a' + i);
        g_autofree char *seen = g_strdup_printf("fault %c in it", 'a' + i);
        struct check_result *result = add_check(name, 0, "a.c", VERDICT_FAIL, seen);
        for (int line = 0; line < 50; line++)
            verdict_explain(result->verdict, "line\n\n");
    }
    g_autofree char *text = terminal();
    has(text, "… and 14 more in the report");
    has(text, "more lines in the report");
    ck_assert_int_le(count(text, "\n"), 90);
}
END_TEST

/* Points of each check stay, in fewer lines. */
START_TEST(a_large_tier_that_passed_is_folded)
{
    add_file("a.c", 0);
    for (int i = 0; i < 30; i++) {
        g_autofree char *name = g_strdup_printf("check_%d", i);
        add_check(name, 1, "a.c", VERDICT_PASS, "well done");
    }
    g_autofree char *all = terminal();
    has(all, "check_29 0.25");
    ck_assert_int_le(count(all, "\n"), 20);
    add_check("wrong", 0, "a.c", VERDICT_FAIL, "too large");
    g_autofree char *text = terminal();
    has(text, "all 30 checks");
}
END_TEST

/* ---- the compiler -------------------------------------------------------------------------------- */

START_TEST(warnings_are_shown)
{
    static const char messages[] = "lesson/a.c: In function ‘f’:\n"
                                   "lesson/a.c:5:9: warning: unused variable ‘x’ [-Wunused]\n"
                                   "    5 |     int x;\n      |         ^\n"
                                   "lesson/a.c:6:9: warning: unused variable ‘y’ [-Wunused]\n";
    add_file("a.c", 0);
    add_check("first", 0, "a.c", VERDICT_PASS, "well done");
    g_autofree char *without = terminal();
    has_not(without, "The compiler warns");
    for (int i = 0; i < 3; i++) {
        const struct built_file file = {.collected = COLLECTED_FILES(&collection, 0),
                                        .compiles = true,
                                        .links = true,
                                        .messages = (char *)messages};
        g_array_append_val(build.files, file);
    }
    g_autofree char *text = terminal();
    has(text, "The compiler warns\n  lesson/a.c:5:9: warning: unused variable ‘x’ [-Wunused]\n");
    has(text, "… and 2 more in the report");
    has_not(text, "int x;");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tests = tcase_create("terminal");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_failed_is_mended_first);
    tcase_add_test(tests, the_run_that_failed_is_repeated);
    tcase_add_test(tests, a_compile_error_is_told_with_its_line);
    tcase_add_test(tests, remarks_that_differ_in_numbers_are_one);
    tcase_add_test(tests, what_is_not_written_comes_next);
    tcase_add_test(tests, full_marks_are_handed_in);
    tcase_add_test(tests, after_a_check_comes_the_whole);
    tcase_add_test(tests, what_the_machine_left_open_is_told);
    tcase_add_test(tests, what_is_not_written_is_grey_and_told_once);
    tcase_add_test(tests, one_fault_is_told_once);
    tcase_add_test(tests, many_causes_are_cut);
    tcase_add_test(tests, a_large_tier_that_passed_is_folded);
    tcase_add_test(tests, warnings_are_shown);
    suite_add_tcase(suite, tests);
    return suite;
}
