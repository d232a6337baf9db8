/* A pair side by side: each file with its lines, pieces that both have in one colour and with a link to the other side. */
#include "class/similarity/comparison.h"
#include "grader/report/report_html.h"
#include "grader/text/text.h"

#include <string.h>

enum { COLOURS = 4 };

/* What is in a line of a file. */
struct line {
    int piece;      /* number of the region that has most of its tokens, from 0; -1: none */
    guint in_piece; /* tokens of it */
    bool begins;    /* the piece's first line */
    bool of_all;    /* it has tokens, and none is the program's own */
};

static void add_plain(GString *name, const char *id)
{
    for (; *id; id++)
        g_string_append_c(name, g_ascii_isalnum(*id) || *id == '.' || *id == '_' ? *id : '-');
}

/* IDs of a class are plain; paths of earlier programs may be anything, so a part of their sum tells them apart. */
char *similarity_page_name(const struct pair *pair)
{
    GString *name = g_string_new(NULL);
    add_plain(name, pair->source[0]->id);
    g_string_append_c(name, '-');
    if (pair->source[1]->earlier) {
        g_autofree char *sum =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, pair->source[1]->id, -1);
        g_autofree char *most = g_strndup(pair->source[1]->id, 100);
        add_plain(name, most);
        g_string_append_printf(name, "-%.8s", sum);
    } else {
        add_plain(name, pair->source[1]->id);
    }
    g_string_append(name, ".html");
    return g_string_free(name, FALSE);
}

/* ---- lines -------------------------------------------------------------------------------------- */

static guint count_lines(const struct source_file *file)
{
    guint lines = 1;
    for (gsize i = 0; i < file->length; i++)
        lines += file->text[i] == '\n';
    return lines;
}

/* [line - 1] of one file. */
static struct line *lines_of(const struct pair *pair, int side, int file, guint count)
{
    const struct source *source = pair->source[side];
    struct line *lines = g_new0(struct line, count + 1);
    for (guint i = 0; i < count; i++)
        lines[i].piece = -1;
    for (guint i = 0; i < source->tokens->len; i++) {
        const struct token *token = &TOKEN(source->tokens, i);
        if (token->file != file || token->line < 1 || (guint)token->line > count)
            continue;
        struct line *line = &lines[token->line - 1];
        line->of_all = !source->own[i] && (line->of_all || line->in_piece == 0);
        line->in_piece += source->own[i];
    }
    for (guint i = 0; i < count; i++)
        lines[i].in_piece = 0;
    for (guint r = 0; r < pair->regions->len; r++) {
        const struct region *region = &REGION(pair, r);
        for (guint i = 0; i < region->length;) {
            const struct token *token = &TOKEN(source->tokens, region->begin[side] + i);
            guint next = i;
            while (next < region->length &&
                   TOKEN(source->tokens, region->begin[side] + next).line == token->line)
                next++;
            if (token->file == file && (guint)token->line <= count &&
                next - i > lines[token->line - 1].in_piece) {
                lines[token->line - 1].piece = (int)r;
                lines[token->line - 1].in_piece = next - i;
            }
            i = next;
        }
    }
    for (guint i = 0; i < count; i++)
        lines[i].begins = lines[i].piece >= 0 && (i == 0 || lines[i - 1].piece != lines[i].piece);
    return lines;
}

/* The first line of each piece has the name of the piece, so that the other side can link to it. */
static void add_line(const struct line *line, int side, guint number, const char *text, bool *named,
                     GString *html)
{
    g_string_append(html, "<span");
    if (line->piece >= 0) {
        g_string_append_printf(html, " class=\"piece%d\"", line->piece % COLOURS);
        if (!named[line->piece])
            g_string_append_printf(html, " id=\"%c%d\"", side == 0 ? 'l' : 'r', line->piece + 1);
    } else if (line->of_all) {
        g_string_append(html, " class=\"of-all\"");
    }
    g_string_append_c(html, '>');
    if (line->begins)
        g_string_append_printf(
            html, "<a href=\"#%c%d\" aria-label=\"piece %d on the other side\">%d</a>",
            side == 0 ? 'r' : 'l', line->piece + 1, line->piece + 1, line->piece + 1);
    if (line->piece >= 0)
        named[line->piece] = true;
    g_string_append_printf(html, "<i>%u</i>", number);
    report_html_text(html, text);
    g_string_append(html, "</span>");
}

static void add_file(const struct pair *pair, int side, int number, bool *named, GString *html)
{
    const struct source_file *file = SOURCE_FILE(pair->source[side], number);
    const guint count = count_lines(file);
    g_autofree struct line *lines = lines_of(pair, side, number, count);
    bool any = false;
    for (guint i = 0; i < count; i++)
        any |= lines[i].piece >= 0;
    g_string_append_printf(html, "<details%s><summary>", any ? " open" : "");
    report_html_text(html, file->name);
    if (!any)
        g_string_append(html, pair->same_program ? ": the same, as much of the class has it"
                                                 : ": nothing in common");
    g_string_append(html, "</summary>\n<pre class=\"lines\">");
    const char *at = file->text, *end = file->text + file->length;
    for (guint i = 0; i < count && at <= end; i++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        const gsize length = (gsize)((next ? next : end) - at);
        g_autofree char *clean = text_clean(at, length, TEXT_MOST_BYTES);
        add_line(&lines[i], side, i + 1, clean, named, html);
        at = next ? next + 1 : end + 1;
    }
    g_string_append(html, "</pre></details>\n");
}

static void add_side(const struct pair *pair, int side, GString *html)
{
    const struct source *source = pair->source[side];
    g_autofree bool *named = g_new0(bool, pair->regions->len + 1);
    g_string_append(html, "<section><h2>");
    report_html_text(html, source->id);
    g_string_append(html, source->earlier ? " (earlier)</h2>\n<p>" : "</h2>\n<p>");
    report_html_text(html, source->name);
    g_string_append_printf(html, " %u of %u own tokens are in pieces that both have.</p>\n",
                           pair->shared[side], source->own_tokens);
    for (guint i = 0; i < source->files->len; i++)
        add_file(pair, side, (int)i, named, html);
    g_string_append(html, "</section>\n");
}

char *similarity_page_of(const struct comparison *comparison, const struct pair *pair)
{
    GString *html = g_string_new(NULL);
    g_autofree char *title = g_strdup_printf("%s and %s", pair->source[0]->id, pair->source[1]->id);
    similarity_page_begin(html, title);
    g_string_append(html, "<body class=\"wide-page\"><main>\n<h1>");
    report_html_text(html, title);
    if (pair->same_program)
        g_string_append(html, "</h1>\n<p class=\"score\">The same program but for names, comments "
                              "and layout</p>\n");
    else
        g_string_append_printf(html,
                               "</h1>\n<p class=\"score\">%.0f%% of the smaller program</p>\n",
                               100 * pair->share);
    g_string_append_printf(html,
                           "<p><a href=\"../index.html\">All pairs</a>. "
                           "This is no verdict: half of all pairs of this class share at most "
                           "%.0f%%, and 99 of 100 at most %.0f%%. "
                           "A number at the right of a line links to the same piece on the other "
                           "side; lines in grey were handed out, "
                           "or much of the class has them.</p>\n<div class=\"code\">\n",
                           100 * comparison->half, 100 * comparison->most);
    add_side(pair, 0, html);
    add_side(pair, 1, html);
    g_string_append(html, "</div>\n");
    similarity_page_end(html);
    return g_string_free(html, FALSE);
}
