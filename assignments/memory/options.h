/*
 * The memory assignment's own options, beside those that all programs have (common/driver/options.h). Program
 * and judges read them with the same parser.
 */
#ifndef ASSIGNMENTS_MEMORY_OPTIONS_H
#define ASSIGNMENTS_MEMORY_OPTIONS_H

#include "common/driver/options.h"

/* What the ranks are to each other: --ranks-are, in the order of memory_options_ranks. */
enum ranks_are { RANKS_ARE_REPLICAS, RANKS_ARE_STAGES, RANKS_ARE_GRID };

/* --recompute */
enum recompute_way {
    RECOMPUTE_WAY_NOTHING,
    RECOMPUTE_WAY_LAYERS,   /* each layer is a segment */
    RECOMPUTE_WAY_SEGMENTS, /* of about √L layers */
    RECOMPUTE_WAY_ATTENTION /* selective: only what an attention keeps of its probabilities */
};

struct memory_options {
    int zero;                     /* --zero 0|1|2|3, of replicas */
    enum recompute_way recompute; /* --recompute nothing|layers|segments|attention */
    int when;                 /* --recompute-when never|all-but-last|always: enum recompute_when */
    enum dtype precision;     /* --precision float32|bfloat16|float16 */
    double clip;              /* --clip: the largest norm of the gradients; 0: any */
    double loss_scale;        /* --loss-scale: at the begin, of float16 */
    int scale_window;         /* --scale-window: good steps before it is doubled */
    bool prefetches;          /* --prefetch */
    bool offloads;            /* --offload optimizer */
    bool offloads_parameters; /* --offload parameters: they, and what the optimizer needs */
    char schedule[16];        /* --schedule: of stages, and in a grid */
    int pipeline, tensor;     /* --pipeline, --tensor: of a grid, ranks along these dimensions */
};

extern const struct own_options memory_own_options;

struct memory_options memory_options(const struct options *options);
void memory_options_set(struct options *options, struct memory_options own);

/* What --ranks-are names. */
enum ranks_are memory_ranks_are(const struct options *options);
extern const struct memory_ranks_name {
    const char *name, *what;
} memory_ranks_names[];

#endif
