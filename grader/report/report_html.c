/*
 * report.html: what the Markdown says, as a page for a screen of any width, light or dark, for paper and for a reader that
 * reads aloud. One file with a style sheet and the pictures inside; it has no script, and asks for nothing from elsewhere.
 */
#include "grader/report/report_html.h"

#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
#include "grader/report/report.h"
#include "grader/report/report_todos.h"

#include <string.h>

/* A part of the page, and the line of the contents that leads there. */
static void append_section(GString *html, GString *contents, const char *id, const char *title,
                           const char *content)
{
    if (!*content)
        return;
    g_string_append_printf(html,
                           "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n%s</section>\n",
                           id, id, title, content);
    g_string_append_printf(contents, "<li><a href=\"#%s\">%s</a></li>\n", id, title);
}

/* ---- points ---------------------------------------------------------------------------------------------- */

/* One without a check that was chosen and may be shown is left out. */
static bool shows_tier(const struct grade *grade, int tier)
{
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier == tier && (result->done || !grade->partial))
            return true;
    }
    return false;
}

/* For the eye: the numbers beside it say the same. */
static void append_bar(GString *html, struct points points)
{
    const double all = points.all > 0 ? points.all : 1;
    g_string_append_printf(html,
                           "<span class=\"bar\" aria-hidden=\"true\"><span class=\"got\" "
                           "style=\"width:%.1f%%\"></span><span class=\"unknown\" "
                           "style=\"width:%.1f%%\"></span></span>",
                           100 * points.got / all, 100 * (points.all - points.judged) / all);
}

static char *points_html(const struct grade *grade)
{
    GString *html =
        g_string_new("<table class=\"overview\"><caption>Points of each part</caption>\n<thead>"
                     "<tr><th scope=\"col\">part</th><th scope=\"col\">points</th></tr>"
                     "</thead>\n<tbody>\n");
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++) {
        if (!shows_tier(grade, (int)tier))
            continue;
        g_autofree char *worth = report_tier_points(grade, (int)tier);
        g_string_append_printf(html, "<tr><th scope=\"row\"><a href=\"#tier-%u\">", tier + 1);
        report_html_text(html, RUBRIC_TIERS(grade->rubric, tier)->name);
        g_string_append(html, "</a></th><td>");
        append_bar(html, grade_points(grade, (int)tier));
        g_string_append_printf(html, "<span class=\"worth\">%s</span></td></tr>\n", worth);
    }
    g_string_append(html, "</tbody></table>\n");
    return g_string_free(html, FALSE);
}

/* ---- causes -------------------------------------------------------------------------------------------------- */

/* A link from a cause to what is told about it. */
static void append_more(GString *html, const struct grade *grade, const GPtrArray *todos,
                        int number)
{
    const struct cause *cause = grade->causes->pdata[number - 1];
    const int todo = report_todo_number(todos, cause->told);
    if (todo > 0)
        g_string_append_printf(html, " <a href=\"#todo-%d\">TODO %d</a>", todo, todo);
    else if (report_has_details(cause->told))
        g_string_append_printf(html, " <a href=\"#check-%s\">All about cause %d</a>",
                               cause->told->check->name, number);
}

