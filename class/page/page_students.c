/* Everybody, and what was odd about what they handed in; see page_parts.h. */
#include "class/page/page_parts.h"

#include <string.h>

static const struct graded *first_grade(const struct gathered *gathered, guint student)
{
    for (guint a = 0; a < gathered->class->assignments->len; a++) {
        const struct graded *graded = GATHERED_GRADE(gathered, a, student)->graded;
        if (graded && graded->has_record)
            return graded;
    }
    return NULL;
}

/* ---- handing in ----------------------------------------------------------------------------------------- */

static void begin_row(GString *html, const struct gathered *gathered, guint i)
{
    g_string_append(html, "<tr><th scope=\"row\">");
    page_student(html, gathered->students->pdata[i], first_grade(gathered, i));
    g_string_append(html, "</th><td>");
}

static void append_notes(GString *html, const struct gathered *gathered)
{
    static const char *const headings[] = {"student", "what was odd", NULL};
    g_autoptr(GString) rows = g_string_new(NULL);
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct student *student = gathered->students->pdata[i];
        if (student->refused) {
            begin_row(rows, gathered, i);
            g_string_append(rows, "<span class=\"badge fail\">refused</span> ");
            page_text(rows, student->refused);
            g_string_append(rows, "</td></tr>\n");
        }
        for (guint k = 0; k < student->notes->len; k++) {
            begin_row(rows, gathered, i);
            page_text(rows, student->notes->pdata[k]);
            g_string_append(rows, "</td></tr>\n");
        }
    }
    if (rows->len == 0)
        return;
    g_string_append(html, "<h3>Refused, and notes</h3>\n");
    page_begin_table(html, "Refused, and notes", headings);
    g_string_append(html, rows->str);
    page_end_table(html);
}

static void append_late(GString *html, const struct gathered *gathered)
{
    static const char *const headings[] = {"student", "handed in at", "#days late", "#points times",
                                           NULL};
    bool begun = false;
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct student *student = gathered->students->pdata[i];
        if (student->late_days <= 0)
            continue;
        if (!begun) {
            g_string_append(html, "<h3>Late</h3>\n");
            page_begin_table(html, "Late", headings);
        }
        begun = true;
        begin_row(html, gathered, i);
        page_text(html, student->handed_in_at ? student->handed_in_at : "not known");
        g_string_append(html, "</td>");
        page_number(html, student->late_days, 0);
        page_number(html, student->factor, 2);
        g_string_append(html, "</tr>\n");
    }
    if (begun)
        page_end_table(html);
}

static void append_same(GString *html, const GPtrArray *students)
{
    g_string_append(html, "<li>");
    for (guint i = 0; i < students->len; i++) {
        const struct student *student = students->pdata[i];
        g_string_append(html, i > 0 ? ", " : "");
        page_student(html, student, NULL);
        g_string_append(html, " (<code>");
        page_text(html, student->id);
        g_string_append(html, "</code>)");
    }
    g_string_append(html, "</li>\n");
}

/* Who handed in the same bytes as somebody else. */
static void append_identical(GString *html, const struct gathered *gathered)
{
    g_autoptr(GHashTable) same =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) sums = g_ptr_array_new();
    for (guint i = 0; i < gathered->students->len; i++) {
        struct student *student = gathered->students->pdata[i];
        GPtrArray *group = student->sha256 ? g_hash_table_lookup(same, student->sha256) : NULL;
        if (!student->sha256)
            continue;
        if (!group) {
            group = g_ptr_array_new();
            g_hash_table_insert(same, student->sha256, group);
        }
        g_ptr_array_add(group, student);
        if (group->len == 2)
            g_ptr_array_add(sums, student->sha256);
    }
    if (sums->len == 0)
        return;
    g_string_append(html, "<h3>Identical submissions</h3>\n<ul>\n");
    for (guint i = 0; i < sums->len; i++)
        append_same(html, g_hash_table_lookup(same, sums->pdata[i]));
    g_string_append(html, "</ul>\n");
}

void page_handing_in(GString *html, const struct gathered *gathered)
{
    append_late(html, gathered);
    append_notes(html, gathered);
    append_identical(html, gathered);
}

/* ---- everybody ------------------------------------------------------------------------------------------ */

/* The final points as a link to the report; sorts by them, and what has none before 0. */
static void append_points(GString *html, const struct gathered_grade *grade)
{
    const struct final_points *points = &grade->points;
    if (!points->is_graded) {
        g_string_append_printf(html, "<td class=\"number\">%s</td>",
                               grade->student->refused ? "refused"
                               : grade->graded         ? "failed"
                                                       : "–");
        return;
    }
    g_autofree char *id = g_uri_escape_string(grade->student->id, NULL, FALSE);
    g_autofree char *assignment = g_uri_escape_string(grade->graded->assignment, NULL, FALSE);
    g_string_append_printf(
        html, "<td class=\"number\"><a href=\"students/%s/%s/report.html\">%.2f</a>%s</td>", id,
        assignment, points->final,
        points->not_judged + points->not_reviewed > 0 ? "<span class=\"worth\"> *</span>" : "");
}

static void append_everybody(GString *html, const struct gathered *gathered, guint i)
{
    const struct student *student = gathered->students->pdata[i];
    double sum = 0;
    g_string_append(html, "<tr><th scope=\"row\"><bdi>");
    page_text(html, *student->name ? student->name : student->id);
    g_string_append(html, "</bdi></th><td><code>");
    page_text(html, student->id);
    g_string_append(html, "</code></td>");
    for (guint a = 0; a < gathered->class->assignments->len; a++) {
        append_points(html, GATHERED_GRADE(gathered, a, i));
        sum += GATHERED_GRADE(gathered, a, i)->points.final;
    }
    page_number(html, sum, 2);
    if (student->late_days > 0)
        page_number(html, student->late_days, 0);
    else
        g_string_append(html, "<td class=\"number\"></td>");
    g_string_append(html, "</tr>\n");
}

void page_students(GString *html, const struct gathered *gathered)
{
    g_autoptr(GPtrArray) headings = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(headings, g_strdup("student"));
    g_ptr_array_add(headings, g_strdup("ID"));
    for (guint a = 0; a < gathered->class->assignments->len; a++) {
        g_autoptr(GString) name = g_string_new("#");
        page_text(name, gathered->class->assignments->pdata[a]);
        g_ptr_array_add(headings, g_strdup(name->str));
    }
    g_ptr_array_add(headings, g_strdup("#sum"));
    g_ptr_array_add(headings, g_strdup("#days late"));
    g_ptr_array_add(headings, NULL);
    g_string_append(html, "<div id=\"filter\"></div>\n");
    page_begin_table(html, "Everybody", (const char *const *)headings->pdata);
    for (guint i = 0; i < gathered->students->len; i++)
        append_everybody(html, gathered, i);
    page_end_table(html);
    g_string_append(
        html,
        "<p class=\"worth\">* not final: checks are not judged yet, or wait for a person.</p>\n");
}
