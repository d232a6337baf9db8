/* The results of a grade, from its begin to its end, and what they add up to. */
#include "grader/grade/grade.h"

#include "grader/grade/causes.h"

static void clear_run(void *pointer)
{
    struct run_summary *run = pointer;
    g_free(run->command);
    g_free(run->trouble);
    g_free(run->output);
}

GArray *grade_runs_new(void)
{
    GArray *runs = g_array_new(FALSE, TRUE, sizeof(struct run_summary));
    g_array_set_clear_func(runs, clear_run);
    return runs;
}

void grade_init(struct grade *grade)
{
    grade->results = g_array_new(FALSE, TRUE, sizeof(struct check_result));
    grade->notes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < grade->rubric->checks->len; i++) {
        struct check_result result = {
            .check = RUBRIC_CHECKS(grade->rubric, i),
            .verdict = verdict_new(),
            .runs = grade_runs_new(),
        };
        verdict_not_judged(result.verdict, CULPRIT_NOBODY, "not run");
        g_array_append_val(grade->results, result);
    }
}

void grade_clear(struct grade *grade)
{
    if (!grade->results)
        return;
    for (guint i = 0; i < grade->results->len; i++) {
        verdict_free(GRADE_RESULTS(grade, i)->verdict);
        g_array_free(GRADE_RESULTS(grade, i)->runs, TRUE);
        g_free(GRADE_RESULTS(grade, i)->large_tag_call);
        g_free(GRADE_RESULTS(grade, i)->instead);
        if (GRADE_RESULTS(grade, i)->settled)
            verdict_free(GRADE_RESULTS(grade, i)->settled);
    }
    g_array_free(grade->results, TRUE);
    g_ptr_array_free(grade->notes, TRUE);
    g_clear_pointer(&grade->causes, g_ptr_array_unref);
    g_clear_pointer(&grade->needed, g_ptr_array_unref);
    g_free(grade->begin_here);
}

struct build *grade_build_of(const struct grade *grade, const struct check_result *result)
{
    return result->build ? result->build : grade->build;
}

double grade_seconds(const struct grade *grade)
{
    double seconds = grade->seconds + (grade->build ? grade->build->seconds : 0);
    for (guint i = 0; grade->needed && i < grade->needed->len; i++)
        seconds += grade_seconds(grade->needed->pdata[i]);
    return seconds;
}

struct points grade_points(const struct grade *grade, int tier)
{
    struct points points = {0};
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        bool bonus = rubric_check_is_bonus(grade->rubric, result->check);
        bool counts = tier >= 0 ? result->check->tier == tier : bonus == (tier == POINTS_OF_BONUS);
        if (!counts || (grade->partial && !result->done))
            continue;
        points.got += result->points;
        points.all += result->check->points;
        if (result->verdict->kind != VERDICT_NOT_JUDGED)
            points.judged += result->check->points;
    }
    return points;
}

int grade_left_by(const struct grade *grade, enum culprit culprit)
{
    int checks = 0;
    for (guint i = 0; i < grade->results->len; i++) {
        const struct verdict *verdict = GRADE_RESULTS(grade, i)->verdict;
        checks += verdict->kind == VERDICT_NOT_JUDGED && verdict->culprit == culprit;
    }
    return checks;
}
