/* The hand-out's table of a rubric. */
#include "grader/rubric/rubric.h"
#include "grader/text/text.h"

static void add_check(const struct rubric_check *check, const char *tier, GString *markdown)
{
    g_string_append(markdown, "| ");
    text_append_plain(markdown, tier);
    g_string_append_printf(markdown, " | `%s` | ", check->name);
    text_append_plain(markdown, check->title);
    g_string_append_printf(markdown, " | %.2f |\n", check->points);
}

void rubric_append_table(const struct rubric *rubric, GString *markdown)
{
    int tier = -1;
    g_string_append(markdown, "| tier | check | what must hold | points |\n"
                              "| --- | --- | --- | --- |\n");
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        add_check(check, check->tier == tier ? "" : RUBRIC_TIERS(rubric, check->tier)->name,
                  markdown);
        tier = check->tier;
    }
}
