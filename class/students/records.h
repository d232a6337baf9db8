/*
 * JSON in the folder of a class: read with checks, written whole or not at all. Errors are lines that name the file.
 */
#ifndef CLASS_STUDENTS_RECORDS_H
#define CLASS_STUDENTS_RECORDS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* An object, which the caller gives back with json_decref; NULL, and an error. */
json_t *record_read(const char *path, GString *error);
bool record_write(const char *path, const json_t *root, GString *error);
/* Text (or bytes; length -1: up to a NUL) as a file, in one go: nobody ever sees half of it, and the old one stays where the
 * disk is full. */
bool record_write_text(const char *path, const char *text, gssize length, GString *error);

/* A member of an object; NULL or `instead` if it is not there, or not of that kind. */
const char *record_text(const json_t *object, const char *key);
double record_number(const json_t *object, const char *key, double instead);
bool record_is_true(const json_t *object, const char *key);
/* Appends copies of all texts of a list. */
void record_texts(const json_t *object, const char *key, GPtrArray *to);

/* Clean text (grader/text/text.h) as JSON; NULL is null. */
json_t *record_string(const char *text);

#endif
