/*
 * Collecting a submission: the files that the rubric names are copied, and
 * nothing else is touched. What is not a plain file of sensible size is refused:
 * a link could point at the solutions, a device or a pipe would never end.
 */
#ifndef GRADER_COLLECT_H
#define GRADER_COLLECT_H

#include "grader/rubric.h"

#include <glib.h>
#include <stdbool.h>

#define COLLECT_MOST_BYTES (1024 * 1024)

enum collected_state { COLLECTED, COLLECTED_MISSING, COLLECTED_REFUSED };

struct collected_file {
    const struct rubric_file *file;
    enum collected_state state;
    char *trouble; /* one line; NULL if collected */
    int todo_line; /* the first line that calls todo(…); 0: none */
};

struct collection {
    char *name;         /* of the submission: the last part of its path */
    char *source;       /* the folder that the files came from */
    char *folder;       /* with the copies */
    GArray *files;      /* of struct collected_file, in the rubric's order */
    GPtrArray *ignored; /* of char *: other things that lay there, clean text */
};

#define COLLECTED_FILES(collection, i)                                                             \
    (&g_array_index((collection)->files, struct collected_file, i))

/* Copies from SUBMISSION/ASSIGNMENT, or from SUBMISSION if that does not exist, to the new
 * folder `to`. Missing and refused files are no error. NULL, with an error, if there is no such
 * submission or the copies can't be written. */
struct collection *collect(const char *submission, const struct rubric *rubric, const char *to,
                           GString *error);
void collection_free(struct collection *collection);

const struct collected_file *collection_find(const struct collection *collection, const char *name);

#endif
