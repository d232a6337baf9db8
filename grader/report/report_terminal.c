/* The report for the terminal. */
#include "grader/report/report.h"

#include "grader/text/text.h"

#include <string.h>

#define WIDTH 96

struct style {
    const char *bold, *good, *bad, *open, *normal;
};

static const struct style plain = {"", "", "", "", ""};
static const struct style coloured = {"\033[1m", "\033[32m", "\033[31m", "\033[33m", "\033[0m"};

static const char *colour_of(const struct style *style, enum verdict_kind kind)
{
    return kind == VERDICT_PASS ? style->good : kind == VERDICT_FAIL ? style->bad : style->open;
}

static void print_check(const struct grade *grade, const struct check_result *result, FILE *to,
                        const struct style *style)
{
    const struct verdict *verdict = result->verdict;
    fprintf(to, "  %s%-10s%s %4.2f of %4.2f  %s\n", colour_of(style, verdict->kind),
            verdict_kind_name(verdict->kind), style->normal, result->points, result->check->points,
            result->check->title);
    g_autofree char *seen = report_seen(grade, result);
    g_autofree char *headline = text_clean(seen, strlen(seen), 1000);
    g_autofree char *line = g_strdup_printf("%s (CHECK=%s)", headline, result->check->name);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    if (verdict->kind != VERDICT_PASS)
        text_append_wrapped(wrapped, line, "                           ", WIDTH);
    g_autofree char *instead = report_instead(grade, result, "");
    if (instead)
        text_append_wrapped(wrapped, instead, "                           ", WIDTH);
    fputs(wrapped->str, to);
}

static void print_tier(const struct grade *grade, int tier, FILE *to, const struct style *style)
{
    struct points points = grade_points(grade, tier);
    if (grade->partial && points.all == 0)
        return;
    g_autofree char *worth = report_tier_points(grade, tier);
    fprintf(to, "\n%s%s%s  (%s)\n", style->bold, RUBRIC_TIERS(grade->rubric, tier)->name,
            style->normal, worth);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier == tier && (result->done || !grade->partial))
            print_check(grade, result, to, style);
    }
}

/* The Markdown as it is, without pictures and without the backslashes that only a renderer needs. */
static void print_markdown(const char *markdown, FILE *to)
{
    g_auto(GStrv) lines = g_strsplit(markdown, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    bool code = false;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "!["))
            continue;
        if (g_str_has_prefix(*line, "```")) {
            code = !code;
            continue;
        }
        if (code)
            g_string_append(text, "    ");
        for (const char *c = *line; *c; c++)
            if (code || *c != '\\' || !g_ascii_ispunct(c[1]))
                g_string_append_c(text, *c);
        g_string_append_c(text, '\n');
    }
    g_autofree char *clean = text_clean(text->str, text->len, 16 << 10);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    text_append_wrapped(wrapped, clean, "  ", WIDTH);
    fputs(wrapped->str, to);
}

/* Has it something to say that no other check says? */
static bool has_own_story(const struct grade *grade, const struct check_result *result)
{
    return report_needs_details(result) &&
           (result->runs->len > 0 || result->verdict->kind == VERDICT_FAIL || result->settled) &&
           !result->needs && !report_is_told_elsewhere(grade, result);
}

static void print_details(const struct grade *grade, FILE *to, const struct style *style)
{
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (!has_own_story(grade, result))
            continue;
        g_autofree char *headline =
            text_clean(result->verdict->headline->str, result->verdict->headline->len, 1000);
        fprintf(to, "\n%s%s: %s%s\n", style->bold, result->check->name, headline, style->normal);
        g_autoptr(GString) markdown = g_string_new(NULL);
        report_details(markdown, grade, result);
        print_markdown(markdown->str, to);
    }
}

/* What costs no points; the same words about several checks are told once. */
static void print_remarks(const struct grade *grade, FILE *to, const struct style *style)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < grade->results->len; i++) {
        const char *remark = GRADE_RESULTS(grade, i)->verdict->remark->str;
        if (!*remark || !g_hash_table_add(told, (char *)remark))
            continue;
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint k = i; k < grade->results->len; k++)
            if (strcmp(GRADE_RESULTS(grade, k)->verdict->remark->str, remark) == 0)
                g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                       GRADE_RESULTS(grade, k)->check->name);
        fprintf(to, "\n%s%s: a remark that costs no points%s\n", style->bold, names->str,
                style->normal);
        print_markdown(remark, to);
    }
}

void report_terminal(const struct grade *grade, FILE *to, bool colour)
{
    const struct style *style = colour ? &coloured : &plain;
    g_autofree char *score = report_score(grade);
    fprintf(to, "%s%s: %s: %s%s  (%.0f s)\n", style->bold, grade->rubric->assignment,
            grade->collection->name, score, style->normal, grade_seconds(grade));
    if (grade->begin_here) {
        fputc('\n', to);
        print_markdown(grade->begin_here, to);
    }
    for (guint i = 0; i < grade->notes->len; i++) {
        fputc('\n', to);
        print_markdown(grade->notes->pdata[i], to);
    }
    g_autoptr(GString) causes = g_string_new(NULL);
    report_causes_plain(causes, grade, WIDTH);
    fputs(causes->str, to);
    for (guint tier = 0; tier < grade->rubric->tiers->len; tier++)
        print_tier(grade, (int)tier, to, style);
    if (!grade->begin_here)
        print_details(grade, to, style);
    print_remarks(grade, to, style);
}
