/*
 * Pipeline parallelism: what you are given, and what you write.
 *
 * The model is a list of layers. A stage is a contiguous run of them, and rank
 * r runs stage r. (With an interleaved schedule a rank runs several: stage s is
 * on rank s % ranks.) A batch is cut into micro-batches that follow each other
 * through the stages: forward from stage 0 to the last, backward from the last
 * to stage 0. You write where the layers go, what is sent when, and in which
 * order each stage works; the kit gives you layers, tensors, data and MPI.
 *
 * Each function below lives in a file of its own, named after it. Its TODO says
 * what it must do. Only the files listed here are handed in.
 *
 * Wrap MPI calls in mpi_check(…): if one fails, the program ends on all ranks and
 * says which call it was and why (common/base/mpi_check.h).
 */
#ifndef ASSIGNMENTS_PIPELINE_PIPELINE_H
#define ASSIGNMENTS_PIPELINE_PIPELINE_H

#include "common/base/mpi_check.h"
#include "common/base/todo.h"
#include "common/training/assert_close.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

/* A message on its way: MPI still reads the tensor until the request has completed. */
struct sent_message {
    struct tensor *tensor;
    MPI_Request request;
};

struct pipeline {
    MPI_Comm comm; /* the ranks of this pipeline: not always numbered as in MPI_COMM_WORLD */
    int rank;      /* this rank: runs stage `rank` */
    int ranks;
    int stages;                  /* as many as ranks; interleaved: a multiple of it */
    int stage_index;             /* of `stage`: `rank`; interleaved: chunk · ranks + rank */
    int micro_batches;           /* per batch, numbered from 0 */
    struct stage *stage;         /* this rank's layers */
    struct batch *batch;         /* the batch of this step */
    struct optimizer *optimizer; /* updates this rank's parameters */
    struct sent_message *outputs_sent, *gradients_sent; /* for micro_batch.h, one per micro-batch */
};

/* ---- check_arguments.c ---------------------------------------------------- */

struct pipeline_arguments {
    int layers;        /* of the model */
    int stages;        /* as many as there are ranks */
    int batch_size;    /* samples */
    int micro_batches; /* that a batch is cut into */
    bool uneven;       /* the user gave --uneven: stages of different size are fine */
};

/* Returns whether a pipeline can run like this; if not, writes to reason (of
 * reason_size bytes) why not and what the user can do. */
bool check_arguments(const struct pipeline_arguments *arguments, char *reason, size_t reason_size);

/* ---- distribute_layers.c -------------------------------------------------- */

/* Gives every stage a contiguous run of at least one layer: stage s owns layers
 * first_layer[s] … first_layer[s+1] - 1. first_layer has room for stages + 1
 * numbers; the last is `layers`. flops[l] is the cost of layer l's forward per
 * sample, for those who want to balance by work instead of by number. */
void distribute_layers(int layers, const double *flops, int stages, int *first_layer);

/* ---- open_data.c ---------------------------------------------------------- */

/* Opens on this rank the part of the data set that its stage needs. */
void open_data(struct pipeline *pipeline);

/* ---- pipeline_communicate.c ----------------------------------------------- */

enum pipeline_operation { RECV_FORWARD, SEND_FORWARD, RECV_BACKWARD, SEND_BACKWARD };

/*
 * Starts one message of one micro-batch, without waiting for it:
 *
 *     RECV_FORWARD   x  of this stage, from the previous stage
 *     SEND_FORWARD   y  of this stage, to the next stage
 *     RECV_BACKWARD  dy of this stage, from the next stage
 *     SEND_BACKWARD  dx of this stage, to the previous stage
 *
 * `tensor` holds what is sent, or has room for what is received. It must stay
 * untouched, and may not be freed, until *request has completed (MPI_Wait).
 *
 * Returns whether a message is due at all. Where none is, at the two ends of
 * the pipeline, it does nothing but set *request to MPI_REQUEST_NULL and return
 * false; tensor may be NULL then.
 *
 * Why non-blocking? Take two neighbours in the middle of a step. Stage 0 sends
 * an activation to stage 1 while stage 1 sends a gradient to stage 0, both with
 * MPI_Send. A blocking send of a large message returns only when the other side
 * receives. Stage 0 waits for stage 1 to receive; stage 1 waits for stage 0 to
 * receive; neither will. With small messages the same program runs, because MPI
 * happens to copy them into a buffer of its own: that is luck, not correctness.
 * MPI_Isend and MPI_Irecv only start a message. A rank can start both directions
 * and wait for both, so no order of waiting can close the circle.
 */
bool pipeline_communicate(struct pipeline *pipeline, enum pipeline_operation operation,
                          int micro_batch, struct tensor *tensor, MPI_Request *request);

/* ---- baseline.c ----------------------------------------------------------- */

/* Runs the whole model on the whole batch in this process: forward, loss and
 * backward, so that the stage's gradients are those of the batch's mean loss and
 * batch_outputs() holds the outputs. `model` is one stage with all layers;
 * `batch` has one micro-batch and is open. Does not step an optimizer. */
void baseline_forward_backward(struct stage *model, struct batch *batch);

/* ---- train_step_naive.c and train_step_afab.c ------------------------------ */

/*
 * One training step: afterwards each rank's gradients are those of the mean loss
 * over the whole batch, and its optimizer has stepped once.
 *
 * naive: the whole batch (pipeline->micro_batches is 1) through stage after stage.
 * afab:  all forwards, then all backwards, of micro_batches micro-batches.
 */
void train_step_naive(struct pipeline *pipeline);
void train_step_afab(struct pipeline *pipeline);

/* ---- more schedules: train_step_1f1b.c … train_step_zero_bubble.c ----------- */

/*
 * The same training step in other orders: the gradients are those of
 * train_step_afab, the memory and the bubble are not. assignments/pipeline/micro_batch.h
 * moves micro-batches in and out of a stage, so that only the order is left to write.
 *
 * 1f1b:        one forward, one backward: at most p - r micro-batches in flight on rank r
 * bounded:     any order that keeps at most p in flight, of as many micro-batches as you like, and
 *              in which the stages work at the same time
 * interleaved: 1F1B over several stages per rank, for a bubble that is so much smaller.
 *              chunk[c] is the pipeline of this rank's stage c · ranks + rank; its
 *              micro-batches are a multiple of the ranks
 * zero bubble: 1F1B with the backward in two halves (ZB-H1)
 */
void train_step_1f1b(struct pipeline *pipeline);
void train_step_bounded(struct pipeline *pipeline);
void train_step_interleaved(struct pipeline *chunk, int chunks);
void train_step_zero_bubble(struct pipeline *pipeline);

/* Asynchronous: each micro-batch is a mini-batch of its own, with an optimizer step behind its
 * backward, with its gradient alone. Forward and backward of micro-batch i use the same parameters: on
 * stage s of p those after max(0, i - (p - 1 - s)) steps of this call. (PipeDream, Narayanan et al. 2019) */
void train_step_pipedream(struct pipeline *pipeline);

/* ---- compare_with_baseline.c ----------------------------------------------- */

/* After one step of the pipeline and baseline_forward_backward() on the same
 * batch with the same parameters: compares, with assert_close, the gradients of
 * every layer on this rank with the baseline's and, on the last stage, the
 * outputs: a number that is off by more than rounding must be noticed, and
 * rounding must not. Returns whether all agree. */
bool compare_with_baseline(struct pipeline *pipeline, struct stage *baseline,
                           struct batch *baseline_batch);

#endif
