/*
 * Shared by the picture_timeline*.c files, and nobody else.
 *
 * A time axis that is too long for the width of a picture is cut into bands of one
 * length, one below the other. Rows of ranks are counted from the top of the picture
 * in units of a row's height; times in a band from its begin.
 */
#ifndef GRADER_PICTURES_PICTURE_TIMELINE_PARTS_H
#define GRADER_PICTURES_PICTURE_TIMELINE_PARTS_H

#include "grader/pictures/picture_timeline.h"

#define PICTURE_SHADES 4  /* of a colour, for the stages of a rank; further ones begin again */
#define PICTURE_LEFT   62 /* of the rows: their names; points */
#define PICTURE_RIGHT  14

/* Where things are. */
struct picture_layout {
    const struct timeline_panel *panel;
    int panels;
    int width, plot_width; /* of the whole and of its inner part, points */
    double row_height;     /* points */
    int font_size;         /* of the numbers */
    double end;            /* of the time axis, in the timeline's unit */
    int bands;             /* that it is cut into */
    double span;           /* of one of them, in the timeline's unit */
    double scale;          /* timeline's units per unit of the axis */
    const char *unit;      /* of the axis; "": none */
    bool calls;            /* are sending and waiting drawn? */
    bool coarse;           /* are boxes put together? */
    char **text;           /* [panel]: its heading, in lines that fit */
    char *title;           /* likewise; NULL: none */
    char *note;            /* what the picture does not show, likewise; NULL: nothing */
    struct picture_legend *legend;
    int lanes; /* in each row below its boxes, for what is in flight; 0: no room */
};

/* Can these panels be drawn? If not, says why. */
bool picture_is_possible(const struct timeline_panel *panel, int panels, GString *error);
/* To be cleared with picture_layout_clear. title: NULL: none. */
struct picture_layout picture_layout_new(const struct timeline_panel *panel, int panels,
                                         const char *title);
void picture_layout_clear(struct picture_layout *layout);
/* Of the whole picture, points; and what of it is above and below the rows. */
int picture_height(const struct picture_layout *layout);
double picture_top(const struct picture_layout *layout);
double picture_bottom(const struct picture_layout *layout);
/* Appends the data and everything else but the terminals to the script, and the plot command to a
 * string of its own. */
void picture_compose(const struct picture_layout *layout, GString *script, GString *plot);

/* ---- bands and rows ------------------------------------------------------------------------ */

/* How many bands a panel has. */
int picture_bands(const struct picture_layout *layout, int panel);
/* Where a panel's frame ends, in the timeline's unit: behind its last bar. */
double picture_frame_end(const struct timeline_panel *panel);
/* The row of a panel's rank 0 in one of its bands. */
double picture_row(const struct picture_layout *layout, int panel, int band);
/* Where a row below the last would be. */
double picture_rows_end(const struct picture_layout *layout);
/* What of begin … end lies in a band, counted from the band's begin. False: nothing. */
bool picture_clip(const struct picture_layout *layout, int band, double *begin, double *end);
/* The band that most of begin … end lies in. */
int picture_best_band(const struct picture_layout *layout, double begin, double end);
/* The same in points. */
double picture_points(const struct picture_layout *layout, double time);
/* Where a place between -0.5 and 0.5 of a row is, if lanes take a part of the row. */
double picture_within_row(const struct picture_layout *layout, double place);

/* ---- boxes --------------------------------------------------------------------------------- */

/* Decides on calls and coarse. */
void picture_choose_detail(struct picture_layout *layout);
/* Does a bar's number stand in its box? */
bool picture_number_fits(const struct picture_layout *layout, const struct timeline_bar *bar);
bool picture_has_number(enum timeline_kind kind);
/* How many boxes there are with a number to show; *hidden: that are too narrow for it. */
int picture_count_numbers(const struct picture_layout *layout, int *hidden);
/* One line on what is not shown; NULL: all is. The caller frees. */
char *picture_note(const struct picture_layout *layout);
/* How a box looks. */
struct picture_look {
    enum timeline_kind kind;
    int shade;
};
bool picture_looks_like(const struct timeline_bar *bar, struct picture_look look);
unsigned picture_colour(struct picture_look look); /* 0xrrggbb */
int picture_shades(enum timeline_kind kind);       /* that it may have */
const char *picture_kind_name(enum timeline_kind kind);
bool picture_is_strip(enum timeline_kind kind); /* or a box as high as its row */
/* Adds what the picture's colours and signs mean. */
void picture_add_legend(struct picture_layout *layout);

/* Appends the data blocks to the script and the plot command that draws them. */
void picture_add_boxes(const struct picture_layout *layout, GString *script, GString *plot);

/* Likewise the words on collectives: what they are, and who was waited for, where there is room. */
void picture_add_collectives(const struct picture_layout *layout, GString *script, GString *plot);
/* How many collectives have no room for their name. */
int picture_nameless_collectives(const struct picture_layout *layout);

/* Lines of text on what of the collectives in flight was hidden, at most two; NULL: there are none. The
 * caller frees. */
char *picture_hidden_text(const struct timeline *timeline);

#endif
