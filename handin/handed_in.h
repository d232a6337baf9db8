/*
 * What a student hands in: the files that the assignment's rubric names, those of
 * the assignments that it uses, and nothing else.
 *
 * They are read once. Whoever packs them or shows them works with what was
 * read, so the archive and the Markdown file can't differ.
 */
#ifndef HANDIN_HANDED_IN_H
#define HANDIN_HANDED_IN_H

#include "grader/rubric/rubric.h"
#include "grader/submission/place.h"

#include <glib.h>

struct handed_in_file {
    char *name;     /* "file.c"; of an assignment that is used: "another/file.c" */
    char *question; /* as in the rubric, "Q5" or "Q9, Q10"; or NULL */
    char *text;     /* ends with a 0 that length does not count */
    gsize length;
};

struct handed_in {
    GArray *files;       /* of struct handed_in_file, in the rubric's order, used ones last */
    struct place *place; /* where they are */
    char *work;          /* a folder of its own, for what is unpacked; removed with the rest */
};

/* Reads the rubric's files from where the grader finds them (place.h), SUBMISSION/ASSIGNMENT as a rule, and those
 * that it uses from SUBMISSION/ANOTHER.
 * NULL if a file is missing, is not a plain file (a link, say), is larger than TEXT_MOST_BYTES, or
 * can't be read; then `problems` has a line for each such file. Used files may be missing: the
 * grader has the course's. */
struct handed_in *handed_in_read(const char *submission, const struct rubric *rubric,
                                 GString *problems);
void handed_in_free(struct handed_in *handed_in);

/* The file with the written answers (NAME.md), or NULL. */
const struct handed_in_file *handed_in_answers(const struct handed_in *handed_in);

/* Does the file still call todo(), as the skeleton's do? */
bool handed_in_has_todo(const struct handed_in_file *file);

#define HANDED_IN_FILES(handed_in, i)                                                              \
    (&g_array_index((handed_in)->files, struct handed_in_file, (guint)(i)))

#endif
