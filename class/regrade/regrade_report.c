/* What a regrade found; see regrade_report.h. */
#include "class/regrade/regrade_report.h"

#include "grader/text/text.h"

#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------------- */

char *regrade_summary(const struct regrade_comparison *comparison)
{
    if (comparison->verdicts == 0)
        return g_strdup(comparison->checks->len > 0 ? "no verdict differs, some of their words do"
                                                    : "no verdict differs");
    return g_strdup_printf("%u verdict%s", comparison->verdicts,
                           comparison->verdicts == 1 ? " differs" : "s differ");
}

/* "FAIL, 0.00 of 0.30, the sum was not divided: 1.5 instead of 0.5". A new string. */
static char *verdict_words(const struct graded_check *check)
{
    if (!check)
        return g_strdup("there is no such check");
    GString *words = g_string_new(check->state);
    g_string_append_printf(words, ", %.2f of %.2f", check->points, check->max_points);
    if (check->mistake)
        g_string_append_printf(words, " (%s)", check->mistake);
    g_string_append_printf(words, ": %s", check->seen);
    return g_string_free(words, FALSE);
}

/* Why they may differ: sentences, of char *, some of them the facts'. */
static GPtrArray *reasons(const struct regrade_comparison *comparison)
{
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; i < comparison->facts->len; i++) {
        const struct regrade_fact *fact = REGRADE_FACTS(comparison, i);
        if (fact->differs && fact->why)
            g_ptr_array_add(list, (gpointer)fact->why);
    }
    if (comparison->was_unfinished)
        g_ptr_array_add(list, (gpointer) "Then not all could be judged: that was the doing of the "
                                         "machine or of the kit, and cost nothing.");
    if (comparison->is_unfinished)
        g_ptr_array_add(list, (gpointer) "Now not all can be judged on this machine: mend that, as "
                                         "the report says, before you believe the difference.");
    if (list->len == 0 && comparison->verdicts > 0)
        g_ptr_array_add(list, (gpointer) "The inputs are the same: files, kit, secret and machine. "
                                         "That is a fault of the kit, or of a machine that was too "
                                         "busy: please report it, with both grades.");
    if (list->len == 0)
        g_ptr_array_add(list, (gpointer) "The inputs are the same, and so is what comes of them.");
    return list;
}

/* ---- Markdown ------------------------------------------------------------------------------------------------ */

static void append_cell(GString *markdown, const char *text)
{
    g_string_append(markdown, " ");
    text_append_plain(markdown, text);
    g_string_append(markdown, " |");
}

static void append_row(GString *markdown, const char *first, const char *then, const char *now)
{
    g_string_append_c(markdown, '|');
    append_cell(markdown, first);
    append_cell(markdown, then);
    append_cell(markdown, now);
    g_string_append_c(markdown, '\n');
}

static void append_checks(GString *markdown, const struct regrade_comparison *comparison,
                          bool verdicts, const char *title)
{
    bool any = false;
    for (guint i = 0; i < comparison->checks->len; i++) {
        const struct regrade_check *check = REGRADE_CHECKS(comparison, i);
        if (check->verdict_differs != verdicts)
            continue;
        if (!any)
            g_string_append_printf(
                markdown, "\n## %s\n\n| check | then | now |\n| --- | --- | --- |\n", title);
        any = true;
        g_autofree char *then = verdict_words(check->then), *now = verdict_words(check->now);
        append_row(markdown, check->name, then, now);
    }
}

char *regrade_markdown(const struct student *student, const struct graded *then,
                       const struct regrade_comparison *comparison, bool accepted)
{
    GString *markdown = g_string_new("# Regrade of ");
    g_autofree char *summary = regrade_summary(comparison);
    g_autoptr(GPtrArray) why = reasons(comparison);
    text_append_plain(markdown, student->id);
    g_string_append(markdown, ": ");
    text_append_plain(markdown, then->assignment);
    g_string_append_printf(markdown, "\n\nGraded once more: %s. %s\n\n", summary,
                           accepted ? "The new grade is in place of the old one."
                                    : "The old grade stands.");
    for (guint i = 0; i < why->len; i++)
        g_string_append_printf(markdown, "- %s\n", (const char *)why->pdata[i]);
    g_string_append(markdown, "\n| | then | now |\n| --- | --- | --- |\n");
    for (guint i = 0; i < comparison->facts->len; i++) {
        const struct regrade_fact *fact = REGRADE_FACTS(comparison, i);
        append_row(markdown, fact->name, fact->then, fact->now);
    }
    append_checks(markdown, comparison, true, "Verdicts that differ");
    append_checks(markdown, comparison, false, "The same verdict in other words");
    return g_string_free(markdown, FALSE);
}

/* ---- for a terminal -------------------------------------------------------------------------------------------- */

char *regrade_text(const struct student *student, const struct graded *then,
                   const struct regrade_comparison *comparison)
{
    GString *text = g_string_new(NULL);
    g_autofree char *summary = regrade_summary(comparison);
    g_autoptr(GPtrArray) why = reasons(comparison);
    g_string_append_printf(text, "%s, %s: %s\n", student->id, then->assignment, summary);
    for (guint i = 0; i < comparison->facts->len; i++) {
        const struct regrade_fact *fact = REGRADE_FACTS(comparison, i);
        if (fact->differs)
            g_string_append_printf(text, "  %-21s then %s\n  %-21s now  %s\n", fact->name,
                                   fact->then, "", fact->now);
        else
            g_string_append_printf(text, "  %-21s %s\n", fact->name, fact->then);
    }
    for (guint i = 0; i < comparison->checks->len; i++) {
        const struct regrade_check *check = REGRADE_CHECKS(comparison, i);
        g_autofree char *before = verdict_words(check->then), *after = verdict_words(check->now);
        g_string_append_printf(text, "%s %s:\n  then %s\n  now  %s\n",
                               check->verdict_differs ? "DIFFERS" : "in other words", check->name,
                               before, after);
    }
    for (guint i = 0; i < why->len; i++)
        text_append_wrapped(text, why->pdata[i], "", 96);
    return g_string_free(text, FALSE);
}
