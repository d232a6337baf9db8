/* The whole page: landmarks, contents, and the policy that lets its one script run and nothing else. */
#include "class/page/page.h"
#include "class/page/page_parts.h"
#include "grader/report/report_html.h"

/* SHA-256 of the script in base64, as a policy names it. */
static char *script_hash(void)
{
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)page_script, -1);
    g_checksum_get_digest(checksum, digest, &length);
    return g_base64_encode(digest, length);
}

static void begin_section(GString *html, GString *contents, const char *id, const char *title)
{
    g_string_append_printf(html, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n", id, id,
                           title);
    g_string_append_printf(contents, "<li><a href=\"#%s\">%s</a></li>\n", id, title);
}

static void append_assignment(GString *html, GString *contents, const struct gathered *gathered,
                              guint assignment)
{
    g_autofree char *id = g_strdup_printf("a%u", assignment + 1);
    g_autoptr(GString) title = g_string_new(NULL);
    page_text(title, gathered->class->assignments->pdata[assignment]);
    begin_section(html, contents, id, title->str);
    page_distribution(html, gathered, assignment);
    page_checks(html, gathered, assignment);
    page_unexplained(html, gathered, assignment);
    page_evidence(html, gathered, assignment);
    page_not_judged(html, gathered, assignment);
    page_slowest(html, gathered, assignment);
    g_string_append(html, "</section>\n");
}

static void append_parts(GString *html, GString *contents, const struct gathered *gathered)
{
    g_autoptr(GString) handing_in = g_string_new(NULL);
    begin_section(html, contents, "overview", "Overview");
    page_overview(html, gathered);
    g_string_append(html, "</section>\n");
    for (guint i = 0; i < gathered->class->assignments->len; i++)
        append_assignment(html, contents, gathered, i);
    page_handing_in(handing_in, gathered);
    if (handing_in->len > 0) {
        begin_section(html, contents, "handing-in", "Handing in");
        g_string_append_printf(html, "%s</section>\n", handing_in->str);
    }
    begin_section(html, contents, "students", "Students");
    page_students(html, gathered);
    g_string_append(html, "</section>\n");
}

char *page_html(const struct gathered *gathered)
{
    g_autoptr(GString) parts = g_string_new(NULL), contents = g_string_new(NULL),
                       title = g_string_new(NULL), kit = g_string_new(NULL);
    g_autofree char *hash = script_hash(), *now = class_now();
    append_parts(parts, contents, gathered);
    page_text(title, *gathered->class->title ? gathered->class->title : "The class");
    page_text(kit, gathered->class->kit ? gathered->class->kit : "not known");
    return g_strconcat(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'; "
        "script-src 'sha256-",
        hash, "'\">\n<title>", title->str, "</title>\n<style>\n", report_html_style, page_style,
        "</style></head>\n<body>\n<a class=\"skip\" href=\"#main\">To the page</a>\n<header><h1>",
        title->str,
        "</h1></header>\n<nav aria-labelledby=\"contents\"><h2 "
        "id=\"contents\">Contents</h2>\n<ul>\n",
        contents->str, "</ul></nav>\n<main id=\"main\" tabindex=\"-1\">\n", parts->str,
        "</main>\n<footer><p>Made at ", now, " of what kit ", kit->str,
        " took in. <strong>Not for students:</strong> it names everybody.</p></footer>\n<script>",
        page_script, "</script>\n</body></html>\n", NULL);
}
