/*
 * What an autograder of Autolab prints last (docs/features/formatted-feedback.md of Autolab): a line of feedback,
 * {"_presentation": "semantic", "stages": […], STAGE: {TEST: {"passed": …, "hint": …}}}, and the line that counts, {"scores":
 * {PROBLEM: points}}. A problem is a tier, "Tier 1"; their points sum up to the final ones. One file per student: autolab/ID-
 * ASSIGNMENT.txt.
 */
#include "class/exports/exports.h"
#include "class/students/records.h"
#include "grader/grade/grade_state.h"

#include <stdlib.h>
#include <string.h>

static char *problem_of(const struct graded_check *check)
{
    return g_strdup_printf("Tier %d", check->tier);
}

static void add_score(json_t *scores, const struct graded_check *check, double points)
{
    g_autofree char *problem = problem_of(check);
    const json_t *before = json_object_get(scores, problem);
    json_object_set_new(scores, problem,
                        exports_number((before ? json_number_value(before) : 0) + points));
}

/* A test has passed or not; what is not judged, or for a person, is neither, and is not shown. */
static void add_test(json_t *feedback, const struct graded_check *check)
{
    const bool passed = strcmp(check->state, grade_state_name(STATE_PASSED)) == 0;
    if (!passed && strcmp(check->state, grade_state_name(STATE_FAILED)) != 0 &&
        strcmp(check->state, grade_state_name(STATE_UNWRITTEN)) != 0)
        return;
    g_autofree char *problem = problem_of(check);
    json_t *stage = json_object_get(feedback, problem);
    if (!stage) {
        stage = json_object();
        json_object_set_new(feedback, problem, stage);
        json_array_append_new(json_object_get(feedback, "stages"), json_string(problem));
    }
    json_t *test = json_pack("{s:b}", "passed", passed);
    if (!passed)
        json_object_set_new(test, "hint",
                            record_string(check->mistake ? check->mistake : check->seen));
    json_object_set_new(stage, check->title, test);
}

static void append_line(GString *text, json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);
    g_string_append_printf(text, "%s\n", line ? line : "{}");
    free(line);
    json_decref(object);
}

static char *lines_of(struct exports *exports, const struct gathered_grade *grade)
{
    GString *text = g_string_new(NULL);
    json_t *scores = json_object();
    json_t *feedback = json_pack("{s:s,s:[]}", "_presentation", "semantic", "stages");
    struct review *review =
        points_review(grade->student, exports_assignment(exports), exports->problems);
    for (guint i = 0; i < grade->graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(grade->graded, i);
        add_score(scores, check, exports_points_of(grade, check, review).points);
        if (exports_shows(exports, check))
            add_test(feedback, check);
    }
    points_review_free(review);
    append_line(text, feedback);
    append_line(text, json_pack("{s:o}", "scores", scores));
    return g_string_free(text, FALSE);
}

bool exports_autolab(struct exports *exports)
{
    bool written = true;
    for (guint i = 0; i < exports_students(exports) && written; i++) {
        const struct gathered_grade *grade = exports_grade(exports, i);
        if (!grade->points.is_graded)
            continue;
        g_autofree char *text = lines_of(exports, grade);
        g_autofree char *name =
            g_strdup_printf("autolab/%s-%s.txt", grade->student->id, exports_assignment(exports));
        written = exports_write(exports, name, text, -1);
    }
    return written;
}
