/*
 * The batch of a training step (batch.h).
 *
 * A batch is a window into the order of an epoch. Inputs become floats only
 * when a micro-batch asks for them; labels are fetched when the step begins.
 */
#include "common/batch.h"
#include "common/fatal.h"
#include "common/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOT_RECEIVED (-1) /* a label that is not here yet */

/* What became of one micro-batch in this step. */
struct micro_batch {
    struct tensor *labels; /* a view into the batch's labels; NULL until somebody wants it */
    double loss;
    int correct;
    bool loss_computed;
    bool backward_computed;
};

struct batch {
    struct batch_options options;
    char dataset_name[128];
    int micro_batch_size;
    int samples; /* in the data set; 0: not known here */
    bool inputs_open, labels_open;
    struct dataset *inputs; /* on the meta device there are none */
    struct dataset *labels;
    int *order; /* of the samples in one epoch, or NULL while nothing is open */
    int epoch;  /* whose order that is; -1: none yet */
    int first;  /* where this step's samples begin in the order; -1: no step loaded */
    struct tensor *all_labels;
    struct tensor *outputs; /* NULL until the first loss is computed */
    struct micro_batch *micro_batch;
};

static void check_options(const struct batch_options *options)
{
    if (options->batch_size < 1)
        fatal("a batch has at least 1 sample, not %d", options->batch_size);
    if (options->micro_batches < 1 || options->batch_size % options->micro_batches != 0)
        fatal("a batch of %d samples can't be cut into %d equal micro-batches", options->batch_size,
              options->micro_batches);
}

static bool on_meta(const struct batch *batch)
{
    return batch->options.device == DEVICE_META;
}

static void forget_labels(struct batch *batch)
{
    for (int i = 0; i < batch->options.batch_size && !on_meta(batch); i++)
        tensor_integers(batch->all_labels)[i] = NOT_RECEIVED;
}

struct batch *batch_new(const struct batch_options *options)
{
    check_options(options);
    struct batch *batch = memory_allocate(MEMORY_WORKSPACE, sizeof *batch);
    *batch = (struct batch){.options = *options,
                            .micro_batch_size = options->batch_size / options->micro_batches,
                            .epoch = -1,
                            .first = -1};
    int length = snprintf(batch->dataset_name, sizeof batch->dataset_name, "%s", options->dataset);
    if (length < 0 || (size_t)length >= sizeof batch->dataset_name)
        fatal("the data set's name \"%s\" is too long", options->dataset);
    batch->options.dataset = batch->dataset_name;

    if (on_meta(batch)) {
        batch->samples = options->batch_size;
    } else {
        char error[DATASET_ERROR_SIZE]; /* said when somebody opens the data, and not before */
        int samples = dataset_count(batch->dataset_name, DATASET_TRAIN, error);
        batch->samples = samples > 0 ? samples : 0;
    }
    batch->all_labels =
        tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, options->device, SHAPE(options->batch_size));
    forget_labels(batch);
    size_t bytes = (size_t)options->micro_batches * sizeof *batch->micro_batch;
    batch->micro_batch = memory_allocate(MEMORY_WORKSPACE, bytes);
    memset(batch->micro_batch, 0, bytes);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (int m = 0; m < batch->options.micro_batches; m++)
        tensor_free(batch->micro_batch[m].labels);
    memory_release(MEMORY_WORKSPACE, batch->micro_batch,
                   (size_t)batch->options.micro_batches * sizeof *batch->micro_batch);
    tensor_free(batch->all_labels);
    tensor_free(batch->outputs);
    memory_release(MEMORY_WORKSPACE, batch->order, (size_t)batch->samples * sizeof *batch->order);
    dataset_close(batch->inputs);
    dataset_close(batch->labels);
    memory_release(MEMORY_WORKSPACE, batch, sizeof *batch);
}

/* --- opening and loading ---------------------------------------------------- */

/* Fetches what is loaded at the beginning of a step: the labels. */
static void fetch_labels(struct batch *batch)
{
    if (batch->labels != NULL && batch->first >= 0)
        dataset_gather_labels(batch->labels, batch->order + batch->first, batch->options.batch_size,
                              tensor_integers(batch->all_labels));
    else
        forget_labels(batch);
}

