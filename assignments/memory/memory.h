/*
 * Memory: what you are given, and what you write.
 *
 * A model that does not fit into a processor's memory is trained nevertheless, by four techniques that can be
 * combined. Activations are forgotten in the forward and computed again in the backward (recomputation). Numbers
 * are stored in 16 bits where that does no harm (mixed precision). What every replica of a model has a copy of
 * is shared out among them (ZeRO). What is not needed now lies in the memory of the host (offload). Before that,
 * two functions work out what fits at all: an engineer does so before asking for a hundred processors.
 *
 * Words. Ψ is the number of a model's parameters, N that of the ranks that share a batch. A unit is a run of
 * layers whose parameters are shared out together; a shard is the part of a unit that is one rank's own. ZeRO's
 * "stages" 1, 2 and 3 share out the optimizer's state, then the gradients, too, then the parameters, too; a
 * `struct stage` is a run of layers, as in a pipeline.
 *
 * Each function below lives in a file of its own, or in that of its group. Its TODO says what it must do.
 * Only the files listed here are handed in.
 *
 * Wrap MPI calls in mpi_check(…): if one fails, the program ends on all ranks and says which call it was and
 * why (common/base/mpi_check.h). Tensors are made with the kind of what they hold: tensor_new(MEMORY_GRADIENT, …).
 * Every byte is counted, by kind, from tensor_new to tensor_free.
 */
#ifndef ASSIGNMENTS_MEMORY_MEMORY_H
#define ASSIGNMENTS_MEMORY_MEMORY_H

#include "assignments/memory/arithmetic.h"
#include "common/base/mpi_check.h"
#include "common/base/todo.h"
#include "common/layers/custom_layer.h"
#include "common/mpi/sixteen_bits.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"
#include "common/training/transfer.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* memory_per_rank.c and choose_parallelism.c: see arithmetic.h. */

/* ---- recompute.c ------------------------------------------------------------- */

/* Which micro-batches are recomputed at all. In a pipeline that does all forwards first, the last micro-batch's
 * backward comes right behind its forward: what is kept of it is not kept for long. (GPipe: Huang et al. 2019) */
enum recompute_when { RECOMPUTE_NEVER, RECOMPUTE_ALL_BUT_LAST, RECOMPUTE_ALWAYS };

struct recomputation {
    struct stage *stage; /* whose layers these are */
    int micro_batches;   /* numbered from 0 */
    enum recompute_when when;
    /* As make_segments made them: segment s has the layers first_layer[s], …, first_layer[s + 1] - 1, counted from
     * the begin of the model. */
    int segments;
    int *first_layer;
    /* Yours: room for something of each segment of each micro-batch, micro_batch * segments + segment; at first
     * NULL and 0. */
    struct tensor **input;
    int *draw;
};

/* Cuts `layers` layers, numbered from `first` on, into segments: of one layer each, or, with by_root, of k each with
 * k the whole number nearest to √layers (the last one may have fewer). Fills in first_layer[0 … segments] and
 * returns how many segments there are. (Chen et al. 2016) */
int make_segments(int first, int layers, bool by_root, int *first_layer);

/* Called in place of the kit's own forward and backward of a micro-batch, by stage_forward and stage_backward.
 * What is to be recomputed keeps nothing but the inputs of the segments; results are those without recomputation,
 * bit for bit. Takes over x (dy); y (dx) is the caller's.
 *
 * Given: stage_run_forward and stage_run_backward run a few layers (common/training/stage.h), and
 * stage_next_draw says what a dropout is to draw. */
struct tensor *recompute_forward(struct recomputation *recomputation, int micro_batch,
                                 struct tensor *x);
struct tensor *recompute_backward(struct recomputation *recomputation, int micro_batch,
                                  struct tensor *dy);

/* ---- selective_attention.c --------------------------------------------------- */

/* An attention like `kit` that keeps no probabilities, tokens² for each head and sample, between forward and backward,
 * and computes them again in the backward. (Selective recomputation: Korthikanti et al. 2022) Parameters as the
 * kit's: [0] and [1] the weight (3 · width, width) and bias of q, k and v, [2] and [3] those of the projection. `kit` stays where it is as long as the layer lives. */
