/*
 * Failures of many students brought together: by the known mistake that the grader named, and, where it named none, by their
 * signature (signature.h). The latter are what the next known mistakes are made of.
 */
#ifndef CLASS_PAGE_CLUSTERS_H
#define CLASS_PAGE_CLUSTERS_H

#include "class/students/gathered.h"

struct cluster {
    const char *check; /* that told the cause */
    const char *seen;  /* in the shortest example */
    char *signature;
    GPtrArray *grades; /* of struct gathered_grade *: who has it, each once, by ID */
    GHashTable *
        explains; /* names of checks that fail because of it -> in how many grades, GUINT_TO_POINTER */
    double points;                         /* that it costs all of them */
    const struct gathered_grade *shortest; /* who did it in the fewest lines */
    char *
        file; /* the example's first file, a path in the folder of its submission; NULL: it can't be read */
    guint lines; /* of all files of the example that the check is about; 0: they can't be read */
};

/* All causes of failures without a known mistake, those of most students first: of struct cluster *, owned by the array. */
GPtrArray *clusters_unexplained(const struct gathered *gathered, guint assignment);

/* Where a file of a check lies in a submission, whose folder may hold ASSIGNMENT/ or the files themselves: a path, a new
 * string; NULL: it is not there, or no plain file. */
char *clusters_file(const struct student *student, const char *assignment, const char *file);

#endif
