/*
 * Which checks a person means who does not write out all their names. A word is
 *
 *     big_order             the name of a check: that one alone
 *     tier3, bonus, bonus2  a tier by the first word of its title, with its number there or among those of that word
 *     Q7                    a question: the checks that answer it
 *     average.c             a file: the checks that are about it; where none is, those that need it
 *     big, own_words        parts of names, between underscores
 *     ord                   the beginning of such parts, where no name has the word as a whole part
 *     *_order               a pattern: * stands for any letters, ? for one
 *     all                   every check
 *
 * Case does not count, nor does - for _. The first of these that fits some check decides. Commas, semicolons and
 * blanks stand between words.
 */
#ifndef GRADER_RUBRIC_RUBRIC_SELECT_H
#define GRADER_RUBRIC_RUBRIC_SELECT_H

#include "grader/rubric/rubric.h"

/* The names of what was meant, in the rubric's order. Of char *, the rubric's; the caller frees the array with
 * g_ptr_array_unref. NULL, with the words that mean nothing and what may have been meant in `error`, if some
 * word fits no check, or there is no word. path: of the rubric, whose neighbours are asked. */
GPtrArray *rubric_select(const struct rubric *rubric, const char *path, const char *words,
                         GString *error);

/* All checks by tier, with name, points, question and title, for a terminal; and what may be chosen. */
void rubric_append_list(const struct rubric *rubric, GString *text);

/* By what a tier can be chosen: "tier3", "bonus"; of several of one word "bonus2". A new string. */
char *rubric_tier_word(const struct rubric *rubric, int tier);

#endif
