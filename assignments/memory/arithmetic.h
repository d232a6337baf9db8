/*
 * The arithmetic of memory: what one rank needs, and which ways to train fit. What you write in memory_per_rank.c and
 * choose_parallelism.c; no tensor is made for it.
 *
 * All sizes are in bytes, and exact where the description is. GB is 10^9 bytes, GiB 2^30: say which.
 */
#ifndef ASSIGNMENTS_MEMORY_ARITHMETIC_H
#define ASSIGNMENTS_MEMORY_ARITHMETIC_H

#include "common/base/todo.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- a model, as its layers ------------------------------------------------------ */

/* One layer. "split": tensor parallelism of degree t gives each of its t ranks a t-th of it; "whole": each of them has all
 * of it. Numbers have the bytes of the format, "bytes" the same in any (places of maxima, masks, statistics). */
struct layer_numbers {
    double split_parameters, whole_parameters;
    /* The rest is of one sample. What enters the layer, and whether it stays there until this layer's backward. */
    double split_input, whole_input;
    bool keeps_input;
    /* What the layer keeps from its forward to its backward besides; if its output is part of that, the next layer of the
     * same stage has it as its input: the same tensor, which is there once. */
    bool keeps_output;
    double split_kept, whole_kept;
    double split_bytes_kept, whole_bytes_kept;
    /* Of what it keeps split: what belongs to an attention's probabilities, which RECOMPUTE_ATTENTION forgets. */
    double attention_kept, attention_bytes_kept;
};

struct model_numbers {
    int layers;
    const struct layer_numbers *layer;
};

/* ---- a way to train it -------------------------------------------------------------- */

enum optimizer_state {
    STATE_SGD_MOMENTUM,
    STATE_ADAM
}; /* one number for each parameter, or two; always float32 */
enum number_format {
    FORMAT_FLOAT32,
    FORMAT_SIXTEEN_BITS
}; /* of parameters, gradients, activations; with 16 bits there is a float32 master of each parameter */
enum recompute {
    RECOMPUTE_NOTHING,
    RECOMPUTE_ATTENTION, /* selective: the probabilities */
    RECOMPUTE_SEGMENTS, /* of k layers, k the whole number nearest to the root of the number of a stage's
                            layers; the last segment may have fewer */
    RECOMPUTE_LAYERS /* each layer is a segment */
};
enum pipeline_order { ORDER_ALL_FORWARD_FIRST, ORDER_ONE_FORWARD_ONE_BACKWARD };

struct way {
    int data, tensor, pipeline; /* degrees: data · tensor · pipeline ranks */
    int zero_stage;             /* 0 … 3, over the data-parallel ranks */
    enum optimizer_state optimizer;
    enum number_format format;
    bool gradients_float32; /* with 16 bits: gradients add up in float32 nevertheless */
    enum recompute recompute;
    enum pipeline_order order;
    int micro_batch_samples;
    int micro_batches; /* of a step, in each pipeline */
};

/* ---- memory_per_rank.c ---------------------------------------------------------------- */

struct rank_memory {
    /* What is there all the time: a rank's own part, where ZeRO shares it out. */
    double parameters, gradients, optimizer, masters;
    /* What ZeRO puts together besides, of one layer at a time: with stages 2 and 3 the whole gradients of the layer with
     * most parameters on this rank, with stage 3 its whole parameters, too. Else 0. */
    double layer_parameters, layer_gradients;
    /* The most that is alive between two layers' computations. */
    double activations;
};

/* What the rank that needs most in all holds of each kind; of several, the one with the lowest stage. One layer belongs to
 * one stage of the pipeline; stages are runs of layers, as equal in number as can be, the first ones one more.
 *
 * Shared out is the optimizer's state, with the masters, from stage 1 of ZeRO on, gradients from 2 on, parameters in 3. Of n
 * numbers in a row a rank has n / data, rounded up. In stage 1 all parameters of a pipeline's stage are one row; in 2 and 3
 * each layer's are one, also for the state.
 *
 * Of activations each micro-batch in flight counts. All forwards first: all of them. One forward, one backward: stage s of p
 * has at most p - s, the one in its backward included. Alive of each is what its layers keep; with segments, only what enters
 * each segment. The one that is in its backward has besides, of the segment whose turn it is, what that segment's layers keep
 * (what enters the segment is there already), and nothing any more of those behind it; likewise, with RECOMPUTE_ATTENTION,
 * what belongs to the probabilities of the layer whose turn it is. Not counted are what one layer hands to the next, what
 * lives inside of a layer's computation, and the loss. */
