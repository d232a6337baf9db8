/*
 * What was found in the checks of a tier, where several may have found one and the same.
 */
#ifndef GRADER_REPORT_FINDINGS_H
#define GRADER_REPORT_FINDINGS_H

#include "grader/grade/grade_state.h"

struct report_finding {
    enum grade_state state;
    char *seen;      /* one line of plain text; empty: all is well, and there is nothing to add */
    GPtrArray *of;   /* of const struct check_result *, in the rubric's order */
    double got, all; /* points */
};

/* Of struct report_finding *, in the order of each one's first check. What passed stands together in one if `together`,
 * else each check for itself. To be unref'd. */
GPtrArray *report_findings(const struct grade *grade, int tier, bool together);

#endif
