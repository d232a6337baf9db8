/*
 * The batch of a training step, cut into micro-batches, with its loss.
 *
 * Sample k of the batch belongs to micro-batch k / (batch_size / micro_batches). Where ranks share a batch
 * (batch_load_samples), it is this rank's share that is cut into micro-batches, and their sizes may differ by
 * one.
 * A rank opens the inputs, the labels, both or neither; what was not opened
 * cannot be asked for (fatal, and the message says what to do). Opening is
 * recorded in the log.
 *
 * On the meta device there are shapes and no samples: no data set is looked
 * for, an epoch has one step, labels are never missing, and every loss is 0.
 */
#ifndef COMMON_TRAINING_BATCH_H
#define COMMON_TRAINING_BATCH_H

#include "common/base/slice.h"
#include "common/files/dataset.h"
#include "common/training/loss.h"

struct batch;

struct batch_options {
    const char *dataset; /* name as for dataset_open */
    int batch_size;
    int micro_batches; /* divides batch_size, unless ranks share a batch; then this rank's share is cut */
    bool shared;       /* batch_size is that of the largest share: batch_load_samples */
    enum loss_kind loss;
    uint64_t seed;
    struct data_shape data; /* as the model wants it: model_data */
    enum device device;     /* of the inputs, the labels and the loss */
};

/* A program's own cross-entropy, where a rank has the outputs of some classes only. All ranks have all
 * samples and all labels. */
struct custom_loss {
    int first_class, classes; /* y's last dimension: the classes first_class, first_class + 1, … */
    /* The loss of one micro-batch, the mean over its samples and their tokens, on each rank. y stays the
     * batch's, and as it is; labels as batch_labels. *kept becomes a tensor for the backward, or stays NULL. */
    double (*forward)(void *own, const struct tensor *y, const struct tensor *labels,
                      struct tensor **kept);
    /* A new tensor: the gradient of scale · that loss for y. Takes over what was kept. */
    struct tensor *(*backward)(void *own, const struct tensor *y, const struct tensor *labels,
                               struct tensor *kept, float scale);
    void *own; /* handed to both; stays the caller's */
};

struct batch *batch_new(const struct batch_options *options);
void batch_free(struct batch *batch);

/* --- what a student calls -------------------------------------------------- */

/* Opens the inputs, or the labels, of the training data on this rank. */
void batch_open_inputs(struct batch *batch);
void batch_open_labels(struct batch *batch);

/* How many samples a micro-batch has. Of a share of a batch it may be one less than of the one before. */
int batch_micro_batch_samples(const struct batch *batch, int micro_batch);
/* The inputs of one micro-batch: a new tensor (micro-batch size, sample…) of the data's dtype. */
struct tensor *batch_inputs(struct batch *batch, int micro_batch);
/* The labels of one micro-batch: int32 (micro-batch size), of tokens (micro-batch size, tokens); stays the batch's. On a rank
 * that did not open the labels this is room to receive them into, anew in every step. */
struct tensor *batch_labels(struct batch *batch, int micro_batch);
/* Computes the loss of one micro-batch, the mean over its samples and their tokens, from the last
 * stage's output. Takes over y. */
void batch_loss(struct batch *batch, int micro_batch, struct tensor *y);
/* The gradient of scale · (loss of that micro-batch) for y: a new tensor. Once per batch_loss. */
struct tensor *batch_loss_backward(struct batch *batch, int micro_batch, float scale);
/* The outputs of the whole batch as batch_loss saw them: (batch_size, classes), of tokens
 * (batch_size, tokens, classes), NaN where it did
 * not; stays the batch's. Fatal if this rank computed no loss yet. */
struct tensor *batch_outputs(struct batch *batch);

/* --- what a program calls -------------------------------------------------- */

/* From now on, before the first loss: batch_loss takes y of these classes, and it and batch_loss_backward
 * call the functions. There is no accuracy then (NaN). Fatal for classes that the data have not. */
void batch_replace_loss(struct batch *batch, const struct custom_loss *loss);
/* Which part of the whole batch's outputs batch_outputs() has of these samples: all classes, or those of
 * a loss of the program's. */
struct slice batch_outputs_slice(const struct batch *batch, int first, int samples);

/* --- what the driver calls ------------------------------------------------- */

/* Whole batches in an epoch, on every rank, whatever it opened; 0 if the data set can't be
 * found from this rank. */
int batch_steps_per_epoch(const struct batch *batch);
/* Fetches the samples of training step 0, 1, 2, … (all epochs in a row). */
void batch_load(struct batch *batch, int step);
/* In place of batch_load, where ranks share a batch: this rank's samples in step `step`, by their numbers in
 * the data set, which have to be there; `count` may be 0. `place`: of the first of them in the whole batch. Cut into `micro_batches`, as many as the options say
 * or, with fewer samples, one for each. The log says which they are. */
void batch_load_samples(struct batch *batch, int step, const int *sample, int count, int place);
int batch_samples(const struct batch *batch);       /* of this step on this rank */
int batch_micro_batches(const struct batch *batch); /* likewise; 0 where there are no samples */
/* After a step: the mean of the micro-batches' losses (of a share, over its samples), NaN if not all were computed; the
 * share of right answers, NaN with a loss of the program's; and how many micro-batches had their loss computed. */
double batch_mean_loss(const struct batch *batch);
/* The same of some micro-batches, from `first` on. */
double batch_mean_loss_of(const struct batch *batch, int first, int micro_batches);
double batch_accuracy(const struct batch *batch);
double batch_accuracy_of(const struct batch *batch, int first, int micro_batches); /* likewise */
int batch_losses_computed(const struct batch *batch);

#endif
