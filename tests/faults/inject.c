/*
 * A library to be loaded before all others (LD_PRELOAD): calls of one function fail, in the grader, in its
 * workers and, up to its exec, in the child that becomes a sandboxed command. In no other program. Here is which
 * call fails; inject_calls.c has the functions.
 *
 *     FAULT_CALL=mkdir    the function; for files also what for: see the names in inject_calls.c
 *     FAULT_ERRNO=28      what errno says; 0: nothing fails, calls and where they come from are counted
 *     FAULT_NTH=3         only the third call fails, of all processes together; 0: all do
 *     FAULT_COUNTER=FILE  a struct inject_counter for all processes
 */
#include "tests/faults/inject_calls.h"

#include "tests/faults/inject.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALLERS 8 /* that tell one place from another */

static const char *wanted; /* NULL: this is another program */
static int nth;
static struct inject_counter own_counter, *counter = &own_counter;
int inject_number;

static void open_counter(const char *path)
{
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared = file >= 0
                       ? mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                       : MAP_FAILED;
    if (shared != MAP_FAILED)
        counter = shared;
    if (file >= 0)
        close(file);
}

static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? atoi(text) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    if (strcmp(program_invocation_short_name, "grade") != 0)
        return;
    open_counter(getenv("FAULT_COUNTER"));
    inject_number = number_of("FAULT_ERRNO");
    nth = number_of("FAULT_NTH");
    wanted = getenv("FAULT_CALL");
}

/* Notes the call if it is the first from its place. */
static void note_place(int call)
{
    static _Thread_local bool noting; /* what follows calls functions, too */
    void *caller[CALLERS];
    if (noting)
        return;
    noting = true;
    const int depth = backtrace(caller, CALLERS);
    noting = false;
    uint64_t chain = 0;
    for (int i = 2; i < depth; i++)
        chain = 31 * chain + (uint64_t)(uintptr_t)caller[i];
    const int known = atomic_load(&counter->places);
    for (int i = 0; i < known && i < INJECT_PLACES; i++)
        if (counter->place[i].chain == chain)
            return;
    const int place = atomic_fetch_add(&counter->places, 1);
    if (place < INJECT_PLACES) {
        counter->place[place].call = call;
        counter->place[place].chain = chain;
    }
}

bool inject_fails(const char *function)
{
    if (!wanted || strcmp(wanted, function) != 0)
        return false;
    const int call = atomic_fetch_add(&counter->calls, 1) + 1;
    if (inject_number == 0)
        note_place(call);
    if (inject_number == 0 || (nth != 0 && call != nth))
        return false;
    errno = inject_number;
    return true;
}