static char *causes_html(const struct grade *grade, const GPtrArray *todos)
{
    g_autoptr(GString) markdown = g_string_new(NULL), list = g_string_new(NULL);
    GString *html = g_string_new(NULL);
    report_causes(markdown, grade);
    report_html_markdown(list, markdown->str, "", 3);
    const char *rest = list->str;
    int number = 0;
    for (const char *item; (item = strstr(rest, "<li>")); rest = item + strlen("<li>")) {
        const char *end = strstr(item, "</li>");
        g_string_append_len(html, rest, item - rest);
        g_string_append_printf(html, "<li id=\"cause-%d\">", ++number);
        if (!end || (guint)number > grade->causes->len)
            continue;
        g_string_append_len(html, item + strlen("<li>"), end - item - (gssize)strlen("<li>"));
        append_more(html, grade, todos, number);
        item = end - strlen("<li>");
    }
    g_string_append(html, rest);
    return g_string_free(html, FALSE);
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

static char *notes_html(const struct grade *grade)
{
    GString *html = g_string_new(NULL);
    for (guint i = 0; i < grade->notes->len; i++) {
        g_string_append(html, "<div class=\"note\">");
        report_html_markdown(html, grade->notes->pdata[i], "", 3);
        g_string_append(html, "</div>\n");
    }
    return g_string_free(html, FALSE);
}

static char *runs_html(const struct grade *grade)
{
    g_autoptr(GString) markdown = g_string_new(NULL);
    GString *html = g_string_new("<details><summary>What was run, with which seed, and how it ended"
                                 "</summary>\n");
    report_runs(markdown, grade);
    report_html_markdown(html, markdown->str, "", 3);
    g_string_append(html, "</details>\n");
    return g_string_free(html, FALSE);
}

static char *checks_html(const struct grade *grade, const GPtrArray *todos)
{
    GString *html = g_string_new(NULL);
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++)
        if (shows_tier(grade, (int)tier))
            report_html_tier(html, grade, todos, (int)tier);
    return g_string_free(html, FALSE);
}

/* The parts of the page, and its contents. */
static void append_parts(GString *html, GString *contents, const struct grade *grade,
                         const char *folder)
{
    g_autoptr(GPtrArray) todos = report_todos(grade);
    g_autofree char *next = report_next_markdown(grade), *points = points_html(grade),
                    *notes = notes_html(grade), *causes = causes_html(grade, todos),
                    *checks = checks_html(grade, todos), *runs = runs_html(grade);
    g_autoptr(GString) steps = g_string_new(NULL), unwritten = g_string_new(NULL),
                       details = g_string_new(NULL);
    report_html_markdown(steps, next, folder, 3);
    report_html_todos(unwritten, grade, todos, folder);
    report_html_details(details, grade, folder);
    append_section(html, contents, "points", "Points", points);
    append_section(html, contents, "next", "What to do next", steps->str);
    append_section(html, contents, "notes", "Notes", notes);
    append_section(html, contents, "causes", "Causes", causes);
    append_section(html, contents, "checks", "Checks", checks);
    append_section(html, contents, "unwritten", "Not yet written", unwritten->str);
    append_section(html, contents, "details", "Details", details->str);
    append_section(html, contents, "runs", "Runs", runs);
}

char *report_html(const struct grade *grade, const char *folder)
{
    g_autoptr(GString) parts = g_string_new(NULL), contents = g_string_new(NULL),
                       title = g_string_new(NULL), kit = g_string_new(NULL);
    g_autofree char *score = report_score(grade);
    append_parts(parts, contents, grade, folder);
    report_html_text(title, grade->rubric->assignment);
    g_string_append(title, ": ");
    report_html_text(title, grade->collection->name);
    if (grade->kit) {
        g_string_append(kit, " by the kit ");
        report_html_text(kit, grade->kit);
    }
    return g_strdup_printf(
        "%s"
        "<title>%s</title>\n<style>\n%s</style></head>\n<body>\n"
        "<a class=\"skip\" href=\"#main\">To the report</a>\n"
        "<header><h1>%s</h1>\n<p class=\"score\">%s</p></header>\n"
        "<nav aria-labelledby=\"contents\"><h2 id=\"contents\">Contents</h2>\n<ul>\n%s</ul></nav>\n"
        "<main id=\"main\" tabindex=\"-1\">\n%s</main>\n"
        "<footer><p>Graded%s in %.0f s. Beside this file: <code>report.md</code>, the same as "
        "text, "
        "and "
        "<code>results.json</code>.</p></footer>\n</body></html>\n",
        report_html_head, title->str, report_html_style, title->str, score, contents->str,
        parts->str, kit->str, grade_seconds(grade));
}
