/*
 * The end of the road (fatal.h).
 */
#include "common/base/fatal.h"

#include "common/base/callers.h"
#include "common/base/last_words.h"
#include "common/base/machine.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- the end ---------------------------------------------------------------------------------- */

static void compose(char *text, size_t size, const char *function, const char *message,
                    const char *place)
{
    char rank[32] = "";
    if (rank_to_print >= 0)
        snprintf(rank, sizeof rank, "rank %d: ", rank_to_print);
    snprintf(text, size, "%s%s: %s%s%s%s", rank, function, message,
             place[0] != '\0' ? " (called at " : "", place, place[0] != '\0' ? ")" : "");
}

void fatal_at(const char *function, const char *format, ...)
{
    /* One write, so that the messages of several ranks do not mix. */
    char text[4096], message[3072], place[512] = "";
    struct callers callers;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    /* Noted before anything that takes time: another rank may end the program meanwhile. */
    compose(text, sizeof text, function, message, place);
    last_words_message(text);
    /* A message that begins with its line needs no other. */
    if (strncmp(format, "%s:%d", 5) != 0 && callers_find(NULL, &callers)) {
        callers_text(&callers, place, sizeof place);
        /* What the student called says more than what that called in its turn. */
        if (callers.function[0] != '\0' && strcmp(callers.function, "fatal_at") != 0)
            function = callers.function;
        compose(text, sizeof text, function, message, place);
        last_words_message(text);
    }

    fflush(stdout);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);

    machine_abort(EXIT_FAILURE);
    /* A hook that fails itself must not come back here for ever. */
    void (*hook)(void) = end_hook;
    end_hook = NULL;
    if (hook != NULL)
        hook();
    exit(EXIT_FAILURE);
}
