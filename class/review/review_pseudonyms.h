/*
 * What stands for a student where nobody is to know who it is.
 */
#ifndef CLASS_REVIEW_REVIEW_PSEUDONYMS_H
#define CLASS_REVIEW_REVIEW_PSEUDONYMS_H

#include "class/students/student.h"

/* HMAC-SHA256 of four texts, the second and third of which may be empty. */
void review_digest(const guint8 *key, guint8 digest[32], const char *purpose, const char *check,
                   const char *reviewer, const char *student);

/* "teal otter" for each of the students, each once: of char *, in their order. */
GPtrArray *review_pseudonyms(const GPtrArray *students, const guint8 *key);

/* The text with "[name]" for the names, addresses and user names of its writers. A new string. */
char *review_without_names(const char *text, const struct student *student);

#endif
