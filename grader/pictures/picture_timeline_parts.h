/*
 * Shared by the picture_timeline*.c files, and nobody else.
 */
#ifndef GRADER_PICTURES_PICTURE_TIMELINE_PARTS_H
#define GRADER_PICTURES_PICTURE_TIMELINE_PARTS_H

#include "grader/pictures/picture_timeline.h"

#define PICTURE_SHADES 4 /* of a colour, for the stages of a rank; further ones begin again */

/* Where things are. Rows are counted from the top in units of a row's height. */
struct picture_layout {
    const struct timeline_panel *panel;
    int panels;
    int width, plot_width; /* of the whole and of its inner part, points */
    double row_height;     /* points */
    int font_size;         /* of the numbers */
    double end;            /* of the time axis, in the timeline's unit */
    double scale;          /* timeline's units per unit of the axis */
    bool calls;            /* are sending and waiting drawn? */
    bool coarse;           /* are boxes put together? */
    char **hidden;         /* [panel]: picture_hidden_text */
    int lanes;             /* in each row below its boxes, for what is in flight; 0: no room */
};

/* Can these panels be drawn? If not, says why. */
bool picture_is_possible(const struct timeline_panel *panel, int panels, GString *error);
/* To be cleared with picture_layout_clear. */
struct picture_layout picture_layout_new(const struct timeline_panel *panel, int panels);
void picture_layout_clear(struct picture_layout *layout);
/* Of the whole picture, points. */
int picture_height(const struct picture_layout *layout, const char *title);
/* Appends the data and everything else but the terminals to the script, and the plot command to a
 * string of its own. title: NULL: none. */
void picture_compose(struct picture_layout *layout, const char *title, GString *script,
                     GString *plot);

/* The row of a panel's rank 0. */
double picture_row(const struct picture_layout *layout, int panel);

/* Where a place between -0.5 and 0.5 of a row is, if lanes take a part of the row. */
double picture_within_row(const struct picture_layout *layout, double place);

/* Decides on calls and coarse. */
void picture_choose_detail(struct picture_layout *layout);

/* Appends the data blocks to the script and the plot command that draws them. */
void picture_add_boxes(const struct picture_layout *layout, GString *script, GString *plot);

/* Likewise the words on collectives: what they are, and who was waited for, where there is room. */
void picture_add_collectives(const struct picture_layout *layout, GString *script, GString *plot);

/* Lines of text on what of the collectives in flight was hidden, at most two; NULL: there are none. The
 * caller frees. */
char *picture_hidden_text(const struct timeline *timeline);

#endif