struct layer selective_attention(struct layer *kit);

/* ---- what a rank works with ---------------------------------------------------- */

/* Layers whose parameters are shared out together. Places are elements of the arena of all the stage's parameters,
 * one layer's behind the other's. */
struct unit {
    int first_layer, layers;
    size_t begin, end; /* of the whole unit: begin, …, end - 1 */
    /* Of each rank's shard, as your `shard` says, and as MPI's collectives want them: how many numbers it has, and
     * where in the unit it begins. In ZeRO 0 this rank's shard is the whole unit. */
    int *count, *first;
    size_t own_begin,
        own_count; /* of this rank's shard: where it begins in the arena, and count[rank] */
    size_t place;  /* of its first number among all numbers that are this rank's own, in one row */
};

struct pipeline;       /* assignments/pipeline/pipeline.h */
struct schedule_facts; /* the kit's */

struct zero {
    MPI_Comm comm; /* the ranks that share each batch, and the model's state */
    int rank;
    int ranks;
    int zero_stage;      /* 0: nothing is shared out; 1, 2, 3 */
    struct stage *stage; /* all layers */
    enum device device;  /* of all its tensors */
    struct batch *batch; /* of all ranks … */
    /* … of which these are this rank's, all of the same size. They are numbered in the whole batch, and that number is the one
     * that the stage, the batch and the functions below use. */
    int first_micro_batch, micro_batches;
    int all_micro_batches; /* of all ranks */
    enum dtype precision;  /* of parameters and activations: float32, bfloat16 or float16 */
    enum dtype gradients;  /* of gradients: float32, or as the precision */
    int units;             /* ZeRO 0 and 1: one. 2 and 3: one for each layer that has parameters */
    struct unit *unit;
    size_t own_count; /* numbers in all shards of this rank */
    struct optimizer_options optimizer_options;
    double most_norm; /* --clip: the largest norm of all gradients; 0: any will do */
    /* Losses are multiplied by it before the backward; 1 unless the precision is float16. */
    double loss_scale;
    int good_steps;           /* in a row, for update_loss_scale */
    int scale_window;         /* --scale-window: after so many the scale is doubled */
    bool offloads;            /* --offload optimizer */
    bool offloads_parameters; /* --offload parameters */
    /* What this rank keeps of its own numbers, each `own_count` long: made by your zero*_begin, freed by the kit.
     * NULL: it is not needed. */
    struct optimizer *optimizer;   /* state for its own numbers */
    struct tensor *masters;        /* float32, where the precision has 16 bits (make_masters) */
    struct tensor *own_gradients;  /* ZeRO 2 and 3, of dtype `gradients` */
    struct tensor *own_parameters; /* ZeRO 3, of dtype `precision` */
    struct tensor *arriving;       /* yours: of prefetch.c, or offload_parameters.c */
    MPI_Request request;           /* likewise */
    int arriving_layer;            /* likewise; -1: none */
    struct transfer *fetch;        /* yours: of offload_parameters.c, at first NULL */
    /* With --offload, of the kind MEMORY_HOST, as the masters and the optimizer's state are then (and, with --offload
     * parameters, own_parameters): made by your offload_begin or offload_parameters_begin, freed by the kit. */
    struct tensor *host_gradients; /* of dtype `gradients` */
    /* Of `precision`. NULL with float32, where the masters are all there is, and with --offload parameters. */
    struct tensor *host_parameters;
    struct transfer **transfer; /* yours: room for one of each unit, at first NULL */
    struct pipeline *pipeline; /* the kit's: hybrid_forward_backward runs it; NULL: there is none */
    const struct schedule_facts *schedule; /* likewise */
};

/* ---- shard.c --------------------------------------------------------------------- */

/* Which of a unit's numbers 0 … count - 1 are rank `rank`'s own: *begin, …, *end - 1. Each is one rank's, and no rank has
 * more than count / ranks, rounded up. */
void shard(size_t count, int ranks, int rank, size_t *begin, size_t *end);

/* Before: `whole` has this rank's gradients of a unit, which are those of its own samples' losses, each divided by the
 * number of all samples. Afterwards `own` has the sum over all ranks of this rank's shard. Both are of dtype
 * zero->gradients; own may lie within whole, where the shard is. */
