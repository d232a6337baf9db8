/*
 * A stage from inside: for the files stage*.c, and nobody else.
 *
 *     stage.c          checks, arenas, making and freeing
 *     stage_numbers.c  the parameters and gradients that a layer works with
 *     stage_layers.c   a few layers forwards and backwards
 *     stage_run.c      forwards and backwards of the stage
 *     stage_borders.c  what stands between a stage and its neighbours
 *     stage_look.c     versions of its parameters, and looking at it
 */
#ifndef COMMON_TRAINING_STAGE_PARTS_H
#define COMMON_TRAINING_STAGE_PARTS_H

#include "common/training/stage.h"

#include "common/layers/borders.h"
#include "common/layers/layers.h"
#include "common/log/log_fields.h"
#include "common/training/share.h"

/* How far a micro-batch has come. */
enum progress { NOT_HERE, FORWARD_DONE, BACKWARD_INPUT_DONE, FINISHED };

/* A micro-batch between its forward and the end of its backward. There are as many as were
 * ever in flight at once, however many micro-batches there are. */
struct flight {
    enum progress progress;
    int step;              /* that its forward ran in */
    int draws;             /* that were asked for since then */
    int *draw;             /* each layer's: of the forward whose backward is to come */
    struct flight *next;   /* of the spare ones */
    struct saved *saved[]; /* of each layer */
};

struct stage {
    struct stage_options options;
    const struct layer *layer;             /* the first of them, in the model */
    struct tensor *parameters, *gradients; /* NULL: they come and go … */
    struct tensor **layer_parameters,
        **layer_gradients;  /* … of each layer; NULL where they are not */
    size_t count;           /* elements of all parameters */
    struct tensor *buffers; /* of all layers; NULL: there are none */
    size_t *offset;         /* of each layer in the arenas … */
    size_t *buffer_offset;  /* … and in the buffers */
    const struct parameter
        *tied;          /* the model's first, if a layer here is tied to it; else NULL … */
    size_t tied_offset; /* … and where in the arenas it is */
    int samples, micro_batches;           /* of this step: as the options say, or a share's */
    stage_gradient_ready *gradient_ready; /* NULL: nobody is told */
    void *told;
    stage_at_layer *visit; /* likewise */
    void *visitor;
    struct stage_runner runner;   /* forward NULL: the stage runs its layers itself */
    int running;                  /* the micro-batch whose forward or backward runs, or -1 */
    enum log_operation operation; /* which of them */
    int step;                     /* that runs now */
    struct pass pass;             /* of the call that runs */
    struct flight **flight;       /* of each micro-batch; NULL unless it is in flight */
    struct flight *spare;         /* flights that have ended, to be used again */
    bool *finished; /* each micro-batch: it was in flight before, and its backward is done */
    int in_flight;
    /* The first layer of this stage that must work out dx: on stage 0 nobody wants the gradient
     * of what lies below the first layer with parameters. */
    int first_dx;
};

/* Of one sample: what comes to the stage and leaves it, outside of its borders. */
struct shape stage_input_sample(const struct stage *stage);
struct shape stage_output_sample(const struct stage *stage);
/* Takes x (backward: dx) through the border before the first layer, and y (dy) through the one behind the last.
 * NULL stays NULL. */
struct tensor *stage_enter(const struct stage *stage, enum border_way way, struct tensor *tensor);
struct tensor *stage_leave(const struct stage *stage, enum border_way way, struct tensor *tensor);

/* The parameters and gradients of a layer while it runs. */
struct layer_numbers {
    struct layer_memory memory;
    struct tensor *wide_parameters, *wide_gradients; /* of 16 bits: copies in float32 */
};
/* i: place in the stage. Fatal where parameters, or gradients that are wanted, are not there. */
struct layer_numbers stage_numbers_begin(const struct stage *stage, int i, const struct pass *pass,
                                         bool wants_gradients);
/* Rounds what was added to gradients of 16 bits. */
void stage_numbers_end(const struct stage *stage, int i, struct layer_numbers *numbers);

/* Runs layers first, …, end - 1, by their places in the stage. */
struct tensor *stage_layers_forward(struct stage *stage, int micro_batch, int first, int end,
                                    struct tensor *x, enum stage_run run);
struct tensor *stage_layers_backward(struct stage *stage, int micro_batch, int first, int end,
                                     struct tensor *dy);
/* The two halves of one layer's. dy may be NULL: then nobody wants a gradient there. */
struct tensor *stage_layer_back(struct stage *stage, int micro_batch, int i, struct tensor *dy);
void stage_layer_back_weight(struct stage *stage, int micro_batch, int i);

/* The records of a computation, or of a part of one. */
void stage_computation_begin(struct stage *stage, enum log_operation operation, int micro_batch,
                             const struct tensor *enters);
void stage_computation_end(const struct stage *stage, enum log_operation operation, int micro_batch,
                           const struct tensor *leaves);

/* What the layers are told of a call on a micro-batch. */
void stage_set_pass(struct stage *stage, int micro_batch);

/* A micro-batch sets out, and has come to its end. */
void stage_flight_begin(struct stage *stage, int micro_batch);
void stage_flight_end(struct stage *stage, int micro_batch);

/* Gives a tensor (or NULL) to the program, and returns it. For the log: what it is, and who called. */
struct tensor *stage_hand_out(const struct stage *stage, enum log_held_what what, int micro_batch,
                              struct tensor *tensor, const void *return_address);
#define STAGE_CALLER __builtin_return_address(0)

#endif
