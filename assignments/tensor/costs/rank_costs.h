/*
 * What a model costs that is split over t ranks: by formula, from the sizes of its layers.
 *
 *     rank_forms.c    which layers are split how
 *     whole_layer.c    what one layer costs, as a whole
 *     rank_layer.c    what becomes of that on one rank, and which rounds of messages there are
 *     rank_costs.c    all layers of a model
 *     rank_seconds.c  how long a step takes on a described cluster
 *
 * FLOPs and bytes are those of one rank. What is computed with a slice is taken as its share of what the
 * whole costs: m of n columns are m/n of the work.
 */
#ifndef ASSIGNMENTS_TENSOR_COSTS_RANK_COSTS_H
#define ASSIGNMENTS_TENSOR_COSTS_RANK_COSTS_H

#include "assignments/tensor/chains.h"
#include "assignments/tensor/way_table.h"
#include "common/training/optimizer.h"
#include "grader/platform/platform.h"

#include <glib.h>

/* ---- rank_forms.c ------------------------------------------------------------------------------ */

/* The forms that a way is planned with: those that need the fewest rounds, or gathers everywhere. */
void rank_forms_choose(enum way way, int links, const enum link *link, enum form *form);

/* ---- whole_layer.c ------------------------------------------------------------------------------ */

/* A layer without layers inside, whole, for a number of samples. */
struct whole_layer {
    double forward, backward_input, backward_input_without_dx, backward_weight; /* FLOPs */
    double optimizer; /* FLOPs of a step */
    double input_bytes, output_bytes;
    /* What is there between forward and backward: y, x, which may be the y of the layer before, and what
     * is neither. */
    bool keeps_input, keeps_output;
    double kept_bytes;
    bool in_place; /* dx takes the place of dy */
    double parameter_bytes, state_bytes;
    double bias_bytes; /* of the parameters: the bias that is added to what comes out last */
};
struct whole_layer whole_layer_costs(const struct layer *layer, int samples,
                                     enum optimizer_kind optimizer);

/* ---- rank_costs.c ------------------------------------------------------------------------------ */

enum rank_round_kind { RANK_ALL_REDUCE, RANK_ALL_GATHER };

/* A round of messages, in which all ranks take part. */
struct rank_round {
    enum rank_round_kind kind;
    bool backward;
    double bytes;  /* of the whole tensor */
    double beside; /* FLOPs that may be computed while it is under way */
};

/* What a layer keeps of a micro-batch: bytes. */
struct rank_kept {
    double kept;   /* what comes in may be counted at the layer before … */
    bool output;   /* … where that keeps what it gives out */
    double moving; /* what comes in and what goes out, or their gradients */
};

/* Of one rank. */
struct rank_costs {
    double forward, backward; /* FLOPs of a micro-batch … */
    double loss;              /* … of its loss, with the gradient … */
    double optimizer;         /* … and of a step */
    double whole;           /* of the FLOPs of forward and backward: in layers that are not split */
    double needless;        /* of a dx that nobody needs: not in them … */
    double needless_bytes;  /* … and that dx */
    double saved_bytes;     /* activations between forward and backward, of a micro-batch */
    double peak_bytes;      /* … and the most that one has at a time */
    double parameter_bytes; /* gradients take as many again */
    double state_bytes;     /* of the optimizer */
    GArray *round;          /* of struct rank_round: of a micro-batch, in their order */
    GArray *kept;           /* of struct rank_kept: of each layer without layers inside */
};

struct rank_setting {
    const struct model *model;
    enum way way;
    int ranks;
    int samples; /* of a micro-batch */
    int micro_batches;
    enum optimizer_kind optimizer;
};

/* NULL; or why a model can't be split over so many ranks, to be freed. */
char *rank_costs_refusal(const struct model *model, int ranks);
/* Of rank 0, which has no less than any other. To be freed by rank_costs_free. */
struct rank_costs *rank_costs_new(const struct rank_setting *setting);
void rank_costs_free(struct rank_costs *costs);

/* ---- rank_layer.c ------------------------------------------------------------------------------ */

/* How a layer stands in its model. */
struct rank_place {
    enum form form;
    double share;  /* that a rank has of what the layer is split by; 1: it is whole */
    bool wants_dx; /* a layer before it has parameters */
};

/* What a layer is split by: outputs, channels, heads; 0: it can't be. */
int rank_layer_cuts(const struct layer *layer);
void rank_layer_add(struct rank_costs *costs, const struct layer *layer, struct rank_place place,
                    const struct rank_setting *setting);

/* ---- rank_seconds.c ---------------------------------------------------------------------------- */

/* How long a step takes, and what of it is what. */
struct rank_seconds {
    double computing;
    double messages; /* all rounds one after the other … */
    double hidden;   /* … and what of them is hidden behind gradients of weights */
    double step;     /* computing + messages - hidden */
};

/* platform_knows_collectives() must hold. */
struct rank_seconds rank_seconds_of(const struct rank_costs *costs,
                                    const struct rank_setting *setting,
                                    const struct platform *platform);
double rank_round_seconds(const struct rank_round *round, int ranks,
                          const struct platform *platform);

#endif