void reduce_scatter_gradients(struct zero *zero, const struct unit *unit, void *whole, void *own);
/* Before: `own` has this rank's shard of a unit. Afterwards `whole` has the shards of all ranks, in their places. Both
 * are of dtype zero->precision; own may lie within whole, where the shard is. */
void all_gather_parameters(struct zero *zero, const struct unit *unit, const void *own,
                           void *whole);

/* ---- zero1.c ----------------------------------------------------------------------- */

/* Makes what this rank keeps of its own numbers: zero->optimizer, and by make_masters the masters. */
void zero1_begin(struct zero *zero);
/* One training step. Afterwards all ranks have the parameters that one process would have that took the step with the whole
 * batch; each has updated its own shard. */
void zero1_train_step(struct zero *zero);

/* ---- zero2.c ------------------------------------------------------------------------- */

/* The gradients are shared out, too: the stage has room for none (stage_put_gradients). */
void zero2_begin(struct zero *zero);
/* Called within stage_backward, before a layer's backward and behind it. Layers without parameters are not told of. */
void zero2_before_backward(struct zero *zero, int micro_batch, int layer);
void zero2_gradient_ready(struct zero *zero, int micro_batch, int layer);
void zero2_train_step(struct zero *zero);

/* ---- zero3.c ------------------------------------------------------------------------- */

/* The parameters are shared out, too: the stage has none (stage_put_parameters). */
void zero3_begin(struct zero *zero);
/* Called within stage_forward, and within the forwards of a recomputation, before and behind a layer's forward; and
 * within stage_backward. */
void zero3_before_forward(struct zero *zero, int micro_batch, int layer);
void zero3_after_forward(struct zero *zero, int micro_batch, int layer);
void zero3_before_backward(struct zero *zero, int micro_batch, int layer);
void zero3_gradient_ready(struct zero *zero, int micro_batch, int layer);
void zero3_train_step(struct zero *zero);

/* ---- prefetch.c ---------------------------------------------------------------------- */

/* With --prefetch, in place of the two of zero3.c: the parameters of the layer that comes next are under way while this one
 * computes. At most two layers' parameters are there at a time. (Not together with recomputation, which runs layers in another
 * order.) */
void prefetch_before_forward(struct zero *zero, int micro_batch, int layer);
void prefetch_before_backward(struct zero *zero, int micro_batch, int layer);

/* ---- offload.c ------------------------------------------------------------------------- */

/* With --zero 2 --offload optimizer, in place of zero1_begin within zero2_begin: what only the optimizer needs lies in the
 * host's memory. (ZeRO-Offload: Ren et al. 2021) */
void offload_begin(struct zero *zero);
/* Called behind zero2_gradient_ready, of each micro-batch and layer: when this rank's own gradients of the layer are complete
 * they set out for the host, while the backward goes on. (Of a step that is skipped the kit waits for them.) */
void offload_gradient_ready(struct zero *zero, int micro_batch, int layer);
/* In place of the device's step, called by update_own_parameters: the host steps with each unit's gradients, times `factor`, and
 * the parameters come back. Between optimizer_step_begin and optimizer_step_end. */
void offload_step(struct zero *zero, double factor);

/* ---- offload_parameters.c ------------------------------------------------------------------ */

/* With --zero 3 --offload parameters, in place of zero3_begin: this rank's own parameters lie in the host's memory, and
 * everything that only the optimizer needs, too. (ZeRO-Infinity: Rajbhandari et al. 2021) */
void offload_parameters_begin(struct zero *zero);
/* In place of the two of zero3.c: this rank's shard of the layer comes from the host, and the layer is brought together on the
 * device. While it computes the shard of the next one is under way. At most two shards are on the device at a time. */
void offload_parameters_before_forward(struct zero *zero, int micro_batch, int layer);
void offload_parameters_before_backward(struct zero *zero, int micro_batch, int layer);
/* In place of offload_step (gradients go to the host by your offload_gradient_ready): the host steps, and the new parameters stay
 * there. */
void offload_parameters_step(struct zero *zero, double factor);

/* ---- zero1_hybrid.c ---------------------------------------------------------------------- */

