/*
 * Manners to recompute, the right one and known mistakes, as the judge itself runs them: what comes of each is computed,
 * number by number, and compared with what a program did.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_MANNERS_H
#define ASSIGNMENTS_MEMORY_JUDGES_RECOMPUTATION_MANNERS_H

#include "assignments/memory/options.h"
#include "common/training/stage.h"
#include "grader/verdict/judge.h"

/* What dropouts draw. */
enum manner_draws {
    DRAWS_ONCE,         /* right: one draw for a forward, and the same when it is repeated */
    DRAWS_AGAIN,        /* another one in the repetition */
    DRAWS_AGAIN_NONE,   /* 0 in the repetition */
    DRAWS_EACH_SEGMENT, /* each segment of a forward another one, and the same when it is repeated */
    DRAWS_NONE,         /* always 0 */
    DRAWS_MICRO_BATCH,  /* the number of the micro-batch */
    DRAWS_SEGMENT       /* the number of the segment */
};
/* How many layers a segment has. */
enum manner_size {
    SIZE_NEAREST, /* right */
    SIZE_DOWN,    /* the root, rounded down */
    SIZE_UP,      /* rounded up */
    SIZE_EQUAL,   /* as many segments as the root says, as equal as can be */
    SIZE_ONE,     /* one layer each, whatever is asked for */
    SIZE_ROOT,    /* by the root, whatever is asked for */
    SIZE_ALL      /* one segment of all layers */
};
/* Of which micro-batches. */
enum manner_when {
    WHEN_ASKED,
    WHEN_NEVER,
    WHEN_ALL_BUT_LAST,
    WHEN_ALWAYS,
    WHEN_ALL_BUT_FIRST, /* where all but the last are asked for */
    WHEN_LAST           /* likewise */
};

struct manner {
    struct mistake mistake; /* no name: right */
    enum manner_draws draws;
    enum manner_size size;
    enum manner_when when;
    bool averages_twice; /* RUN_KEEPS in the repetition */
    bool
        input_of_before; /* a segment is repeated with the input of the one before, where the shapes are the same */
    bool input_of_latest;          /* … with that of the micro-batch whose forward ran last */
    bool repeats_from_first;       /* all layers before the segment run once more, too */
    bool repeats_twice;            /* the repetition runs, forgets, and runs again */
    bool first_stays;              /* no backward of the first segment */
    bool last_is_kept;             /* the last segment keeps what it needs, and is not repeated */
    bool keeps_all_inputs;         /* those of each layer, besides */
    bool y_stays, y_leaks;         /* of the repetition: until its backward is done; for ever */
    bool input_stays, input_leaks; /* likewise */
    bool inputs_stay; /* all of them, until the backward of the first segment is done */
};

/* The right one. */
extern const struct manner manner_right;
/* The known mistakes; *count: how many. */
const struct manner *manner_mistakes(int *count);

/* From now on the stage's layers run in this manner. micro_batches as in stage_options. Free with
 * manner_run_free, behind the stage's last computation. */
struct manner_run *manner_run_new(const struct manner *manner, const struct memory_options *own,
                                  struct stage *stage, int micro_batches);
void manner_run_free(struct manner_run *run); /* NULL is allowed */

/* Cuts layers; first_layer has room for layers + 1 numbers. Returns how many segments there are. */
int manner_segments(enum manner_size size, int first, int layers, bool by_root, int *first_layer);

#endif
