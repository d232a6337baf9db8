/*
 * Canvas' grade book as CSV (lib/gradebook_importer.rb of Canvas): Student, ID, SIS User ID, SIS Login ID, Section, then a
 * column per assignment, "Name (id)"; a row "Points Possible" below the header.
 *
 * With the course's own export as a roster, its columns about students stay as they are and one column is filled, so that the
 * course's IDs fit; all other columns are left out, which leaves them alone in Canvas. Cells of who handed nothing in are empty.
 */
#include "class/exports/exports.h"
#include "class/exports/roster.h"
#include "class/students/cells.h"

#include <stdio.h>
#include <string.h>

static const char *const about_students[] = {"Student", "LastName",       "FirstName",
                                             "ID",      "SIS User ID",    "SIS Login ID",
                                             "Section", "Integration ID", "Root Account"};

static bool is_about_students(const char *heading)
{
    for (guint i = 0; i < G_N_ELEMENTS(about_students); i++)
        if (g_ascii_strcasecmp(heading, about_students[i]) == 0)
            return true;
    return false;
}

/* "Homework 1 (4711)" without its number. A new string. */
static char *title_of(const char *heading)
{
    char *title = g_strstrip(g_strdup(heading));
    char *bracket = strrchr(title, '(');
    if (bracket && bracket > title && strspn(bracket + 1, "0123456789") + 2 == strlen(bracket))
        *bracket = '\0';
    return g_strchomp(title);
}

/* -1: there is none yet. */
static int column_of(const struct exports *exports, const GPtrArray *header)
{
    const char *wanted = exports->column ? exports->column : exports_assignment(exports);
    for (guint i = 0; i < header->len; i++) {
        g_autofree char *title = title_of(header->pdata[i]);
        if (!is_about_students(header->pdata[i]) &&
            (g_ascii_strcasecmp(title, wanted) == 0 ||
             g_ascii_strcasecmp(header->pdata[i], wanted) == 0))
            return (int)i;
    }
    return -1;
}

static double points_possible(const struct exports *exports)
{
    for (guint i = 0; i < exports_students(exports); i++)
        if (exports_grade(exports, i)->points.is_graded)
            return exports_grade(exports, i)->points.all;
    return 0;
}

static void append_points(GString *csv, const struct gathered_grade *grade)
{
    if (grade && grade->points.is_graded)
        cells_append_number(csv, grade->points.final, 2);
    else
        cells_append(csv, "");
}

/* ---- without a roster ---------------------------------------------------------------------------------------- */

static void append_member(GString *csv, const struct gathered_grade *grade,
                          const struct member *member)
{
    cells_append(csv, *member->name ? member->name : member->id);
    cells_append(csv, "");
    cells_append(csv, member->id);
    cells_append(csv, member->email ? member->email : member->id);
    cells_append(csv, "");
    append_points(csv, grade);
    cells_end_row(csv);
}

static char *new_book(const struct exports *exports)
{
    GString *csv = g_string_new("Student,ID,SIS User ID,SIS Login ID,Section");
    cells_append(csv, exports->column ? exports->column : exports_assignment(exports));
    g_string_append(csv, "\n    Points Possible,,,,");
    cells_append_number(csv, points_possible(exports), 2);
    cells_end_row(csv);
    for (guint i = 0; i < exports_students(exports); i++) {
        const struct gathered_grade *grade = exports_grade(exports, i);
        for (guint k = 0; k < grade->student->members->len; k++)
            append_member(csv, grade, grade->student->members->pdata[k]);
    }
    return g_string_free(csv, FALSE);
}

/* ---- with one -------------------------------------------------------------------------------------------------- */

static bool is_points_possible(const GPtrArray *row)
{
    return strstr(cells_at(row, 0), "Points Possible");
}

/* Like the row below the header that says which columns are posted by hand. */
static bool is_for_no_student(const GPtrArray *header, const GPtrArray *row)
{
    for (guint i = 0; i < header->len; i++)
        if (is_about_students(header->pdata[i]) && *cells_at(row, (int)i))
            return is_points_possible(row);
    return true;
}

/* Blanks before a cell are not read, and Canvas writes some there. */
static const char *about_student(const GPtrArray *row, int column)
{
    return column == 0 && is_points_possible(row) ? "    Points Possible" : cells_at(row, column);
}

static void append_row(GString *csv, struct exports *exports, struct exports_roster *roster,
                       guint row, int column)
{
    const GPtrArray *header = roster->rows->pdata[0], *cells = roster->rows->pdata[row];
    const int identify[] = {cells_column(header, "SIS User ID"),
                            cells_column(header, "SIS Login ID"),
                            cells_column(header, "Integration ID")};
    for (guint i = 0; i < header->len; i++)
        if (is_about_students(header->pdata[i]))
            cells_append(csv, about_student(cells, (int)i));
    if (row == 0)
        cells_append(csv, column >= 0       ? header->pdata[column]
                          : exports->column ? exports->column
                                            : exports_assignment(exports));
    else if (!is_for_no_student(header, cells))
        append_points(csv, exports_roster_find(roster, cells, identify, G_N_ELEMENTS(identify),
                                               cells_column(header, "ID"),
                                               cells_column(header, "Student")));
    else if (column < 0 && is_points_possible(cells))
        cells_append_number(csv, points_possible(exports), 2);
    else
        cells_append(csv, cells_at(cells, column));
    cells_end_row(csv);
}

static char *filled_book(struct exports *exports)
{
    struct exports_roster *roster = exports_roster_read(exports);
    if (!roster)
        return NULL;
    const GPtrArray *header = roster->rows->pdata[0];
    GString *csv = g_string_new(NULL);
    if (cells_column(header, "ID") < 0 || cells_column(header, "Section") < 0) {
        g_string_append_printf(exports->problems,
                               "%s: is no export of Canvas' grade book: its columns begin with "
                               "Student, ID, SIS User ID, "
                               "SIS Login ID, Section\n",
                               exports->roster);
        exports_roster_free(roster);
        g_string_free(csv, TRUE);
        return NULL;
    }
    const int column = column_of(exports, header);
    if (column < 0)
        printf("%s has no column \"%s\": Canvas will make a new assignment of it\n",
               exports->roster, exports->column ? exports->column : exports_assignment(exports));
    for (guint i = 0; i < roster->rows->len; i++)
        append_row(csv, exports, roster, i, column);
    exports_roster_complain(exports, roster);
    exports_roster_free(roster);
    return g_string_free(csv, FALSE);
}

bool exports_canvas(struct exports *exports)
{
    g_autofree char *csv = exports->roster ? filled_book(exports) : new_book(exports);
    g_autofree char *name = g_strdup_printf("canvas-%s.csv", exports_assignment(exports));
    return csv && exports_write(exports, name, csv, -1);
}
