/*
 * IDs: OUT/ids.json says who has which, so that a second call gives everybody the same one, whoever came in between.
 */
#ifndef CLASS_INTAKE_IDS_H
#define CLASS_INTAKE_IDS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* What was given before; an empty one if nothing was. NULL, and an error, if the file can't be used. */
json_t *intake_ids_read(const char *out, GString *error);
/* The ID of a key; where it has none yet, one is made of `wanted` that nobody else has, whatever the capitals. Stays ids's. */
const char *intake_ids_give(json_t *ids, const char *key, const char *wanted);
bool intake_ids_write(const json_t *ids, const char *out, GString *error);

#endif
