/*
 * The driver's evidence besides the log: tensor files before and after chosen
 * steps, and memory. Names and metadata: driver.h.
 */
#include "common/base/fatal.h"
#include "common/base/machine.h"
#include "common/driver/driver_parts.h"
#include "common/files/tensor_file.h"
#include "common/log/log_fields.h"
#include "common/training/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void driver_evidence_folder(const struct options *options)
{
    if (options->evidence[0] == '\0')
        return;
    /* Every rank does; whoever comes second finds it there. */
    if (mkdir(options->evidence, 0777) != 0 && errno != EEXIST)
        fatal("--evidence %s: this folder can't be made: %m", options->evidence);
}

static bool is_listed(int step, int count, const int list[])
{
    for (int i = 0; i < count; i++)
        if (list[i] == step)
            return true;
    return false;
}

static void set_number(struct tensor_file *file, const char *key, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    tensor_file_set_metadata(file, key, text);
}

/* What the stage's layers say that a sample costs, to the next whole number: they may be a student's. */
static void set_told_costs(struct tensor_file *file, const struct stage *stage)
{
    double forward = 0, backward = 0;
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        forward += layer->forward_flops;
        backward += layer->backward_input_flops + layer->backward_weight_flops;
    }
    char text[320]; /* room for the largest double */
    snprintf(text, sizeof text, "%.0f", forward);
    tensor_file_set_metadata(file, "forward_flops", text);
    snprintf(text, sizeof text, "%.0f", backward);
    tensor_file_set_metadata(file, "backward_flops", text);
}

/* Writes the file under its name in the evidence folder, and frees it. */
static void write_file(const struct run *run, const struct trained_stage *one,
                       struct tensor_file *file, bool after, int step)
{
    if (one->store != NULL)
        one->store(run, one, after, file);
    set_number(file, "rank", run->rank);
    set_number(file, "first_layer", stage_first_layer(one->stage));
    set_number(file, "layers", stage_layers(one->stage));
    set_number(file, "steps_done", optimizer_steps_done(one->optimizer));
    set_told_costs(file, one->stage);

    char path[PATH_MAX + 64];
    char error[TENSOR_FILE_ERROR_SIZE];
    snprintf(path, sizeof path, "%s/rank-%d.stage-%d.%s-%d.safetensors", run->options->evidence,
             run->rank, stage_index(one->stage), after ? "after" : "before", step);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
}

static void write_state(const struct run *run, const struct trained_stage *one, int step)
{
    struct tensor_file *file = tensor_file_new();
    driver_state_describe(file, one);
    driver_state_add(file, one);
    write_file(run, one, file, false, step);
}

void driver_evidence_before_step(const struct run *run, int step)
{
    if (is_listed(step, run->options->snapshots, run->options->snapshot))
        for (int i = 0; i < run->stages; i++)
            write_state(run, &run->trained[i], step);
}

/* Outputs and loss of this rank's share of a batch. */
static void add_share(struct tensor_file *file, const struct run *run)
{
    const struct share share = run->share;
    struct tensor *outputs = batch_outputs(run->batch);
    struct slice rows = batch_outputs_slice(run->batch, 0, share.samples);
    rows.whole.size[0] = share.whole;
    rows.along[0].piece[0] = (struct slice_piece){share.first, share.first + share.samples};
    struct shape shape = outputs->shape;
    shape.size[0] = share.samples;
    struct tensor *own = tensor_view(outputs, 0, shape);
    struct tensor *loss =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(share.samples));
    const int micro_batches = batch_micro_batches(run->batch);
    for (int m = 0, sample = 0; m < micro_batches; m++)
        for (int i = batch_micro_batch_samples(run->batch, m); i > 0; i--)
            tensor_floats(loss)[sample++] = (float)batch_mean_loss_of(run->batch, m, 1);
    const struct slice one =
        slice_along(SHAPE(share.whole), 0, share.first, share.first + share.samples);
    tensor_file_add_slice(file, "outputs", own, "outputs", &rows);
    tensor_file_add_slice(file, "loss", loss, "loss", &one);
    tensor_free(own);
    tensor_free(loss);
}

/* Outputs and loss of the samples that this rank computed. */
static void add_outputs(struct tensor_file *file, const struct run *run)
{
    struct tensor *outputs = batch_outputs(run->batch);
    const int all = outputs->shape.size[0];
    const size_t each = outputs->elements / (size_t)all;
    struct shape shape = outputs->shape;
    const struct samples samples = run->samples.count > 0 ? run->samples : (struct samples){0, all};
    if (samples.first < 0 || samples.first > all - samples.count || all % samples.count != 0 ||
        samples.first % samples.count != 0 || samples.count % (all / run->micro_batches) != 0)
        fatal("samples %d to %d are not an equal share of the %d micro-batches of a batch of %d",
              samples.first, samples.first + samples.count - 1, run->micro_batches, all);
    const int size = all / run->micro_batches, share = samples.first / samples.count;
    const struct slice rows = batch_outputs_slice(run->batch, samples.first, samples.count);
    const struct slice one = slice_along(SHAPE(all / samples.count), 0, share, share + 1);
    shape.size[0] = samples.count;
    struct tensor *own = tensor_view(outputs, (size_t)samples.first * each, shape);
    struct tensor *loss = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
    tensor_floats(loss)[0] =
        (float)batch_mean_loss_of(run->batch, samples.first / size, samples.count / size);
    tensor_file_add_slice(file, "outputs", own, "outputs", &rows);
    tensor_file_add_slice(file, "loss", loss, "loss", &one);
    tensor_free(own);
    tensor_free(loss);
}

static void write_gradients(const struct run *run, const struct trained_stage *one, int step)
{
    struct tensor_file *file = tensor_file_new();
    const bool last_here = one == &run->trained[run->stages - 1];
    driver_state_describe(file, one);
    driver_state_add_held(file, one->stage, stage_gradients(one->stage), ".gradient",
                          &one->gradients);
    if (last_here && batch_losses_computed(run->batch) > 0) {
        if (run->share.whole > 0)
            add_share(file, run);
        else
            add_outputs(file, run);
    }
    write_file(run, one, file, true, step);
}

void driver_evidence_after_step(const struct run *run, int step)
{
    if (is_listed(step, run->options->gradient_dumps, run->options->gradient_dump))
        for (int i = 0; i < run->stages; i++)
            write_gradients(run, &run->trained[i], step);
}

static void record_held(const struct tensor *tensor, struct tensor_origin origin)
{
    log_append(log_record_of_held((struct log_held){.what = origin.what,
                                                    .stage = origin.stage,
                                                    .micro_batch = origin.micro_batch,
                                                    .bytes = tensor_bytes(tensor),
                                                    .caller = origin.caller}));
}

void driver_evidence_held(void)
{
    if (log_is_open())
        tensor_visit_held(record_held);
}

static size_t resident_at_begin;

void driver_evidence_before_training(void)
{
    resident_at_begin = machine_resident_memory().now;
}

static void memory_fact(int kind, size_t peak, size_t live)
{
    log_append(log_record_of_memory((struct log_memory){kind, peak, (double)live}));
}

void driver_evidence_memory(void)
{
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        memory_fact(kind, memory_peak((enum memory_kind)kind), memory_live((enum memory_kind)kind));
    memory_fact(LOG_MEMORY_RESIDENT, machine_resident_memory().peak, resident_at_begin);
}
