/* The report for the terminal: its parts in their order. */
#include "grader/report/page.h"
#include "grader/report/report.h"
#include "grader/text/text.h"

#include <string.h>

#define NARROWEST 40

static const struct report_colours plain = {"",
                                            "",
                                            {[STATE_PASSED] = "",
                                             [STATE_FAILED] = "",
                                             [STATE_UNWRITTEN] = "",
                                             [STATE_NOT_JUDGED] = "",
                                             [STATE_FOR_A_PERSON] = ""}};
static const struct report_colours coloured = {"\033[1m",
                                               "\033[0m",
                                               {[STATE_PASSED] = "\033[32m",
                                                [STATE_FAILED] = "\033[31m",
                                                [STATE_UNWRITTEN] = "\033[90m",
                                                [STATE_NOT_JUDGED] = "\033[33m",
                                                [STATE_FOR_A_PERSON] = "\033[36m"}};

/* The words of a check's remark but for their numbers. A new string. */
static char *remark_without_numbers(const struct check_result *result)
{
    GString *words = g_string_new(NULL);
    for (const char *c = result->verdict->remark->str; *c; c++)
        if (!g_ascii_isdigit(*c) && *c != ',')
            g_string_append_c(words, *c);
    return g_string_free(words, FALSE);
}

/* What costs no points; what is the same about several checks, but for its numbers, is told once. */
static void say_remarks(struct report_page *page)
{
    const struct grade *grade = page->grade;
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < grade->results->len; i++) {
        const char *remark = GRADE_RESULTS(grade, i)->verdict->remark->str;
        g_autofree char *words = remark_without_numbers(GRADE_RESULTS(grade, i));
        if (!*remark || !g_hash_table_add(told, g_strdup(words)))
            continue;
        g_autoptr(GString) head = g_string_new(NULL);
        for (guint k = i; k < grade->results->len; k++) {
            g_autofree char *others = remark_without_numbers(GRADE_RESULTS(grade, k));
            if (strcmp(others, words) == 0)
                g_string_append_printf(head, "%s%s", head->len > 0 ? ", " : "",
                                       GRADE_RESULTS(grade, k)->check->name);
        }
        g_string_append(head, ": a remark that costs no points");
        g_string_append_c(page->text, '\n');
        report_page_head(page, head->str);
        report_page_markdown(page, remark, 0, true);
    }
}

static void say_notes(struct report_page *page)
{
    const GPtrArray *notes = page->grade->notes;
    for (guint i = 0; i < notes->len; i++) {
        g_string_append_c(page->text, '\n');
        report_page_markdown(page, notes->pdata[i], 0, true);
    }
}

static void say_score(struct report_page *page)
{
    const struct grade *grade = page->grade;
    g_autofree char *score = report_score(grade);
    g_autofree char *line =
        g_strdup_printf("%s: %s: %s (%.0f" REPORT_HELD_BLANK "s)", grade->rubric->assignment,
                        grade->collection->name, score, grade_seconds(grade));
    g_string_append_c(page->text, '\n');
    report_page_head(page, line);
}

static void say_next(struct report_page *page)
{
    g_autofree char *command = NULL, *next = report_next(page->grade, &command);
    g_autofree char *clean = text_clean(command, strlen(command), 4000);
    report_page_say(page, "Next: ", 6, next);
    g_string_append_printf(page->text, "\n    %s\n", clean);
}

/* In one piece, however long it is, so that it can be pasted. */
static void say_whole(struct report_page *page, const char *path)
{
    g_autofree char *clean = text_clean(path, strlen(path), 4000);
    g_string_append_printf(page->text, "\nThe whole report: %s\n", clean);
    if (page->grade->kit)
        g_string_append_printf(page->text, "Graded by the kit %s\n", page->grade->kit);
}

void report_terminal(const struct grade *grade, FILE *to, const struct report_screen *screen)
{
    struct report_page page = {.grade = grade,
                               .text = g_string_new(NULL),
                               .width = CLAMP(screen->width, NARROWEST, REPORT_WIDTH),
                               .colours = screen->colour ? &coloured : &plain};
    say_notes(&page);
    report_page_tiers(&page);
    report_page_causes(&page);
    report_page_warnings(&page);
    say_remarks(&page);
    if (screen->whole)
        say_whole(&page, screen->whole);
    say_score(&page);
    say_next(&page);
    fputs(page.text->str, to);
    g_string_free(page.text, TRUE);
}
