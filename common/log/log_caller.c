/*
 * The caller of a function, as a place in the program's file; see log_caller.h.
 */
#include "common/log/log_caller.h"

#include <link.h>
#include <stddef.h>

/* The load address of the object that holds the program, and the range of its code. On the
 * simulated machine this is not the process's own, but each rank's copy. */
struct program {
    uintptr_t base, first, last;
};

/* Called once per loaded object; the one that holds this file holds the program. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *result)
{
    (void)size;
    struct program object = {.base = info->dlpi_addr, .first = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        const uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
        if (begin < object.first)
            object.first = begin;
        if (begin + segment->p_memsz > object.last)
            object.last = begin + segment->p_memsz;
    }
    const uintptr_t here = (uintptr_t)look_at_object;
    if (here < object.first || here >= object.last)
        return 0;
    *(struct program *)result = object;
    return 1;
}

static const void *on_behalf_of;

void log_calls_from(const void *return_address)
{
    on_behalf_of = return_address;
}

uint64_t log_caller(const void *return_address)
{
    static struct program program;
    if (on_behalf_of != NULL)
        return_address = on_behalf_of;
    if (program.last == 0)
        dl_iterate_phdr(look_at_object, &program);
    const uintptr_t address = (uintptr_t)return_address;
    return address >= program.first && address < program.last ? address - program.base : 0;
}
