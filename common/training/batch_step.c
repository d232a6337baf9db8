/*
 * A batch in a training step: inputs, labels, outputs and loss of its
 * micro-batches.
 */
#include "common/training/batch_parts.h"

#include "common/base/device_numbers.h"
#include "common/base/fatal.h"
#include "common/kernels/work/work.h"
#include "common/log/log_caller.h"
#include "common/log/log_fields.h"

#include <math.h>
#include <string.h>

/* --- micro-batches ---------------------------------------------------------- */

void batch_forget_outputs(struct batch *batch)
{
    tensor_spoil(batch->outputs); /* NaN */
}

static struct micro_batch *micro_batch_of(const struct batch *batch, int micro_batch)
{
    if (micro_batch < 0 || micro_batch >= batch->micro_batches)
        fatal("there is no micro-batch %d; they are numbered 0 to %d", micro_batch,
              batch->micro_batches - 1);
    return &batch->micro_batch[micro_batch];
}

/* The place of a micro-batch's first sample among those of this rank, and how many it has. */
static int begin_of(const struct batch *batch, int micro_batch)
{
    return share_begin(batch->loaded, batch->micro_batches, micro_batch);
}

static int size_of(const struct batch *batch, int micro_batch)
{
    return share_size(batch->loaded, batch->micro_batches, micro_batch);
}

int batch_micro_batch_samples(const struct batch *batch, int micro_batch)
{
    micro_batch_of(batch, micro_batch);
    return size_of(batch, micro_batch);
}

/* A new view of the rows of a tensor that belong to a micro-batch; `shape` is that of one. */
static struct tensor *rows_of(const struct batch *batch, struct tensor *all, int micro_batch,
                              struct shape shape)
{
    const size_t each = shape_elements(shape) / (size_t)shape.size[0];
    return tensor_view(all, (size_t)begin_of(batch, micro_batch) * each, shape);
}

/* Gives a tensor to the program, and returns it. For the log: what it is, and who called. */
static struct tensor *hand_out(enum log_held_what what, int micro_batch, struct tensor *tensor,
                               const void *return_address)
{
    if (log_is_open())
        tensor_hand_out(tensor,
                        (struct tensor_origin){what, -1, micro_batch, log_caller(return_address)});
    return tensor;
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
    const int count = size_of(batch, micro_batch);
    const double elements = shape_count(batch->options.data.input);
    const bool made = dataset_is_made(batch->options.dataset);
    work_begin((struct work){
        made ? WORK_make_inputs : WORK_batch_inputs, count * elements, {count, elements}});
    struct tensor *inputs =
        tensor_new(MEMORY_ACTIVATION, batch->options.data.dtype, batch->options.device,
                   shape_with_batch(count, batch->options.data.input));
    if (!batch_is_meta(batch)) {
        struct tensor *room = tensor_host_room(inputs);
        dataset_gather_inputs(batch->inputs,
                              batch->order + batch->first + begin_of(batch, micro_batch), count,
                              room->data);
        tensor_bring(inputs, room);
    }
    work_end();
    return hand_out(LOG_HELD_X, micro_batch, inputs, __builtin_return_address(0));
}

struct tensor *batch_labels(struct batch *batch, int micro_batch)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    if (own->labels == NULL)
        own->labels = rows_of(batch, batch->all_labels, micro_batch,
                              batch_labels_shape(batch, size_of(batch, micro_batch)));
    return own->labels;
}

/* The work of a loss, or of its gradient, on a micro-batch. */
static void begin_loss(const struct batch *batch, int micro_batch, enum work_kind kind)
{
    const int samples = size_of(batch, micro_batch);
    const double rows = shape_count(batch_labels_shape(batch, samples));
    const double classes = shape_last(batch_outputs_shape(batch, samples));
    work_begin((struct work){kind, rows * classes, {rows, classes}});
}

/* The labels that the loss needs, or NULL if it needs none. */
static const struct tensor *labels_for_loss(struct batch *batch, int micro_batch)
{
    if (batch->options.loss == LOSS_MEAN || batch_is_meta(batch))
        return NULL;
    return batch_labels(batch, micro_batch);
}

/* Fatal where one of them is not here. Before the loss, for which the processor waits anyway. */
static void labels_must_be_here(const struct tensor *labels, int micro_batch)
{
    struct tensor *numbers = tensor_on_host(labels, "be looked at");
    for (int i = 0; i < numbers->count; i++)
        if (tensor_integers(numbers)[i] == NOT_RECEIVED)
            fatal("the labels of micro-batch %d are not here: call batch_open_labels() on the rank "
                  "that computes the loss, or receive them into batch_labels() first",
                  micro_batch);
    tensor_free(numbers);
}

/* A new view of the rows of the outputs that belong to a micro-batch. */
static struct tensor *outputs_of(struct batch *batch, int micro_batch)
{
    const struct batch_options *options = &batch->options;
    if (batch->outputs == NULL) {
        batch->outputs = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, options->device,
                                    batch_outputs_shape(batch, options->batch_size));
        batch_forget_outputs(batch);
    }
    return rows_of(batch, batch->outputs, micro_batch,
                   batch_outputs_shape(batch, size_of(batch, micro_batch)));
}

