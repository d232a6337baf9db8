/*
 * The caller of a function, as a place in the program's file; see log_caller.h.
 */
#include "common/log/log_caller.h"

#include "common/base/callers.h"

#include <stddef.h>

static const void *on_behalf_of;

void log_calls_from(const void *return_address)
{
    on_behalf_of = return_address;
}

uint64_t log_caller(const void *return_address)
{
    return callers_offset(on_behalf_of != NULL ? on_behalf_of : return_address);
}
