/*
 * The class as a whole: OUT/class.json, written when submissions are taken in.
 */
#ifndef CLASS_STUDENTS_CLASS_H
#define CLASS_STUDENTS_CLASS_H

#include <glib.h>
#include <stdbool.h>

struct class
{
    char *title;            /* of the course, for pages; may be empty */
    char *submissions;      /* the folder that was taken in, absolute */
    GPtrArray *assignments; /* of char *, in their order: those that are graded */
    char *deadline;         /* ISO 8601 in UTC, or NULL */
    char *taken_in_at;      /* ISO 8601 in UTC */
    char *kit;              /* version of the kit that took them in */
};

struct class *class_new(void);
void class_free(struct class *class);
/* NULL, and an error that says what to do. */
struct class *class_read(const char *out, GString *error);
bool class_write(const struct class *class, const char *out, GString *error);

/* ISO 8601 in UTC, to the second: "2026-11-20T21:03:00Z". A new string. */
char *class_now(void);

#endif
