/*
 * Grades as Gradescope's own export of an assignment has them, for scripts that read that: First Name, Last Name, SID, Email,
 * Sections, Total Score, Max Points, Status, Submission ID, Submission Time, Lateness (H:M:S), View Count, Submission Count, then
 * a column for each question, "1: Title (0.5 pts)". (Gradescope itself takes results.json, one per student, from the
 * autograder: the grader writes that.)
 */
#include "class/exports/exports.h"
#include "class/students/cells.h"

#include <string.h>

/* The first grade that has checks says which there are: all grades of one kit have the same. */
static const struct graded *any_grade(const struct exports *exports)
{
    for (guint i = 0; i < exports_students(exports); i++)
        if (exports_grade(exports, i)->points.is_graded)
            return exports_grade(exports, i)->graded;
    return NULL;
}

static void append_header(GString *csv, const struct graded *graded)
{
    static const char *const headings[] = {"First Name",      "Last Name",        "SID",
                                           "Email",           "Sections",         "Total Score",
                                           "Max Points",      "Status",           "Submission ID",
                                           "Submission Time", "Lateness (H:M:S)", "View Count",
                                           "Submission Count"};
    for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
        cells_append(csv, headings[i]);
    for (guint i = 0; graded && i < graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(graded, i);
        char worth[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(worth, sizeof worth, "%g", check->max_points);
        g_autofree char *heading = g_strdup_printf("%u: %s (%s pts)", i + 1, check->title, worth);
        cells_append(csv, heading);
    }
    cells_end_row(csv);
}

/* "Ada Byron King" is Ada Byron, and King; "King, Ada" as well. */
static void append_name(GString *csv, const char *name)
{
    const char *comma = strstr(name, ", "), *blank = strrchr(name, ' ');
    g_autofree char *first = comma   ? g_strdup(comma + 2)
                             : blank ? g_strndup(name, (gsize)(blank - name))
                                     : g_strdup(name);
    g_autofree char *last = comma   ? g_strndup(name, (gsize)(comma - name))
                            : blank ? g_strdup(blank + 1)
                                    : g_strdup("");
    cells_append(csv, first);
    cells_append(csv, last);
}

/* As their export writes it: 2026-11-20 21:03:00 +0000. */
static void append_time(GString *csv, const char *iso)
{
    g_autoptr(GDateTime) time = iso ? g_date_time_new_from_iso8601(iso, NULL) : NULL;
    g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S %z") : g_strdup("");
    cells_append(csv, text);
}

/* Days that were begun, extensions taken off: no hour is late that costs nothing. */
static void append_lateness(GString *csv, const struct student *student)
{
    g_autofree char *text = g_strdup_printf("%02d:00:00", student->late_days * 24);
    cells_append(csv, text);
}

static void append_questions(GString *csv, const struct exports *exports,
                             const struct gathered_grade *grade, const struct graded *header)
{
    struct review *review =
        points_review(grade->student, exports_assignment(exports), exports->problems);
    for (guint i = 0; header && i < header->checks->len; i++) {
        const struct graded_check *check = NULL;
        for (guint k = 0; grade->points.is_graded && k < grade->graded->checks->len && !check; k++)
            if (strcmp(GRADED_CHECKS(grade->graded, k)->name, GRADED_CHECKS(header, i)->name) == 0)
                check = GRADED_CHECKS(grade->graded, k);
        const struct exports_points points =
            check ? exports_points_of(grade, check, review) : (struct exports_points){0};
        if (points.decided)
            cells_append_number(csv, points.points, 2);
        else
            cells_append(csv, "");
    }
    points_review_free(review);
}

static void append_member(GString *csv, const struct exports *exports,
                          const struct gathered_grade *grade, const struct member *member,
                          const struct graded *header)
{
    const bool graded = grade->points.is_graded;
    append_name(csv, *member->name ? member->name : member->id);
    cells_append(csv, member->id);
    cells_append(csv, member->email ? member->email : "");
    cells_append(csv, "");
    if (graded)
        cells_append_number(csv, grade->points.final, 2);
    else
        cells_append(csv, "");
    if (graded)
        cells_append_number(csv, grade->points.all, 2);
    else
        cells_append(csv, "");
    cells_append(csv, graded ? "Graded" : grade->student->sha256 ? "Ungraded" : "Missing");
    cells_append(csv, "");
    append_time(csv, grade->student->handed_in_at);
    append_lateness(csv, grade->student);
    cells_append(csv, "");
    cells_append(csv, "");
    append_questions(csv, exports, grade, header);
    cells_end_row(csv);
}

bool exports_gradescope(struct exports *exports)
{
    const struct graded *header = any_grade(exports);
    g_autoptr(GString) csv = g_string_new(NULL);
    g_autofree char *name = g_strdup_printf("gradescope-%s.csv", exports_assignment(exports));
    append_header(csv, header);
    for (guint i = 0; i < exports_students(exports); i++) {
        const struct gathered_grade *grade = exports_grade(exports, i);
        for (guint k = 0; k < grade->student->members->len; k++)
            append_member(csv, exports, grade, grade->student->members->pdata[k], header);
    }
    return exports_write(exports, name, csv->str, (gssize)csv->len);
}
