/*
 * What one rank has of some layers in a row; and how long sums and messages take between ranks that stand apart. Part of
 * search.h, which says what is assumed.
 */
#ifndef ASSIGNMENTS_MEMORY_COSTS_SEARCH_STAGE_H
#define ASSIGNMENTS_MEMORY_COSTS_SEARCH_STAGE_H

#include "common/training/model.h"
#include "grader/platform/platform.h"

#include <glib.h>

/* What one rank has, of those that share a run of layers, for one micro-batch. */
struct search_stage {
    double parameters; /* numbers */
    double kept;       /* between forward and backward … */
    double working;    /* … and the most besides, inside a layer */
    double attention;  /* of kept, what selective recomputation forgets: the probabilities … */
    double attention_most; /* … of one layer, the most */
    double inputs;         /* of all layers: what recomputing layers keeps … */
    double layer_most;     /* … and what one layer has while it runs again, the most */
    double forward, backward,
        attention_forward; /* FLOPs; the last, of what selective recomputation repeats */
    double optimizer;      /* FLOPs of a step */
    /* Of messages among the ranks that share layers, forward and backward; what each sends. */
    double forward_messages, backward_messages;
    double forward_sent, backward_sent;
    double forward_given, backward_given; /* what each hands over to them */
    double output;                        /* that goes on to the next stage, whole */
};

/* ---- search_kit.c -------------------------------------------------------------------------- */

/* How layers of this kit are shared out and run. */
struct search_share {
    const struct model *model;
    const struct platform *platform;
    int ranks;     /* that share each layer */
    int samples;   /* of a micro-batch */
    bool is_short; /* 16 bits */
    bool adam;     /* else SGD with momentum */
};

/* Layers first … first + layers - 1 of the model. */
struct search_stage search_kit_stage(const struct search_share *share, int first, int layers);
/* Numbers of parameters of one layer, on one of the ranks. */
double search_kit_parameters(const struct search_share *share, int layer);
/* NULL, or why so many ranks can't share layers, to be freed. */
char *search_kit_refusal(const struct search_share *share);
/* In a micro-batch, of what between two layers is a message on the meta device (TENSOR_META_MESSAGE_BYTES), on which
 * layers are looked at. */
int search_kit_most_samples(const struct model *model);
bool search_kit_has_attention(const struct model *model);

/* ---- search_links.c ----------------------------------------------------------------- */

/* Do so many ranks, each `stride` from the next, stand in more than one server? All groups are alike. */
bool search_leaves_server(const struct platform *platform, int ranks, int stride);
/* Until all of them have the sum of vectors of so many bytes; all groups sum at the same time. By the platform's formula
 * where it has one, else by a ring. */
double search_sum_seconds(const struct platform *platform, int ranks, int stride, double bytes);
/* Half of that: a reduce-scatter, or an all-gather. */
double search_half_sum_seconds(const struct platform *platform, int ranks, int stride,
                               double bytes);
/* A message to the rank that is `stride` away, as each of `ranks` in a row sends one. */
double search_message_seconds(const struct platform *platform, int ranks, int stride, double bytes);

#endif
