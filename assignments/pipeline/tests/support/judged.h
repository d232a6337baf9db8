/* What a judge says of a judgement. */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_JUDGED_H
#define ASSIGNMENTS_PIPELINE_TESTS_SUPPORT_JUDGED_H

#include "grader/verdict/judge.h"

/* Fails the test if the verdict is of another kind, or its headline does not have `says` (NULL: any)
 * in it. */
void judged_expect(judge_function *judge, const struct judgement *judgement, enum verdict_kind kind,
                   const char *says);

#endif
