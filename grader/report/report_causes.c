/* What the reports say about causes. */
#include "grader/grade/causes.h"
#include "grader/report/report.h"
#include "grader/text/text.h"

#include <string.h>

static const struct cause *cause_at(const struct grade *grade, int number)
{
    return number > 0 ? grade->causes->pdata[number - 1] : NULL;
}

char *report_seen(const struct grade *grade, const struct check_result *result)
{
    int number = cause_number(grade, result);
    const struct cause *cause = cause_at(grade, number);
    const char *headline = result->verdict->headline->str;
    if (!cause)
        return g_strdup(headline);
    switch (cause_relation(cause, result)) {
    case CAUSE_TOLD:
        return g_strdup_printf("cause %d", number);
    case CAUSE_SAME:
        return g_strdup_printf("cause %d, as in %s", number, cause->told->check->name);
    case CAUSE_FOLLOWS:
        return g_strdup_printf("follows from cause %d", number);
    case CAUSE_SECOND:
        return g_strdup_printf("mend cause %d first", number);
    case CAUSE_NEEDS:
        break;
    }
    return g_strdup_printf("%s (cause %d)", headline, number);
}

bool report_is_told_elsewhere(const struct grade *grade, const struct check_result *result)
{
    const struct cause *cause = cause_at(grade, cause_number(grade, result));
    return cause && cause_relation(cause, result) != CAUSE_TOLD;
}

static bool are_there(const struct grade *grade)
{
    return grade->causes && grade->causes->len > 0;
}

char *report_cause_wrong(const struct cause *cause)
{
    const struct verdict *verdict = cause->told->verdict;
    return g_strdup_printf("%s%s%s", verdict->mistake->str, verdict->mistake->len > 0 ? ": " : "",
                           verdict->headline->str);
}

char *report_cause_explains(const struct cause *cause, const char *quote)
{
    GString *text = g_string_new("This explains ");
    for (guint i = 0; i < cause->of->len; i++) {
        const struct check_result *result = cause->of->pdata[i];
        const char *between = i == 0 ? "" : i + 1 == cause->of->len ? " and " : ", ";
        g_string_append_printf(text, "%s%s%s%s", between, quote, result->check->name, quote);
    }
    g_string_append_printf(text, " (%.2f points).", cause->points);
    return g_string_free(text, FALSE);
}

char *report_cause_look(const struct cause *cause)
{
    const char *look = cause_look(cause->told);
    return look
               ? g_strdup_printf("Look at this: %s%s", look, g_str_has_suffix(look, "?") ? "" : ".")
               : g_strdup("");
}

void report_causes(GString *markdown, const struct grade *grade)
{
    if (!are_there(grade))
        return;
    g_string_append(markdown, "What to mend, the surest first:\n\n");
    for (guint i = 0; i < grade->causes->len; i++) {
        const struct cause *cause = grade->causes->pdata[i];
        g_autofree char *wrong = report_cause_wrong(cause), *look = report_cause_look(cause);
        g_autofree char *explains = report_cause_explains(cause, "`");
        g_autofree char *error = report_first_error(cause->told->verdict->explanation->str);
        g_string_append_printf(markdown, "%u. **", i + 1);
        text_append_plain(markdown, wrong);
        g_string_append(markdown, error ? "**: " : "**. ");
        text_append_plain(markdown, error ? error : "");
        g_string_append_printf(markdown, "%s%s ", error ? ". " : "", explains);
        text_append_plain(markdown, look);
        g_string_append(markdown, "\n");
    }
}

char *report_first_error(const char *explanation)
{
    g_autoptr(GRegex) error = g_regex_new("^[^\\s:]+:\\d+:(\\d+:)? (fatal )?error: .*$",
                                          G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    return g_regex_match(error, explanation, 0, &match) ? g_match_info_fetch(match, 0) : NULL;
}
