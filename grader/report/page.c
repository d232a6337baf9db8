/* How the report for a terminal is written; see page.h. */
#include "grader/report/page.h"

#include "grader/text/text.h"

#include <string.h>

#define NARROW      72 /* columns: below that words do not stand beside a column of their own … */
#define MOST_BESIDE 5  /* … nor do they if they would take more lines there */

/* A blank that holds words together is one like any other once lines are broken. */
static void free_blanks(GString *wrapped)
{
    g_string_replace(wrapped, REPORT_HELD_BLANK, " ", 0);
}

static char *blanks(int columns)
{
    return g_strnfill((gsize)columns, ' ');
}

/* Without blanks at its end. */
static void end_line(GString *text)
{
    while (g_str_has_suffix(text->str, " "))
        g_string_truncate(text, text->len - 1);
    g_string_append_c(text, '\n');
}

void report_page_say(struct report_page *page, const char *first, int columns, const char *words)
{
    const bool is_long = g_utf8_strlen(words, -1) > MOST_BESIDE * (page->width - columns);
    const bool narrow = columns > 8 && (page->width < NARROW || is_long);
    g_autofree char *indent = blanks(narrow ? 6 : columns);
    g_autofree char *clean = text_clean(words, strlen(words), 4000);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    text_append_wrapped(wrapped, clean, indent, page->width);
    free_blanks(wrapped);
    const bool beside = !narrow && wrapped->len > 0;
    const bool is_blank = first[strspn(first, " ")] == '\0';
    if (beside)
        g_string_append(page->text, first);
    else if (!is_blank) {
        g_string_append(page->text, first);
        end_line(page->text);
    }
    /* (An empty line is not set in.) */
    const gsize set_in = MIN(strlen(indent), strspn(wrapped->str, " "));
    g_string_append(page->text, wrapped->str + (beside ? set_in : 0));
}

void report_page_head(struct report_page *page, const char *line)
{
    g_autofree char *clean = text_clean(line, strlen(line), 1000);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    text_append_wrapped(wrapped, clean, "", page->width);
    free_blanks(wrapped);
    if (wrapped->len > 0)
        g_string_truncate(wrapped, wrapped->len - 1);
    g_string_append_printf(page->text, "%s%s%s\n", page->colours->bold, wrapped->str,
                           page->colours->normal);
}

/* ---- Markdown ---------------------------------------------------------------------------------- */

static bool is_fence(const char *line)
{
    return g_str_has_prefix(line, "```");
}

/* How many lines a block of code takes, with its fences, if it is a command to paste; else 0. */
static int command_block(char **line)
{
    int lines = 1;
    if (g_str_has_prefix(*line, "    make "))
        return 1;
    if (!is_fence(*line))
        return 0;
    while (line[lines] && !is_fence(line[lines]))
        lines++;
    return g_str_has_prefix(line[1] ? line[1] : "", "make ") ? lines + (line[lines] != NULL) : 0;
}

/* Does a line only announce the command that comes after it? */
static bool announces_command(char **line)
{
    if (!g_str_has_suffix(*line, ":"))
        return false;
    line++;
    while (*line && **line == '\0')
        line++;
    return *line && command_block(line) > 0;
}

/* How many lines a table takes, if one of them is wider than a page; else 0. */
static int wide_table(char **line, int width)
{
    int lines = 0;
    bool is_wide = false;
    for (; line[lines] && line[lines][0] == '|'; lines++)
        is_wide |= g_utf8_strlen(line[lines], -1) > width;
    return is_wide ? lines : 0;
}

static void append_line(GString *text, const char *line, bool code)
{
    if (code)
        g_string_append(text, "    ");
    for (const char *c = line; *c; c++)
        if (code || *c != '\\' || !g_ascii_ispunct(c[1]))
            g_string_append_c(text, *c);
    g_string_append_c(text, '\n');
}

/* Without pictures, fences, tables that are too wide and a second empty line after another. */
static char *plain_lines(const char *markdown, bool commands, int width)
{
    g_auto(GStrv) lines = g_strsplit(markdown, "\n", -1);
    GString *text = g_string_new(NULL);
    bool code = false;
    for (char **line = lines; *line; line++) {
        const bool is_empty = **line == '\0';
        if (!commands && !code && announces_command(line))
            continue;
        const int command = commands || code ? 0 : command_block(line);
        const int skipped = command > 0 || code ? command : wide_table(line, width);
        if (skipped > 0) {
            line += skipped - 1;
            continue;
        }
        if (is_fence(*line))
            code = !code;
        else if (!g_str_has_prefix(*line, "![") &&
                 !(is_empty && (text->len == 0 || g_str_has_suffix(text->str, "\n\n"))))
            append_line(text, *line, code);
    }
    while (g_str_has_suffix(text->str, "\n\n"))
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

void report_page_markdown(struct report_page *page, const char *markdown, int most, bool commands)
{
    g_autofree char *plain = plain_lines(markdown, commands, page->width - 2);
    g_autofree char *clean = text_clean(plain, strlen(plain), 16 << 10);
    g_autoptr(GString) wrapped = g_string_new(NULL);
    text_append_wrapped(wrapped, clean, "  ", page->width);
    const char *end = wrapped->str;
    for (int lines = 0; *end && (most == 0 || lines < most); lines++)
        end += strcspn(end, "\n") + (strchr(end, '\n') != NULL);
    g_string_append_len(page->text, wrapped->str, end - wrapped->str);
    int left = 0;
    for (const char *c = end; *c; c++)
        left += *c == '\n';
    if (left > 0)
        g_string_append_printf(page->text, "  … and %d more line%s in the report\n", left,
                               left == 1 ? "" : "s");
}
