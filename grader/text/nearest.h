/*
 * Which names a misspelt word may have meant.
 */
#ifndef GRADER_TEXT_NEAREST_H
#define GRADER_TEXT_NEAREST_H

#include <glib.h>
#include <stdbool.h>

/* How many letters have to be put in, left out, changed or swapped with their neighbour to make one word
 * the other; case does not count. */
int text_distance(const char *one, const char *other);

/* The same of a word and a name or a run of its parts ("order" of "big_order"), whichever is nearest. */
int text_distance_to_parts(const char *word, const char *name);

/* All names, the nearest first; those that are as near keep their order. The list ends with NULL. Of char *,
 * which stay the caller's; the caller frees the array with g_ptr_array_unref. */
GPtrArray *text_nearest_first(const char *word, const char *const *names);

/* Is the name, or a run of its parts, near enough to the word to be what was meant? */
bool text_is_near(const char *word, const char *name);

/* Appends "; did you mean X, Y or Z?" with up to four names that are near; nothing if none is. */
void text_append_meant(GString *to, const char *word, const char *const *names);

#endif
