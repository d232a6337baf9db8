/* One fault, one cause: which failures are brought together, in which order, and how that is told. */
#include "grader/grade/causes.h"
#include "grader/report/report.h"
#include "tests/support/test.h"

#include <string.h>

#define MOST 6

/* A check that failed (or passed: no headline). */
struct failure {
    /* blanks between them; the last is the check's own, unless another is: "@own.c". One that it only builds on:
     * "+more.c" */
    const char *name, *files;
    const char *headline, *mistake;
    enum verdict_basis basis;
    bool spoils;
    const char *needs;
};

#define HANG "hang: " /* so begins the headline of one whose run did not end */

static struct rubric rubric;
static struct collection collection = {.name = (char *)"alice"};
static struct build build;
static struct grade grade;

static void add_check(const struct failure *failure)
{
    static struct judge judge = {.name = "judge"};
    struct rubric_check check = {.name = (char *)failure->name,
                                 .title = (char *)failure->name,
                                 .points = 0.5,
                                 .judge = &judge,
                                 .files = g_ptr_array_new_with_free_func(g_free),
                                 .about = g_ptr_array_new_with_free_func(g_free),
                                 .after = g_ptr_array_new(),
                                 .builds_on = g_ptr_array_new_with_free_func(g_free),
                                 .look = (char *)"the rubric's place",
                                 .visibility = (char *)"visible",
                                 .runs = g_array_new(FALSE, TRUE, sizeof(struct rubric_run))};
    g_auto(GStrv) files = g_strsplit(failure->files, " ", -1);
    for (char **file = files; *file; file++)
        g_ptr_array_add(**file == '@'   ? check.about
                        : **file == '+' ? check.builds_on
                                        : check.files,
                        g_strdup(*file + (strchr("@+", **file) != NULL)));
    g_array_append_val(rubric.checks, check);
}

static struct check_result *result_of(const char *name)
{
    for (guint i = 0; i < grade.results->len; i++)
        if (strcmp(GRADE_RESULTS(&grade, i)->check->name, name) == 0)
            return GRADE_RESULTS(&grade, i);
    ck_abort_msg("%s", name);
}

static void make_grade(const struct failure failures[MOST])
{
    struct rubric_tier tier = {.name = (char *)"Tier", .points = 3};
    rubric = (struct rubric){.assignment = (char *)"lesson",
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .tiers = g_array_new(FALSE, TRUE, sizeof(struct rubric_tier)),
                             .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    g_array_append_val(rubric.tiers, tier);
    for (int i = 0; i < MOST && failures[i].name; i++) {
        add_check(&failures[i]);
        struct rubric_file file = {
            .name = (char *)rubric_check_about(RUBRIC_CHECKS(&rubric, rubric.checks->len - 1), 0)};
        g_array_append_val(rubric.files, file);
    }
    collection.files = g_array_new(FALSE, TRUE, sizeof(struct collected_file));
    build = (struct build){.files = g_array_new(FALSE, TRUE, sizeof(struct built_file))};
    grade = (struct grade){.rubric = &rubric, .collection = &collection, .build = &build};
    grade_init(&grade);
    for (int i = 0; i < MOST && failures[i].name; i++) {
        struct check_result *result = result_of(failures[i].name);
        result->done = true;
        if (!failures[i].headline) {
            verdict_set(result->verdict, VERDICT_PASS, "well done");
            result->points = 0.5;
            continue;
        }
        verdict_set(result->verdict, VERDICT_FAIL, "%s", failures[i].headline);
        g_string_assign(result->verdict->mistake, failures[i].mistake ? failures[i].mistake : "");
        result->verdict->basis = failures[i].basis;
        result->verdict->spoils = failures[i].spoils;
        if (g_str_has_prefix(failures[i].headline, HANG)) {
            struct run_summary run = {.ranks = 2, .end = RUN_HUNG, .command = g_strdup("make")};
            g_array_append_val(result->runs, run);
        }
        if (failures[i].needs)
            result->needs = result_of(failures[i].needs);
    }
    causes_find(&grade);
}

static void free_grade(void)
{
    grade_clear(&grade);
    for (guint i = 0; i < rubric.checks->len; i++) {
        g_ptr_array_free(RUBRIC_CHECKS(&rubric, i)->files, TRUE);
        g_ptr_array_free(RUBRIC_CHECKS(&rubric, i)->about, TRUE);
        g_ptr_array_free(RUBRIC_CHECKS(&rubric, i)->after, TRUE);
        g_ptr_array_free(RUBRIC_CHECKS(&rubric, i)->builds_on, TRUE);
        g_array_free(RUBRIC_CHECKS(&rubric, i)->runs, TRUE);
    }
    g_array_free(collection.files, TRUE);
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.tiers, TRUE);
    g_array_free(rubric.checks, TRUE);
    g_array_free(build.files, TRUE);
}

