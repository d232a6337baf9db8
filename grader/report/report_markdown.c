/* The report as Markdown, and what the reports share. */
#include "grader/report/report.h"

#include "grader/grade/causes.h"
#include "grader/text/text.h"

#include <string.h>

/* "0.30 of 1.00 points" or "0.30 of 0.80 judged points, 0.20 not yet judged". */
static void append_points(GString *text, struct points points, const char *unit)
{
    double open = points.all - points.judged;
    if (open < 0.005)
        g_string_append_printf(text, "%.2f of %.2f%s", points.got, points.all, unit);
    else
        g_string_append_printf(text, "%.2f of %.2f judged%s, %.2f not yet judged", points.got,
                               points.judged, unit, open);
}

char *report_score(const struct grade *grade)
{
    struct points points = grade_points(grade, POINTS_WITHOUT_BONUS);
    struct points bonus = grade_points(grade, POINTS_OF_BONUS);
    GString *text = g_string_new(NULL);
    if (points.all > 0 || bonus.all <= 0)
        append_points(text, points, " points");
    if (bonus.all > 0) {
        g_string_append(text, text->len > 0 ? ", and bonus " : "bonus ");
        append_points(text, bonus, "");
    }
    return g_string_free(text, FALSE);
}

char *report_tier_points(const struct grade *grade, int tier)
{
    struct points points = grade_points(grade, tier);
    const bool bonus = RUBRIC_TIERS(grade->rubric, tier)->bonus;
    GString *text = g_string_new(bonus ? "bonus " : NULL);
    append_points(text, points, bonus ? "" : " points");
    g_string_append(text, bonus ? ", on top" : "");
    return g_string_free(text, FALSE);
}

bool report_needs_details(const struct check_result *result)
{
    if (!result->done || !result->check->judge)
        return false;
    return result->verdict->kind != VERDICT_PASS;
}

/* The run to repeat: the first that did not finish, else the first. */
static const struct run_summary *run_to_repeat(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        if (run->end != RUN_FINISHED && run->end != RUN_REFUSED)
            return run;
    }
    return NULL;
}

static void append_commands(GString *markdown, const struct check_result *result)
{
    const struct run_summary *odd = run_to_repeat(result);
    if (result->runs->len == 0 || strstr(result->verdict->explanation->str, "make train ") ||
        strstr(result->verdict->explanation->str, "make simulate "))
        return; /* nothing to repeat, or the judge said it */
    g_string_append(markdown,
                    odd || result->runs->len == 1 ? "\nRepeat the run:\n" : "\nRepeat the runs:\n");
    g_autoptr(GString) commands = g_string_new(NULL);
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        if (!odd || odd == run)
            g_string_append_printf(commands, "%s\n", run->command);
    }
    text_append_code_block(markdown, commands->str);
    if (odd && *odd->output && odd->end != RUN_NOT_STARTED) {
        g_string_append(markdown, "\nThe last that it printed:\n");
        g_autofree char *end = text_clean(odd->output, strlen(odd->output), 1500);
        text_append_code_block(markdown, end);
    }
}

void report_details(GString *markdown, const struct grade *grade, const struct check_result *result)
{
    const struct verdict *verdict = result->verdict;
    if (report_is_told_elsewhere(grade, result)) {
        g_autofree char *seen = report_seen(grade, result);
        text_append_plain(markdown, seen);
        g_string_append(markdown, ". What this check saw: ");
        text_append_plain(markdown, verdict->headline->str);
        g_string_append_c(markdown, '\n');
        append_commands(markdown, result);
        return;
    }
    if (verdict->mistake->len > 0 && !strstr(verdict->explanation->str, verdict->mistake->str)) {
        g_string_append(markdown, "This fits a known mistake: ");
        text_append_plain(markdown, verdict->mistake->str);
        g_string_append(markdown, ".\n\n");
    }
    g_string_append(markdown, verdict->explanation->str);
    if (verdict->explanation->len > 0 && !g_str_has_suffix(verdict->explanation->str, "\n"))
        g_string_append_c(markdown, '\n');
    const char *look = cause_look(result); /* a known mistake's text says it already */
    if (look && verdict->kind == VERDICT_FAIL && !strstr(verdict->explanation->str, look)) {
        g_string_append(markdown, "\nLook at this next: ");
        text_append_plain(markdown, look);
        g_string_append_c(markdown, '\n');
    }
    append_commands(markdown, result);
}

char *report_instead(const struct grade *grade, const struct check_result *result,
                     const char *quote)
{
    if (!result->build || !result->instead || result->runs->len == 0)
        return NULL;
    GString *text = g_string_new("judged with the course's own files of ");
    const GPtrArray *course = build_course(result->build), *always = build_course(grade->build);
    for (guint i = 0, told = 0; i < course->len; i++)
        if (!g_ptr_array_find((GPtrArray *)always, course->pdata[i], NULL))
            g_string_append_printf(text, "%s%s%s%s", told++ == 0 ? "" : " and ", quote,
                                   (char *)course->pdata[i], quote);
    return g_string_free(text, FALSE);
}

/* ---- report.md --------------------------------------------------------------------------- */

