/*
 * Can a check be run now? grade.c asks before it gives one to a worker.
 */
#ifndef GRADER_GRADE_GRADE_PREPARE_H
#define GRADER_GRADE_GRADE_PREPARE_H

#include "grader/grade/grade.h"

enum readiness {
    MUST_WAIT, /* for another check, or for the build for the simulator */
    CAN_RUN,
    NEED_NOT_RUN /* the verdict stands already, in result->verdict */
};
enum readiness grade_prepare(const struct grade *grade, struct check_result *result);

#endif
