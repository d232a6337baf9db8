/*
 * Moodle's offline grading worksheet (mod/assign/feedback/offline): the course's own worksheet with its column Grade filled, and
 * Feedback comments where it has that column. All else stays as it is: Moodle finds a row by its Identifier, and refuses one
 * whose "Last modified (grade)" is older than a grade given meanwhile.
 */
#include "class/exports/exports.h"
#include "class/exports/roster.h"
#include "class/students/cells.h"
#include "class/students/records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct worksheet {
    int identifier, grade, maximum, comments, name;
    int identify[3]; /* e-mail, ID number, user name */
    double largest;  /* Maximum Grade of the last row; 0: none was seen */
};

/* The number of "Participant 12345" in a row of its own, for a class that was taken in without names. */
static GPtrArray *number_of(const GPtrArray *row, int identifier)
{
    GPtrArray *number = g_ptr_array_new_with_free_func(g_free);
    const char *blank = strrchr(cells_at(row, identifier), ' ');
    g_ptr_array_add(number, g_strdup(blank ? blank + 1 : ""));
    return number;
}

static struct gathered_grade *grade_of(struct exports_roster *roster, const struct worksheet *sheet,
                                       const GPtrArray *row)
{
    struct gathered_grade *grade = exports_roster_find(
        roster, row, sheet->identify, G_N_ELEMENTS(sheet->identify), -1, sheet->name);
    if (grade || *cells_at(row, sheet->name))
        return grade;
    g_autoptr(GPtrArray) number = number_of(row, sheet->identifier);
    return exports_roster_find(roster, number, NULL, 0, 0, -1);
}

/* What a person wrote about checks that may be seen, as HTML. */
static char *comments_of(const struct exports *exports, const struct gathered_grade *grade)
{
    struct review *review =
        points_review(grade->student, grade->graded->assignment, exports->problems);
    GString *html = g_string_new(NULL);
    if (grade->points.factor < 1)
        g_string_append_printf(html, "<p>Late: all points times %.2f.</p>", grade->points.factor);
    for (guint i = 0; i < grade->graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(grade->graded, i);
        const struct review_item *item = points_reviewed(review, check->name);
        if (!item || !points_are_for_a_person(check) || !exports_shows(exports, check))
            continue;
        g_autofree char *title = g_markup_escape_text(check->title, -1);
        g_string_append_printf(html, "<p>%s: %.2f of %.2f points.", title,
                               CLAMP(item->points, 0, check->max_points), check->max_points);
        for (size_t k = 0; k < json_array_size(item->comments); k++) {
            const char *comment = json_string_value(json_array_get(item->comments, k));
            g_autofree char *escaped = g_markup_escape_text(comment ? comment : "", -1);
            g_string_append_printf(html, " %s", escaped);
        }
        g_string_append(html, "</p>");
    }
    points_review_free(review);
    return g_string_free(html, FALSE);
}

/* Moodle leaves out a grade that is larger than the assignment's. */
static double within(struct exports *exports, struct worksheet *sheet, const GPtrArray *row,
                     const struct gathered_grade *grade)
{
    const double largest = g_ascii_strtod(cells_at(row, sheet->maximum), NULL);
    if (largest <= 0)
        return grade->points.final;
    sheet->largest = largest;
    if (grade->points.final > largest)
        g_string_append_printf(
            exports->problems,
            "%s has %.2f points, and the worksheet's largest grade is %.2f: that counts\n",
            grade->student->id, grade->points.final, largest);
    return MIN(grade->points.final, largest);
}

static void append_row(GString *csv, struct exports *exports, struct exports_roster *roster,
                       struct worksheet *sheet, const GPtrArray *row)
{
    const struct gathered_grade *grade = grade_of(roster, sheet, row);
    const bool graded = grade && grade->points.is_graded;
    g_autofree char *comments = graded ? comments_of(exports, grade) : NULL;
    for (int i = 0; i < (int)row->len; i++) {
        if (graded && i == sheet->grade)
            cells_append_number(csv, within(exports, sheet, row, grade), 2);
        else if (graded && i == sheet->comments && *comments)
            cells_append(csv, comments);
        else
            cells_append(csv, cells_at(row, i));
    }
    cells_end_row(csv);
}

static bool find_columns(struct exports *exports, const GPtrArray *header, struct worksheet *sheet)
{
    *sheet = (struct worksheet){.identifier = cells_column(header, "Identifier"),
                                .grade = cells_column(header, "Grade"),
                                .maximum = cells_column(header, "Maximum Grade"),
                                .comments = cells_column(header, "Feedback comments"),
                                .name = cells_column(header, "Full name"),
                                .identify = {cells_column(header, "Email address"),
                                             cells_column(header, "ID number"),
                                             cells_column(header, "Username")}};
    if (sheet->identifier >= 0 && sheet->grade >= 0)
        return true;
    g_string_append_printf(exports->problems,
                           "%s: is no grading worksheet of Moodle: it has no columns Identifier "
                           "and Grade (download it in "
                           "English)\n",
                           exports->roster);
    return false;
}

static void complain_of_maximum(struct exports *exports, const struct worksheet *sheet)
{
    for (guint i = 0; i < exports_students(exports) && sheet->largest > 0; i++) {
        const struct final_points *points = &exports_grade(exports, i)->points;
        if (!points->is_graded || fabs(points->all - sheet->largest) < 0.005)
            continue;
        g_string_append_printf(exports->problems,
                               "the worksheet's Maximum Grade is %.2f, and %s has %.2f points: set "
                               "that in Moodle, and download "
                               "the worksheet again\n",
                               sheet->largest, exports_assignment(exports), points->all);
        return;
    }
}

bool exports_moodle(struct exports *exports)
{
    struct worksheet sheet;
    if (!exports->roster) {
        g_string_append(exports->problems,
                        "for Moodle the course's own grading worksheet is needed, as ROSTER\n");
        return false;
    }
    struct exports_roster *roster = exports_roster_read(exports);
    g_autoptr(GString) csv = g_string_new(NULL);
    g_autofree char *name = g_strdup_printf("moodle-%s.csv", exports_assignment(exports));
    if (!roster || !find_columns(exports, roster->rows->pdata[0], &sheet)) {
        exports_roster_free(roster);
        return false;
    }
    const GPtrArray *header = roster->rows->pdata[0];
    for (guint i = 0; i < header->len; i++)
        cells_append(csv, header->pdata[i]);
    cells_end_row(csv);
    for (guint i = 1; i < roster->rows->len; i++)
        append_row(csv, exports, roster, &sheet, roster->rows->pdata[i]);
    complain_of_maximum(exports, &sheet);
    exports_roster_complain(exports, roster);
    exports_roster_free(roster);
    return exports_write(exports, name, csv->str, (gssize)csv->len);
}
