/* The report as Markdown. */
#include "grader/report/commands.h"
#include "grader/report/report.h"

#include "grader/grade/grade_state.h"
#include "grader/report/report_todos.h"
#include "grader/text/text.h"

#include <string.h>

/* What was seen, in the cell of a table. */
void report_cell(GString *markdown, const struct grade *grade, const GPtrArray *todos,
                 const struct check_result *result)
{
    const int todo = report_todo_number(todos, result);
    g_autofree char *seen = report_seen(grade, result);
    if (todo > 0)
        g_string_append_printf(markdown, "waits for [TODO %d](#todo-%d)", todo, todo);
    else
        text_append_plain(markdown, seen);
    g_autofree char *instead = report_instead(grade, result, "`");
    g_string_append_printf(markdown, "%s%s", instead ? "; " : "", instead ? instead : "");
}

static int checks_of(const struct grade *grade, int tier)
{
    int count = 0;
    for (guint i = 0; i < grade->results->len; i++)
        count += GRADE_RESULTS(grade, i)->check->tier == tier;
    return count;
}

char *report_tier_in_one_line(const struct grade *grade, int tier)
{
    const int checks = checks_of(grade, tier);
    if (!RUBRIC_TIERS(grade->rubric, tier)->bonus || !report_tier_is_unwritten(grade, tier))
        return NULL;
    return checks == 1 ? g_strdup("Its one check is not yet written.")
                       : g_strdup_printf("None of its %d checks is written yet.", checks);
}

static void append_tier(GString *markdown, const struct grade *grade, const GPtrArray *todos,
                        int tier)
{
    struct points points = grade_points(grade, tier);
    if (grade->partial && points.all == 0)
        return;
    g_string_append(markdown, "\n## ");
    text_append_plain(markdown, RUBRIC_TIERS(grade->rubric, tier)->name);
    g_autofree char *worth = report_tier_points(grade, tier);
    g_string_append_printf(markdown, "\n\n%s\n\n", worth);
    g_autofree char *line = report_tier_in_one_line(grade, tier);
    if (line) {
        g_string_append_printf(markdown, "%s\n", line);
        return;
    }
    g_string_append(markdown, "| state | check | points | what was seen |\n|---|---|---|---|\n");
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier != tier || (grade->partial && !result->done))
            continue;
        g_string_append_printf(markdown, "| %s | ", grade_state_name(grade_state(result)));
        text_append_plain(markdown, result->check->title);
        g_autofree char *got = report_check_points(result);
        g_string_append_printf(markdown, " (`%s`) | %s | ", result->check->name, got);
        report_cell(markdown, grade, todos, result);
        g_string_append(markdown, " |\n");
    }
}

void report_todo(GString *markdown, const struct grade *grade, const struct report_todo *todo)
{
    const struct verdict *verdict = todo->told->verdict;
    g_autofree char *checks = report_todo_checks(todo);
    g_autofree char *command = report_command(grade, todo->told);
    g_string_append(markdown, "**");
    text_append_plain(markdown, verdict->headline->str);
    g_string_append_printf(markdown, "**\n\n%s\n\n%s for it: %s.\n", verdict->explanation->str,
                           todo->of->len == 1 ? "Waits" : "Wait", checks);
    g_string_append(markdown, "\nWhen it is written:\n\n");
    text_append_code_block(markdown, command);
}

static void append_todos(GString *markdown, const struct grade *grade, const GPtrArray *todos)
{
    if (todos->len > 0)
        g_string_append(markdown, "\n## Not yet written\n");
    for (guint i = 0; i < todos->len; i++) {
        g_string_append_printf(markdown, "\n### TODO %u\n\n", i + 1);
        report_todo(markdown, grade, todos->pdata[i]);
    }
}

bool report_has_details(const struct check_result *result)
{
    const char *instead = result->runs->len > 0 ? result->instead : NULL;
    const struct verdict *verdict = result->verdict;
    return (report_needs_details(result) && grade_state(result) != STATE_UNWRITTEN) ||
           verdict->pictures->len > 0 || verdict->remark->len > 0 || instead;
}

static void append_pictures(GString *markdown, const struct check_result *result)
{
    const struct verdict *verdict = result->verdict;
    for (guint i = 0; i < verdict->pictures->len; i++) {
        const char *words = verdict_picture_words(verdict, i);
        g_string_append(markdown, "\n![");
        text_append_plain(markdown, words ? words : result->check->title);
        if (!words) { /* what it shows is what was seen */
            g_string_append(markdown, ": ");
            text_append_plain(markdown, verdict->headline->str);
        }
        g_string_append_printf(markdown, "](<%s>)\n", (char *)verdict->pictures->pdata[i]);
    }
}

