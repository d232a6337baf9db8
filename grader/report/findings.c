/* Bringing equal findings together; see findings.h. */
#include "grader/report/findings.h"

#include "grader/grade/causes.h"
#include "grader/report/report.h"

#include <string.h>

static void finding_free(void *pointer)
{
    struct report_finding *finding = pointer;
    g_ptr_array_unref(finding->of);
    g_free(finding->seen);
    g_free(finding);
}

/* Answers are in one file, and one sentence is enough for all that are not there. */
static char *seen_unwritten(const struct check_result *result)
{
    const struct check_result *first = grade_decided_by(result);
    if (first->check->runs->len > 0)
        return g_strdup(first->verdict->headline->str);
    return g_strdup_printf("there is no answer in %s yet", rubric_check_about(first->check, 0));
}

/* Which cause it has; how it belongs to that, the report tells. */
static char *seen_failed(const struct grade *grade, const struct check_result *result)
{
    const int number = cause_number(grade, result);
    const struct cause *cause = number > 0 ? grade->causes->pdata[number - 1] : NULL;
    const enum cause_relation relation = cause ? cause_relation(cause, result) : CAUSE_TOLD;
    return relation == CAUSE_SAME || relation == CAUSE_NEEDS
               ? g_strdup_printf("follows from cause %d", number)
               : report_seen(grade, result);
}

static char *seen_in(const struct grade *grade, const struct check_result *result)
{
    switch (grade_state(result)) {
    case STATE_PASSED:
        return g_strdup("");
    case STATE_UNWRITTEN:
        return seen_unwritten(result);
    case STATE_FOR_A_PERSON:
        return g_strdup("written, and a person judges it");
    case STATE_FAILED:
    case STATE_NOT_JUDGED:
        break;
    }
    return seen_failed(grade, result);
}

static char *seen_and_instead(const struct grade *grade, const struct check_result *result)
{
    g_autofree char *seen = seen_in(grade, result);
    g_autofree char *instead = report_instead(grade, result, "");
    return g_strconcat(seen, *seen && instead ? "; " : "", instead, NULL);
}

static struct report_finding *find(const GPtrArray *findings, enum grade_state state,
                                   const char *seen)
{
    for (guint i = 0; i < findings->len; i++) {
        struct report_finding *finding = findings->pdata[i];
        if (finding->state == state && strcmp(finding->seen, seen) == 0)
            return finding;
    }
    return NULL;
}

GPtrArray *report_findings(const struct grade *grade, int tier, bool together)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->tier != tier || (grade->partial && !result->done))
            continue;
        const enum grade_state state = grade_state(result);
        g_autofree char *seen = seen_and_instead(grade, result);
        struct report_finding *finding =
            state == STATE_PASSED && !together ? NULL : find(findings, state, seen);
        if (!finding) {
            finding = g_new0(struct report_finding, 1);
            finding->state = state;
            finding->seen = g_steal_pointer(&seen);
            finding->of = g_ptr_array_new();
            g_ptr_array_add(findings, finding);
        }
        g_ptr_array_add(finding->of, (gpointer)result);
        finding->got += result->points;
        finding->all += result->check->points;
    }
    return findings;
}
