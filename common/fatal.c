/*
 * The end of the road (fatal.h).
 */
#include "common/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int rank_to_print = -1;
static void (*end_hook)(void) = NULL;

void fatal_set_rank(int rank)
{
    rank_to_print = rank;
}

void fatal_set_hook(void (*hook)(void))
{
    end_hook = hook;
}

void fatal_at(const char *function, const char *format, ...)
{
    /* One write, so that the messages of several ranks do not mix. */
    char text[4096];
    int used = rank_to_print >= 0
                   ? snprintf(text, sizeof text, "rank %d: %s: ", rank_to_print, function)
                   : snprintf(text, sizeof text, "%s: ", function);
    size_t prefix = used < 0 ? 0 : (size_t)used;
    if (prefix >= sizeof text)
        prefix = sizeof text - 1;

    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + prefix, sizeof text - prefix, format, arguments);
    va_end(arguments);

    fflush(stdout);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);

    /* A hook that fails itself must not come back here for ever. */
    void (*hook)(void) = end_hook;
    end_hook = NULL;
    if (hook != NULL)
        hook();
    exit(EXIT_FAILURE);
}
