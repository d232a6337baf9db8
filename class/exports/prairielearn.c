/*
 * PrairieLearn's results.json of an external grader (docs/externalGrading.md of PrairieLearn): gradable, score (0 to 1), message,
 * output, tests with name, description, points, max_points, message, output; at most 1 MB. One file per student:
 * prairielearn/ID-ASSIGNMENT.json.
 */
#include "class/exports/exports.h"
#include "class/students/records.h"

#include <stdlib.h>
#include <string.h>

static json_t *test_of(const struct gathered_grade *grade, const struct graded_check *check,
                       const struct review *review)
{
    const struct exports_points points = exports_points_of(grade, check, review);
    return json_pack("{s:o,s:o,s:o,s:o,s:s,s:o}", "name", record_string(check->name), "description",
                     record_string(check->title), "points", exports_number(points.points),
                     "max_points", exports_number(check->max_points), "message",
                     points.decided ? check->state : "not judged yet", "output",
                     record_string(check->seen));
}

/* A bonus can't make a score larger than 1 there. */
static double score_of(const struct final_points *points)
{
    return points->all > 0 ? CLAMP(points->final / points->all, 0, 1) : 0;
}

static json_t *results_of(struct exports *exports, const struct gathered_grade *grade)
{
    json_t *tests = json_array();
    struct review *review =
        points_review(grade->student, exports_assignment(exports), exports->problems);
    for (guint i = 0; i < grade->graded->checks->len; i++)
        if (exports_shows(exports, GRADED_CHECKS(grade->graded, i)))
            json_array_append_new(tests, test_of(grade, GRADED_CHECKS(grade->graded, i), review));
    points_review_free(review);
    g_autoptr(GString) message = g_string_new(NULL);
    const bool tells = !exports_hides_any(exports, grade->graded);
    if (tells)
        g_string_append_printf(message, "%.2f of %.2f points", grade->points.final,
                               grade->points.all);
    if (tells && grade->points.factor < 1)
        g_string_append_printf(message, ", which are all points times %.2f for being late",
                               grade->points.factor);
    return json_pack("{s:b,s:f,s:o,s:s,s:o}", "gradable", 1, "score", score_of(&grade->points),
                     "message", record_string(message->str), "output", "", "tests", tests);
}

/* What was refused when it was taken in: no points are lost or won there. */
static json_t *not_gradable(const struct student *student)
{
    return json_pack("{s:b,s:[o]}", "gradable", 0, "format_errors",
                     record_string(student->refused));
}

bool exports_prairielearn(struct exports *exports)
{
    bool written = true;
    for (guint i = 0; i < exports_students(exports) && written; i++) {
        const struct gathered_grade *grade = exports_grade(exports, i);
        json_t *results = grade->points.is_graded   ? results_of(exports, grade)
                          : grade->student->refused ? not_gradable(grade->student)
                                                    : NULL;
        if (!results)
            continue;
        char *text = json_dumps(results, JSON_INDENT(1));
        g_autofree char *name = g_strdup_printf("prairielearn/%s-%s.json", grade->student->id,
                                                exports_assignment(exports));
        written = exports_write(exports, name, text ? text : "{}", -1);
        free(text);
        json_decref(results);
    }
    return written;
}
