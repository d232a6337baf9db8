/* What the reports share: scores, the details of a check, and how it is repeated. */
#include "grader/report/report.h"

#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
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

char *report_check_points(const struct check_result *result)
{
    const enum grade_state state = grade_state(result);
    const bool open = state == STATE_NOT_JUDGED || state == STATE_FOR_A_PERSON;
    return open ? g_strdup_printf("- of %.2f", result->check->points)
                : g_strdup_printf("%.2f of %.2f", result->points, result->check->points);
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
    const enum grade_state state = grade_state(result);
    return result->done && result->check->judge &&
           (state == STATE_FAILED || state == STATE_NOT_JUDGED);
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

bool report_all_runs_ended(const struct check_result *result)
{
    return !run_to_repeat(result);
}

char *report_next_markdown(const struct grade *grade)
{
    g_autofree char *command = NULL, *sentence = report_next(grade, &command);
    GString *markdown = g_string_new(NULL);
    *sentence = g_ascii_toupper(*sentence);
    const bool fails = grade->causes && grade->causes->len > 0; /* then that comes first */
    if (grade->begin_here && !fails)
        g_string_append(markdown, grade->begin_here);
    else
        text_append_plain(markdown, sentence);
    g_string_replace(markdown, "the first cause", "[the first cause](#causes)", 1);
    g_string_replace(markdown, "this cause", "[this cause](#causes)", 1);
    g_string_append(markdown, "\n\n");
    if (command)
        text_append_code_block(markdown, command);
    return g_string_free(markdown, FALSE);
}

/* Does the explanation say how to repeat one of the runs? */
static bool says_command(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        if (strstr(result->verdict->explanation->str, run->command))
            return true;
    }
    return false;
}

static void append_commands(GString *markdown, const struct check_result *result)
{
    const struct run_summary *odd = run_to_repeat(result);
    if (result->runs->len == 0 || says_command(result))
        return; /* nothing to repeat, or the judge said it */
    const struct run_summary *first = &g_array_index(result->runs, struct run_summary, 0);
    g_string_append(markdown, "\nTo see it again:\n\n");
    text_append_code_block(markdown, (odd ? odd : first)->command);
    if (odd && *odd->output && odd->end != RUN_NOT_STARTED) {
        g_string_append(markdown, "\nThe last that it printed:\n\n");
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