struct rank_memory memory_per_rank(const struct model_numbers *model, const struct way *way);

/* ---- choose_parallelism.c --------------------------------------------------------------- */

/* Of Megatron's form: trained in 16 bits with Adam, gradients in 16 bits. */
struct transformer {
    int layers, width, heads, sequence, vocabulary;
};
struct cluster {
    int ranks;
    int ranks_per_server;                          /* joined by fast links */
    double memory;                                 /* bytes of each rank */
    double flops;                                  /* that each rank does in a second */
    double bandwidth_in_server, bandwidth_between; /* bytes a second that each rank sends */
};
struct job {
    struct transformer model;
    struct cluster cluster;
    int batch_size; /* samples of a step, on all ranks together */
};

/* Given (transformer_numbers.c): the model's layers, as the published formulas have them; layer has room for model->layers.
 * pipeline: the degree. */
void transformer_numbers(const struct transformer *model, int pipeline,
                         struct layer_numbers *layer);

/* What the decision rests on. Each is checked. */
enum reason {
    REASON_FITS_ON_ONE,           /* bytes_on_one is at most a rank's memory */
    REASON_STATE_TOO_LARGE,       /* without activations it is larger … */
    REASON_ACTIVATIONS_TOO_LARGE, /* … or with them */
    REASON_NOTHING_FITS           /* whatever the way */
};

struct choice {
    bool fits;
    struct way way;        /* if it fits */
    enum reason reason;    /* if something else than replicas of the whole model is needed, why */
    double bytes_per_rank; /* that this way needs; if nothing fits, the least that any way needs */
    double bytes_on_one;   /* that a rank needs with data = ranks, ZeRO 0, no recomputation and one
                              sample at a time */
};

/* The fastest way that fits, or one that takes at most 25% longer. A way is possible if
 *
 *     data · tensor · pipeline = ranks; heads are a multiple of tensor, layers of pipeline;
 *     data · micro_batch_samples · micro_batches = batch_size;
 *     zero_stage is 0 or 1 where pipeline > 1; order is one forward, one backward.
 *
 * It fits if all that memory_per_rank says of it adds up to at most cluster.memory. A step takes, with batch B, width h,
 * sequence s, l layers, vocabulary V, b = micro_batch_samples, m = micro_batches, d, t, p the degrees,
 *
 *     (computing + sums of layers + messages between stages) · (1 + (p - 1) / m) + sums of gradients
 *
 *     computing: FLOPs / ranks / flops; FLOPs = 72·B·s·l·h² · (1 + s/(6h)) + 6·B·s·h·V,
 *         and besides, of what is computed again, with RECOMPUTE_LAYERS or SEGMENTS 24·B·s·l·h² · (1 + s/(6h)),
 *         with RECOMPUTE_ATTENTION 4·B·s²·l·h
 *     sums of layers: m · l/p · a · 2(t - 1)/t · 2bsh bytes, a = 4, or 6 with RECOMPUTE_LAYERS or SEGMENTS
 *     messages between stages, where p > 1: m · 2 · 2bsh bytes
 *     sums of gradients: c · (d - 1)/d · 2 bytes · parameters of a rank: the model's / (t · p), undivided by ZeRO;
 *         c = 2 in ZeRO 0 and 1, m + 1 in 2, 3m in 3
 *
 * where bytes go with bandwidth_in_server, if n divides ranks_per_server or all ranks are in one server, else with
 * bandwidth_between; n = t for sums of layers, t · d for those of gradients, t · d · p for messages between stages (ranks
 * are numbered with tensor first, then data, then pipeline). The model has 12lh² + 13lh + (V + s)h parameters. */
struct choice choose_parallelism(const struct job *job);

#endif
