/*
 * Files in memory that processes hold without having them mapped; sandbox_memory.c counts them.
 */
#ifndef GRADER_SANDBOX_SANDBOX_OBJECTS_H
#define GRADER_SANDBOX_SANDBOX_OBJECTS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

struct sandbox_objects {
    GHashTable *seen; /* of struct object */
    GArray *devices;  /* dev_t of whole file systems that are in `bytes` */
    size_t bytes;
};

struct sandbox_objects sandbox_objects_find(const GArray *pids);
/* Is this file in `bytes`? */
bool sandbox_objects_has(const struct sandbox_objects *objects, dev_t device, ino_t number);
void sandbox_objects_clear(struct sandbox_objects *objects);

/* Calls `see` for every open file without a name of the processes, each once. */
void sandbox_objects_nameless(const GArray *pids, GHashTable *seen,
                              void (*see)(const char *path, const struct stat *status,
                                          void *context),
                              void *context);
/* A table for `seen`. */
GHashTable *sandbox_objects_table(void);

#endif
