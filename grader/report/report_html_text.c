/*
 * Text in report.html: the Markdown rendered by cmark-gfm, which leaves out raw HTML and dangerous links.
 */
#include "grader/report/report_html.h"

#include "grader/text/text.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS (CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8)
#define SMALLEST                                                                                   \
    0.85 /* of its own size that a picture is shown in; a narrower page moves it sideways */

void report_html_text(GString *html, const char *text)
{
    g_autofree char *clean = text_clean(text, strlen(text), 64 << 10);
    g_autofree char *escaped = g_markup_escape_text(clean, -1);
    g_string_append(html, escaped);
}

/* ---- pictures ---------------------------------------------------------------------------------------- */

/* A picture's content, or NULL. Only names of files in the folder are followed. */
static char *read_picture(const char *folder, const char *name, const char **type, gsize *length)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *content = NULL;
    *type = g_str_has_suffix(name, ".svg")   ? "image/svg+xml"
            : g_str_has_suffix(name, ".png") ? "image/png"
                                             : NULL;
    if (!*type || strchr(name, '/') || !g_file_get_contents(path, &content, length, NULL))
        return NULL;
    return content;
}

/* The value of width="…" or height="…" in the first element <svg>; 0: there is none. */
static int svg_size(const char *svg, const char *which)
{
    const char *begin = strstr(svg, "<svg"), *end = begin ? strchr(begin, '>') : NULL;
    const char *found = begin ? strstr(begin, which) : NULL;
    return found && found < end ? (int)g_ascii_strtoll(found + strlen(which), NULL, 10) : 0;
}

/* The text of all nodes in a node. */
static char *plain_text(cmark_node *node)
{
    GString *text = g_string_new(NULL);
    for (cmark_node *child = cmark_node_first_child(node); child; child = cmark_node_next(child))
        if (cmark_node_get_literal(child))
            g_string_append(text, cmark_node_get_literal(child));
    return g_string_free(text, FALSE);
}

/* The element of a picture, or words in its place. */
static char *picture_html(cmark_node *image, const char *folder)
{
    const char *type;
    gsize length;
    g_autofree char *words = plain_text(image);
    GString *html = g_string_new(NULL);
    g_autofree char *content = read_picture(folder, cmark_node_get_url(image), &type, &length);
    if (!content) {
        g_string_append(html, "<em>[picture: ");
        report_html_text(html, words);
        g_string_append(html, "]</em>");
        return g_string_free(html, FALSE);
    }
    const int width = svg_size(content, " width=\""), height = svg_size(content, " height=\"");
    g_autofree char *base64 = g_base64_encode((const guchar *)content, length);
    g_string_append(html, "<img alt=\"");
    report_html_text(html, words);
    g_string_append_c(html, '"');
    if (width > 0 && height > 0)
        g_string_append_printf(html, " width=\"%d\" height=\"%d\" style=\"min-width:%dpx\"", width,
                               height, (int)(SMALLEST * width));
    g_string_append_printf(html, " src=\"data:%s;base64,%s\">", type, base64);
    return g_string_free(html, FALSE);
}

/* ---- nodes ---------------------------------------------------------------------------------------------- */

/* Puts a node that is written as it is, in safe mode, too, in the place of another, which is freed. */
static void replace_node(cmark_node *node, cmark_node_type type, const char *html)
{
    cmark_node *custom = cmark_node_new(type);
    cmark_node_set_on_enter(custom, html);
    cmark_node_replace(node, custom);
    cmark_node_free(node);
}

static void replace_image(cmark_node *image, const char *folder)
{
    cmark_node *parent = cmark_node_parent(image);
    g_autofree char *html = picture_html(image, folder);
    if (cmark_node_get_type(parent) != CMARK_NODE_PARAGRAPH || cmark_node_previous(image) ||
        cmark_node_next(image)) {
        replace_node(image, CMARK_NODE_CUSTOM_INLINE, html);
        return;
    }
    g_autofree char *figure =
        g_strdup_printf("<figure tabindex=\"0\">%s</figure>", html); /* it may be moved sideways */
    replace_node(parent, CMARK_NODE_CUSTOM_BLOCK, figure);
}

/* Do its lines have columns, which wrapping would take apart? */
static bool has_columns(const char *code)
{
    bool any = false;
    for (const char *c = code; (c = strstr(c, "  ")); c += strspn(c, " "))
        any = any || (c > code && c[-1] != '\n');
    return any && strchr(code, '\n') != strrchr(code, '\n');
}

