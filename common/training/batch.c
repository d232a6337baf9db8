/*
 * The batch of a training step (batch.h): the data set behind it.
 *
 * A batch is a window into the order of an epoch. Inputs become floats only
 * when a micro-batch asks for them; labels are fetched when the step begins.
 */
#include "common/training/batch_parts.h"

#include "common/base/fatal.h"
#include "common/log/log_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void check_options(const struct batch_options *options)
{
    if (options->batch_size < 1)
        fatal("a batch has at least 1 sample, not %d", options->batch_size);
    if (options->micro_batches < 1 ||
        (!options->shared && options->batch_size % options->micro_batches != 0))
        fatal("a batch of %d samples can't be cut into %d equal micro-batches", options->batch_size,
              options->micro_batches);
}

struct shape batch_labels_shape(const struct batch *batch, int samples)
{
    const int labels = batch->options.data.labels;
    return labels == 1 ? SHAPE(samples) : SHAPE(samples, labels);
}

struct shape batch_outputs_shape(const struct batch *batch, int samples)
{
    struct shape shape = batch_labels_shape(batch, samples);
    shape.size[shape.dimensions++] =
        batch_has_own_loss(batch) ? batch->own_loss.classes : batch->options.data.classes;
    return shape;
}

static void forget_labels(struct batch *batch)
{
    _Static_assert(NOT_RECEIVED == -1, "all bits set");
    tensor_spoil(batch->all_labels);
}

struct batch *batch_new(const struct batch_options *options)
{
    check_options(options);
    struct batch *batch = memory_allocate(MEMORY_WORKSPACE, sizeof *batch);
    *batch = (struct batch){.options = *options,
                            .loaded = options->shared ? 0 : options->batch_size,
                            .micro_batches = options->shared ? 0 : options->micro_batches,
                            .epoch = -1,
                            .first = -1};
    int length = snprintf(batch->dataset_name, sizeof batch->dataset_name, "%s", options->dataset);
    if (length < 0 || (size_t)length >= sizeof batch->dataset_name)
        fatal("the data set's name \"%s\" is too long", options->dataset);
    batch->options.dataset = batch->dataset_name;

    if (batch_is_meta(batch)) {
        batch->samples = options->batch_size;
    } else {
        char error[DATASET_ERROR_SIZE]; /* said when somebody opens the data, and not before */
        int samples = dataset_count(batch->dataset_name, DATASET_TRAIN, error);
        batch->samples = samples > 0 ? samples : 0;
    }
    batch->all_labels = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, options->device,
                                   batch_labels_shape(batch, options->batch_size));
    forget_labels(batch);
    size_t bytes = (size_t)options->micro_batches * sizeof *batch->micro_batch;
    batch->micro_batch = memory_allocate(MEMORY_WORKSPACE, bytes);
    memset(batch->micro_batch, 0, bytes);
    return batch;
}

/* What a backward that never came would have taken over. */
static void forget_kept(struct micro_batch *one)
{
    tensor_free(one->kept);
    one->kept = NULL;
}

static void forget_micro_batch(struct micro_batch *one)
{
    forget_kept(one);
    tensor_free(one->labels);
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (int m = 0; m < batch->options.micro_batches; m++)
        forget_micro_batch(&batch->micro_batch[m]);
    memory_release(MEMORY_WORKSPACE, batch->micro_batch,
                   (size_t)batch->options.micro_batches * sizeof *batch->micro_batch);
    tensor_free(batch->all_labels);
    tensor_free(batch->outputs);
    memory_release(MEMORY_WORKSPACE, batch->order, (size_t)batch->samples * sizeof *batch->order);
    dataset_close(batch->inputs);
    dataset_close(batch->labels);
    memory_release(MEMORY_WORKSPACE, batch, sizeof *batch);
}

void batch_replace_loss(struct batch *batch, const struct custom_loss *loss)
{
    const int all = batch->options.data.classes;
    if (loss->first_class < 0 || loss->classes < 1 || loss->first_class > all - loss->classes)
        fatal("a loss of the %d classes from %d on: the data have %d", loss->classes,
              loss->first_class, all);
    if (batch->options.loss != LOSS_CROSS_ENTROPY)
        fatal(
            "a loss of the program's own stands in the place of a cross-entropy, and of no other");
    if (batch->outputs != NULL)
        fatal("a loss was computed already: batch_replace_loss comes first");
    batch->own_loss = *loss;
}

/* --- opening and loading ---------------------------------------------------- */

/* Fetches what is loaded at the beginning of a step: the labels. */
static void fetch_labels(struct batch *batch)
{
    if (batch->labels == NULL || batch->first < 0) {
        forget_labels(batch);
        return;
    }
    struct tensor *room = tensor_host_room(batch->all_labels);
    if (room != batch->all_labels)
        tensor_spoil(room); /* a smaller share leaves some */
    dataset_gather_labels(batch->labels, batch->order + batch->first, batch->loaded,
                          tensor_integers(room));
    tensor_bring(batch->all_labels, room);
}

