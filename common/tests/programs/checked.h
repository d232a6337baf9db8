/*
 * For programs that look themselves at what MPI did, and leave a log for a test: who finds something
 * wrong says where, and ends all ranks with status 1. Before it is included, `rank` is this rank.
 */
#ifndef COMMON_TESTS_PROGRAMS_CHECKED_H
#define COMMON_TESTS_PROGRAMS_CHECKED_H

#include "common/log/log.h"

#include <mpi.h>
#include <stdio.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "rank %d, line %d: %s\n", rank, __LINE__, #condition);                 \
            MPI_Abort(MPI_COMM_WORLD, 1);                                                          \
        }                                                                                          \
    } while (0)
#define MUST(call) CHECK((call) == MPI_SUCCESS)

/* The end of main: of MPI, and of the log. */
static inline int end_program(void)
{
    MPI_Finalize();
    log_fact(LOG_FINAL);
    log_close();
    return 0;
}

#endif
