/*
 * The states of a check, as every report shows them. A verdict knows whether points were got and whose doing it is that
 * they were not; a reader also wants to know that a failure is only work still to be done, and that what waits for a
 * person was not forgotten.
 */
#ifndef GRADER_GRADE_GRADE_STATE_H
#define GRADER_GRADE_GRADE_STATE_H

#include "grader/grade/grade.h"

enum grade_state {
    STATE_PASSED,
    STATE_FAILED, /* something is wrong */
    STATE_UNWRITTEN, /* a TODO is still there, or stands before what the check needs: costs as much as a failure */
    STATE_NOT_JUDGED, /* the machine's, the kit's or nobody's doing: costs nothing */
    STATE_FOR_A_PERSON
};

/* The state of a check that is done, or was not chosen (STATE_NOT_JUDGED). */
enum grade_state grade_state(const struct check_result *result);

/* The check at the beginning of a chain of those that need each other: what was not run for want of another is in the
 * state that this one is in. */
const struct check_result *grade_decided_by(const struct check_result *result);

/* As a reader reads it: "PASS", "FAIL", "not yet written", "not judged", "for a person". */
const char *grade_state_name(enum grade_state state);

#endif
