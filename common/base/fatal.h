/*
 * The end of the road: a message that says what is wrong, where, and what to
 * do about it, and then the end of the program. For errors that no caller can
 * mend: a misuse of the interface, a full disk, no memory left.
 */
#ifndef COMMON_BASE_FATAL_H
#define COMMON_BASE_FATAL_H

/* Prints "rank R: FUNCTION: message (called at step.c:12)" to standard error and ends the program
 * with status 1 (through the hook, where one is set). FUNCTION is what the student's line called, and
 * the line that of the outermost file (callers.h), where addr2line can tell it. */
#define fatal(...) fatal_at(__func__, __VA_ARGS__)
_Noreturn void fatal_at(const char *function, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Who prints: set once by the driver; -1 (the default) prints no rank. The hook
 * ends a parallel program on all ranks; it does not return. */
void fatal_set_rank(int rank);
void fatal_set_hook(void (*hook)(void));

#endif
