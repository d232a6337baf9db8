/*
 * The picture of learning curves: loss against samples seen, of one or more
 * runs, as SVG and PNG.
 */
#ifndef GRADER_PICTURES_PICTURE_CURVE_H
#define GRADER_PICTURES_PICTURE_CURVE_H

#include <glib.h>
#include <stdbool.h>

struct picture_line {
    const char *title;
    const char *path; /* a curve file (common/files/curve.h) */
    bool reference;   /* drawn broad and light, for others to lie upon */
};

/* Draws PATH.svg and PATH.png and leaves PATH.gnuplot beside them. A line that can't be read is
 * left out and named in error; false if nothing could be drawn. */
bool picture_curve(const char *title, const struct picture_line *lines, int count, const char *path,
                   GString *error);

#endif
