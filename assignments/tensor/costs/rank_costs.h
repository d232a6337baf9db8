/*
 * What a model costs that is split over t ranks: by formula, from the sizes of its layers.
 *
 *     rank_forms.c    which layers are split how
 *     whole_layer.c   what one layer costs, as a whole
 *     rank_layer.c    what becomes of that on one rank
 *     rank_rounds.c   which rounds of messages it takes
 *     rank_memory.c   what it keeps between forward and backward, and the most that is there at a time
 *     rank_outside.c  what a rank has of tensors between split layers, and of the loss
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
    /* Of all that, and of dy: what is there between dx and the gradients of the weights. */
    double for_weight_bytes;
    bool in_place; /* dx takes the place of dy */
    double parameter_bytes, state_bytes;
    double bias_bytes; /* of the parameters: the bias that is added to what comes out last */
};
struct whole_layer whole_layer_costs(const struct layer *layer, int samples,
                                     enum optimizer_kind optimizer);

/* ---- rank_costs.c ------------------------------------------------------------------------------ */

enum rank_round_kind { RANK_ALL_REDUCE, RANK_ALL_GATHER, RANK_REDUCE_SCATTER };

/* A round of messages, in which all ranks take part. */
struct rank_round {
    enum rank_round_kind kind;
    bool backward;
    bool once;     /* behind all backwards of a step; else in each micro-batch */
    double bytes;  /* of the whole tensor */
    double share;  /* of them, what rank 0 hands in */
    double beside; /* FLOPs that may be computed while it is under way */
};

/* What a layer keeps of a micro-batch: bytes. */
struct rank_kept {
    double kept;              /* what comes in may be counted at the layer before … */
    bool output;              /* … where that keeps what it gives out */
    double forward, backward; /* the most that comes and goes besides while it runs */
    bool dy_goes;             /* before dx comes */
    double for_weight;        /* what stays there for the gradients of the weights … */
    int layer; /* … which are computed when all of this layer of the model has its dx */
};

/* Of one rank. */
struct rank_costs {
    double forward, backward; /* FLOPs of a micro-batch … */
    double loss;              /* … of its loss, with the gradient … */
    double optimizer;         /* … and of a step */
    double whole;    /* of the FLOPs of forward, backward and loss: what every rank computes */
    double needless; /* of a dx that nobody needs: not in them … */
    double needless_bytes;  /* … and that dx */
    double loss_bytes;      /* what the loss keeps for its gradient, which takes its place */
    double saved_bytes;     /* activations between forward and backward, of a micro-batch */
    double peak_bytes;      /* … and the most that one has at a time */
    double parameter_bytes; /* gradients take as many again */
    double state_bytes;     /* of the optimizer */
    GArray *round;          /* of struct rank_round */
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

/* NULL; or why a model can't be split like this, and what to do, to be freed. */
char *rank_costs_refusal(const struct rank_setting *setting);
/* Of rank 0, which has no less than any other. To be freed by rank_costs_free. */
struct rank_costs *rank_costs_new(const struct rank_setting *setting);
void rank_costs_free(struct rank_costs *costs);

/* ---- the way through a model ------------------------------------------------------------------- */

/* What a rank has of the tensors between split layers. */
enum rank_outside {
    OUTSIDE_WHOLE,
    OUTSIDE_BY_TOKENS, /* with WAY_SEQUENCE */
    OUTSIDE_BY_SAMPLES /* with WAY_ONE_WEIRD_TRICK, before the first linear layer */
};

/* How far the costs are known. */
struct rank_walk {
    const struct rank_setting *setting;
    struct rank_costs *costs;
    const struct layer *head;  /* of which the outputs stay split, with WAY_VOCABULARY; else NULL */
    enum rank_outside outside; /* what comes next … */
    double outside_share;      /* … and how much of it is this rank's */
    /* Of what comes next and was put together for it, the share that this rank had; else 0. */
    double joined_share;
    bool shares_input; /* what comes next was given to another layer, too, which keeps it */
    int layer;         /* of the model, from 1 */
    int depth;         /* of layers inside of each other */
    char *refusal;     /* NULL, or why that can't be */
};

/* How a layer stands in its model. */
struct rank_place {
    enum form form;
    double share;  /* that a rank has of what the layer is split by; 1: it is whole */
    bool wants_dx; /* a layer before it has parameters */
};

/* ---- rank_layer.c ------------------------------------------------------------------------------ */

/* What a layer is split by: outputs, channels, heads, words; 0: it can't be. */
int rank_layer_cuts(const struct layer *layer);
bool rank_layer_is_kind(const struct layer *layer, const char *kind);
void rank_layer_add(struct rank_walk *walk, const struct layer *layer, struct rank_place place);

/* ---- rank_rounds.c ----------------------------------------------------------------------------- */

void rank_rounds_put(struct rank_walk *walk, struct rank_round round);
/* Of a layer. */
void rank_rounds_add(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place);

/* ---- rank_memory.c ----------------------------------------------------------------------------- */

void rank_memory_add(struct rank_walk *walk, const struct layer *layer,
                     const struct whole_layer *whole, struct rank_place place);
/* Of layers in a residual, those from the first on: while they have their backwards, so many bytes of dy wait. */
void rank_memory_add_waiting(struct rank_walk *walk, guint first, double bytes);
/* When all layers and the loss are there. */
void rank_memory_find_peak(struct rank_costs *costs);

/* ---- rank_outside.c ---------------------------------------------------------------------------- */

/* Of `size` things, the part of rank 0, as a share. */
double rank_share_of(int size, int ranks);
void rank_outside_begin(struct rank_walk *walk);
/* What has to be put together before a layer, and what is split behind it. */
void rank_outside_before(struct rank_walk *walk, const struct layer *layer,
                         const struct whole_layer *whole);
void rank_outside_behind(struct rank_walk *walk, const struct layer *layer,
                         const struct whole_layer *whole, enum form form);
/* The first reason of all stays. Takes over the text. */
void rank_refuse(struct rank_walk *walk, char *reason);
/* The loss of what leaves the last layer, with its messages. */
void rank_loss_add(struct rank_walk *walk);

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
