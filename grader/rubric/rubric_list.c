/* All checks of a rubric, for whoever looks for one; see rubric_select.h. */
#include "grader/rubric/rubric_select.h"
#include "grader/text/text.h"

#include <string.h>

static int widest_name(const struct rubric *rubric)
{
    size_t widest = 0;
    for (guint i = 0; i < rubric->checks->len; i++)
        widest = MAX(widest, strlen(RUBRIC_CHECKS(rubric, i)->name));
    return (int)widest;
}

static void append_tier(const struct rubric *rubric, int tier, GString *text)
{
    const struct rubric_tier *its = RUBRIC_TIERS(rubric, tier);
    g_autofree char *word = rubric_tier_word(rubric, tier);
    g_string_append_printf(text, "\n%s  (CHECK=%s; %.2f points%s)\n", its->name, word, its->points,
                           its->bonus ? " of bonus" : "");
}

void rubric_append_list(const struct rubric *rubric, GString *text)
{
    const int width = widest_name(rubric);
    int tier = -1;
    g_string_append_printf(text, "%s: %u checks, %.2f points", rubric->assignment,
                           rubric->checks->len, rubric_points(rubric));
    if (rubric_bonus_points(rubric) > 0)
        g_string_append_printf(text, ", and %.2f of bonus", rubric_bonus_points(rubric));
    g_string_append_c(text, '\n');
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        if (check->tier != tier)
            append_tier(rubric, check->tier, text);
        tier = check->tier;
        g_string_append_printf(text, "  %-*s %5.2f  %s%s%s%s%s\n", width, check->name,
                               check->points, check->title, check->question ? " (" : "",
                               check->question ? check->question : "", check->question ? ")" : "",
                               check->judge ? "" : " (a person reads it)");
    }
    g_string_append(
        text, "\nCHECK takes names with commas or blanks between them, and more than names: a "
              "tier as above, a\nquestion (Q1), a file (average.c: the checks about it), a "
              "part of names (order: all with that\nbetween underscores), a pattern "
              "(\"*_order\"); several of these together, too.\n");
}
