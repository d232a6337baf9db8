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

/* curve 0 is the reference. */
struct learning_curves {
    int count;
    struct learning_curve *curve;
};

/* Reads the reference and all *.csv of a folder, sorted by name. NULL, with a line in problems
 * for each, if a file can't be read. *found says whether the folder has a curve
 * at all; if not, NULL without a problem. */
struct learning_curves *learning_curves_read(const char *folder, const char *reference_path,
                                             bool *found, GString *problems);
void learning_curves_free(struct learning_curves *curves);

/* Draws them to FOLDER/curves.svg and FOLDER/curves.png, and leaves the gnuplot script,
 * curves.gnuplot, beside them. False and a line in problems if that does not work. */
bool learning_curves_draw(const struct learning_curves *curves, const char *title,
                          const char *folder, GString *problems);

/* Appends a Markdown table of the losses at some steps. */
void learning_curves_table(const struct learning_curves *curves, GString *markdown);

/* values[0 … count-1] smoothed: each becomes the mean of those at most `reach` places away,
 * fewer at both ends; what is not finite is left out. To be freed with g_free. */
double *learning_curves_smooth(const double *values, int count, int reach);

#endif
