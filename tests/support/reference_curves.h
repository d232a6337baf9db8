/*
 * The committed learning curves of an assignment are what the solutions learn: the first steps of each are
 * run again and compared, and each of several ranks with that of one process.
 */
#ifndef TESTS_SUPPORT_REFERENCE_CURVES_H
#define TESTS_SUPPORT_REFERENCE_CURVES_H

#include <check.h>

/* The tests of assignments/ASSIGNMENT/curves. NAME + `suffix` is the curve of several ranks whose curve of one
 * process is NAME. */
Suite *reference_curves_suite(const char *assignment, const char *suffix);

#endif
