/*
 * Running a program as a person would, by tools/launch or tools/simulate.
 */
#ifndef TESTS_SUPPORT_RUN_H
#define TESTS_SUPPORT_RUN_H

#include <glib.h>
#include <stdbool.h>

struct test_run {
    int status;   /* exit status; -1: it was ended by a signal */
    char *output; /* all that it printed */
};

/* Runs `command`, words as for a shell, for at most 100 seconds. test_run_clear() afterwards. */
struct test_run test_run_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs the program (test_program) with these ranks and arguments; on the simulated cluster with free
 * messages if `simulated`. A run that a signal ends without a word is made once more: Open MPI crashes so in
 * MPI_Finalize, about once in a thousand runs (grader/run/runner.c), and what the program brings about happens
 * again. */
struct test_run test_run_program(bool simulated, int ranks, const char *program,
                                 const char *arguments);

void test_run_clear(struct test_run *run);

#endif