/* "luck: luck gradients; order: order": each cause by the check that tells it, and what it explains. */
static char *causes_text(void)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < grade.causes->len; i++) {
        const struct cause *cause = grade.causes->pdata[i];
        g_string_append_printf(text, "%s%s:", i ? "; " : "", cause->told->check->name);
        for (guint k = 0; k < cause->of->len; k++)
            g_string_append_printf(text, " %s",
                                   ((struct check_result *)cause->of->pdata[k])->check->name);
    }
    return g_string_free(text, FALSE);
}

#define CHANGED                                                                                    \
    "the message with tag 2 (step 0, step.c:41) was changed before its send had completed"

static const struct {
    struct failure failure[MOST];
    const char *causes;
} cases[] = {
    {{{"a", "step.c", NULL, NULL, 0, false, NULL}}, ""},
    /* what was seen explains wrong results, whatever mistake they look like */
    {{{"gradients", "send.c step.c", "wrong", "buffer reused", BASIS_FITS, false, NULL},
      {"order", "send.c step.c", NULL, NULL, 0, false, NULL},
      {"luck", "send.c step.c", CHANGED, NULL, BASIS_SEEN, true, NULL},
      {"training", "send.c step.c", "step 7 has no loss", NULL, BASIS_SYMPTOM, false, NULL}},
     "luck: luck gradients training"},
    /* but not in other code … */
    {{{"luck", "send.c step.c", CHANGED, NULL, BASIS_SEEN, true, NULL},
      {"other", "send.c other.c", "wrong", NULL, BASIS_SYMPTOM, false, NULL}},
     "luck: luck; other: other"},
    /* … unless both use it, … */
    {{{"luck", "send.c step.c", "changed at send.c:12", NULL, BASIS_SEEN, true, NULL},
      {"other", "send.c other.c", "wrong", NULL, BASIS_SYMPTOM, false, NULL}},
     "luck: luck other"},
    /* … and a wrong order does not make numbers wrong */
    {{{"gradients", "step.c", "wrong", NULL, BASIS_SYMPTOM, false, NULL},
      {"order", "step.c", "F4 is too early", NULL, BASIS_SEEN, false, NULL}},
     "order: order; gradients: gradients"},
    /* the same words, but for the numbers; and the same mistake, told by who knows its name */
    {{{"a", "step.c", "deadlock: ranks 0 and 1 wait at step.c:7", NULL, BASIS_SEEN, false, NULL},
      {"b", "step.c", "deadlock: ranks 2 and 3 wait at step.c:7", NULL, BASIS_SEEN, false, NULL},
      {"c", "other.c", "deadlock: ranks 2 and 3 wait at other.c:7", NULL, BASIS_SEEN, false, NULL}},
     "a: a b; c: c"},
    {{{"a", "step.c", "ends at step.c:7", NULL, BASIS_SEEN, false, NULL},
      {"b", "step.c", "after step 1 it ends at step.c:7", "known", BASIS_SEEN, false, NULL}},
     "b: b a"},
    {{{"a", "step.c", "layer 1 is wrong", "known", BASIS_FITS, false, NULL},
      {"b", "step.c", "losses differ by 3", "known", BASIS_FITS, false, NULL}},
     "a: a b"},
    /* a file whose own check has failed comes first, and what others see of it second */
    {{{"send", "send.c", "half of it is sent", NULL, BASIS_SEEN, false, NULL},
      {"a", "send.c a.c", "a message came in part, at send.c:12", NULL, BASIS_SEEN, false, NULL},
      {"b", "b.c", "the program stopped with a message: rank 0: send: no", NULL, BASIS_SEEN, false,
       NULL},
      {"c", "send.c c.c", "something else", NULL, BASIS_SEEN, false, NULL}},
     "send: send a b; c: c"},
    /* … also where these know a name for what it does there */
    {{{"send", "send.c", "deadlock: both send first (at send.c:36)", NULL, BASIS_SEEN, false, NULL},
      {"a", "send.c a.c", "deadlock: both send first (at a.c:12, through send.c:36)", "in step",
       BASIS_SEEN, false, NULL},
      {"b", "send.c b.c", "deadlock: both send first (at b.c:14, through send.c:36)", "in step",
       BASIS_SEEN, false, NULL},
      {"c", "send.c c.c", "by luck: deadlock (at c.c:9, through send.c:36)", NULL, BASIS_SEEN,
       false, NULL}},
     "send: send a b c"},
    /* the same complaint of the kit from several files */
    {{{"a", "a.c", "the program stopped with a message: rank 0: not open (called at a.c:3)", NULL,
       BASIS_SEEN, false, NULL},
      {"b", "b.c", "the program stopped with a message: rank 2: not open (called at b.c:7)", NULL,
       BASIS_SEEN, false, NULL}},
     "a: a b"},
    /* what was not run belongs to what it waited for */
    {{{"a", "step.c", "wrong", NULL, BASIS_SYMPTOM, false, NULL},
      {"b", "step.c", "needs a first", NULL, BASIS_SEEN, false, "a"},
      {"c", "step.c", "needs b first", NULL, BASIS_SEEN, false, "b"}},
     "a: a b c"},
    /* where a part is wrong by itself, so is what is made of it: its numbers, what it moves, and what the kit says of
     * it; also what only builds on it in some runs */
    {{{"part", "split.c part.c", "dx is off", "dx not summed", BASIS_FITS, false, NULL},
      {"model", "split.c part.c model.c", "off, too", "gradient not summed", BASIS_FITS, false,
       NULL},
      {"traffic", "split.c part.c model.c", "0 bytes move", NULL, BASIS_AMOUNT, false, NULL},
      {"heads", "split.c heads.c +part.c", "9 bytes move", NULL, BASIS_SYMPTOM, false, NULL},
      {"way", "split.c part.c way.c", "the way: the program stopped with a message: rank 0: no",
       NULL, BASIS_SEEN, false, NULL},
      {"order", "split.c part.c model.c", "a wrong order", NULL, BASIS_SEEN, false, NULL}},
     "order: order; part: part model traffic heads way"},
    /* but what is known by name in another part is told, … */
    {{{"part", "split.c part.c", "dx is off", "dx not summed", BASIS_FITS, false, NULL},
      {"loss", "split.c loss.c +part.c", "off", "own words only", BASIS_FITS, false, NULL}},
     "part: part; loss: loss"},
    /* … and so is all that does not use it, though it is about no file that it needs */
    {{{"norm", "split.c @norm.c @other_norm.c", "y is off", NULL, BASIS_SYMPTOM, false, NULL},
      {"model", "split.c model.c", "losses differ", NULL, BASIS_SYMPTOM, false, NULL}},
     "norm: norm; model: model"},
    /* what a check builds on may come behind it in the rubric; no two are behind each other */
    {{{"model", "model.c +heads.c", "losses differ", NULL, BASIS_SYMPTOM, false, NULL},
      {"heads", "heads.c", "y is off", NULL, BASIS_SYMPTOM, false, NULL}},
     "heads: heads model"},
    {{{"a", "a.c +b.c", "losses differ", NULL, BASIS_SYMPTOM, false, NULL},
      {"b", "b.c +a.c", "y is off", NULL, BASIS_SYMPTOM, false, NULL}},
     "b: b a"},
    /* about the same file: numbers before amounts, names before none, the first of equals */
    {{{"traffic", "model.c", "9 bytes move", NULL, BASIS_AMOUNT, false, NULL},
      {"later", "model.c", "losses differ", NULL, BASIS_SYMPTOM, false, NULL},
      {"gradients", "model.c", "off by two", "summed twice", BASIS_FITS, false, NULL},
      {"speed", "model.c", "late", NULL, BASIS_AMOUNT, false, NULL}},
     "gradients: gradients traffic later speed"},
    {{{"traffic", "model.c", "9 bytes move", NULL, BASIS_AMOUNT, false, NULL},
      {"whole", "model.c", "as large as a weight", "a whole weight", BASIS_AMOUNT, false, NULL},
      {"speed", "model.c", "late", NULL, BASIS_AMOUNT, false, NULL}},
     "whole: whole traffic speed"},
    /* a part that hangs by itself, and what is made of it, wherever that stops */
    {{{"part", "part.c", HANG "nobody comes to part.c:3", NULL, BASIS_SEEN, false, NULL},
      {"model", "part.c model.c", HANG "crossed at model.c:7", NULL, BASIS_SEEN, false, NULL},
      {"other", "other.c", HANG "crossed at other.c:7", NULL, BASIS_SEEN, false, NULL}},
     "part: part model; other: other"},
    /* the surest first, then what costs most; TODOs have no cause */
    {{{"todo", "todo.c", "todo.c:3 is still to be written", NULL, BASIS_UNWRITTEN, false, NULL},
      {"numbers", "a.c", "wrong", NULL, BASIS_SYMPTOM, false, NULL},
      {"fits", "b.c", "wrong by 4", "known", BASIS_FITS, false, NULL},
      {"small", "c.c", "seen", NULL, BASIS_SEEN, false, NULL},
      {"large", "d.c", "seen, too", NULL, BASIS_SEEN, false, NULL},
      {"larger", "d.c", "seen, too", NULL, BASIS_SEEN, false, NULL}},
     "small: small; large: large larger; fits: fits; numbers: numbers"},
};

