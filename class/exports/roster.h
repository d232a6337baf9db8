/*
 * The file of a course's own system, whose rows are matched with the members of the class: by what identifies them, and by name
 * where that is the only one of its kind.
 */
#ifndef CLASS_EXPORTS_ROSTER_H
#define CLASS_EXPORTS_ROSTER_H

#include "class/exports/exports.h"

struct exports_roster {
    GPtrArray *rows; /* of GPtrArray of char *; the first is the header */
    GHashTable *
        by_key; /* a member's ID, e-mail or name in small letters -> struct gathered_grade *; NULL: it is ambiguous */
    GHashTable *found; /* the grades that a row was found for */
};

/* NULL, with a line in exports->problems. */
struct exports_roster *exports_roster_read(struct exports *exports);
void exports_roster_free(struct exports_roster *roster);

/* Whose row is it? columns: those that identify, -1 for none, which must not contradict each other; name: of the name; number:
 * of the other system's own number, which may by chance be somebody else's in the class, and counts only where a row says
 * nothing else. NULL: nobody's in the class, or that can't be told. */
struct gathered_grade *exports_roster_find(struct exports_roster *roster, const GPtrArray *row,
                                           const int *columns, guint count, int number, int name);

/* Says who of the class has no row, in exports->problems: their points are in no export. */
void exports_roster_complain(struct exports *exports, const struct exports_roster *roster);

#endif
