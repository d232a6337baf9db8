/*
 * A part that is still to be written: ends the program and names the place.
 */
#ifndef COMMON_BASE_TODO_H
#define COMMON_BASE_TODO_H

#include "common/base/fatal.h"

/* what: a few words on what is missing. Parameters that are not used yet can be named behind
 * it, and the compiler does not complain about them. */
#define todo(what, ...)                                                                            \
    (todo_mention(0, ##__VA_ARGS__), fatal("%s:%d: TODO: %s", __FILE__, __LINE__, what))

static inline void todo_mention(int nothing, ...)
{
    (void)nothing;
}

#endif
