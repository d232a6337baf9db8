/*
 * Which line of the program called: for whoever writes a record of a call.
 */
#ifndef COMMON_LOG_LOG_CALLER_H
#define COMMON_LOG_LOG_CALLER_H

#include <stdint.h>

/* For a record's field caller: the return address, less the load address of the program; 0 where it
 * is not in the program's code. */
uint64_t log_caller(const void *return_address);

/* For functions of the kit that work on behalf of a student's line: calls from now on are recorded as
 * made from this return address, until NULL. */
void log_calls_from(const void *return_address);

#endif
