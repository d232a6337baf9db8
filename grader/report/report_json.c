/*
 * results.json, as Gradescope reads it:
 * https://gradescope-autograders.readthedocs.io/en/latest/specs/ ("Output format").
 *
 * The whole has a score and, in that format, no maximum: how many points the autograder gives is set where the
 * assignment is made, to what judges give without bonus. A bonus makes the score larger than that, which is extra
 * credit there. Points that a person gives are no part of it. Which kit graded stands in the output and in extra_data.
 */
#include "grader/grade/grade_state.h"
#include "grader/report/report.h"
#include "grader/report/report_shown.h"

#include "grader/text/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two decimals, so that 0.1 + 0.2 looks like 0.3. */
static json_t *number(double value)
{
    return json_real(round(value * 100) / 100);
}

static json_t *string(const char *text)
{
    g_autofree char *clean = text_clean(text, strlen(text), 128 << 10);
    return json_string(clean);
}

/* What costs nothing has no score: a test without one and without a status is shown as information, not as a zero. A
 * test knows only passed and failed: what is not yet written failed, and its tag says which. */
static void set_score(json_t *test, const struct check_result *result)
{
    const enum grade_state state = grade_state(result);
    if (state == STATE_NOT_JUDGED || state == STATE_FOR_A_PERSON)
        return;
    json_object_set_new(test, "score", number(result->points));
    json_object_set_new(test, "max_score", number(result->check->points));
    json_object_set_new(test, "status", json_string(state == STATE_PASSED ? "passed" : "failed"));
}

static json_t *tags_of(const struct check_result *result, bool bonus, bool elsewhere)
{
    const struct verdict *verdict = result->verdict;
    const enum grade_state state = grade_state(result);
    json_t *tags = json_array();
    if (result->check->question)
        json_array_append_new(tags, string(result->check->question));
    if (bonus)
        json_array_append_new(tags, json_string("bonus"));
    if (state != STATE_PASSED && state != STATE_FAILED)
        json_array_append_new(tags, json_string(grade_state_name(state)));
    if (state == STATE_NOT_JUDGED && verdict->culprit != CULPRIT_NOBODY) {
        g_autofree char *culprit = g_strconcat("culprit: ", culprit_name(verdict->culprit), NULL);
        json_array_append_new(tags, json_string(culprit));
    }
    if (verdict->mistake->len > 0 && !elsewhere)
        json_array_append_new(tags, string(verdict->mistake->str));
    return tags;
}

static json_t *test_of(const struct grade *grade, const struct check_result *result, bool bonus)
{
    const struct verdict *verdict = result->verdict;
    const enum grade_state state = grade_state(result);
    g_autoptr(GString) output = g_string_new(NULL);
    json_t *test = json_object();
    bool elsewhere = report_is_told_elsewhere(grade, result);
    if (!elsewhere) { /* else the details say it */
        text_append_plain(output, verdict->headline->str);
        g_string_append(output, "\n\n");
    }
    if (state == STATE_NOT_JUDGED || state == STATE_FOR_A_PERSON)
        g_string_append_printf(output, "%.2f points, %s.\n\n", result->check->points,
                               state == STATE_FOR_A_PERSON ? "which a person gives"
                                                           : "not yet judged");
    if (report_needs_details(result))
        report_details(output, grade, result);
    if (result->instead && result->runs->len > 0)
        g_string_append_printf(output, "\n%s\n", result->instead);
    if (verdict->remark->len > 0)
        g_string_append_printf(output, "\nA remark that costs no points here: %s\n",
                               verdict->remark->str);
    g_autofree char *title = g_strconcat(bonus ? "Bonus: " : "", result->check->title, NULL);
    json_object_set_new(test, "name", string(title));
    json_object_set_new(test, "number", string(result->check->name));
    set_score(test, result);
    json_object_set_new(test, "output", string(output->str));
    json_object_set_new(test, "output_format", json_string("md"));
    json_object_set_new(test, "tags", tags_of(result, bonus, elsewhere));
    json_object_set_new(test, "visibility", json_string(result->check->visibility));
    return test;
}

/* Above all tests, where students read it whatever is hidden of these. */
static void append_output(GString *output, const struct grade *grade)
{
    g_autofree char *score = report_score(grade);
    text_append_plain(output, score);
    if (grade->begin_here)
        g_string_append_printf(output, "\n\n%s", grade->begin_here);
    for (guint i = 0; i < grade->notes->len; i++)
        g_string_append_printf(output, "\n\n%s", (char *)grade->notes->pdata[i]);
    g_string_append(output, "\n\n");
    report_causes(output, grade);
    if (grade->kit) {
        g_string_append(output, "\n\nGraded by the kit ");
        text_append_plain(output, grade->kit);
        g_string_append_c(output, '.');
    }
}

char *report_json(const struct grade *grade)
{
    struct points points = grade_points(grade, POINTS_WITHOUT_BONUS);
    struct points bonus = grade_points(grade, POINTS_OF_BONUS);
    g_autoptr(GString) output = g_string_new(NULL);
    json_t *root = json_object(), *tests = json_array();
    struct grade *shown = report_shown(grade, REPORT_BEFORE_DUE_DATE);
    append_output(output, shown ? shown : grade);
    report_shown_free(shown);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (!grade->partial || result->done)
            json_array_append_new(
                tests, test_of(grade, result, rubric_check_is_bonus(grade->rubric, result->check)));
    }
    json_object_set_new(root, "score", number(points.got + bonus.got));
    json_object_set_new(root, "execution_time",
                        json_integer((json_int_t)ceil(grade_seconds(grade))));
    json_object_set_new(root, "output", string(output->str));
    json_object_set_new(root, "output_format", json_string("md"));
    json_object_set_new(root, "visibility", json_string("visible"));
    json_object_set_new(root, "stdout_visibility", json_string("hidden"));
    json_object_set_new(root, "tests", tests);
    const char *device = build_device(grade->build);
    json_object_set_new(
        root, "extra_data",
        json_pack("{s:s,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "assignment",
                  grade->rubric->assignment, "kit", grade->kit ? string(grade->kit) : json_null(),
                  "device", device ? device : "cpu", "points", number(points.all), "judged_points",
                  number(points.judged), "not_judged_points", number(points.all - points.judged),
                  "bonus", number(bonus.got), "bonus_points", number(bonus.all), "judged_bonus",
                  number(bonus.judged), "not_judged_bonus", number(bonus.all - bonus.judged)));
    char *text = json_dumps(root, JSON_INDENT(2));
    char *copy = g_strconcat(text ? text : "", "\n", NULL);
    free(text);
    json_decref(root);
    return copy;
}
