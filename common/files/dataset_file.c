/*
 * Files of data sets as bytes in memory (dataset_parts.h).
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool dataset_error(char error[DATASET_ERROR_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, DATASET_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

const char *dataset_place(const char *variable)
{
    const char *place = getenv(variable);
    return place != NULL && place[0] != '\0' ? place : NULL;
}

/* ---- files that become shorter while they are mapped ------------------------------------------- */

/* Who reads behind the end of such a file gets SIGBUS, and would end without a word about it. */
#define MOST_WATCHED 16
static struct {
    const uint8_t *byte; /* NULL: free */
    size_t size;
    char path[256];
} watched[MOST_WATCHED];
static struct sigaction before; /* what handled the signal */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* then nobody reads it */
}

static void say_what_is_cut_off(int signal, siginfo_t *info, void *context)
{
    const uint8_t *at = info->si_addr;
    for (int i = 0; i < MOST_WATCHED; i++)
        if (watched[i].byte != NULL && at >= watched[i].byte &&
            at < watched[i].byte + watched[i].size) {
            say(watched[i].path);
            say(": can't be read any more: somebody made it shorter while it was open, or its disk "
                "fails; see that it is whole, and run again\n");
        }
    if ((before.sa_flags & SA_SIGINFO) != 0)
        before.sa_sigaction(signal, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(signal);
    else
        sigaction(signal, &before, NULL); /* it comes again, and ends the process */
}

/* ---- mapping ------------------------------------------------------------------------------------ */

/* Maps an open file; the descriptor stays the caller's. */
static bool descriptor_map(int descriptor, const char *path, const char *remedy,
                           struct mapped_file *file, char error[DATASET_ERROR_SIZE])
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return dataset_error(error, "%s: can't be examined: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return dataset_error(error, "%s: is not a regular file; %s", path, remedy);
    if (status.st_size == 0)
        return dataset_error(error, "%s: is empty; %s", path, remedy);
    size_t size = (size_t)status.st_size;
    void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED)
        return dataset_error(error, "%s: can't be mapped: %s", path, strerror(errno));
    *file = (struct mapped_file){.byte = memory, .size = size};
    return true;
}

bool file_map(const char *path, const char *remedy, struct mapped_file *file,
              char error[DATASET_ERROR_SIZE])
{
    /* O_NONBLOCK: to open a named pipe must not wait for somebody to write to it. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return dataset_error(error, "%s: can't be opened: %s; %s", path, strerror(errno), remedy);
    bool mapped = descriptor_map(descriptor, path, remedy, file, error);
    close(descriptor); /* only read from: nothing can be lost */
    return mapped;
}

void file_unmap(struct mapped_file *file)
{
    for (int i = 0; i < MOST_WATCHED && file->byte != NULL; i++)
        if (watched[i].byte == file->byte)
            watched[i].byte = NULL;
    if (file->byte != NULL)
        munmap((void *)file->byte, file->size);
    *file = (struct mapped_file){0};
}

void file_watch(const char *path, const struct mapped_file *file)
{
    static bool handles;
    if (!handles) {
        struct sigaction own = {.sa_sigaction = say_what_is_cut_off, .sa_flags = SA_SIGINFO};
        handles = sigaction(SIGBUS, &own, &before) == 0;
    }
    for (int i = 0; i < MOST_WATCHED; i++) {
        if (watched[i].byte != NULL)
            continue;
        snprintf(watched[i].path, sizeof watched[i].path, "%s", path);
        watched[i].size = file->size;
        watched[i].byte = file->byte;
        return;
    }
}
