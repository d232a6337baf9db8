/*
 * The end of the road (fatal.h).
 */
#include "common/base/fatal.h"

#include "common/base/last_words.h"
#include "common/base/machine.h"

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

/* Is an address in the program, which is loaded at `own`, or in another copy of it? A simulated
 * cluster has one for each rank, all with fatal_set_rank in the same place. */
static bool is_in_program(const void *address, const char *own, const char **base)
{
    const size_t offset = (size_t)((const char *)(uintptr_t)fatal_set_rank - own);
    Dl_info info, same;
    if (dladdr(address, &info) == 0)
        return false;
    *base = info.dli_fbase;
    return *base == own ||
           (dladdr(*base + offset, &same) != 0 && same.dli_saddr == *base + offset &&
            same.dli_sname != NULL && strcmp(same.dli_sname, "fatal_set_rank") == 0);
}

bool fatal_place_in_program(const void *address, uint64_t *place)
{
    const char *base;
    Dl_info own;
    if (dladdr((void *)(uintptr_t)fatal_set_rank, &own) == 0 ||
        !is_in_program(address, own.dli_fbase, &base))
        return false;
    *place = (uint64_t)((const char *)address - base);
    return true;
}

/* Writes "addr2line -e PROGRAM ADDRESS…" for this file and the calls that lead here, or to
 * `crash`; false if it can't. */
static bool compose_question(const void *crash, char *command, size_t size)
{
    void *frame[MOST_FRAMES];
    const char *program = machine_program(), *base;
    Dl_info own;
    const int frames = backtrace(frame, MOST_FRAMES);
    if (program[0] == '\0' || strchr(program, '\'') != NULL ||
        dladdr((void *)(uintptr_t)fatal_set_rank, &own) == 0)
        return false;
    const size_t offset = (size_t)((char *)(uintptr_t)fatal_set_rank - (char *)own.dli_fbase);
    size_t used =
        (size_t)snprintf(command, size, "timeout 5 addr2line -e '%s' %#zx", program, offset);
    for (int i = 0; i < frames && used < size; i++)
        if (is_in_program(frame[i], own.dli_fbase, &base))
            /* a return address is the one behind the call */
            used += (size_t)snprintf(
                command + used, size - used, " %#lx",
                (unsigned long)((char *)frame[i] - base - (frame[i] == crash ? 0 : 1)));
    if (used < size)
        used += (size_t)snprintf(command + used, size - used, " 2>/dev/null");
    return used < size;
}

bool fatal_find_line(const void *crash, char *place, size_t size)
{
    static const char own_name[] = "common/base/fatal.c";
    char command[2048], kit[1024] = "";
    size_t kit_length = 0;
    FILE *lines = compose_question(crash, command, sizeof command) ? popen(command, "r") : NULL;
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

    /* Noted before anything that takes time: another rank may end the program meanwhile. */
    last_words_message(text);
    /* A message that begins with its line needs no other. */
    size_t length = strlen(text);
    if (strncmp(format, "%s:%d", 5) != 0 && fatal_find_line(NULL, place, sizeof place)) {
        snprintf(text + length, sizeof text - length, " (called at %s)", place);
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