/* With --ranks-are grid --zero 1: one training step where the model is cut into stages, and a stage's layers into slices. zero->comm
 * are the ranks with the same stage, and of that the same slices, one of each pipeline: they share the state of its
 * parameters. zero->micro_batches are those of one pipeline. Made by your zero1_begin. */
void zero1_hybrid_train_step(struct zero *zero);

/* ---- mixed_precision.c ----------------------------------------------------------------- */

/* In which dtype the gradients of micro-batches add up, where parameters and activations are of `precision`. With 16 bits a
 * parameter takes 2 + 2 + 12 bytes, with float32 2 + 4 + 12. */
enum dtype gradients_dtype(enum dtype precision);
/* Where the precision has 16 bits: makes zero->masters, which begin as this rank's own parameters. Else it does nothing. */
void make_masters(struct zero *zero);
/* One step of the optimizer with this rank's own gradients times `factor`. gradients and parameters are a unit's: of dtype
 * zero->gradients and zero->precision, both this rank's shard. Afterwards the parameters are those after the step,
 * rounded where they have 16 bits. Given: optimizer_step_on. */
void step_own_parameters(struct zero *zero, const struct unit *unit, const void *gradients,
                         void *parameters, double factor);

/* ---- loss_scaling.c --------------------------------------------------------------------- */

/* Are the gradients of all ranks finite? All ranks get the same answer. */
bool gradients_are_finite(struct zero *zero);
/* After each step, whose gradients were finite or not: halves zero->loss_scale, or doubles it when zero->scale_window steps in
 * a row were good. */
void update_loss_scale(struct zero *zero, bool finite);

/* ---- clip.c ------------------------------------------------------------------------------ */

/* By what all gradients are to be multiplied, so that their norm, that of all ranks' shards together, is at most
 * zero->most_norm. Gradients times `factor` are the true ones. Called with --clip only. */
double clip_factor(struct zero *zero, double factor);

/* ---- given --------------------------------------------------------------------------------- */

/* Where this rank's own gradients, or parameters, of a unit are: in zero->own_gradients or, in ZeRO 0 and 1, within the stage's
 * arena. */
void *own_gradients_of(struct zero *zero, const struct unit *unit);
void *own_parameters_of(struct zero *zero, const struct unit *unit);
/* For the end of a step, when each rank has the sum of its own gradients: unless they overflowed (gradients_are_finite, in
 * float16), takes one step with each unit's (step_own_parameters), times what clip_factor says. */
void update_own_parameters(struct zero *zero);
/* In a grid: forward and backward of this rank's pipeline, by a schedule of your pipeline assignment, all but the optimizer's
 * step. Afterwards the stage's gradients, which need not be zero before, are those of the mean loss over this pipeline's share of
 * the batch. */
void hybrid_forward_backward(struct zero *zero);
/* The unit that a layer belongs to, or NULL: it has no parameters. */
const struct unit *unit_of_layer(const struct zero *zero, int layer);
/* to[0 … count - 1] become the first values of the arena's elements from `begin` on, in the precision. */
void initial_parameters(struct zero *zero, size_t begin, size_t count, void *to);
/* An MPI type for numbers of a dtype, and its sum. */
MPI_Datatype message_type(enum dtype dtype);
MPI_Op message_sum(enum dtype dtype);
/* to[i] = from[i]; the two may overlap. */
void copy_numbers(enum dtype dtype, size_t count, const void *from, void *to);
/* A place `elements` behind another one. */
void *numbers_at(const void *numbers, enum dtype dtype, size_t elements);
/* sum[i] += more[i], computed in float32. As a loop does, and it is counted; so are the following ones. */
void add_numbers(enum dtype dtype, size_t count, void *sum, const void *more);
/* numbers[i] *= factor, computed in float32. */
void scale_numbers(enum dtype dtype, size_t count, void *numbers, double factor);
/* The sum of the squares, in double precision. It is not finite if one of the numbers is not. */
double sum_of_squares(enum dtype dtype, size_t count, const void *numbers);
/* Exact, and rounded to the nearest. */
void widen_numbers(enum dtype from, size_t count, const void *numbers, float *to);
void round_numbers(enum dtype to, size_t count, const float *numbers, void *rounded);

#endif
