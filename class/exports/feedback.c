/* One student's feedback; see feedback.h. */
#include "class/exports/feedback.h"

#include "class/students/records.h"
#include "grader/text/text.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- the report ------------------------------------------------------------------------------------------ */

/* Commands that repeat a check are the student's to run, in a kit of their own: where the class lies is no part of them. It
 * would name the folder of whose grade this is, which may be another's with the same files. */
static char *without_paths(const char *html)
{
    static GRegex *path;
    if (!path)
        path =
            g_regex_new(" SUBMISSION=[^<\\n]*?(?= [A-Z_]+=|[<\\n]|$)", G_REGEX_OPTIMIZE, 0, NULL);
    return g_regex_replace_literal(path, html, -1, 0, "", 0, NULL);
}

/* Is anybody else's folder named? */
static bool names_others(const char *html, const struct gathered_grade *grade)
{
    g_autofree char *other =
        grade->graded->same_as ? g_strdup_printf("students/%s/", grade->graded->same_as) : NULL;
    return other && strcmp(grade->graded->same_as, grade->student->id) != 0 && strstr(html, other);
}

/* NULL, with a line about why. */
static char *report_of(struct exports *exports, const struct gathered_grade *grade)
{
    const char *name = exports_hides_any(exports, grade->graded) ? report_shown_file(exports->time)
                                                                 : "report.html";
    g_autofree char *path = g_build_filename(grade->graded->folder, name, NULL), *html = NULL;
    if (!g_file_get_contents(path, &html, NULL, NULL)) {
        g_string_append_printf(exports->problems,
                               "%s gets no report: there is no %s; grade it again\n",
                               grade->student->id, path);
        return NULL;
    }
    char *shown = g_utf8_validate(html, -1, NULL) ? without_paths(html) : NULL;
    if (shown && !names_others(shown, grade))
        return shown;
    g_string_append_printf(exports->problems, "%s gets no report: %s %s\n", grade->student->id,
                           path, shown ? "names another student" : "is not UTF-8");
    g_free(shown);
    return NULL;
}

/* ---- words ------------------------------------------------------------------------------------------------- */

static void append_points(GString *text, const struct final_points *points)
{
    g_string_append_printf(text, "**%.2f of %.2f points.**\n\n", points->final, points->all);
    g_string_append_printf(text, "- judged by programs: %.2f\n", points->got);
    if (points->for_a_person > 0)
        g_string_append_printf(text, "- given by a person: %.2f%s\n", points->by_person,
                               points->not_reviewed > 0 ? ", and not all is read yet" : "");
    if (points->bonus_all > 0)
        g_string_append_printf(text, "- bonus: %.2f\n", points->bonus);
    if (points->not_judged > 0)
        g_string_append_printf(text, "- not judged yet: %.2f\n", points->not_judged);
    if (points->factor < 1)
        g_string_append_printf(text, "- all times %.2f, for being late\n", points->factor);
}

static void append_review(GString *text, const struct exports *exports,
                          const struct gathered_grade *grade, const struct review *review)
{
    bool begun = false;
    for (guint i = 0; i < grade->graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(grade->graded, i);
        const struct review_item *item = points_reviewed(review, check->name);
        if (!item || !points_are_for_a_person(check) || !exports_shows(exports, check))
            continue;
        g_string_append(text, begun ? "" : "\n## What a person said\n\n");
        begun = true;
        g_string_append(text, "- ");
        text_append_plain(text, check->title);
        g_string_append_printf(text, ": %.2f of %.2f points.",
                               CLAMP(item->points, 0, check->max_points), check->max_points);
        for (size_t k = 0; k < json_array_size(item->comments); k++) {
            const char *comment = json_string_value(json_array_get(item->comments, k));
            g_string_append_c(text, ' ');
            text_append_plain(text, comment ? comment : "");
        }
        g_string_append_c(text, '\n');
    }
}

static char *words_of(const struct exports *exports, const struct gathered_grade *grade)
{
    GString *text = g_string_new("# ");
    struct review *review =
        points_review(grade->student, grade->graded->assignment, exports->problems);
    text_append_plain(text, grade->graded->assignment);
    g_string_append(text, "\n\n");
    if (exports_hides_any(exports, grade->graded))
        g_string_append(text, "The points are told when all checks may be seen.\n");
    else
        append_points(text, &grade->points);
    append_review(text, exports, grade, review);
    for (guint i = 0; i < grade->student->notes->len; i++) {
        g_string_append(text, i == 0 ? "\n## Notes\n\n- " : "- ");
        text_append_plain(text, grade->student->notes->pdata[i]);
        g_string_append_c(text, '\n');
    }
    points_review_free(review);
    return g_string_free(text, FALSE);
}

bool feedback_write(struct exports *exports, const struct gathered_grade *grade, const char *folder)
{
    g_autofree char *report = report_of(exports, grade), *words = NULL;
    g_autofree char *report_path = g_build_filename(folder, "report.html", NULL),
                    *words_path = g_build_filename(folder, "points.md", NULL);
    if (!report)
        return false;
    words = words_of(exports, grade);
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        g_string_append_printf(exports->problems, "%s can't be made\n", folder);
        return false;
    }
    return record_write_text(report_path, report, -1, exports->problems) &&
           record_write_text(words_path, words, -1, exports->problems);
}
