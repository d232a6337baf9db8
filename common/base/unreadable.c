/* Files that could not be read; see unreadable.h. */
#include "common/base/unreadable.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char first[1024];

/* What lies there, or does not, is the doing of whoever wrote it. */
static bool is_about_the_file(int number)
{
    return number == 0 || number == ENOENT || number == ENOTDIR || number == EISDIR ||
           number == ELOOP || number == ENXIO;
}

void unreadable_note(const char *path, int number)
{
    const int kept = errno;
    if (first[0] == '\0' && !is_about_the_file(number))
        snprintf(first, sizeof first, "%s can't be read: %s", path, strerror(number));
    errno = kept;
}

const char *unreadable_first(void)
{
    return first[0] == '\0' ? NULL : first;
}

void unreadable_forget(void)
{
    first[0] = '\0';
}
