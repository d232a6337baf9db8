/* Failures that no known mistake explains; see page_parts.h. */
#include "class/page/clusters.h"
#include "class/page/page_parts.h"

#include <string.h>

#define MOST_CLUSTERS 60
#define MOST_LINES    60   /* of an example … */
#define MOST_BYTES    4000 /* … and bytes */

/* The beginning of the example's file. */
static void append_file(GString *html, const struct cluster *cluster)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    if (!cluster->file || !g_file_get_contents(cluster->file, &text, &length, NULL))
        return;
    gsize shown = 0;
    for (guint lines = 0; shown < length && shown < MOST_BYTES && lines < MOST_LINES; shown++)
        lines += text[shown] == '\n';
    g_autofree char *part = g_strndup(text, shown);
    g_autofree char *name = g_path_get_basename(cluster->file);
    g_string_append(html, "<p><code>");
    page_text(html, name);
    g_string_append_printf(html, "</code>%s</p>\n<pre><code>",
                           shown < length ? ", its beginning:" : ":");
    page_text(html, part);
    g_string_append(html, "</code></pre>\n");
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void append_explained(GString *html, const struct cluster *cluster)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name, count;
    g_hash_table_iter_init(&iter, cluster->explains);
    while (g_hash_table_iter_next(&iter, &name, &count))
        g_ptr_array_add(names, name);
    g_ptr_array_sort(names, by_name);
    g_string_append(html, "<p>What fails because of it: ");
    for (guint i = 0; i < names->len; i++) {
        g_string_append(html, i > 0 ? ", <code>" : "<code>");
        page_text(html, names->pdata[i]);
        g_string_append_printf(
            html, "</code> (%u)",
            GPOINTER_TO_UINT(g_hash_table_lookup(cluster->explains, names->pdata[i])));
    }
    g_string_append_printf(html, "; %.2f points of all together.</p>\n", cluster->points);
}

static void append_cluster(GString *html, const struct cluster *cluster)
{
    g_string_append(html, "<details><summary><strong>");
    page_count(html, cluster->grades->len, "student", "students");
    g_string_append(html, "</strong>, <code>");
    page_text(html, cluster->check);
    g_string_append(html, "</code>: ");
    page_text(html, cluster->seen);
    g_string_append(html, "</summary><div class=\"body\">\n<p>Signature: <code>");
    page_text(html, cluster->signature);
    g_string_append(html, "</code></p>\n");
    append_explained(html, cluster);
    g_string_append(html, "<p>Who: ");
    page_some_students(html, cluster->grades);
    g_string_append(html, ".</p>\n<p>The shortest example: ");
    page_student(html, cluster->shortest->student, cluster->shortest->graded);
    if (cluster->lines > 0)
        g_string_append_printf(html, ", %u lines in all files that the check is about",
                               cluster->lines);
    g_string_append(html, ".</p>\n");
    append_file(html, cluster);
    g_string_append(html, "</div></details>\n");
}

void page_unexplained(GString *html, const struct gathered *gathered, guint assignment)
{
    g_autoptr(GPtrArray) clusters = clusters_unexplained(gathered, assignment);
    g_string_append(html, "<h3>Failures that no known mistake explains</h3>\n");
    if (clusters->len == 0)
        g_string_append(html, "<p>There are none.</p>\n");
    else
        g_string_append(html,
                        "<p class=\"worth\">The same check with the same words but for numbers, "
                        "ranks and lines: "
                        "what most students share is worth a known mistake of its own.</p>\n");
    for (guint i = 0; i < clusters->len && i < MOST_CLUSTERS; i++)
        append_cluster(html, clusters->pdata[i]);
    if (clusters->len > MOST_CLUSTERS)
        g_string_append_printf(html, "<p>And %u more kinds, of fewer students each.</p>\n",
                               clusters->len - MOST_CLUSTERS);
}
