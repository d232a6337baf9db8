/*
 * report.html: the Markdown rendered by cmark-gfm, which leaves out raw HTML and
 * dangerous links, in one file with a style sheet and the pictures inside.
 */
#include "grader/report/report.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

static const char style_sheet[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #ccc}"
    "h3{font-size:1rem;margin-top:1.5rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.25rem .6rem;border-bottom:1px solid #e0e0e0}"
    "pre{background:#f5f5f5;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-size:.85rem}"
    "code{background:#f5f5f5}blockquote{border-left:4px solid #d55e00;margin:1rem 0;"
    "padding:.1rem 1rem}img{max-width:100%;height:auto}"
    "body{overflow-wrap:break-word}"
    ".checks td:nth-child(1),.checks td:nth-child(3){white-space:nowrap}.checks "
    "th:nth-child(2){width:45%}.checks th:nth-child(4){width:35%}"
    ".pass{color:#1a7f37}.fail{color:#c1121f;font-weight:bold}"
    /* on a phone the cells of a check stand one below the other; other tables and pictures are moved
     * sideways */
    "@media(max-width:45rem){body{margin:1rem auto}ol,ul{padding-left:1.5rem}"
    "table,p:has(>img){display:block;overflow-x:auto}td{min-width:6rem}"
    "img{max-width:none;width:40rem}"
    ".checks tbody,.checks tr,.checks td{display:block}.checks thead{display:none}"
    ".checks tr{border-bottom:1px solid #e0e0e0;padding:.4rem 0}"
    ".checks td{border:0;padding:0}}";

/* A picture's file as a data URI, or NULL. Only names of files in the folder are followed. */
static char *data_uri(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *content = NULL;
    gsize length;
    const char *type = g_str_has_suffix(name, ".svg")   ? "image/svg+xml"
                       : g_str_has_suffix(name, ".png") ? "image/png"
                                                        : NULL;
    if (!type || strchr(name, '/') || !g_file_get_contents(path, &content, &length, NULL))
        return NULL;
    g_autofree char *base64 = g_base64_encode((const guchar *)content, length);
    return g_strdup_printf("data:%s;base64,%s", type, base64);
}

/* The text of all children of a node. */
static char *plain_text(cmark_node *node)
{
    GString *text = g_string_new(NULL);
    for (cmark_node *child = cmark_node_first_child(node); child; child = cmark_node_next(child))
        if (cmark_node_get_literal(child))
            g_string_append(text, cmark_node_get_literal(child));
    return g_string_free(text, FALSE);
}

/* Puts the picture itself in the place of its name, and words in the place of any other. */
static void replace_image(cmark_node *image, const char *folder)
{
    g_autofree char *uri = data_uri(folder, cmark_node_get_url(image));
    g_autofree char *text = plain_text(image);
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_autofree char *html = uri ? g_strdup_printf("<img alt=\"%s\" src=\"%s\">", escaped, uri)
                                : g_strdup_printf("<em>[picture: %s]</em>", escaped);
    /* the renderer writes a custom node's text as it is, in safe mode, too */
    cmark_node *custom = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
    cmark_node_set_on_enter(custom, html);
    cmark_node_replace(image, custom);
    cmark_node_free(image);
}

static void replace_images(cmark_node *document, const char *folder)
{
    GPtrArray *images = g_ptr_array_new();
    cmark_iter *iterator = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE)
        if (event == CMARK_EVENT_ENTER &&
            cmark_node_get_type(cmark_iter_get_node(iterator)) == CMARK_NODE_IMAGE)
            g_ptr_array_add(images, cmark_iter_get_node(iterator));
    cmark_iter_free(iterator);
    /* from the last to the first, so that one inside another goes first */
    for (guint i = images->len; i-- > 0;)
        replace_image(images->pdata[i], folder);
    g_ptr_array_free(images, TRUE);
}

/* A name for the tables of checks, and colours for the cells that hold a verdict and nothing else. */
static char *mark_checks(const char *body)
{
    static const char head[] = "\n<thead>\n<tr>\n<th></th>\n<th>check</th>";
    GString *text = g_string_new(body);
    g_autofree char *plain = g_strconcat("<table>", head, NULL);
    g_autofree char *named = g_strconcat("<table class=\"checks\">", head, NULL);
    g_string_replace(text, plain, named, 0);
    g_string_replace(text, "<td>PASS</td>", "<td class=\"pass\">PASS</td>", 0);
    g_string_replace(text, "<td>FAIL</td>", "<td class=\"fail\">FAIL</td>", 0);
    return g_string_free(text, FALSE);
}

char *report_html(const char *markdown, const char *folder, const char *title)
{
    cmark_gfm_core_extensions_ensure_registered();
    int options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;
    cmark_parser *parser = cmark_parser_new(options);
    cmark_syntax_extension *table = cmark_find_syntax_extension("table");
    if (table)
        cmark_parser_attach_syntax_extension(parser, table);
    cmark_parser_feed(parser, markdown, strlen(markdown));
    cmark_node *document = cmark_parser_finish(parser);
    replace_images(document, folder);
    char *body = cmark_render_html(document, options, cmark_parser_get_syntax_extensions(parser));
    g_autofree char *marked = mark_checks(body);
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    char *html = g_strdup_printf(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'\">"
        "<title>%s</title><style>%s</style></head>\n<body>\n%s</body></html>\n",
        escaped, style_sheet, marked);
    free(body);
    cmark_node_free(document);
    cmark_parser_free(parser);
    return html;
}
