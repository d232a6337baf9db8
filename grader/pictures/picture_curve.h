/*
 * The picture of learning curves: loss over steps, of one or more runs, as SVG and PNG. Smooth lines, with
 * every step faint behind; and where a judge looks, the windows that decide.
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

struct picture_curves {
    const char *title;
    const char *told; /* in small letters below it, or NULL; may have several lines */
    const struct picture_line *line;
    int lines;
    const int *window; /* the steps with which windows begin, drawn as bands */
    int windows;
    int window_steps;         /* that each is long */
    const char *window_title; /* what the legend calls them */
};

/* Draws PATH.svg and PATH.png and leaves PATH.gnuplot beside them. A line that can't be read is
 * left out and named in error; false if nothing could be drawn. */
bool picture_curve(const struct picture_curves *curves, const char *path, GString *error);

#endif
