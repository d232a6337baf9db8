/*
 * The legend of a picture, and its texts in lines: what a picture needs so that it
 * fits its width. Entries flow into as many lines as they take.
 */
#ifndef GRADER_PICTURES_PICTURE_LEGEND_H
#define GRADER_PICTURES_PICTURE_LEGEND_H

#include <glib.h>

/* How wide pictures are, points: a report's column takes them as they are, and on a phone they are
 * still read. */
#define PICTURE_WIDTH 700

enum legend_sign {
    LEGEND_BOX,    /* of that colour */
    LEGEND_STRIP,  /* a narrow one */
    LEGEND_NUMBER, /* a box with a number in it */
    LEGEND_EMPTY,  /* a box of which only the outline is seen */
    LEGEND_LINE,   /* a line upwards */
    LEGEND_DOTS,   /* a dotted line */
    LEGEND_ARROW   /* from above */
};

struct picture_legend;

/* Of a picture that is so many points wide. To be freed with picture_legend_free. */
struct picture_legend *picture_legend_new(int width);
void picture_legend_free(struct picture_legend *legend);

/* colour: 0xrrggbb. The text is copied. */
void picture_legend_add(struct picture_legend *legend, enum legend_sign sign, unsigned colour,
                        const char *text);

/* Points. */
int picture_legend_height(const struct picture_legend *legend);

/* Appends what draws it, at the bottom of a picture of that height, to a gnuplot script. */
void picture_legend_draw(const struct picture_legend *legend, int height, GString *script);

/* The width of a text in a font of that size, points: rather too much than too little. */
double picture_text_width(const char *text, double font);

/* The text in lines of at most that width: broken at blanks. Lines that it has stay. The caller
 * frees. */
char *picture_text_lines(const char *text, double font, double width);

/* How many lines a text has; NULL: none. */
int picture_lines_count(const char *text);

#endif
