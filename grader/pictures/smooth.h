/*
 * Smooth curves: the loss of a batch jumps, and whether a model learns is seen in the mean of some of them.
 */
#ifndef GRADER_PICTURES_SMOOTH_H
#define GRADER_PICTURES_SMOOTH_H

/* values[0 … count-1] smoothed: each becomes the mean of those at most `reach` places away; at the begin of no more
 * that follow than come before it, so the first stays what it is, since losses fall fast there; fewer at the end.
 * What is not finite is left out. To be freed with g_free. */
double *smooth_values(const double *values, int count, int reach);
/* A reach that suits so many values: about 30 means stand side by side. Curves in one picture get the same one, or
 * equal ones would look different. */
int smooth_reach(int count);

#endif
