/* The list of pairs, as a page and as a table; see comparison.h. */
#include "class/similarity/comparison.h"
#include "class/students/cells.h"
#include "class/students/records.h"
#include "grader/report/report_html.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* On top of the style of reports. */
static const char own_style[] =
    ".code{display:grid;grid-template-columns:1fr 1fr;gap:1rem}\n"
    ".code>section{min-width:0}\n"
    "@media(max-width:50rem){.code{grid-template-columns:1fr}}\n"
    "body.wide-page{max-width:110rem}\n"
    "pre.lines{padding:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "pre.lines span{display:block;padding:0 .5rem}\n"
    "pre.lines i{display:inline-block;width:3.2em;color:var(--quiet);font-style:normal}\n"
    "pre.lines a{float:right;padding:0 .3rem}\n"
    ".piece0{background:var(--on-person)}.piece1{background:var(--on-pass)}"
    ".piece2{background:var(--on-open)}.piece3{background:var(--on-todo)}\n"
    ".of-all{color:var(--quiet)}\n"
    "td.number,th.number{text-align:right}\n";

void similarity_page_begin(GString *html, const char *title)
{
    g_string_append_printf(html, "%s<title>", report_html_head);
    report_html_text(html, title);
    g_string_append_printf(html, "</title>\n<style>%s%s</style></head>\n", report_html_style,
                           own_style);
}

void similarity_page_end(GString *html)
{
    g_string_append(html, "</main></body></html>\n");
}

/* ---- the list --------------------------------------------------------------------------------- */

static void say_what_it_is(const struct comparison *comparison, GString *html)
{
    g_string_append_printf(html,
                           "<p><strong>This is no verdict.</strong> It is a reason to look at both "
                           "programs, and to talk "
                           "(<code>make viva</code> makes questions for that). Right programs of "
                           "one small task look alike: "
                           "here half of all pairs share at most %.0f%%, and 99 of 100 at most "
                           "%.0f%%. Look at what stands out "
                           "of that; which of two was first, or whether both read the same book, "
                           "no program sees.</p>\n",
                           100 * comparison->half, 100 * comparison->most);
    g_string_append_printf(
        html,
        "<p>%u programs of the class and %u earlier ones. Compared is what remains without "
        "comments, blanks, "
        "names and numbers, and without what was handed out or what more than %.0f%% of the class "
        "(and more than "
        "%d) have: pieces of %d tokens in a row or more, wherever they stand. <em>Shared</em> is "
        "the part of the "
        "smaller program's own tokens that stand in such pieces.%s</p>\n",
        comparison->of_class, comparison->earlier, 100 * comparison->how.common,
        comparison->how.few, comparison->how.gram,
        comparison->second_opinion
            ? " <em>sim_c</em> is a second opinion by another program, which leaves nothing out."
            : " (Debian&#39;s similarity-tester is not here, so there is no second opinion.)");
}

static void add_name(const struct source *source, GString *html)
{
    report_html_text(html, source->id);
    if (source->earlier)
        g_string_append(html, " <small>(earlier)</small>");
    if (*source->name) {
        g_string_append(html, "<br><small>");
        report_html_text(html, source->name);
        g_string_append(html, "</small>");
    }
}

static void add_row(const struct pair *pair, guint number, GString *html)
{
    g_autofree char *page = similarity_page_name(pair);
    g_string_append_printf(html, "<tr><td class=\"number\"><a href=\"pairs/%s\">%u</a></td><td>",
                           page, number);
    add_name(pair->source[0], html);
    g_string_append(html, "</td><td>");
    add_name(pair->source[1], html);
    g_string_append_printf(
        html,
        "</td><td class=\"number\">%s%.0f%%</td><td class=\"number\">%u of %u and %u</td>"
        "<td class=\"number\">%u</td><td class=\"number\">",
        pair->same_program ? "<strong>same program</strong> " : "", 100 * pair->share,
        MAX(pair->shared[0], pair->shared[1]), pair->source[0]->own_tokens,
        pair->source[1]->own_tokens, pair->longest);
    if (pair->second_opinion >= 0)
        g_string_append_printf(html, "%d%%", pair->second_opinion);
    g_string_append(html, "</td></tr>\n");
}

static void add_left_out(const struct comparison *comparison, GString *html)
{
    g_autoptr(GString) items = g_string_new(NULL);
    for (guint i = 0; i < comparison->sources->len; i++) {
        const struct source *source = SOURCE(comparison->sources, i);
        for (guint j = 0; j < source->left_out->len; j++) {
            g_string_append(items, "<li>");
            report_html_text(items, source->id);
            g_string_append(items, ": ");
            report_html_text(items, source->left_out->pdata[j]);
            g_string_append(items, "</li>\n");
        }
    }
    if (items->len > 0)
        g_string_append_printf(html, "<h2>Not compared</h2>\n<ul>%s</ul>\n", items->str);
}

