/*
 * The picture of a schedule: a row per rank, a box per forward and backward
 * with its micro-batch in it, idle time pale grey, in colours that people with
 * any colour vision, and a black-and-white printer, can tell apart.
 */
#ifndef GRADER_PICTURE_TIMELINE_H
#define GRADER_PICTURE_TIMELINE_H

#include "grader/replay.h"

#include <glib.h>

/* Draws a replay to PATH.svg and PATH.png; leaves the gnuplot script beside them, PATH.gnuplot.
 * False and an error if that does not work. */
bool timeline_picture_of(const struct replay *replay, const char *title, const char *path,
                         GString *error);

/* Replays one step of the logs (REPLAY_ALL_STEPS: everything), with buffered sends, and draws it. */
bool timeline_picture(const struct log_file *logs, int ranks, int step, const char *title,
                      const char *path, GString *error);

#endif
