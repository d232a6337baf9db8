/*
 * The picture of a schedule: a row per rank, a box per forward and backward
 * with its micro-batch in it, narrow strips for sending and waiting, white for
 * idle time. Its colours are those of Okabe and Ito, which people with any
 * colour vision can tell apart; they also differ in lightness, and sending and
 * waiting in shape, so that a grey print works, too. Chunks are shades.
 *
 * Several panels stand below each other over one time axis. Each says its
 * makespan and its bubble, beside what a formula gives. Where boxes become too
 * narrow the numbers go, then sending and waiting, then single boxes.
 */
#ifndef GRADER_PICTURE_TIMELINE_H
#define GRADER_PICTURE_TIMELINE_H

#include "grader/timeline.h"

struct timeline_panel {
    const struct timeline *timeline;
    const char *label;     /* "your run" */
    const char *formula;   /* NULL, or the formula of the bubble of makespan: "(p-1)/(m+p-1)" … */
    double formula_bubble; /* … and what it gives */
};

/* Draws the panels, all in the same unit of time, to PATH.svg and PATH.png; leaves the gnuplot
 * script beside them, PATH.gnuplot. False and an error if that does not work. */
bool timeline_picture(const struct timeline_panel *panel, int panels, const char *title,
                      const char *path, GString *error);

/* Draws one panel as a small SVG, for a document, to FILE. */
bool timeline_picture_small(const struct timeline_panel *panel, const char *file, GString *error);

/* A replay by itself. */
bool timeline_picture_of(const struct replay *replay, const char *title, const char *path,
                         GString *error);

/* A run above and its reference below. */
bool timeline_picture_pair(const struct replay *own, const struct replay *reference,
                           const char *title, const char *path, GString *error);

#endif
