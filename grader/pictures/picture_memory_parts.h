/*
 * Shared by the picture_memory*.c files, and nobody else.
 */
#ifndef GRADER_PICTURES_PICTURE_MEMORY_PARTS_H
#define GRADER_PICTURES_PICTURE_MEMORY_PARTS_H

#include "grader/pictures/picture_legend.h"
#include "grader/pictures/picture_memory.h"

#define PICTURE_MEMORY_ROWS 12 /* at most */

struct memory_drawing {
    const struct memory_scene *scene;
    int rows;
    int rank[PICTURE_MEMORY_ROWS]; /* [row] */
    double end;                    /* of the time axis, nanoseconds */
    double highest;                /* of all peaks, of the device and of the host, bytes */
    double scale;                  /* nanoseconds per unit of the axis */
    const char *unit;
    char *title; /* in lines that fit */
    struct picture_legend *legend;
};

/* Where so many bytes lie: rows are counted from the top, a row's bytes from its lower edge. */
double picture_memory_height(const struct memory_drawing *drawing, int row, double bytes);
/* Of the whole picture, points. */
int picture_memory_pictured(const struct memory_drawing *drawing);
/* Appends axes, names, peaks, title and legend. */
void picture_memory_frame(const struct memory_drawing *drawing, GString *script);

#endif
