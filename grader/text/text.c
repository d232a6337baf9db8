/* Text that somebody else wrote, made safe to show. */
#include "grader/text/text.h"

#include <stdbool.h>
#include <string.h>

char *text_clean(const char *text, gsize length, gsize most)
{
    gsize skipped = length > most ? length - most : 0;
    char *valid = g_utf8_make_valid(text + skipped, (gssize)(length - skipped));
    GString *clean = g_string_new(NULL);
    if (skipped > 0)
        g_string_printf(clean, "[… %zu bytes before this are left out]\n", skipped);
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        if (letter == '\r') {
            if (c[1] != '\n')
                g_string_append_c(clean, '\n');
        } else if (letter == '\n' || letter == '\t') {
            g_string_append_c(clean, (char)letter);
        } else if (g_unichar_iscntrl(letter) || g_unichar_type(letter) == G_UNICODE_FORMAT) {
            g_string_append(clean, "\xef\xbf\xbd");
        } else {
            g_string_append_unichar(clean, letter);
        }
    }
    g_free(valid);
    return g_string_free(clean, FALSE);
}

#define MOST_NAME 200

char *text_clean_name(const char *name)
{
    char *clean = text_clean(name, strlen(name), G_MAXUINT32);
    const gsize length = strlen(clean), half = MOST_NAME / 2 - strlen("…");
    g_strdelimit(clean, "\n\t", ' ');
    if (length <= MOST_NAME)
        return clean;
    const char *begin_ends = g_utf8_find_prev_char(clean, clean + half + 1);
    const char *end_begins = g_utf8_find_next_char(clean + length - half - 1, NULL);
    char *shown = g_strdup_printf("%.*s…%s", (int)(begin_ends - clean), clean, end_begins);
    g_free(clean);
    return shown;
}

void text_append_plain(GString *markdown, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (g_ascii_iscntrl(*c))
            g_string_append(markdown, *c == '\n' || *c == '\t' ? " " : "\xef\xbf\xbd");
        else {
            if (strchr("\\`*_[]<>|~&", *c) || (c == text && strchr("#+-=!", *c)))
                g_string_append_c(markdown, '\\');
            g_string_append_c(markdown, *c);
        }
    }
}

/* The longest run of backticks in text. */
static int longest_backticks(const char *text)
{
    int longest = 0, here = 0;
    for (; *text; text++) {
        here = *text == '`' ? here + 1 : 0;
        longest = MAX(longest, here);
    }
    return longest;
}

static void append_repeated(GString *to, char letter, int times)
{
    for (int i = 0; i < times; i++)
        g_string_append_c(to, letter);
}

void text_append_code_in(GString *markdown, const char *language, const char *text)
{
    int fence = MAX(3, longest_backticks(text) + 1);
    if (markdown->len > 0 && markdown->str[markdown->len - 1] != '\n')
        g_string_append_c(markdown, '\n');
    append_repeated(markdown, '`', fence);
    g_string_append_printf(markdown, "%s\n%s%s", language, text,
                           g_str_has_suffix(text, "\n") ? "" : "\n");
    append_repeated(markdown, '`', fence);
    g_string_append(markdown, "\n");
}

void text_append_code_block(GString *markdown, const char *text)
{
    text_append_code_in(markdown, "", text);
}

void text_append_code(GString *markdown, const char *text)
{
    int fence = longest_backticks(text) + 1;
    append_repeated(markdown, '`', fence);
    if (text[0] == '`' || text[0] == '\0')
        g_string_append_c(markdown, ' ');
    for (const char *c = text; *c; c++)
        g_string_append_c(markdown, *c == '\n' ? ' ' : *c);
    if (g_str_has_suffix(text, "`"))
        g_string_append_c(markdown, ' ');
    append_repeated(markdown, '`', fence);
}

/* Where to break a line that is too long: behind the last space that fits, else where it ends. */
static gsize break_at(const char *line, gsize length, int width)
{
    gsize last_space = 0;
    int columns = 0;
    for (gsize i = 0; i < length; i++) {
        if (((unsigned char)line[i] & 0xC0) != 0x80) /* not a continuation byte */
            columns++;
        if (line[i] == ' ' && i > 0)
            last_space = i;
        if (columns > width && last_space > 0)
            return last_space;
    }
    return length;
}

void text_append_wrapped(GString *to, const char *text, const char *indent, int width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int room = MAX(20, width - (int)g_utf8_strlen(indent, -1));
    bool fenced = false;
    for (char **next = lines; *next; next++) {
        if (!next[1] && **next == '\0')
            break; /* what stands behind the last newline */
        bool fence = g_str_has_prefix(*next, "```");
        fenced = fence ? !fenced : fenced;
        const char *line = *next;
        gsize length = strlen(line);
        /* tables and code keep their lines */
        bool keep = fenced || fence || line[0] == '|' || line[0] == ' ';
        do {
            gsize part = keep ? length : break_at(line, length, room);
            g_string_append_printf(to, "%s%.*s\n", part > 0 ? indent : "", (int)part, line);
            line += part;
            length -= part;
            while (length > 0 && *line == ' ')
                line++, length--;
        } while (length > 0);
    }
}

int text_todo_line(const char *source)
{
    int line = 1;
    for (const char *c = source; *c; c++) {
        line += *c == '\n';
        if (strncmp(c, "todo(", 5) != 0)
            continue;
        if (c > source && (g_ascii_isalnum(c[-1]) || c[-1] == '_'))
            continue;
        const char *start = c;
        while (start > source && start[-1] != '\n')
            start--;
        g_autofree char *before = g_strndup(start, (gsize)(c - start));
        if (!strstr(before, "//") && !strstr(before, "/*") && !strchr(before, '"') &&
            !g_str_has_prefix(g_strchug(before), "*"))
            return line;
        c += strcspn(c, "\n") - 1; /* nor is the rest of the line */
    }
    return 0;
}

/* Would a terminal or a browser show every letter as what it is? */
static bool shows_all(const char *text)
{
    g_autofree char *clean = text_clean(text, strlen(text), G_MAXUINT32);
    return g_utf8_validate(text, -1, NULL) && !strpbrk(text, "\n\t") && strcmp(clean, text) == 0;
}

char *text_shell_word(const char *text)
{
    static const char harmless[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-";
    if (*text && strspn(text, harmless) == strlen(text))
        return g_strdup(text);
    if (shows_all(text))
        return g_shell_quote(text);
    GString *word = g_string_new("$'");
    for (const char *c = text; *c; c++)
        if (g_ascii_isprint(*c) && !strchr("'\\", *c))
            g_string_append_c(word, *c);
        else
            g_string_append_printf(word, "\\%03o", (unsigned)(unsigned char)*c);
    g_string_append_c(word, '\'');
    return g_string_free(word, FALSE);
}
