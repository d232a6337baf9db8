/* What the parts of the page share; see page_parts.h. */
#include "class/page/page_parts.h"

#include "grader/report/report_html.h"

#include <string.h>

#define SOME 8 /* names in a list */

void page_text(GString *html, const char *text)
{
    report_html_text(html, text);
}

void page_count(GString *html, guint count, const char *one, const char *many)
{
    g_string_append_printf(html, "%u %s", count, count == 1 ? one : many);
}

void page_student(GString *html, const struct student *student, const struct graded *graded)
{
    const bool has_report = graded && graded->has_record;
    if (has_report) {
        g_autofree char *id = g_uri_escape_string(student->id, NULL, FALSE);
        g_autofree char *assignment = g_uri_escape_string(graded->assignment, NULL, FALSE);
        g_string_append_printf(html, "<a href=\"students/%s/%s/report.html\">", id, assignment);
    }
    g_string_append(html, "<bdi>");
    page_text(html, *student->name ? student->name : student->id);
    g_string_append(html, has_report ? "</bdi></a>" : "</bdi>");
}

void page_some_students(GString *html, const GPtrArray *grades)
{
    for (guint i = 0; i < grades->len && i < SOME; i++) {
        const struct gathered_grade *grade = grades->pdata[i];
        g_string_append(html, i > 0 ? ", " : "");
        page_student(html, grade->student, grade->graded);
    }
    if (grades->len > SOME)
        g_string_append_printf(html, " and %u more", grades->len - SOME);
}

void page_begin_table(GString *html, const char *caption, const char *const *headings)
{
    /* The box can be moved sideways with the keyboard, too. */
    g_string_append_printf(html,
                           "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
                           "<table class=\"sorted\"><caption>%s</caption>\n<thead><tr>",
                           caption, caption);
    for (; *headings; headings++)
        g_string_append_printf(html, "<th scope=\"col\"%s>%s</th>",
                               **headings == '#' ? " class=\"number\"" : "",
                               *headings + (**headings == '#'));
    g_string_append(html, "</tr></thead>\n<tbody>\n");
}

void page_end_table(GString *html)
{
    g_string_append(html, "</tbody></table></div>\n");
}

void page_number(GString *html, double number, int decimals)
{
    g_string_append_printf(html, "<td class=\"number\">%.*f</td>", decimals, number);
}
