/*
 * The end of the road (fatal.h).
 */
#include "common/fatal.h"

#include "common/machine.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FRAMES 24

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

/* ---- where the kit was called ------------------------------------------------------------- */

/* Writes "addr2line -e PROGRAM ADDRESS…" for the calls that lead here; false if it can't. */
static bool compose_question(char *command, size_t size)
{
    void *frame[MOST_FRAMES];
    const char *program = machine_program();
    Dl_info own, info;
    const int frames = backtrace(frame, MOST_FRAMES);
    if (program[0] == '\0' || strchr(program, '\'') != NULL ||
        dladdr((void *)(uintptr_t)fatal_set_rank, &own) == 0)
        return false;
    size_t used =
        (size_t)snprintf(command, size, "timeout 5 addr2line -e '%s' 2>/dev/null", program);
    for (int i = 0; i < frames && used < size; i++)
        if (dladdr(frame[i], &info) != 0 && info.dli_fbase == own.dli_fbase)
            /* a return address is the one behind the call */
            used += (size_t)snprintf(command + used, size - used, " %#lx",
                                     (unsigned long)((char *)frame[i] - (char *)own.dli_fbase - 1));
    return used < size;
}

/* "train_step_afab.c:31" in place: the innermost call from outside of the kit. Needs addr2line;
 * without it, or without debug information, false. */
static bool find_caller(char *place, size_t size)
{
    static const char own_name[] = "common/fatal.c";
    char command[2048], kit[1024] = "";
    size_t kit_length = 0;
    FILE *lines = compose_question(command, sizeof command) ? popen(command, "r") : NULL;
    if (lines == NULL)
        return false;
    bool found = false;
    while (!found && fgets(place, (int)size, lines) != NULL) {
        place[strcspn(place, " \n")] = '\0';
        const char *own = strstr(place, own_name);
        if (kit[0] == '\0' && own != NULL) { /* the first frame is this file */
            kit_length = (size_t)snprintf(kit, sizeof kit, "%.*s", (int)(own - place), place);
            continue;
        }
        if (kit_length == 0)
            break;
        const bool in_kit = strncmp(place, kit, kit_length) == 0;
        if (in_kit && strncmp(place + kit_length, "assignments/", 12) == 0)
            break; /* the program itself: nobody else called */
        found = place[0] == '/' && (!in_kit || strncmp(place + kit_length, "common/", 7) != 0);
    }
    pclose(lines);
    const char *name = strrchr(place, '/');
    if (found && name != NULL)
        memmove(place, name + 1, strlen(name));
    return found;
}

/* ---- the end ---------------------------------------------------------------------------------- */

void fatal_at(const char *function, const char *format, ...)
{
    /* One write, so that the messages of several ranks do not mix. */
    char text[4096], place[1024];
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

    /* A message that begins with its line needs no other. */
    size_t length = strlen(text);
    if (strncmp(format, "%s:%d", 5) != 0 && find_caller(place, sizeof place))
        snprintf(text + length, sizeof text - length, " (called at %s)", place);

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
