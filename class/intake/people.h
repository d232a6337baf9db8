/*
 * Who is in the course, and who has more time: roster.csv (id,name,email,group) and extensions.csv (id,days,until,reason,used).
 */
#ifndef CLASS_INTAKE_PEOPLE_H
#define CLASS_INTAKE_PEOPLE_H

#include <glib.h>
#include <stdbool.h>

struct intake_person {
    char *id;               /* never empty */
    char *name;             /* may be empty */
    char *email;            /* or NULL */
    char *group;            /* or NULL: the person hands in alone */
    char *essence, *turned; /* of the name, to compare */
};

struct intake_extension {
    char *id;
    int days; /* after the deadline */
    bool has_until;
    gint64 until;  /* seconds since 1970; the later of both counts */
    char *reason;  /* clean text, or NULL */
    int used_days; /* late days of the term that were used up before */
    int row;       /* of the file */
    bool used;     /* somebody was found for it */
};

struct intake_people {
    GPtrArray *persons;    /* of struct intake_person *; empty: no roster was given */
    GPtrArray *extensions; /* of struct intake_extension * */
};

/* Either path may be NULL. zone: of times without one. NULL, with all that is wrong in errors, a line each. */
struct intake_people *intake_people_read(const char *roster, const char *extensions,
                                         GTimeZone *zone, GString *errors);
void intake_people_free(struct intake_people *people);

/* Who is called so: by id, e-mail or the part of it before the @, or name, in any order of its parts, whatever capitals,
 * accents and blanks; NULL: nobody, or several. */
const struct intake_person *intake_people_find(const struct intake_people *people,
                                               const char *called);
/* "; did you mean …?", or nothing. */
void intake_people_append_meant(const struct intake_people *people, GString *to,
                                const char *called);

/* What the id was granted; NULL: nothing. */
struct intake_extension *intake_people_extension(const struct intake_people *people,
                                                 const char *id);

/* The text in small ASCII letters and digits alone, its words in order of the alphabet: "Müller, Ana" is "anamuller". */
char *intake_people_essence(const char *text);

#endif
