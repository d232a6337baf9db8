/*
 * A program in C as the tokens that matter when two are compared: no comments, blanks, directives or contents of texts; names
 * and numbers are all one. What stands behind a #define are tokens like any other.
 */
#ifndef CLASS_SIMILARITY_TOKENS_H
#define CLASS_SIMILARITY_TOKENS_H

#include "class/similarity/how.h"

#include <glib.h>
#include <stdint.h>

struct token {
    uint64_t kind; /* equal for what counts as equal */
    int line;      /* from 1 */
    int file;      /* the caller's number of the file */
};

#define TOKEN(tokens, i) (g_array_index(tokens, struct token, i))

/* Names that stay what they are: a set of char *. Adds those of functions that a header declares: each that stands in front of a (. */
void tokens_add_names(const char *header, gsize length, GHashTable *names);

/* Appends the tokens of a text, whatever it is, in linear time. names: NULL, none stay. */
void tokens_read(const char *text, gsize length, int file, unsigned folds, GHashTable *names,
                 GArray *tokens);

#endif