/* A new data set with the inputs or the labels. */
static struct dataset *open_part(struct batch *batch, bool inputs)
{
    const struct batch_options *options = &batch->options;
    char error[DATASET_ERROR_SIZE];
    struct shape sample;
    int classes;
    if (!dataset_describe(options->dataset, &sample, &classes, error))
        fatal("%s", error);
    if (!shape_equal(sample, options->sample) || classes != options->classes) {
        char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
        fatal("%s has samples of %s in %d classes; the model is for %s in %d", options->dataset,
              shape_text(sample, found), classes, shape_text(options->sample, expected),
              options->classes);
    }
    struct dataset *dataset =
        dataset_open(options->dataset, DATASET_TRAIN, inputs, !inputs, options->seed, error);
    if (dataset == NULL)
        fatal("%s", error);
    int samples = dataset_samples(dataset);
    if (batch->samples != 0 && batch->samples != samples)
        fatal("%s has %d %s, where %d were counted before: its files changed or do not belong "
              "together",
              options->dataset, samples, inputs ? "images" : "labels", batch->samples);
    if (samples < options->batch_size)
        fatal("%s has %d samples for training, fewer than one batch of %d; choose a smaller batch",
              options->dataset, samples, options->batch_size);
    batch->samples = samples;
    if (batch->order == NULL)
        batch->order = memory_allocate(MEMORY_WORKSPACE, (size_t)samples * sizeof *batch->order);
    return dataset;
}

void batch_open_inputs(struct batch *batch)
{
    if (batch->inputs_open)
        return;
    batch->inputs_open = true;
    if (!on_meta(batch))
        batch->inputs = open_part(batch, true);
    log_fact(LOG_OPEN_INPUTS, 0, 0);
}

void batch_open_labels(struct batch *batch)
{
    if (batch->labels_open)
        return;
    batch->labels_open = true;
    if (!on_meta(batch))
        batch->labels = open_part(batch, false);
    log_fact(LOG_OPEN_LABELS, 0, 0);
    fetch_labels(batch);
}

int batch_steps_per_epoch(const struct batch *batch)
{
    return batch->samples / batch->options.batch_size;
}

static void forget_outputs(struct batch *batch)
{
    for (int i = 0; i < batch->outputs->count && !on_meta(batch); i++)
        tensor_floats(batch->outputs)[i] = NAN;
}

void batch_load(struct batch *batch, int step)
{
    const struct batch_options *options = &batch->options;
    if (step < 0)
        fatal("there is no step %d", step);
    if (batch->order != NULL) {
        int steps = batch_steps_per_epoch(batch);
        int epoch = step / steps;
        if (epoch != batch->epoch)
            dataset_epoch_order(options->seed, epoch, batch->samples, batch->order);
        batch->epoch = epoch;
        batch->first = step % steps * options->batch_size;
    } else if (on_meta(batch)) {
        batch->first = 0;
    }
    fetch_labels(batch);
    for (int m = 0; m < options->micro_batches; m++) {
        batch->micro_batch[m].loss_computed = false;
        batch->micro_batch[m].backward_computed = false;
    }
    if (batch->outputs != NULL)
        forget_outputs(batch);
}

/* --- micro-batches ---------------------------------------------------------- */

static struct micro_batch *micro_batch_of(const struct batch *batch, int micro_batch)
{
    if (micro_batch < 0 || micro_batch >= batch->options.micro_batches)
        fatal("there is no micro-batch %d; they are numbered 0 to %d", micro_batch,
              batch->options.micro_batches - 1);
    return &batch->micro_batch[micro_batch];
}

struct tensor *batch_inputs(struct batch *batch, int micro_batch)
{
    micro_batch_of(batch, micro_batch);
    if (!batch->inputs_open)
        fatal("the inputs of micro-batch %d were asked for on a rank that did not open them: call "
              "batch_open_inputs() first, on the ranks that need inputs",
              micro_batch);
    if (batch->first < 0)
        fatal("no step was loaded yet: batch_load() comes first");
    int count = batch->micro_batch_size;
    struct tensor *inputs = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, batch->options.device,
                                       shape_with_batch(count, batch->options.sample));
    if (!on_meta(batch))
        dataset_gather_inputs(batch->inputs, batch->order + batch->first + micro_batch * count,
                              count, tensor_floats(inputs));
    return inputs;
}

struct tensor *batch_labels(struct batch *batch, int micro_batch)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    const int size = batch->micro_batch_size;
    if (own->labels == NULL)
        own->labels =
            tensor_view(batch->all_labels, (size_t)micro_batch * (size_t)size, SHAPE(size));
    return own->labels;
}

