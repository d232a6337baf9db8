/*
 * The picture of a timeline: a row per rank, a box per forward and backward
 * with its micro-batch in it, narrow strips for sending and waiting, white for
 * idle time. Its colours are those of Okabe and Ito, which people with any
 * colour vision can tell apart; they also differ in lightness, and sending and
 * waiting in shape, so that a grey print works, too. The stages of a rank are shades.
 *
 * Several panels stand below each other over one time axis. Each says its
 * makespan and its bubble, beside what a formula gives. All pictures are as wide
 * as a report's column (PICTURE_WIDTH): a longer time goes on in the next band.
 * Where boxes are too narrow all the same the numbers go, then sending and
 * waiting, then single boxes; the picture says so. Its legend says what all signs
 * mean.
 */
#ifndef GRADER_PICTURES_PICTURE_TIMELINE_H
#define GRADER_PICTURES_PICTURE_TIMELINE_H

#include "grader/trace/timeline.h"

struct timeline_panel {
    const struct timeline *timeline;
    const char *label;     /* "your run" */
    const char *formula;   /* NULL, or the formula of the bubble of makespan: "(p-1)/(m+p-1)" … */
    double formula_bubble; /* … and what it gives */
    /* What the key calls the stages of a rank that has several (the first panel's word counts);
     * NULL: "own stage". */
    const char *stage_word;
};

/* Draws the panels, all in the same unit of time, to PATH.svg and PATH.png; leaves the gnuplot
 * script beside them, PATH.gnuplot. False and an error if that does not work. */
bool timeline_picture(const struct timeline_panel *panel, int panels, const char *title,
                      const char *path, GString *error);

/* Draws one panel as a small SVG, for a document, to FILE. */
bool timeline_picture_small(const struct timeline_panel *panel, const char *file, GString *error);

/* A replay, above its reference if there is one (else NULL). beside: formula and word of its panel;
 * what else is in it does not count. reference_label: NULL: "reference, with the same
 * computations". */
bool timeline_picture_of_replay(const struct replay *own, const struct replay *reference,
                                struct timeline_panel beside, const char *reference_label,
                                const char *title, const char *path, GString *error);

#endif
