/* The class in numbers, and who got how many points; see page_parts.h. */
#include "class/page/page_parts.h"

#include <math.h>

static int by_points(gconstpointer a, gconstpointer b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Final points of all who have a grade, the least first: of double. */
static GArray *all_points(const struct gathered *gathered, guint assignment)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct gathered_grade *grade = GATHERED_GRADE(gathered, assignment, i);
        if (grade->points.is_graded)
            g_array_append_val(points, grade->points.final);
    }
    g_array_sort(points, by_points);
    return points;
}

static double mean_of(const GArray *points)
{
    double sum = 0;
    for (guint i = 0; i < points->len; i++)
        sum += g_array_index(points, double, i);
    return points->len > 0 ? sum / points->len : 0;
}

/* Between the two in the middle, if there are two. */
static double median_of(const GArray *points)
{
    const guint n = points->len;
    return n == 0 ? 0
                  : (g_array_index(points, double, (n - 1) / 2) +
                     g_array_index(points, double, n / 2)) /
                        2;
}

/* How many points the assignment has: what most of its grades say, as all do that one kit made. */
static const struct final_points *maximum(const struct gathered *gathered, guint assignment)
{
    for (guint i = 0; i < gathered->students->len; i++)
        if (GATHERED_GRADE(gathered, assignment, i)->points.is_graded)
            return &GATHERED_GRADE(gathered, assignment, i)->points;
    return NULL;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

static void append_counts(GString *html, const struct gathered *gathered)
{
    guint handed_in = 0, refused = 0, late = 0;
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct student *student = gathered->students->pdata[i];
        handed_in += student->sha256 != NULL;
        refused += student->refused != NULL;
        late += student->late_days > 0;
    }
    g_string_append(html, "<p>");
    page_count(html, gathered->students->len, "student or group", "students and groups");
    g_string_append_printf(html, ", %u of them handed something in; %u late, %u refused.",
                           handed_in, late, refused);
    if (gathered->class->deadline) {
        g_string_append(html, " The deadline was ");
        page_text(html, gathered->class->deadline);
        g_string_append(html, ".");
    }
    g_string_append(html, "</p>\n");
}

static void append_row(GString *html, const struct gathered *gathered, guint assignment)
{
    g_autoptr(GArray) points = all_points(gathered, assignment);
    const struct final_points *most = maximum(gathered, assignment);
    guint full = 0, open = 0, waiting = 0;
    for (guint i = 0; i < gathered->students->len; i++) {
        const struct final_points *one = &GATHERED_GRADE(gathered, assignment, i)->points;
        full += one->is_graded && one->final + 0.005 > one->all;
        open += one->is_graded && one->not_judged > 0;
        waiting += one->is_graded && one->not_reviewed > 0;
    }
    g_string_append_printf(html, "<tr><th scope=\"row\"><a href=\"#a%u\">", assignment + 1);
    page_text(html, gathered->class->assignments->pdata[assignment]);
    g_string_append(html, "</a></th>");
    page_number(html, points->len, 0);
    page_number(html, most ? most->all : 0, 2);
    page_number(html, most ? most->bonus_all : 0, 2);
    page_number(html, mean_of(points), 2);
    page_number(html, median_of(points), 2);
    page_number(html, full, 0);
    page_number(html, waiting, 0);
    page_number(html, open, 0);
    g_string_append(html, "</tr>\n");
}

void page_overview(GString *html, const struct gathered *gathered)
{
    static const char *const headings[] = {
        "assignment",      "#graded", "#points",     "#bonus",
        "#mean",           "#median", "#full marks", "#wait for a person",
        "#not all judged", NULL};
    append_counts(html, gathered);
    page_begin_table(html, "Each assignment in numbers", headings);
    for (guint i = 0; i < gathered->class->assignments->len; i++)
        append_row(html, gathered, i);
    page_end_table(html);
    g_string_append(html, "<p class=\"worth\">Points are final ones: a person's and the bonus are "
                          "in them, and less of all "
                          "for who was late.</p>\n");
}

/* ---- distribution --------------------------------------------------------------------------------------------- */

#define MOST_BARS 16
#define BAR_WIDTH 40 /* of the picture's units, 16 of which are a line of text */
#define HEIGHT    160

/* The width of a bar, in points: 1, 2 or 5 times a power of ten. */
static double bar_points(double most)
{
    double width = 0.01;
    static const double next[] = {2, 2.5, 2};
    for (int i = 0; most / width > MOST_BARS; i++)
        width *= next[i % 3];
    return width;
}

static void append_bar(GString *svg, guint bar, guint count, guint highest, double from)
{
    const double height = highest > 0 ? (double)HEIGHT * count / highest : 0;
    const double x = 10 + (double)bar * BAR_WIDTH;
    g_string_append_printf(
        svg, "<rect class=\"column\" x=\"%.0f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>", x + 2,
        20 + HEIGHT - height, BAR_WIDTH - 4, height);
    if (count > 0)
        g_string_append_printf(svg, "<text x=\"%.0f\" y=\"%.1f\">%u</text>", x + BAR_WIDTH / 2.0,
                               15 + HEIGHT - height, count);
    g_string_append_printf(svg, "<text x=\"%.0f\" y=\"%d\">%g</text>\n", x, HEIGHT + 38, from);
}

static void append_picture(GString *html, const guint *counts, guint bars, double width)
{
    guint highest = 0;
    g_autoptr(GString) words = g_string_new("Students by final points:");
    for (guint i = 0; i < bars; i++) {
        highest = MAX(highest, counts[i]);
        if (counts[i] > 0)
            g_string_append_printf(words, " %u from %g to %g;", counts[i], i * width,
                                   (i + 1) * width);
    }
    g_string_truncate(words, words->len - 1);
    g_string_append_printf(html,
                           "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"The "
                           "picture of points\"><svg "
                           "class=\"histogram\" "
                           "role=\"img\" aria-label=\"%s.\" viewBox=\"0 0 %u %d\" width=\"%u\">\n",
                           words->str, 20 + (bars + 1) * BAR_WIDTH, HEIGHT + 48,
                           20 + (bars + 1) * BAR_WIDTH);
    for (guint i = 0; i < bars; i++)
        append_bar(html, i, counts[i], highest, i * width);
    g_string_append_printf(html, "<text x=\"%u\" y=\"%d\">%g</text></svg></div>\n",
                           10 + bars * BAR_WIDTH, HEIGHT + 38, bars * width);
}

void page_distribution(GString *html, const struct gathered *gathered, guint assignment)
{
    g_autoptr(GArray) points = all_points(gathered, assignment);
    const struct final_points *most = maximum(gathered, assignment);
    if (!most)
        return;
    const double all =
        MAX(MAX(most->all + most->bonus_all, 0.01), g_array_index(points, double, points->len - 1));
    const double width = bar_points(all);
    const guint bars = (guint)floor(all / width + 1e-9) + 1;
    g_autofree guint *counts = g_new0(guint, bars);
    for (guint i = 0; i < points->len; i++)
        counts[(guint)(g_array_index(points, double, i) / width + 1e-9)]++;
    append_picture(html, counts, bars, width);
}
