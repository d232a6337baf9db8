/*
 * Collecting a submission: the files that the rubric names are copied, and
 * nothing else is touched. What is not a plain file of sensible size is refused:
 * a link could point at the solutions, a device or a pipe would never end.
 */
#ifndef GRADER_SUBMISSION_COLLECT_H
#define GRADER_SUBMISSION_COLLECT_H

#include "grader/rubric/rubric.h"
#include "grader/submission/place.h"

#include <glib.h>
#include <stdbool.h>

enum collected_state { COLLECTED, COLLECTED_MISSING, COLLECTED_REFUSED };

struct collected_file {
    const struct rubric_file *file;
    const char *assignment; /* the rubric's, or one that it uses */
    enum collected_state state;
    char *trouble; /* one line; NULL if collected */
    int todo_line; /* the first line that calls todo(…); 0: none */
};

struct collection {
    char *name;          /* of the submission: the last part of its path */
    char *folder;        /* with the copies */
    struct place *place; /* where they were copied from */
    GArray *files;       /* of struct collected_file, in the rubric's order, used ones last */
    GPtrArray *ignored;  /* of char *: other things that lay there, clean text */
};

#define COLLECTED_FILES(collection, i)                                                             \
    (&g_array_index((collection)->files, struct collected_file, i))

/* Copies the files from where they are (place.h) to the new folder `to`; the files of an assignment that
 * is used to a folder in it. An archive is unpacked to the folder to.unpacked, which stays. Missing and
 * refused files are no error. NULL, with an error, if there is no such submission, or if a plain file
 * can't be read here, or its copy not be written: that is the machine's fault. */
struct collection *collection_new(const char *submission, const struct rubric *rubric,
                                  const char *to, GString *error);
void collection_free(struct collection *collection);

/* "ASSIGNMENT/FILE": where its source is put among those of all assignments. A new string. */
char *collection_source(const struct collected_file *file);

const struct collected_file *collection_find(const struct collection *collection, const char *name);

#endif