static char *list_of(const struct comparison *comparison)
{
    GString *html = g_string_new(NULL);
    g_autofree char *title =
        g_strdup_printf("Which programs look alike: %s%s%s", comparison->assignment,
                        *comparison->title ? ", " : "", comparison->title);
    similarity_page_begin(html, title);
    g_string_append(html, "<body><main>\n<h1>");
    report_html_text(html, title);
    g_string_append(html, "</h1>\n");
    say_what_it_is(comparison, html);
    if (comparison->shown == 0) {
        g_string_append(html,
                        "<p>No two programs have anything in common that is their own.</p>\n");
    } else {
        g_string_append(
            html,
            "<div class=\"wide\"><table><caption>Pairs, the most alike first</caption><thead><tr>"
            "<th class=\"number\">page</th><th>one</th><th>other</th><th "
            "class=\"number\">shared</th>"
            "<th class=\"number\">tokens</th><th class=\"number\">longest piece</th>"
            "<th class=\"number\">sim_c</th></tr></thead><tbody>\n");
        for (guint i = 0; i < comparison->shown; i++)
            add_row(PAIR(comparison->pairs, i), i + 1, html);
        g_string_append(
            html,
            "</tbody></table></div>\n<p>All pairs: <a href=\"pairs.csv\">pairs.csv</a>.</p>\n");
    }
    add_left_out(comparison, html);
    similarity_page_end(html);
    return g_string_free(html, FALSE);
}

/* ---- the table --------------------------------------------------------------------------------- */

static char *table_of(const struct comparison *comparison)
{
    static const char *const heads[] = {"first",     "second",     "kind",         "same_program",
                                        "share",     "estimate",   "first_shared", "second_shared",
                                        "first_own", "second_own", "longest",      "sim_c",
                                        NULL};
    GString *csv = g_string_new(NULL);
    for (guint i = 0; heads[i]; i++)
        cells_append(csv, heads[i]);
    cells_end_row(csv);
    for (guint i = 0; i < comparison->pairs->len; i++) {
        const struct pair *pair = PAIR(comparison->pairs, i);
        cells_append(csv, pair->source[0]->id);
        cells_append(csv, pair->source[1]->id);
        cells_append(csv, pair->source[1]->earlier ? "earlier" : "class");
        cells_append_number(csv, pair->same_program, 0);
        if (pair->regions)
            cells_append_number(csv, pair->share, 4);
        else
            cells_append(csv, "");
        cells_append_number(csv, pair->estimate, 4);
        cells_append_number(csv, pair->shared[0], 0);
        cells_append_number(csv, pair->shared[1], 0);
        cells_append_number(csv, pair->source[0]->own_tokens, 0);
        cells_append_number(csv, pair->source[1]->own_tokens, 0);
        cells_append_number(csv, pair->longest, 0);
        if (pair->second_opinion >= 0)
            cells_append_number(csv, pair->second_opinion, 0);
        else
            cells_append(csv, "");
        cells_end_row(csv);
    }
    return g_string_free(csv, FALSE);
}

/* ---- files --------------------------------------------------------------------------------------- */

/* Those of pairs that are none any more go. */
static void remove_pages(const char *folder)
{
    GDir *open_folder = g_dir_open(folder, 0, NULL);
    for (const char *name; open_folder && (name = g_dir_read_name(open_folder)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, ".html"))
            g_unlink(path);
    }
    if (open_folder)
        g_dir_close(open_folder);
}

static bool write_in(const char *folder, const char *name, char *text, GString *error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *owned = text;
    return record_write_text(path, owned, -1, error);
}

bool similarity_write(const struct comparison *comparison, const char *folder, GString *error)
{
    g_autofree char *pairs = g_build_filename(folder, "pairs", NULL);
    if (g_mkdir_with_parents(pairs, 0700) != 0) {
        g_string_append_printf(error, "%s: %s\n", pairs, g_strerror(errno));
        return false;
    }
    remove_pages(pairs);
    bool written = write_in(folder, "pairs.csv", table_of(comparison), error);
    for (guint i = 0; written && i < comparison->shown; i++) {
        g_autofree char *name = similarity_page_name(PAIR(comparison->pairs, i));
        written = write_in(pairs, name, similarity_page_of(comparison, PAIR(comparison->pairs, i)),
                           error);
    }
    return written && write_in(folder, "index.html", list_of(comparison), error);
}
