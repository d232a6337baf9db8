/*
 * Who called: from inside of the program, the way from a student's line to
 * where the program is now.
 *
 * A call goes from the file that is being written, the outermost of the
 * student's, often through one or two more to the kit:
 *
 *     step.c:40 → step.c:12 → pass_on (the kit's) → communicate.c:31 → MPI_Isend
 *
 * What leaves the outermost file is the place: step.c:12, where pass_on was
 * called. That is the line that its author writes on.
 */
#ifndef COMMON_BASE_CALLERS_H
#define COMMON_BASE_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALLERS_LINE = 128, CALLERS_MOST = 12 };

struct callers {
    char function[64];        /* of the kit, that the innermost of the student's lines called */
    char place[CALLERS_LINE]; /* "step.c:12": where a call left the outermost file */
    char called[64];          /* what was called there: "pass_on" */
    int from_line;            /* of a function of that file that called the one at `place`; or 0 */
    char through[CALLERS_LINE]; /* "communicate.c:31", the innermost line of another file; or "" */
    char innermost[CALLERS_LINE];
};

/* Who led here, or to `crash`, the address at which the program crashed (else NULL). Asks addr2line;
 * false without it, without debug information, or if none of it is a student's. */
bool callers_find(const void *crash, struct callers *callers);
/* The same of return addresses that were kept, innermost first. */
bool callers_look_up(void *const *address, int count, struct callers *callers);

/* "step.c:12, from line 40", or "step.c:12 (pass_on), through communicate.c:31". Returns text. */
const char *callers_text(const struct callers *callers, char *text, size_t size);

/* The functions below this stack frame, from now on, are on somebody's behalf: callers_walk looks no
 * further. To be called with __builtin_frame_address(0) by who then calls a student's functions. */
void callers_begin(const void *frame);
/* The return addresses from its own caller on, innermost first, without the one into the function that
 * called callers_begin; how many. Costs some nanoseconds; needs frame pointers. */
int callers_walk(void **address, int most);
/* A return address less the address that the program is loaded at; 0 if it is not in the program. */
uint64_t callers_offset(const void *return_address);

/* The place of an address in the program's file: the address less that at which the program, or the copy
 * of it that a simulated rank has, is loaded. False if it is not in the program. */
bool callers_place(const void *address, uint64_t *place);

#endif