/* A new data set with the inputs or the labels. */
static struct dataset *open_part(struct batch *batch, bool inputs)
{
    const struct batch_options *options = &batch->options;
    char error[DATASET_ERROR_SIZE];
    struct data_shape data;
    if (!dataset_describe(options->dataset, &data, error))
        fatal("%s", error);
    const struct data_shape *own = &options->data;
    if (!shape_equal(data.input, own->input) || data.dtype != own->dtype ||
        data.labels != own->labels || data.classes != own->classes) {
        char found[SHAPE_TEXT_SIZE], expected[SHAPE_TEXT_SIZE];
        fatal("%s has samples of %s in %d classes; the model is for %s in %d", options->dataset,
              shape_text(data.input, found), data.classes, shape_text(own->input, expected),
              own->classes);
    }
    struct dataset *dataset =
        dataset_open(options->dataset, DATASET_TRAIN, inputs, !inputs, options->seed, error);
    if (dataset == NULL)
        fatal("%s", error);
    /* Nobody could count them: the other part is missing, or is not this one's. */
    if (batch->samples == 0 && dataset_count(options->dataset, DATASET_TRAIN, error) < 0)
        fatal("%s", error);
    int samples = dataset_samples(dataset);
    if (batch->samples != 0 && batch->samples != samples)
        fatal("%s has %d %s, where %d were counted before: its files changed or do not belong "
              "together",
              options->dataset, samples, inputs ? "inputs" : "labels", batch->samples);
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
    if (!batch_is_meta(batch))
        batch->inputs = open_part(batch, true);
    log_fact(LOG_OPEN_INPUTS);
}

void batch_open_labels(struct batch *batch)
{
    if (batch->labels_open)
        return;
    batch->labels_open = true;
    if (!batch_is_meta(batch))
        batch->labels = open_part(batch, false);
    log_fact(LOG_OPEN_LABELS);
    fetch_labels(batch);
}

int batch_steps_per_epoch(const struct batch *batch)
{
    return batch->samples / batch->options.batch_size;
}

/* What the step before left is forgotten, and the labels of this one are fetched. */
static void begin_step(struct batch *batch)
{
    fetch_labels(batch);
    for (int m = 0; m < batch->options.micro_batches; m++) {
        struct micro_batch *one = &batch->micro_batch[m];
        one->loss_computed = false;
        one->backward_computed = false;
        forget_kept(one);
    }
    if (batch->outputs != NULL)
        batch_forget_outputs(batch);
}

void batch_load(struct batch *batch, int step)
{
    const struct batch_options *options = &batch->options;
    if (step < 0)
        fatal("there is no step %d", step);
    if (options->shared)
        fatal("ranks share this batch: batch_load_samples says which samples are this rank's");
    if (batch->order != NULL) {
        int steps = batch_steps_per_epoch(batch);
        int epoch = step / steps;
        if (epoch != batch->epoch)
            dataset_epoch_order(options->seed, epoch, batch->samples, batch->order);
        batch->epoch = epoch;
        batch->first = step % steps * options->batch_size;
    } else if (batch_is_meta(batch)) {
        batch->first = 0;
    }
    begin_step(batch);
}

static void record_samples(const int *sample, int count, int place)
{
    int first = 0;
    do {
        struct log_samples some = {.first = first, .all = count, .place = place};
        for (; some.count < LOG_SAMPLES_NUMBERS && first < count; first++)
            some.number[some.count++] = sample[first];
        log_append(log_record_of_samples(&some));
    } while (first < count);
}

void batch_load_samples(struct batch *batch, int step, const int *sample, int count, int place)
{
    const struct batch_options *options = &batch->options;
    if (!options->shared || count < 0 || count > options->batch_size)
        fatal("%d samples for a step: this rank's share of a batch has at most %d", count,
              options->shared ? options->batch_size : 0);
    for (int i = 0; i < count && batch->order != NULL; i++)
        if (sample[i] < 0 || sample[i] >= batch->samples)
            fatal("sample %d of this rank's share of step %d is number %d: the data set has "
                  "samples 0 "
                  "to %d",
                  i, step, sample[i], batch->samples - 1);
    batch->loaded = count;
    batch->micro_batches = count < options->micro_batches ? count : options->micro_batches;
    batch->first = 0;
    if (batch->order != NULL)
        memcpy(batch->order, sample, (size_t)count * sizeof *sample);
    for (int m = 0; m < options->micro_batches; m++) { /* views of other samples, from now on */
        tensor_free(batch->micro_batch[m].labels);
        batch->micro_batch[m].labels = NULL;
    }
    record_samples(sample, count, place);
    begin_step(batch);
}

int batch_samples(const struct batch *batch)
{
    return batch->loaded;
}

int batch_micro_batches(const struct batch *batch)
{
    return batch->micro_batches;
}
