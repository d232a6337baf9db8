/*
 * How a simulated run says that nobody can go on any more: beginnings of lines that
 * the program or its launcher prints.
 */
#ifndef GRADER_TRACE_DEADLOCK_H
#define GRADER_TRACE_DEADLOCK_H

#define DEADLOCK_WAITING "deadlock: every rank that is still running" /* tools/simulate */
#define DEADLOCK_POLLING "deadlock: every rank waits or polls"        /* machines/simulated.c */

#endif
