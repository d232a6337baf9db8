/*
 * What the sections of answers.md answer, and what is wrong with how a student wrote
 * them down.
 */
#ifndef HANDIN_SECTIONS_H
#define HANDIN_SECTIONS_H

#include <glib.h>
#include <stdbool.h>

struct section {
    char *question; /* "Q1", "How it works" */
    char *title;    /* what the heading says behind that; may be empty */
    char *text;     /* Markdown, without the heading and without blank lines around it */
    int line;       /* of the heading, from 1 */
};

/* The sections of the text of `path` that answer the questions (of struct section *, in the order of
 * the questions; the caller frees with g_ptr_array_unref). NULL, with a line for each in problems, if
 * a section of level 1 or 2 answers no question, or one that another answers, if a code block or
 * comment never ends, or if the text is not UTF-8. A question without a section is no problem here. */
GPtrArray *sections_split(const char *path, const char *text, GPtrArray *questions,
                          GString *problems);

/* The section of a question, or NULL. */
const struct section *sections_find(GPtrArray *sections, const char *question);
/* Does it say nothing besides comments and TODO? */
bool section_is_empty(const struct section *section);

#endif
