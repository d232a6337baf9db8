/* The report for a terminal: what to mend, and the story of the first of it. */
#include "grader/grade/causes.h"
#include "grader/report/page.h"
#include "grader/report/report.h"
#include "grader/text/text.h"

#include <string.h>

#define MOST_CAUSES 6
#define MOST_LINES  14 /* of the first one's story … */
#define MOST_ALONE  40 /* … and where only some checks were chosen */
#define MOST_NAMED  4  /* checks that a cause explains */

/* ---- the list ---------------------------------------------------------------------------------- */

/* "This explains no_luck and own_stage (0.30 points)." */
static char *what_it_costs(const struct cause *cause)
{
    return cause->of->len > MOST_NAMED ? g_strdup_printf("This explains %u checks (%.2f points).",
                                                         cause->of->len, cause->points)
                                       : report_cause_explains(cause, "");
}

static void say_cause(struct report_page *page, const struct cause *cause, guint number)
{
    const struct verdict *verdict = cause->told->verdict;
    g_autofree char *first = g_strdup_printf("%3u. ", number);
    g_autofree char *wrong = report_cause_wrong(cause), *look = report_cause_look(cause);
    g_autofree char *error = report_first_error(verdict->explanation->str);
    g_autofree char *costs = what_it_costs(cause);
    g_autofree char *rest = g_strdup_printf("%s%s%s", costs, *look ? " " : "", look);
    report_page_say(page, first, 5, wrong);
    if (error)
        report_page_say(page, "     ", 5, error);
    report_page_say(page, "     ", 5, rest);
}

static void say_causes(struct report_page *page)
{
    const GPtrArray *causes = page->grade->causes;
    g_string_append_c(page->text, '\n');
    report_page_head(page, "What to mend, the surest first");
    for (guint i = 0; i < causes->len && i < MOST_CAUSES; i++)
        say_cause(page, causes->pdata[i], i + 1);
    if (causes->len > MOST_CAUSES)
        g_string_append_printf(page->text, "     … and %u more in the report\n",
                               causes->len - MOST_CAUSES);
}

/* ---- the story of one -------------------------------------------------------------------------- */

/* Could not be judged, and says more of that than its headline? */
static bool has_own_story(const struct check_result *result)
{
    return result->done && !result->needs && grade_state(result) == STATE_NOT_JUDGED &&
           (result->runs->len > 0 || result->settled) && result->verdict->explanation->len > 0;
}

/* The first cause's; without one, the first of what could not be judged; NULL. */
static const struct check_result *result_to_tell(const struct grade *grade)
{
    if (grade->causes && grade->causes->len > 0)
        return ((struct cause *)grade->causes->pdata[0])->told;
    for (guint i = 0; i < grade->results->len; i++)
        if (has_own_story(GRADE_RESULTS(grade, i)))
            return GRADE_RESULTS(grade, i);
    return NULL;
}

static void say_story(struct report_page *page)
{
    const struct grade *grade = page->grade;
    const struct check_result *result = result_to_tell(grade);
    if (!result || result->verdict->explanation->len == 0)
        return;
    g_autofree char *head = grade_state(result) == STATE_FAILED
                                ? g_strdup_printf("Cause 1, as %s saw it", result->check->name)
                                : g_strdup_printf("%s: why it was not judged", result->check->name);
    const gsize before = page->text->len;
    g_string_append_c(page->text, '\n');
    report_page_head(page, head);
    const gsize behind = page->text->len;
    report_page_markdown(page, result->verdict->explanation->str,
                         grade->partial ? MOST_ALONE : MOST_LINES, false);
    const char *story = page->text->str + behind;
    if (story[strspn(story, " \n")] == '\0') /* it was the command alone, which comes last */
        g_string_truncate(page->text, before);
}

void report_page_causes(struct report_page *page)
{
    if (page->grade->causes && page->grade->causes->len > 0)
        say_causes(page);
    say_story(page);
}

/* ---- warnings ---------------------------------------------------------------------------------- */

#define MOST_WARNINGS 4

static void find_warnings(const struct grade *grade, GPtrArray *found)
{
    g_autoptr(GRegex) warning = g_regex_new("^[^\\s:]+:\\d+:(\\d+:)? warning: .*$",
                                            G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    for (guint i = 0; i < grade->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(grade->build, i);
        g_autoptr(GMatchInfo) match = NULL;
        if (!file->messages || file->replaced)
            continue;
        for (bool more = g_regex_match(warning, file->messages, 0, &match); more;
             more = g_match_info_next(match, NULL))
            g_ptr_array_add(found, g_match_info_fetch(match, 0));
    }
}

void report_page_warnings(struct report_page *page)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    find_warnings(page->grade, found);
    if (found->len == 0)
        return;
    g_string_append_c(page->text, '\n');
    report_page_head(page, "The compiler warns");
    for (guint i = 0; i < found->len && i < MOST_WARNINGS; i++)
        report_page_say(page, "  ", 2, found->pdata[i]);
    if (found->len > MOST_WARNINGS)
        g_string_append_printf(page->text, "  … and %u more in the report\n",
                               found->len - MOST_WARNINGS);
}
