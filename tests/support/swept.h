/*
 * Judges on runs of the solutions in which one field of the log has a value that makes no sense: a sample of what
 * tests/fuzz/odd_sweep.h tries.
 */
#ifndef TESTS_SUPPORT_SWEPT_H
#define TESTS_SUPPORT_SWEPT_H

/* Makes the runs of these checks ("ASSIGNMENT/CHECK", separated by spaces), and has each judged about `cases` times.
 * Fails the test where a judge takes far too long, or passes no undisturbed run; one that crashes ends
 * it, after a line that says of which value. Without the simulated cluster, what needs it is left out. */
void swept_are_judged(const char *checks, int cases);

#endif
