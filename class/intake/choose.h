/*
 * Which of somebody's tries counts, and how late it is.
 */
#ifndef CLASS_INTAKE_CHOOSE_H
#define CLASS_INTAKE_CHOOSE_H

#include "class/intake/handed.h"

/* Fills in when it was handed in, how late, the factor, why nothing counts, and notes on the others. The try that counts; NULL:
 * none, and student->refused says why. */
const struct intake_attempt *intake_choose(const struct intake_handed *handed,
                                           const struct intake_policy *policy,
                                           const struct intake_people *people,
                                           struct student *student);

#endif
