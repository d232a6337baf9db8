/* The checks in report.html: tables, what is not yet written, and details that fold. */
#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
#include "grader/report/report.h"
#include "grader/report/report_html.h"
#include "grader/report/report_todos.h"

#include <string.h>

static const char *state_class(enum grade_state state)
{
    static const char *const classes[] = {[STATE_PASSED] = "pass",
                                          [STATE_FAILED] = "fail",
                                          [STATE_UNWRITTEN] = "todo",
                                          [STATE_NOT_JUDGED] = "open",
                                          [STATE_FOR_A_PERSON] = "person"};
    return classes[state];
}

void report_html_badge(GString *html, const struct check_result *result)
{
    const enum grade_state state = grade_state(result);
    g_string_append_printf(html, "<span class=\"badge %s\">%s</span>", state_class(state),
                           grade_state_name(state));
}

/* Is it found in the table, or only its tier? */
static void append_place(GString *html, const struct grade *grade,
                         const struct check_result *result)
{
    g_autofree char *line = report_tier_in_one_line(grade, result->check->tier);
    if (line)
        g_string_append_printf(html, "tier-%d", result->check->tier + 1);
    else
        g_string_append_printf(html, "row-%s", result->check->name);
}

/* ---- the table of a tier ---------------------------------------------------------------------------------- */

/* What was seen, with a link to the cause. */
static void append_seen(GString *html, const struct grade *grade, const GPtrArray *todos,
                        const struct check_result *result)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    report_cell(seen, grade, todos, result);
    const int cause = grade_state(result) == STATE_FAILED ? cause_number(grade, result) : 0;
    if (cause > 0)
        g_string_append_printf(html, "<a href=\"#cause-%d\">", cause);
    report_html_line(html, seen->str);
    if (cause > 0)
        g_string_append(html, "</a>");
}

/* Roles are said, too: on a phone the cells stand one below the other, and a browser then takes it for no table. */
static void append_row(GString *html, const struct grade *grade, const GPtrArray *todos,
                       const struct check_result *result)
{
    const struct rubric_check *check = result->check;
    const bool details = report_has_details(result);
    g_autofree char *points = report_check_points(result);
    g_string_append_printf(html, "<tr id=\"row-%s\" role=\"row\"><td role=\"cell\">", check->name);
    report_html_badge(html, result);
    g_string_append(html, "</td><th scope=\"row\" role=\"rowheader\">");
    if (details)
        g_string_append_printf(html, "<a href=\"#check-%s\">", check->name);
    report_html_text(html, check->title);
    g_string_append_printf(html,
                           "%s <code>%s</code></th><td role=\"cell\" class=\"points\">%s</td>"
                           "<td role=\"cell\" class=\"seen\">",
                           details ? "</a>" : "", check->name, points);
    append_seen(html, grade, todos, result);
    g_string_append(html, "</td></tr>\n");
}

void report_html_tier(GString *html, const struct grade *grade, const GPtrArray *todos, int tier)
{
    static const char *const heads[] = {"state", "check", "points", "what was seen"};
    g_autofree char *worth = report_tier_points(grade, tier);
    g_autofree char *line = report_tier_in_one_line(grade, tier);
    g_string_append_printf(html, "<h3 id=\"tier-%d\">", tier + 1);
    report_html_text(html, RUBRIC_TIERS(grade->rubric, tier)->name);
    g_string_append_printf(html, "</h3>\n<p class=\"%s\">%s%s%s</p>\n", line ? "one-line" : "worth",
                           worth, line ? ". " : "", line ? line : "");
    if (line)
        return;
    g_string_append(html, "<table class=\"checks\" role=\"table\"><caption>Checks of ");
    report_html_text(html, RUBRIC_TIERS(grade->rubric, tier)->name);
    g_string_append(html, "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
        g_string_append_printf(html, "<th scope=\"col\" role=\"columnheader\">%s</th>", heads[i]);
    g_string_append(html, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier == tier && (!grade->partial || result->done))
            append_row(html, grade, todos, result);
    }
    g_string_append(html, "</tbody></table>\n");
}

/* ---- what is not yet written ---------------------------------------------------------------------------------- */