static void append_tier(GString *markdown, const struct grade *grade, int tier)
{
    struct points points = grade_points(grade, tier);
    if (grade->partial && points.all == 0)
        return;
    g_string_append(markdown, "\n## ");
    text_append_plain(markdown, RUBRIC_TIERS(grade->rubric, tier)->name);
    g_autofree char *worth = report_tier_points(grade, tier);
    g_string_append_printf(markdown, "\n\n%s\n\n", worth);
    g_string_append(markdown, "| | check | points | what was seen |\n|---|---|---|---|\n");
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier != tier || (grade->partial && !result->done))
            continue;
        g_string_append_printf(markdown, "| %s | ", verdict_kind_name(result->verdict->kind));
        text_append_plain(markdown, result->check->title);
        g_string_append_printf(markdown, " (`%s`) | %.2f of %.2f | ", result->check->name,
                               result->points, result->check->points);
        g_autofree char *seen = report_seen(grade, result);
        text_append_plain(markdown, seen);
        g_autofree char *instead = report_instead(grade, result, "`");
        g_string_append_printf(markdown, "%s%s |\n", instead ? "; " : "", instead ? instead : "");
    }
}

static void append_pictures(GString *markdown, const struct check_result *result)
{
    for (guint i = 0; i < result->verdict->pictures->len; i++) {
        const char *picture = result->verdict->pictures->pdata[i];
        g_string_append(markdown, "\n![");
        text_append_plain(markdown, result->check->title);
        g_string_append_printf(markdown, "](<%s>)\n", picture);
    }
}

static void append_check(GString *markdown, const struct grade *grade,
                         const struct check_result *result)
{
    bool details = report_needs_details(result);
    const GString *remark = result->verdict->remark;
    const char *instead = result->runs->len > 0 ? result->instead : NULL;
    if (!details && result->verdict->pictures->len == 0 && remark->len == 0 && !instead)
        return;
    g_string_append_printf(markdown, "\n### %s: ", verdict_kind_name(result->verdict->kind));
    text_append_plain(markdown, result->check->title);
    g_string_append(markdown, "\n\n");
    if (!report_is_told_elsewhere(grade, result)) { /* else the details say it */
        g_string_append(markdown, "**");
        text_append_plain(markdown, result->verdict->headline->str);
        g_string_append(markdown, "**\n\n");
    }
    if (details)
        report_details(markdown, grade, result);
    else if (result->verdict->pictures->len > 0) /* the figures that belong to the picture */
        g_string_append_printf(markdown, "%s\n", result->verdict->explanation->str);
    if (instead)
        g_string_append_printf(markdown, "\n%s\n", instead);
    if (remark->len > 0)
        g_string_append_printf(markdown, "\nA remark that costs no points here: %s\n", remark->str);
    /* who waited for whom is shown where the cause is told */
    if (!report_is_told_elsewhere(grade, result) || !run_to_repeat(result))
        append_pictures(markdown, result);
}

static void append_compiler(GString *markdown, const struct grade *grade)
{
    for (guint i = 0; i < grade->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(grade->build, i);
        if (!file->messages)
            continue;
        g_string_append_printf(markdown, "\n### The compiler on `%s`%s\n\n",
                               file->collected->file->name, file->compiles ? " (warnings)" : "");
        text_append_code_block(markdown, file->messages);
    }
}

/* of: "", or "another/" for those of another assignment. */
static void append_runs(GString *markdown, const struct grade *grade, const char *of)
{
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        for (guint k = 0; k < result->runs->len; k++) {
            const struct run_summary *run = &g_array_index(result->runs, struct run_summary, k);
            g_string_append_printf(markdown,
                                   "| `%s%s` | %d | %s | %.1f | %" G_GUINT64_FORMAT " |\n", of,
                                   result->check->name, run->ranks, outcome_end_name(run->end),
                                   run->seconds, run->seed);
        }
    }
}

/* What was run to see what it needs of other assignments comes first, as it did. */
static void append_all_runs(GString *markdown, const struct grade *grade)
{
    g_string_append(markdown, "\n## Runs\n\n| check | ranks | end | seconds | seed |\n"
                              "|---|---|---|---|---|\n");
    for (guint i = 0; grade->needed && i < grade->needed->len; i++) {
        const struct grade *needed = grade->needed->pdata[i];
        g_autofree char *of = g_strconcat(needed->rubric->assignment, "/", NULL);
        append_runs(markdown, needed, of);
    }
    append_runs(markdown, grade, "");
}

GString *report_markdown(const struct grade *grade)
{
    GString *markdown = g_string_new("# ");
    g_autofree char *score = report_score(grade);
    g_string_append_printf(markdown, "%s: ", grade->rubric->assignment);
    text_append_plain(markdown, grade->collection->name);
    g_string_append_printf(markdown, "\n\n**%s**\n", score);
    if (grade->begin_here)
        g_string_append_printf(markdown, "\n%s\n", grade->begin_here);
    for (guint i = 0; i < grade->notes->len; i++)
        g_string_append_printf(markdown, "\n> %s\n", (char *)grade->notes->pdata[i]);
    g_autoptr(GString) causes = g_string_new(NULL);
    report_causes(causes, grade);
    if (causes->len > 0)
        g_string_append_printf(markdown, "\n## Causes\n\n%s", causes->str);
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++)
        append_tier(markdown, grade, (int)tier);
    g_autoptr(GString) details = g_string_new(NULL);
    for (guint i = 0; i < grade->results->len; i++)
        append_check(details, grade, GRADE_RESULTS(grade, i));
    append_compiler(details, grade);
    if (details->len > 0)
        g_string_append_printf(markdown, "\n## Details\n%s", details->str);
    append_all_runs(markdown, grade);
    return markdown;
}
