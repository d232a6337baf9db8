/* What students may see; see report_shown.h. */
#include "grader/report/report_shown.h"

#include "grader/grade/causes.h"

#include <string.h>

bool report_is_shown(const char *visibility, enum report_time time)
{
    return strcmp(visibility, "visible") == 0 ||
           (time >= REPORT_AFTER_DUE_DATE && strcmp(visibility, "after_due_date") == 0) ||
           (time >= REPORT_PUBLISHED && strcmp(visibility, "after_published") == 0);
}

const char *report_shown_file(enum report_time time)
{
    static const char *const names[] = {"report-before-due-date.html", "report-after-due-date.html",
                                        "report-published.html"};
    return names[time];
}

/* What was not run for want of a hidden check would name it: it is hidden, too. */
static bool is_result_shown(const struct check_result *result, enum report_time time)
{
    for (; result; result = result->needs)
        if (!report_is_shown(result->check->visibility, time))
            return false;
    return true;
}

static bool names_hidden(const struct grade *grade, const char *note, enum report_time time)
{
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        g_autofree char *name = g_strdup_printf("`%s`", result->check->name);
        if (!is_result_shown(result, time) && strstr(note, name))
            return true;
    }
    return false;
}

/* What a check needs, among those that are shown. */
static void point_to_shown(struct grade *shown)
{
    for (guint i = 0; i < shown->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(shown, i);
        for (guint k = 0; result->needs && k < shown->results->len; k++)
            if (GRADE_RESULTS(shown, k)->check == result->needs->check) {
                result->needs = GRADE_RESULTS(shown, k);
                break;
            }
    }
}

/* The reports look into the rubric for other checks to name. */
static struct rubric *shown_rubric(const struct rubric *rubric, enum report_time time)
{
    struct rubric *shown = g_new0(struct rubric, 1);
    *shown = *rubric;
    shown->checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check));
    for (guint i = 0; i < rubric->checks->len; i++)
        if (report_is_shown(RUBRIC_CHECKS(rubric, i)->visibility, time))
            g_array_append_vals(shown->checks, RUBRIC_CHECKS(rubric, i), 1);
    return shown;
}

struct grade *report_shown(const struct grade *grade, enum report_time time)
{
    GArray *results = g_array_new(FALSE, TRUE, sizeof(struct check_result));
    for (guint i = 0; i < grade->results->len; i++)
        if (is_result_shown(GRADE_RESULTS(grade, i), time))
            g_array_append_vals(results, GRADE_RESULTS(grade, i), 1);
    if (results->len == grade->results->len) {
        g_array_unref(results);
        return NULL;
    }
    struct grade *shown = g_new0(struct grade, 1);
    *shown = *grade;
    shown->results = results;
    shown->rubric = shown_rubric(grade->rubric, time);
    shown->causes = NULL;
    shown->notes = g_ptr_array_new();
    for (guint i = 0; i < grade->notes->len; i++)
        if (!names_hidden(grade, grade->notes->pdata[i], time))
            g_ptr_array_add(shown->notes, grade->notes->pdata[i]);
    point_to_shown(shown);
    if (grade->causes)
        causes_find(shown);
    return shown;
}

void report_shown_free(struct grade *shown)
{
    if (!shown)
        return;
    g_array_unref(shown->results);
    g_array_unref(shown->rubric->checks);
    g_free((struct rubric *)shown->rubric);
    if (shown->causes)
        g_ptr_array_unref(shown->causes);
    g_ptr_array_unref(shown->notes);
    g_free(shown);
}
