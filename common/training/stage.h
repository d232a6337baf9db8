/*
 * A stage: a contiguous run of layers of the model, with all its parameters in
 * one arena and all its gradients in another.
 *
 * Many micro-batches can be in flight: what a forward saves is held under its
 * micro-batch number until that micro-batch's backward. Every call is recorded
 * in the log with stage, micro-batch and FLOPs.
 *
 * Misuse (a backward without its forward, a second forward of a micro-batch in
 * flight, a tensor of another shape) is fatal, with a message that names the
 * stage, the micro-batch and what was expected.
 */
#ifndef COMMON_TRAINING_STAGE_H
#define COMMON_TRAINING_STAGE_H

#include "common/layers/custom_layer.h"
#include "common/training/model.h"

struct stage;

struct stage_options {
    int index; /* global stage index, 0 … stages-1 */
    int stages;
    int first_layer; /* of the model */
    int layers;      /* how many; at least 1 */
    int micro_batch_size;
    int micro_batches; /* numbers 0 … micro_batches-1 may be in flight */
    uint64_t seed;
    enum device device; /* meta: parameters, gradients and activations have no numbers */
    int first_sample;   /* the place in the whole batch of the first sample of micro-batch 0 */
    int samples_together; /* whose statistics are taken together, as if they were a micro-batch; 0: all
                             samples of a micro-batch */
    bool
        sums_tied_gradients; /* the model's first parameter is used by two stages, and whoever trains
                                 them adds up its gradients: stage_tied_gradients */
    bool log_parameters;     /* the log's F, B, I and W carry the fingerprint of the parameters */
    /* Of parameters and activations: float32 (0), or 16 bits. Each layer computes in float32; what leaves it and what
     * it keeps is rounded. What comes to the first stage is as the data are, and the last one's y and dy are float32, as a
     * loss wants them. */
    enum dtype precision;
    enum dtype
        gradients; /* of the gradients: float32 (0), or as the precision. What is added is rounded then, too */
    /* The stage has no parameters, or gradients, of its own: the program puts those of a layer there while they are
     * needed (stage_put_parameters, stage_put_gradients). */
    bool parameters_come_and_go, gradients_come_and_go;
    /* Between the stage and its neighbours: x goes through `before` on its way to the first layer and dx on its way
     * back, y through `behind`, and dy. What comes and goes is of the shapes outside of them. Their `own` is the
     * caller's. All zeros: there are none. */
    struct layer_border before, behind;
    void *borders_own;
};

/* The model must outlive the stage. */
struct stage *stage_new(const struct model *model, const struct stage_options *options);
void stage_free(struct stage *stage);

/* --- what a schedule calls ------------------------------------------------ */

/* Runs the layers on one micro-batch. Takes over x; y is the caller's. */
struct tensor *stage_forward(struct stage *stage, int micro_batch, struct tensor *x);
/* Runs the layers backwards and adds to the gradients. Takes over dy; dx is the
 * caller's, and NULL on stage 0, whose input needs no gradient. */
struct tensor *stage_backward(struct stage *stage, int micro_batch, struct tensor *dy);
/* The same in two halves: dx first, the gradients of the weights later. Takes over dy. */
struct tensor *stage_backward_input(struct stage *stage, int micro_batch, struct tensor *dy);
void stage_backward_weight(struct stage *stage, int micro_batch);

/* A new tensor, contents undefined, of the shape of one micro-batch that enters
 * or leaves the stage: a buffer to receive x, or dy, into. */
struct tensor *stage_input_new(struct stage *stage);
struct tensor *stage_output_new(struct stage *stage);

void stage_zero_gradients(struct stage *stage);
/* The training step that begins now, 0 before any: dropout is another in each. */
void stage_set_step(struct stage *stage, int step);
/* Where ranks share a batch: from now on this rank's samples are `samples` of the whole batch, from the place
 * `first` on, cut into so many micro-batches, whose sizes may differ by one (common/training/share.h). None is
 * in flight. */
void stage_set_samples(struct stage *stage, int first, int samples, int micro_batches);

/* From now on, unless `ready` is NULL: stage_backward and stage_backward_weight call it with `own` behind each
 * layer's backward for the weights, from the last layer of the stage to the first, when that layer's gradient
 * of this micro-batch has been added (a layer without parameters, too: `layer` is the place in the model).
 * It may start messages with what is complete. The log then has a record of the backward's parts before and
 * behind each call, and a LOG_GRADIENT between them. */
typedef void stage_gradient_ready(void *own, int micro_batch, int layer);
void stage_tell_gradients(struct stage *stage, stage_gradient_ready *ready, void *own);

/* --- layers whose numbers come and go ------------------------------------------ */

/* Moments within stage_forward (or a part of it: stage_run_forward) and stage_backward. */
enum stage_moment {
    BEFORE_LAYER_FORWARD,
    AFTER_LAYER_FORWARD,
    BEFORE_LAYER_BACKWARD,
    STAGE_MOMENTS
};
/* Called at such a moment with `own`, of each layer with parameters (`layer` is the place in the model). It may send and
 * receive, and put and take numbers. The log has a record of the computation's parts before and behind each call, and a
 * LOG_LAYER between them. */
typedef void stage_at_layer(void *own, enum stage_moment moment, int micro_batch, int layer);
/* Behind a layer's backward it is stage_tell_gradients that tells. NULL: nobody is told. */
void stage_visit_layers(struct stage *stage, stage_at_layer *visit, void *own);