void batch_loss(struct batch *batch, int micro_batch, struct tensor *y)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    struct shape expected = batch_outputs_shape(batch, size_of(batch, micro_batch));
    char found_text[SHAPE_TEXT_SIZE], expected_text[SHAPE_TEXT_SIZE];
    if (y == NULL)
        fatal("micro-batch %d: there is no output (NULL) to compute a loss of", micro_batch);
    tensor_taken(y, "y", __func__);
    if (!shape_equal(y->shape, expected) || y->dtype != DTYPE_FLOAT32 ||
        y->device != batch->options.device)
        fatal("micro-batch %d: the output is %s of %s, expected float32 of %s on the batch's "
              "device, as it leaves the last stage%s",
              micro_batch, dtype_name(y->dtype), shape_text(y->shape, found_text),
              shape_text(expected, expected_text),
              device_misplaced(y->device, batch->options.device));
    if (own->loss_computed)
        fatal("the loss of micro-batch %d was computed already in this step: each micro-batch goes "
              "through the last stage once",
              micro_batch);
    begin_loss(batch, micro_batch, WORK_loss_forward);
    const struct tensor *labels = labels_for_loss(batch, micro_batch);
    if (labels != NULL)
        labels_must_be_here(labels, micro_batch);
    struct tensor *outputs = outputs_of(batch, micro_batch);
    tensor_copy(outputs, y);
    tensor_free(y);
    if (batch_has_own_loss(batch))
        own->loss = batch->own_loss.forward(batch->own_loss.own, outputs,
                                            batch_labels(batch, micro_batch), &own->kept);
    else
        own->loss = loss_forward(batch->options.loss, outputs, labels, &own->correct);
    own->loss_computed = true;
    tensor_free(outputs);
    work_end();

    log_append(log_record_of_loss(micro_batch, own->loss));
}

static struct tensor *gradient_of(struct batch *batch, int micro_batch,
                                  const struct tensor *outputs, float scale)
{
    const struct custom_loss *loss = &batch->own_loss;
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    if (!batch_has_own_loss(batch))
        return loss_backward(batch->options.loss, outputs, labels_for_loss(batch, micro_batch),
                             scale);
    struct tensor *kept = own->kept;
    own->kept = NULL;
    struct tensor *gradient =
        loss->backward(loss->own, outputs, batch_labels(batch, micro_batch), kept, scale);
    if (gradient == NULL || gradient->dtype != DTYPE_FLOAT32 ||
        !shape_equal(gradient->shape, outputs->shape))
        fatal("the gradient of a loss of the program's own: expected a float32 tensor of the "
              "outputs' shape");
    return gradient;
}

struct tensor *batch_loss_backward(struct batch *batch, int micro_batch, float scale)
{
    struct micro_batch *own = micro_batch_of(batch, micro_batch);
    /* Before the checks: the log of a program that they end shows what it tried. */
    log_append(log_record_of_loss_backward(micro_batch, (double)scale));
    if (!own->loss_computed)
        fatal(
            "the backward of micro-batch %d came before its forward: its loss was not computed in "
            "this step yet",
            micro_batch);
    if (own->backward_computed)
        fatal("the gradient of the loss of micro-batch %d was taken already in this step: each "
              "micro-batch has one backward",
              micro_batch);
    own->backward_computed = true;

    begin_loss(batch, micro_batch, WORK_loss_backward);
    struct tensor *outputs = outputs_of(batch, micro_batch);
    struct tensor *gradient = gradient_of(batch, micro_batch, outputs, scale);
    tensor_free(outputs);
    work_end();
    return hand_out(LOG_HELD_DY, micro_batch, gradient, __builtin_return_address(0));
}

struct tensor *batch_outputs(struct batch *batch)
{
    if (batch->outputs == NULL)
        fatal(
            "this rank computed no loss, so it has seen no outputs: only the last stage has them, "
            "behind batch_loss()");
    return batch->outputs;
}

struct slice batch_outputs_slice(const struct batch *batch, int first, int samples)
{
    struct shape whole = batch_outputs_shape(batch, batch->options.batch_size);
    const int last = whole.dimensions - 1;
    whole.size[last] = batch->options.data.classes;
    struct slice slice = slice_along(whole, 0, first, first + samples);
    const int from = batch_has_own_loss(batch) ? batch->own_loss.first_class : 0;
    const int own = shape_last(batch_outputs_shape(batch, samples));
    slice.along[last].piece[0] = (struct slice_piece){from, from + own};
    return slice;
}

/* --- after a step ----------------------------------------------------------- */

int batch_losses_computed(const struct batch *batch)
{
    int computed = 0;
    for (int m = 0; m < batch->micro_batches; m++)
        computed += batch->micro_batch[m].loss_computed;
    return computed;
}

double batch_mean_loss(const struct batch *batch)
{
    return batch_mean_loss_of(batch, 0, batch->micro_batches);
}

double batch_mean_loss_of(const struct batch *batch, int first, int micro_batches)
{
    double sum = 0, samples = 0;
    const bool equal = batch->micro_batches > 0 && batch->loaded % batch->micro_batches == 0;
    for (int m = first; m < first + micro_batches; m++) {
        const struct micro_batch *one = micro_batch_of(batch, m);
        const double weight = equal ? 1 : size_of(batch, m);
        sum += one->loss_computed ? weight * one->loss : NAN;
        samples += weight;
    }
    return samples > 0 ? sum / samples : NAN;
}

double batch_accuracy(const struct batch *batch)
{
    if (batch_losses_computed(batch) < batch->micro_batches || batch_has_own_loss(batch))
        return NAN;
    return batch_accuracy_of(batch, 0, batch->micro_batches);
}

double batch_accuracy_of(const struct batch *batch, int first, int micro_batches)
{
    int correct = 0, samples = 0;
    for (int m = first; m < first + micro_batches; m++) {
        const struct micro_batch *one = micro_batch_of(batch, m);
        if (!one->loss_computed || batch_has_own_loss(batch))
            return NAN;
        correct += one->correct;
        samples += size_of(batch, m);
    }
    return samples > 0 ? (double)correct / samples / batch->options.data.labels : NAN;
}