/* The labels that the loss needs, or NULL if it needs none. */
static const struct tensor *labels_for_loss(struct batch *batch, int micro_batch)
{
    if (batch->options.loss == LOSS_MEAN || on_meta(batch))
        return NULL;
    const struct tensor *labels = batch_labels(batch, micro_batch);
    for (int i = 0; i < labels->count; i++)
        if (tensor_integers(labels)[i] == NOT_RECEIVED)
            fatal("the labels of micro-batch %d are not here: call batch_open_labels() on the rank "
                  "that computes the loss, or receive them into batch_labels() first",
                  micro_batch);
    return labels;
}

/* A new view of the rows of the outputs that belong to a micro-batch. */
static struct tensor *outputs_of(struct batch *batch, int micro_batch)
{
    const struct batch_options *options = &batch->options;
    if (batch->outputs == NULL) {
        batch->outputs = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, options->device,
                                    SHAPE(options->batch_size, options->classes));
        forget_outputs(batch);
    }
    size_t elements = (size_t)batch->micro_batch_size * (size_t)options->classes;
    return tensor_view(batch->outputs, (size_t)micro_batch * elements,
                       SHAPE(batch->micro_batch_size, options->classes));
}

void batch_loss(struct batch *batch, int micro_batch, struct tensor *y)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    struct shape expected = SHAPE(batch->micro_batch_size, batch->options.classes);
    char found_text[SHAPE_TEXT_SIZE], expected_text[SHAPE_TEXT_SIZE];
    if (y == NULL)
        fatal("micro-batch %d: there is no output (NULL) to compute a loss of", micro_batch);
    if (!shape_equal(y->shape, expected) || y->dtype != DTYPE_FLOAT32 ||
        y->device != batch->options.device)
        fatal("micro-batch %d: the output is %s of %s, expected float32 of %s on the batch's "
              "device, as it leaves the last stage",
              micro_batch, dtype_name(y->dtype), shape_text(y->shape, found_text),
              shape_text(expected, expected_text));
    if (own->loss_computed)
        fatal("the loss of micro-batch %d was computed already in this step", micro_batch);
    const struct tensor *labels = labels_for_loss(batch, micro_batch);
    struct tensor *outputs = outputs_of(batch, micro_batch);
    tensor_copy(outputs, y);
    tensor_free(y);
    own->loss = loss_forward(batch->options.loss, outputs, labels, &own->correct);
    own->loss_computed = true;
    tensor_free(outputs);

    struct log_record record = log_record_new(LOG_LOSS, LOG_INSTANT);
    record.micro_batch = micro_batch;
    record.value = own->loss;
    log_append(record);
}

struct tensor *batch_loss_backward(struct batch *batch, int micro_batch, float scale)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    if (!own->loss_computed)
        fatal("the loss of micro-batch %d was not computed in this step: call batch_loss() first",
              micro_batch);
    if (own->backward_computed)
        fatal("the gradient of the loss of micro-batch %d was taken already in this step",
              micro_batch);
    own->backward_computed = true;

    struct log_record record = log_record_new(LOG_LOSS_BACKWARD, LOG_INSTANT);
    record.micro_batch = micro_batch;
    record.value = (double)scale;
    log_append(record);

    struct tensor *outputs = outputs_of(batch, micro_batch);
    struct tensor *gradient =
        loss_backward(batch->options.loss, outputs, labels_for_loss(batch, micro_batch), scale);
    tensor_free(outputs);
    return gradient;
}

struct tensor *batch_outputs(struct batch *batch)
{
    if (batch->outputs == NULL)
        fatal("this rank computed no loss, so it has seen no outputs: batch_loss() comes first");
    return batch->outputs;
}

/* --- after a step ----------------------------------------------------------- */

int batch_losses_computed(const struct batch *batch)
{
    int computed = 0;
    for (int m = 0; m < batch->options.micro_batches; m++)
        computed += batch->micro_batch[m].loss_computed;
    return computed;
}

double batch_mean_loss(const struct batch *batch)
{
    int micro_batches = batch->options.micro_batches;
    if (batch_losses_computed(batch) < micro_batches)
        return NAN;
    double sum = 0;
    for (int m = 0; m < micro_batches; m++)
        sum += batch->micro_batch[m].loss;
    return sum / micro_batches;
}

double batch_accuracy(const struct batch *batch)
{
    int micro_batches = batch->options.micro_batches;
    if (batch_losses_computed(batch) < micro_batches)
        return NAN;
    int correct = 0;
    for (int m = 0; m < micro_batches; m++)
        correct += batch->micro_batch[m].correct;
    return (double)correct / batch->options.batch_size;
}
