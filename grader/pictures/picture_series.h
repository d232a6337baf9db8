/*
 * The picture of figures over a number that doubles: ranks, batch, width. Lines and points, both axes
 * logarithmic.
 */
#ifndef GRADER_PICTURES_PICTURE_SERIES_H
#define GRADER_PICTURES_PICTURE_SERIES_H

#include <glib.h>
#include <stdbool.h>

struct picture_series {
    const char *title;
    bool points; /* else a line */
    int count;
    const double *x, *y; /* finite and above 0, or left out */
};

struct picture_axes {
    const char *title, *x, *y; /* what stands at the axes */
    bool plain_y;              /* from 0, and not logarithmic */
};

/* Draws PATH.svg and PATH.png and leaves PATH.gnuplot beside them. False, and an error, if that does not
 * work or nothing is to be drawn. */
bool picture_series(const struct picture_axes *axes, const struct picture_series *series, int count,
                    const char *path, GString *error);

#endif
