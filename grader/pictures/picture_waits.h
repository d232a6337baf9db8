/*
 * The picture of who waits for whom: ranks on a circle, an arrow from each to
 * the one that it waits for. The cycle is thick, in a colour that people with
 * any colour vision can tell from the rest and that prints dark; what waits
 * behind it is thin and grey.
 */
#ifndef GRADER_PICTURES_PICTURE_WAITS_H
#define GRADER_PICTURES_PICTURE_WAITS_H

#include <glib.h>
#include <stdbool.h>

#define WAITS_MOST_NODES 16 /* more don't fit; the caller chooses which */

enum waits_look {
    WAITS_FREE,    /* waits for nobody and holds nobody up */
    WAITS_HELD_UP, /* a tail */
    WAITS_IN_CYCLE,
    WAITS_CULPRIT /* no cycle: the one that the others wait for */
};

struct waits_node {
    int rank;
    enum waits_look look;
    char *label; /* where it is: lines of text; the graph's */
};

struct waits_arrow {
    int from, to; /* ranks, both among the nodes */
    bool in_cycle;
    char *label; /* short, "tag 5"; may be ""; the graph's */
};

struct waits_graph {
    GArray *nodes;  /* of struct waits_node, clockwise from the top */
    GArray *arrows; /* of struct waits_arrow */
    int left_out;   /* ranks that are not among the nodes */
};

struct waits_graph *waits_graph_new(void);
void waits_graph_free(struct waits_graph *graph);
/* Take over the label. */
void waits_graph_add_node(struct waits_graph *graph, int rank, enum waits_look look, char *label);
void waits_graph_add_arrow(struct waits_graph *graph, int from, int to, bool in_cycle, char *label);

/* Draws to PATH.svg and PATH.png; leaves the script beside them, PATH.gnuplot. False and an error
 * (may be NULL) if that does not work, or if there are no nodes or more than WAITS_MOST_NODES. */
bool waits_picture(const struct waits_graph *graph, const char *title, const char *path,
                   GString *error);

#endif