void report_html_todos(GString *html, const struct grade *grade, const GPtrArray *todos,
                       const char *folder)
{
    for (guint i = 0; i < todos->len; i++) {
        const struct report_todo *todo = todos->pdata[i];
        g_autoptr(GString) markdown = g_string_new(NULL);
        report_todo(markdown, grade, todo);
        /* the first is open: it is what to write next */
        g_string_append_printf(html, "<details class=\"check short\"%s>\n<summary>",
                               i == 0 ? " open" : "");
        report_html_badge(html, todo->told);
        g_string_append_printf(html, " <h3>TODO %u: ", i + 1);
        report_html_text(html, todo->told->verdict->headline->str);
        g_string_append_printf(html, "</h3></summary>\n<div class=\"body\" id=\"todo-%u\">\n",
                               i + 1);
        report_html_markdown(html, markdown->str, folder, 4);
        g_string_append(html, "<p class=\"back\"><a href=\"#");
        append_place(html, grade, todo->told);
        g_string_append_printf(
            html, "\">Back to the table from TODO %u</a></p>\n</div></details>\n", i + 1);
    }
}

/* ---- details -------------------------------------------------------------------------------------------------- */

/* Should it be read without being asked for? */
static bool is_open(const struct grade *grade, const struct check_result *result)
{
    const enum grade_state state = grade_state(result);
    if (state == STATE_FAILED)
        return !report_is_told_elsewhere(grade, result);
    return state == STATE_NOT_JUDGED && !result->needs &&
           result->verdict->culprit != CULPRIT_NOBODY;
}

static void append_check(GString *html, const struct grade *grade,
                         const struct check_result *result, const char *folder)
{
    g_autoptr(GString) markdown = g_string_new(NULL);
    report_check(markdown, grade, result);
    g_string_append(html, is_open(grade, result) ? "<details class=\"check\" open>\n<summary>"
                                                 : "<details class=\"check quiet\">\n<summary>");
    report_html_badge(html, result);
    g_string_append(html, " <h3>");
    report_html_text(html, result->check->title);
    g_string_append(html, "</h3>");
    if (report_is_told_elsewhere(grade, result)) {
        g_autofree char *seen = report_seen(grade, result);
        g_string_append(html, " <span class=\"cause\">");
        report_html_text(html, seen);
        g_string_append(html, "</span>");
    }
    /* its own place is inside, so that a link to it unfolds it */
    g_string_append_printf(html, "</summary>\n<div class=\"body\" id=\"check-%s\">\n",
                           result->check->name);
    report_html_markdown(html, markdown->str, folder, 4);
    g_string_append(html, "<p class=\"back\"><a href=\"#");
    append_place(html, grade, result);
    g_string_append_printf(html,
                           "\">Back to the table from <code>%s</code></a></p>\n</div></details>\n",
                           result->check->name);
}

static void append_compiler(GString *html, const struct built_file *file, guint number)
{
    const char *name = file->collected->file->name;
    g_string_append_printf(html,
                           "<details class=\"check\" open>\n<summary><span class=\"badge %s\">%s"
                           "</span> <h3>The compiler on <code>",
                           file->compiles ? "open" : "fail",
                           file->compiles ? "warnings" : "errors");
    report_html_text(html, name);
    g_string_append_printf(html,
                           "</code></h3></summary>\n<div class=\"body\" id=\"compiler-%u\">"
                           "<pre><code>",
                           number);
    report_html_text(html, file->messages);
    g_string_append(html, "</code></pre></div></details>\n");
}

void report_html_details(GString *html, const struct grade *grade, const char *folder)
{
    for (guint i = 0; i < grade->build->files->len; i++)
        if (report_shows_compiler(grade, BUILT_FILES(grade->build, i)))
            append_compiler(html, BUILT_FILES(grade->build, i), i + 1);
    for (int folded = 0; folded < 2; folded++) /* what has to be read comes first */
        for (guint i = 0; i < grade->results->len; i++)
            if (report_has_details(GRADE_RESULTS(grade, i)) &&
                is_open(grade, GRADE_RESULTS(grade, i)) == (folded == 0))
                append_check(html, grade, GRADE_RESULTS(grade, i), folder);
}
