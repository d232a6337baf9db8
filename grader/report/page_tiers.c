/* The report for a terminal: the checks, tier by tier. */
#include "grader/report/findings.h"
#include "grader/report/page.h"
#include "grader/report/report.h"

#include <string.h>

#define COLUMNS_BEFORE 33 /* of a check's state and points */
#define MOST_FAILED    6  /* of a bonus, for one cause, that are told by name */
#define MOST_TITLES    12 /* of a larger tier what passed is told by name */

static bool is_shown(const struct grade *grade, const struct check_result *result, int tier)
{
    return result->check->tier == tier && (result->done || !grade->partial);
}

static int count_checks(const struct grade *grade, int tier)
{
    int checks = 0;
    for (guint i = 0; i < grade->results->len; i++)
        checks += is_shown(grade, GRADE_RESULTS(grade, i), tier);
    return checks;
}

static bool are_all(const struct grade *grade, int tier, enum grade_state state)
{
    for (guint i = 0; i < grade->results->len; i++)
        if (is_shown(grade, GRADE_RESULTS(grade, i), tier) &&
            grade_state(GRADE_RESULTS(grade, i)) != state)
            return false;
    return true;
}

static bool has_failures(const struct grade *grade)
{
    for (guint i = 0; i < grade->results->len; i++)
        if (grade_state(GRADE_RESULTS(grade, i)) == STATE_FAILED)
            return true;
    return false;
}

/* What passed needs no titles in a bonus, or where something else is to be read; of a few chosen checks there is room
 * for all. */
static bool is_folded(const struct grade *grade, int tier)
{
    if (grade->partial && count_checks(grade, tier) <= MOST_TITLES)
        return false;
    return count_checks(grade, tier) > MOST_TITLES ||
           ((has_failures(grade) || RUBRIC_TIERS(grade->rubric, tier)->bonus) &&
            are_all(grade, tier, STATE_PASSED));
}

/* "PASS             0.10 of 0.10  ": what costs nothing has no points yet. */
static void say(struct report_page *page, const struct report_finding *finding, const char *words)
{
    const struct report_colours *colours = page->colours;
    const bool open = finding->state == STATE_NOT_JUDGED || finding->state == STATE_FOR_A_PERSON;
    g_autofree char *got = open ? g_strdup("   -") : g_strdup_printf("%4.2f", finding->got);
    g_autofree char *first =
        g_strdup_printf("  %s%-15s%s  %s of %4.2f  ", colours->state[finding->state],
                        grade_state_name(finding->state), colours->normal, got, finding->all);
    report_page_say(page, first, COLUMNS_BEFORE, words);
}

/* One check, with its title. */
static void say_check(struct report_page *page, const struct report_finding *finding)
{
    const struct rubric_check *check = ((struct check_result *)finding->of->pdata[0])->check;
    say(page, finding, check->title);
    if (!*finding->seen)
        return;
    const bool passed = finding->state == STATE_PASSED;
    g_autofree char *words =
        g_strdup_printf("%s%s%s%s", finding->seen,
                        passed ? "" : " (CHECK=", passed ? "" : check->name, passed ? "" : ")");
    g_autofree char *indent = g_strnfill(COLUMNS_BEFORE, ' ');
    report_page_say(page, indent, COLUMNS_BEFORE, words);
}

/* "seen: name 0.10, name 0.15" */
static void say_checks(struct report_page *page, const struct report_finding *finding)
{
    g_autoptr(GString) words = g_string_new(finding->seen);
    for (guint i = 0; i < finding->of->len; i++) {
        const struct rubric_check *check = ((struct check_result *)finding->of->pdata[i])->check;
        g_string_append_printf(words, "%s%s" REPORT_HELD_BLANK "%.2f",
                               i > 0            ? ", "
                               : words->len > 0 ? ": "
                                                : "",
                               check->name, check->points);
    }
    say(page, finding, words->str);
}

static bool is_counted(const struct report_finding *finding)
{
    return finding->state == STATE_UNWRITTEN ||
           (finding->state == STATE_FAILED && finding->of->len > MOST_FAILED);
}

/* Of a bonus how many, and not which. */
static void say_count(struct report_page *page, const struct report_finding *finding)
{
    g_autofree char *words = g_strdup_printf("%s: %u check%s", finding->seen, finding->of->len,
                                             finding->of->len == 1 ? "" : "s");
    say(page, finding, words);
}

/* Of a large tier that is all right where something else is to be read. */
static void say_all(struct report_page *page, const struct report_finding *finding)
{
    g_autofree char *words = g_strdup_printf("all %u checks", finding->of->len);
    say(page, finding, words);
}

/* A bonus that nobody has begun: its files, in the rubric's order. */
static void say_unbegun(struct report_page *page, int tier)
{
    const struct grade *grade = page->grade;
    const struct points points = grade_points(grade, tier);
    const struct report_finding all = {.state = STATE_UNWRITTEN, .all = points.all};
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autoptr(GString) words = g_string_new(NULL);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        const char *file = rubric_check_about(result->check, 0);
        if (result->check->tier != tier ||
            g_ptr_array_find_with_equal_func(files, file, g_str_equal, NULL))
            continue;
        g_ptr_array_add(files, (gpointer)file);
        g_string_append_printf(words, "%s%s", words->len > 0 ? ", " : "", file);
    }
    say(page, &all, words->str);
}

static void say_findings(struct report_page *page, int tier)
{
    const struct grade *grade = page->grade;
    const bool bonus = RUBRIC_TIERS(grade->rubric, tier)->bonus;
    const bool folded = is_folded(grade, tier);
    const bool is_aside = count_checks(grade, tier) > MOST_TITLES && has_failures(grade) &&
                          are_all(grade, tier, STATE_PASSED);
    g_autoptr(GPtrArray) findings = report_findings(grade, tier, folded);
    for (guint i = 0; i < findings->len; i++) {
        const struct report_finding *finding = findings->pdata[i];
        if (finding->state == STATE_PASSED && is_aside)
            say_all(page, finding);
        else if (bonus && !grade->partial && is_counted(finding))
            say_count(page, finding);
        else if (finding->of->len > 1 || finding->state == STATE_UNWRITTEN ||
                 (finding->state == STATE_PASSED && folded))
            say_checks(page, finding);
        else
            say_check(page, finding);
    }
}

void report_page_tiers(struct report_page *page)
{
    const struct grade *grade = page->grade;
    for (int tier = 0; tier < (int)grade->rubric->tiers->len; tier++) {
        if (count_checks(grade, tier) == 0)
            continue;
        g_autofree char *worth = report_tier_points(grade, tier);
        g_autofree char *head =
            g_strdup_printf("%s  (%s)", RUBRIC_TIERS(grade->rubric, tier)->name, worth);
        g_string_append_c(page->text, '\n');
        report_page_head(page, head);
        if (RUBRIC_TIERS(grade->rubric, tier)->bonus && !grade->partial &&
            are_all(grade, tier, STATE_UNWRITTEN))
            say_unbegun(page, tier);
        else
            say_findings(page, tier);
    }
}
