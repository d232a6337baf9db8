/*
 * Files of data sets as bytes in memory (dataset_parts.h).
 */
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <fcntl.h>
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
    if (file->byte != NULL)
        munmap((void *)file->byte, file->size);
    *file = (struct mapped_file){0};
}
