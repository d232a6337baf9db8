/*
 * How a simulated run says that nobody can go on any more, or not in the right way: beginnings of lines
 * that the program or its launcher prints, or, of the last, of what it prints behind the rank and the call.
 */
#ifndef GRADER_TRACE_DEADLOCK_H
#define GRADER_TRACE_DEADLOCK_H

#define DEADLOCK_WAITING  "deadlock: every rank that is still running" /* tools/simulate */
#define DEADLOCK_POLLING  "deadlock: every rank waits or polls"        /* machines/simulated.c */
#define COLLECTIVES_CLASH "collectives differ: " /* common/mpi/machines/steps.h */

#endif