START_TEST(failures_are_brought_together)
{
    make_grade(cases[_i].failure);
    g_autofree char *text = causes_text();
    ck_assert_str_eq(text, cases[_i].causes);
    free_grade();
}
END_TEST

static int count(const char *text, const char *part)
{
    int times = 0;
    for (const char *c = text; (c = strstr(c, part)); c++)
        times++;
    return times;
}

START_TEST(the_report_begins_with_causes)
{
    make_grade(cases[1].failure);
    char *terminal = NULL;
    size_t size;
    FILE *to = open_memstream(&terminal, &size);
    report_terminal(&grade, to, &(struct report_screen){.width = REPORT_WIDTH});
    fclose(to);
    GString *markdown = report_markdown(&grade);
    g_autofree char *json = report_json(&grade);
    const char *list = strstr(terminal, "What to mend"), *tier = strstr(terminal, "\nTier");
    ck_assert(list && tier && tier < list); /* a terminal is read from its end */
    ck_assert_ptr_nonnull(
        strstr(terminal, "This explains luck, gradients and training (1.50 points)."));
    ck_assert_ptr_nonnull(strstr(terminal, "Look at this: the rubric's place."));
    ck_assert_ptr_nonnull(strstr(terminal, "follows from cause 1: gradients 0.50, training 0.50"));
    ck_assert_ptr_nonnull(strstr(markdown->str, "| follows from cause 1 |"));
    ck_assert_int_eq(count(terminal, "changed before its send"), 1);
    ck_assert_int_eq(count(markdown->str, "changed before its send"),
                     1 + 1); /* the list, the details */
    /* a guess is not told where the cause is known */
    ck_assert_int_eq(count(terminal, "buffer reused"), 0);
    ck_assert_int_eq(count(markdown->str, "buffer reused"), 0);
    ck_assert_int_eq(count(json, "buffer reused"), 0);
    g_string_free(markdown, TRUE);
    free(terminal);
    free_grade();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("causes");
    TCase *tests = tcase_create("causes");
    tcase_add_loop_test(tests, failures_are_brought_together, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, the_report_begins_with_causes);
    suite_add_tcase(suite, tests);
    return suite;
}
