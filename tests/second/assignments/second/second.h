/*
 * The second assignment: how far the numbers of all ranks are spread. It builds on
 * the example: average() is the student's own.
 */
#ifndef ASSIGNMENTS_SECOND_SECOND_H
#define ASSIGNMENTS_SECOND_SECOND_H

#include "assignments/example/example.h"

/* The variance of the numbers that the ranks of `comm` call this with, one each: the mean of their
 * squared distances from their mean. Every rank gets it. */
double spread(double mine, MPI_Comm comm);

/* The largest of these numbers less the smallest. Every rank gets it. Nothing of the example is in it. */
double extent(double mine, MPI_Comm comm);

#endif
