/*
 * What a probe wrote: a JSON array, read with distrust.
 */
#ifndef GRADER_EVIDENCE_PROBE_FILE_H
#define GRADER_EVIDENCE_PROBE_FILE_H

#include "grader/evidence/evidence.h"

#include <jansson.h>

/* The array in FOLDER/NAME, at least `entries` long; json_decref it. NULL after setting the verdict. */
json_t *probe_file_read(const struct outcome *run, const char *name, size_t entries,
                        struct verdict *verdict);

/* Fills in *result from an entry; false if that can't be used. */
typedef bool probe_file_entry(const json_t *entry, void *result);
/* Reads each entry of `root`, the array in NAME, and appends it to `results`, whose elements are what `read` fills
 * in. False after setting the verdict for the first that can't be used, which `results` then ends with, and if root is
 * NULL, of which the verdict speaks already. */
bool probe_file_results(const json_t *root, const char *name, probe_file_entry *read,
                        GArray *results, struct verdict *verdict);

/* The whole number, or truth value, under a key; false if there is none of that type. */
bool probe_file_int(const json_t *entry, const char *key, int *value);
bool probe_file_bool(const json_t *entry, const char *key, bool *value);

#endif
