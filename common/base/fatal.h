/*
 * The end of the road: a message that says what is wrong, where, and what to
 * do about it, and then the end of the program. For errors that no caller can
 * mend: a misuse of the interface, a full disk, no memory left.
 */
#ifndef COMMON_BASE_FATAL_H
#define COMMON_BASE_FATAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints "rank R: FUNCTION: message" to standard error, with the line that called
 * the kit where addr2line can tell it, and ends the program with status 1
 * (through the hook, where one is set). */
#define fatal(...) fatal_at(__func__, __VA_ARGS__)
_Noreturn void fatal_at(const char *function, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "step.c:31" in place: the innermost call from outside of the kit that leads here, or
 * to `crash`, the address at which the program crashed (else NULL). Needs addr2line; without it,
 * or without debug information, false. */
bool fatal_find_line(const void *crash, char *place, size_t size);

/* The place of an address in the program's file: the address less that at which the program, or the copy
 * of it that a simulated rank has, is loaded. False if it is not in the program. */
bool fatal_place_in_program(const void *address, uint64_t *place);

/* Who prints: set once by the driver; -1 (the default) prints no rank. The hook
 * ends a parallel program on all ranks; it does not return. */
void fatal_set_rank(int rank);
void fatal_set_hook(void (*hook)(void));

#endif
