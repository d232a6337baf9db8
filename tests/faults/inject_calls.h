/*
 * Between the two files of the library: which call fails (inject.c), and the functions (inject_calls.c).
 */
#ifndef TESTS_FAULTS_INJECT_CALLS_H
#define TESTS_FAULTS_INJECT_CALLS_H

#include <stdbool.h>

/* Must this call of the function fail? Then errno is set. */
bool inject_fails(const char *function);
/* What errno says then; for functions that return it. */
extern int inject_number;

#endif