void report_check(GString *markdown, const struct grade *grade, const struct check_result *result)
{
    const struct verdict *verdict = result->verdict;
    const bool elsewhere = report_is_told_elsewhere(grade, result);
    if (!elsewhere) { /* else the details say it */
        g_string_append(markdown, "**");
        text_append_plain(markdown, verdict->headline->str);
        g_string_append(markdown, "**\n\n");
    }
    if (report_needs_details(result))
        report_details(markdown, grade, result);
    else if (verdict->pictures->len > 0) /* the figures that belong to the picture */
        g_string_append_printf(markdown, "%s\n", verdict->explanation->str);
    if (result->runs->len > 0 && result->instead)
        g_string_append_printf(markdown, "\n%s\n", result->instead);
    if (verdict->remark->len > 0)
        g_string_append_printf(markdown, "\nA remark that costs no points here: %s\n",
                               verdict->remark->str);
    /* who waited for whom is shown where the cause is told */
    if (!elsewhere || report_all_runs_ended(result))
        append_pictures(markdown, result);
}

static void append_check(GString *markdown, const struct grade *grade,
                         const struct check_result *result)
{
    g_string_append_printf(markdown, "\n### %s: ", grade_state_name(grade_state(result)));
    text_append_plain(markdown, result->check->title);
    g_string_append(markdown, "\n\n");
    report_check(markdown, grade, result);
}

/* Messages that say why a check failed stand there. */
bool report_shows_compiler(const struct grade *grade, const struct built_file *file)
{
    if (!file->messages)
        return false;
    g_autofree char *first = g_strndup(file->messages, strcspn(file->messages, "\n"));
    for (guint i = 0; *first && i < grade->results->len; i++)
        if (strstr(GRADE_RESULTS(grade, i)->verdict->explanation->str, first))
            return false;
    return true;
}

static void append_compiler(GString *markdown, const struct grade *grade)
{
    for (guint i = 0; i < grade->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(grade->build, i);
        if (!report_shows_compiler(grade, file))
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
void report_runs(GString *markdown, const struct grade *grade)
{
    g_string_append(markdown, "| check | ranks | end | seconds | seed |\n|---|---|---|---|---|\n");
    for (guint i = 0; grade->needed && i < grade->needed->len; i++) {
        const struct grade *needed = grade->needed->pdata[i];
        g_autofree char *of = g_strconcat(needed->rubric->assignment, "/", NULL);
        append_runs(markdown, needed, of);
    }
    append_runs(markdown, grade, "");
}

/* Points of each tier, in a table. */
static void append_overview(GString *markdown, const struct grade *grade)
{
    g_string_append(markdown, "\n| part | points |\n|---|---|\n");
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++) {
        g_autofree char *worth = report_tier_points(grade, (int)tier);
        if (grade->partial && grade_points(grade, (int)tier).all == 0)
            continue;
        g_string_append(markdown, "| ");
        text_append_plain(markdown, RUBRIC_TIERS(grade->rubric, tier)->name);
        g_string_append_printf(markdown, " | %s |\n", worth);
    }
}

static void append_summary(GString *markdown, const struct grade *grade)
{
    g_autofree char *score = report_score(grade), *next = report_next_markdown(grade);
    g_string_append_printf(markdown, "\n\n**%s**\n", score);
    append_overview(markdown, grade);
    if (*next)
        g_string_append_printf(markdown, "\n## What to do next\n\n%s", next);
    for (guint i = 0; i < grade->notes->len; i++)
        g_string_append_printf(markdown, "\n> %s\n", (char *)grade->notes->pdata[i]);
    g_autoptr(GString) causes = g_string_new(NULL);
    report_causes(causes, grade);
    if (causes->len > 0)
        g_string_append_printf(markdown, "\n## Causes\n\n%s", causes->str);
}

GString *report_markdown(const struct grade *grade)
{
    GString *markdown = g_string_new("# ");
    g_autoptr(GPtrArray) todos = report_todos(grade);
    g_string_append_printf(markdown, "%s: ", grade->rubric->assignment);
    text_append_plain(markdown, grade->collection->name);
    append_summary(markdown, grade);
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++)
        append_tier(markdown, grade, todos, (int)tier);
    append_todos(markdown, grade, todos);
    g_autoptr(GString) details = g_string_new(NULL);
    for (guint i = 0; i < grade->results->len; i++)
        if (report_has_details(GRADE_RESULTS(grade, i)))
            append_check(details, grade, GRADE_RESULTS(grade, i));
    append_compiler(details, grade);
    if (details->len > 0)
        g_string_append_printf(markdown, "\n## Details\n%s", details->str);
    g_string_append(markdown, "\n## Runs\n\n");
    report_runs(markdown, grade);
    if (grade->kit) {
        g_string_append(markdown, "\nGraded by the kit ");
        text_append_plain(markdown, grade->kit);
        g_string_append(markdown, ".\n");
    }
    return markdown;
}
