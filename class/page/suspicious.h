/*
 * Evidence that a person should look at: what the grader saw that honest mistakes hardly make. It is no verdict; the points
 * are lost, or not, for what the check says.
 */
#ifndef CLASS_PAGE_SUSPICIOUS_H
#define CLASS_PAGE_SUSPICIOUS_H

#include <stdbool.h>

/* Why a verdict's headline is worth a look, in a few words; NULL: it is not. */
const char *suspicious_headline(const char *seen);
/* The same of a note of the grader's about the whole. */
const char *suspicious_note(const char *note);

#endif