/* From now on, until they are taken, a layer works with these parameters (adds to these gradients), of the stage's
 * precision (dtype of gradients): a flat tensor as long as stage_layer_range says. Takes over the tensor. */
void stage_put_parameters(struct stage *stage, int layer, struct tensor *parameters);
void stage_put_gradients(struct stage *stage, int layer, struct tensor *gradients);
/* The layer has none any more. They are the caller's. */
struct tensor *stage_take_parameters(struct stage *stage, int layer);
struct tensor *stage_take_gradients(struct stage *stage, int layer);
/* to[0 … count - 1], of the precision, become the values that the elements from `begin` on of all the stage's parameters
 * have at the beginning.
 * `to` is the processor's memory or the GPU's. */
void stage_initial_parameters(const struct stage *stage, size_t begin, size_t count, void *to);
/* How many elements all the stage's parameters have. */
size_t stage_parameter_count(const struct stage *stage);

/* --- parts of a forward and a backward, for who decides what is kept ------------- */

/* What the layers of a part do with what their backward will need. */
enum stage_run {
    RUN_KEEPS,
    RUN_FORGETS, /* nothing is kept */
    RUN_REPEATS /* keeps, and is told that it has run before: running averages are not updated again */
};
/* Runs `layers` layers, from `first_layer` of the model on, of a micro-batch whose stage_forward or stage_backward is
 * running. Takes over x; y is the caller's. What dropouts drop depends on `draw`. */
struct tensor *stage_run_forward(struct stage *stage, int micro_batch, int first_layer, int layers,
                                 struct tensor *x, enum stage_run run, int draw);
/* Their backward, both halves, from the last to the first. They must have kept what it needs. Takes over dy; dx is the
 * caller's, and NULL where nobody wants it: for the first layers of stage 0. dy may be NULL likewise. */
struct tensor *stage_run_backward(struct stage *stage, int micro_batch, int first_layer, int layers,
                                  struct tensor *dy);
/* A draw for dropouts: another one each time that it is called. */
int stage_next_draw(struct stage *stage, int micro_batch);

/* From now on stage_forward and stage_backward call these, with `own`, to run the layers of a micro-batch. Each takes over
 * its tensor and returns one that is the caller's. There are no halves then. */
struct stage_runner {
    struct tensor *(*forward)(void *own, int micro_batch, struct tensor *x);
    struct tensor *(*backward)(void *own, int micro_batch, struct tensor *dy);
    const char *forward_name, *backward_name; /* for messages: "recompute_forward" */
    void *own;
};
void stage_replace_run(struct stage *stage, const struct stage_runner *runner);

/* --- what a validation calls ------------------------------------------------- */

/* The output for x (that of the first layer, any number of samples) as a trained model gives it: running averages in place of a
 * micro-batch's own statistics, nothing dropped. x stays the caller's, y is new and the caller's. It is
 * no part of training: nothing is kept for a backward, no average moves, and the log has no record of
 * it. It takes its time like any computation: its FLOPs are charged, outside of every record. */
struct tensor *stage_evaluate(struct stage *stage, struct tensor *x);

/* --- several versions of the parameters (weight stashing) -------------------- */

/* A new copy of the parameters as they are now. */
struct tensor *stage_parameters_copy(struct stage *stage);
/* From now on the stage works with these parameters, which it takes over; those that it worked
 * with so far are the caller's. Nothing is copied. */
struct tensor *stage_exchange_parameters(struct stage *stage, struct tensor *parameters);

/* --- what comparisons, optimizers and files call --------------------------- */

int stage_index(const struct stage *stage);
int stage_first_layer(const struct stage *stage);
int stage_layers(const struct stage *stage);
/* The description of one layer, by its place in the model; stays the model's. */
const struct layer *stage_layer(const struct stage *stage, int layer);
/* A new view of all gradients (or parameters) of one layer as one flat tensor,
 * or NULL if the layer has none. layer is its place in the model and must be on
 * this stage. */
struct tensor *stage_layer_gradients(struct stage *stage, int layer);
struct tensor *stage_layer_parameters(struct stage *stage, int layer);
/* Where both lie in the stage's arenas: *begin, …, *end - 1; *begin == *end if the layer has none. */
void stage_layer_range(const struct stage *stage, int layer, size_t *begin, size_t *end);
/* A new view of the buffers of one layer (running averages), flat, or NULL. */
struct tensor *stage_layer_buffers(struct stage *stage, int layer);
/* What the functions of one layer work with when somebody else than the stage calls them; without
 * buffers. Stays the stage's. */
struct layer_memory stage_layer_memory(const struct stage *stage, int layer,
                                       const struct pass *pass);
/* A new view of the model's first parameter (its gradient), where a layer is tied to it and it is on
 * this stage: in the first layer, or as the copy that a later stage works with; else NULL. */
struct tensor *stage_tied_parameters(struct stage *stage);
struct tensor *stage_tied_gradients(struct stage *stage);
/* What that copy is of, or NULL: there is none here. It lies behind the parameters of all layers. */
const struct parameter *stage_tied_copy(const struct stage *stage);
/* The arenas, whole and flat; they stay the stage's. At least one element long. NULL: they come and go. */
struct tensor *stage_gradients(struct stage *stage);
struct tensor *stage_parameters(struct stage *stage);
/* For the log: the fingerprint of the parameters; 0 unless log_parameters is set and a log open. */
uint64_t stage_parameters_fingerprint(const struct stage *stage);
/* Forwards without their backward right now. */
int stage_in_flight(const struct stage *stage);

#endif
