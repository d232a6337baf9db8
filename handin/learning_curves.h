/*
 * The learning curves of a submission, beside the curve of one process.
 *
 * `make train` writes curves to build/curves/SUBMISSION/ASSIGNMENT/NAME.csv. The
 * reference is assignments/ASSIGNMENT/curves/REFERENCE.csv, which the solutions
 * made in one process. A curve file does not say with which options it was
 * made: that they are comparable is up to whoever chooses the reference.
 */
#ifndef HANDIN_LEARNING_CURVES_H
#define HANDIN_LEARNING_CURVES_H

#include "common/files/curve.h"

#include <glib.h>

struct learning_curve {
    char *name; /* the file's, without .csv */
    struct curve curve;
};

struct learning_curves {
    int count;
    bool has_reference; /* then it is curve 0 */
    struct learning_curve *curve;
};

/* Reads the reference (NULL: there is none) and all *.csv of a folder, sorted by name. What can't be read is
 * left out, or its steps behind a fault are: then warnings has a line that says so, and what helps. NULL if no
 * curve of the folder is left; *found says whether it has any. */
struct learning_curves *learning_curves_read(const char *folder, const char *reference_path,
                                             bool *found, GString *warnings);
void learning_curves_free(struct learning_curves *curves);
/* How the curve is called in pictures and tables. The caller frees it with g_free. */
char *learning_curves_label(const struct learning_curves *curves, int i);

/* Draws them to FOLDER/curves.svg and FOLDER/curves.png, and leaves the gnuplot script,
 * curves.gnuplot, beside them. False and a line in problems if that does not work. */
bool learning_curves_draw(const struct learning_curves *curves, const char *title,
                          const char *folder, GString *problems);

/* Appends a Markdown table of the losses at some steps. */
void learning_curves_table(const struct learning_curves *curves, GString *markdown);

#endif