static void replace_code(cmark_node *block)
{
    const char *code = cmark_node_get_literal(block);
    GString *html = g_string_new(has_columns(code) ? "<pre class=\"columns\" tabindex=\"0\"><code>"
                                                   : "<pre><code>");
    report_html_text(html, code);
    g_string_append(html, "</code></pre>");
    replace_node(block, CMARK_NODE_CUSTOM_BLOCK, html->str);
    g_string_free(html, TRUE);
}

static void wrap_table(cmark_node *table)
{
    cmark_node *box = cmark_node_new(CMARK_NODE_CUSTOM_BLOCK);
    cmark_node_set_on_enter(box, "<div class=\"wide\" tabindex=\"0\">");
    cmark_node_set_on_exit(box, "</div>");
    cmark_node_insert_before(table, box);
    cmark_node_append_child(box, table);
}

/* All nodes of one type, in their order. */
static GPtrArray *nodes_of(cmark_node *document, const char *type)
{
    GPtrArray *nodes = g_ptr_array_new();
    cmark_iter *iterator = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE)
        if (event == CMARK_EVENT_ENTER &&
            strcmp(cmark_node_get_type_string(cmark_iter_get_node(iterator)), type) == 0)
            g_ptr_array_add(nodes, cmark_iter_get_node(iterator));
    cmark_iter_free(iterator);
    return nodes;
}

/* The highest becomes one of this level, and those below it follow. */
static void shift_headings(cmark_node *document, int level)
{
    g_autoptr(GPtrArray) headings = nodes_of(document, "heading");
    int highest = 6;
    for (guint i = 0; i < headings->len; i++)
        highest = MIN(highest, cmark_node_get_heading_level(headings->pdata[i]));
    for (guint i = 0; i < headings->len; i++) {
        int own = cmark_node_get_heading_level(headings->pdata[i]);
        cmark_node_set_heading_level(headings->pdata[i], MIN(own - highest + level, 6));
    }
}

static void prepare(cmark_node *document, const char *folder, int heading)
{
    shift_headings(document, heading);
    g_autoptr(GPtrArray) tables = nodes_of(document, "table");
    for (guint i = 0; i < tables->len; i++)
        wrap_table(tables->pdata[i]);
    g_autoptr(GPtrArray) code = nodes_of(document, "code_block");
    for (guint i = 0; i < code->len; i++)
        replace_code(code->pdata[i]);
    g_autoptr(GPtrArray) images = nodes_of(document, "image");
    /* from the last to the first, so that one inside another goes first */
    for (guint i = images->len; i-- > 0;)
        replace_image(images->pdata[i], folder);
}

static cmark_parser *parsed(const char *markdown, cmark_node **document)
{
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(OPTIONS);
    cmark_syntax_extension *table = cmark_find_syntax_extension("table");
    if (table)
        cmark_parser_attach_syntax_extension(parser, table);
    cmark_parser_feed(parser, markdown, strlen(markdown));
    *document = cmark_parser_finish(parser);
    return parser;
}

void report_html_markdown(GString *html, const char *markdown, const char *folder, int heading)
{
    cmark_node *document;
    cmark_parser *parser = parsed(markdown, &document);
    prepare(document, folder, heading);
    char *body = cmark_render_html(document, OPTIONS, cmark_parser_get_syntax_extensions(parser));
    g_autoptr(GString) text = g_string_new(body);
    /* in text there is no <, so these are the renderer's own */
    g_string_replace(text, "<th></th>", "<td></td>", 0);
    g_string_replace(text, "<th>", "<th scope=\"col\">", 0);
    g_string_replace(text, "<th align", "<th scope=\"col\" align", 0);
    g_string_append(html, text->str);
    free(body);
    cmark_node_free(document);
    cmark_parser_free(parser);
}

void report_html_line(GString *html, const char *markdown)
{
    g_autoptr(GString) block = g_string_new(NULL);
    report_html_markdown(block, markdown, "", 4);
    const gsize begin = strlen("<p>"), end = strlen("</p>\n");
    if (g_str_has_prefix(block->str, "<p>") && g_str_has_suffix(block->str, "</p>\n") &&
        !strstr(block->str + begin, "<p>"))
        g_string_append_len(html, block->str + begin, (gssize)(block->len - begin - end));
    else
        g_string_append(html, block->str);
}
