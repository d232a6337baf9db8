/* grades.csv: for spreadsheets, and for scripts that feed other systems. Its columns are described in README.md. */
#include "class/tables/tables.h"

#include "class/students/cells.h"
#include "class/students/records.h"

static const char *const headings[] = {
    "id",           "name",      "email", "group",        "assignment", "state",  "final",
    "points",       "by_person", "bonus", "of",           "late_days",  "factor", "not_judged",
    "not_reviewed", "tries",     "kit",   "handed_in_at", "graded_at",  "report", "remark"};

/* The one who is meant by a row of a grade book. */
static void append_member(GString *csv, const struct student *student, const struct member *member)
{
    cells_append(csv, member->id);
    cells_append(csv, member->name);
    cells_append(csv, member->email ? member->email : "");
    cells_append(csv, student->members->len > 1 ? student->id : "");
}

static void append_points(GString *csv, const struct gathered_grade *grade)
{
    const struct final_points *points = &grade->points;
    const double numbers[] = {points->final, points->got, points->by_person, points->bonus,
                              points->all};
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (points->is_graded)
            cells_append_number(csv, numbers[i], 2);
        else
            cells_append(csv, "");
    cells_append_number(csv, grade->student->late_days, 0);
    cells_append_number(csv, points->factor, 4);
    cells_append_number(csv, points->not_judged, 2);
    cells_append_number(csv, points->not_reviewed, 2);
}

static void append_run(GString *csv, const struct gathered_grade *grade)
{
    const struct graded *graded = grade->graded;
    const char *const texts[] = {graded ? graded->kit : NULL, grade->student->handed_in_at,
                                 graded ? graded->ended : NULL};
    cells_append_number(csv, graded ? graded->attempt : 0, 0);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        cells_append(csv, texts[i] ? texts[i] : "");
    g_autofree char *report =
        graded && graded->has_record
            ? g_strdup_printf("students/%s/%s/report.html", grade->student->id, graded->assignment)
            : g_strdup("");
    g_autofree char *remark = tables_remark(grade);
    cells_append(csv, report);
    cells_append(csv, remark);
}

static void append_rows(GString *csv, const struct gathered_grade *grade, const char *assignment)
{
    const struct student *student = grade->student;
    for (guint i = 0; i < student->members->len; i++) {
        append_member(csv, student, student->members->pdata[i]);
        cells_append(csv, assignment);
        cells_append(csv, tables_state(grade));
        append_points(csv, grade);
        append_run(csv, grade);
        cells_end_row(csv);
    }
}

GString *tables_csv(const struct gathered *gathered)
{
    GString *csv = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
        cells_append(csv, headings[i]);
    cells_end_row(csv);
    for (guint a = 0; a < gathered->class->assignments->len; a++)
        for (guint i = 0; i < gathered->students->len; i++)
            append_rows(csv, GATHERED_GRADE(gathered, a, i),
                        gathered->class->assignments->pdata[a]);
    return csv;
}
