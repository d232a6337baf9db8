/*
 * What an assignment knows about the timelines of its runs. It says so in
 * assignments/NAME/timeline and registers itself when the program starts.
 * Without it a run is drawn by itself.
 */
#ifndef HANDIN_TIMELINE_H
#define HANDIN_TIMELINE_H

#include "common/driver/options.h"
#include "grader/trace/timeline.h"

/* What stands beside a timeline in its picture. All of it may be missing. */
struct timeline_beside {
    char *title;                /* what kind of run it is */
    char *label;                /* of the run itself: "this run, in the order of …" */
    char *reference_label;      /* what the reference is */
    struct timeline *reference; /* what the run should look like, in the same unit of time */
    char *formula;              /* of its bubble … */
    double bubble;              /* … and what it gives; NaN: nothing */
};

struct timeline_part {
    const char *assignment;
    const char *stage_word; /* what the picture calls the stages of a rank that has several */
    /* Fills in what goes beside a run with these options. The caller frees. */
    void (*beside)(const struct options *options, const struct timeline *own,
                   struct timeline_beside *beside);
    /* The timeline of a run on so many ranks as it should be, which nobody has to run; title and
     * formula go with it. NULL, and a line in problems, if there is none. The caller frees. */
    struct timeline *(*ideal)(const struct options *options, int ranks,
                              struct timeline_beside *beside, GString *problems);
};

/* The part must stay as it is until the program ends. Ends the program if its assignment has one
 * already. */
void timeline_part_register(const struct timeline_part *part);

#endif
