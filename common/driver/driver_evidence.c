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

/* Adds the parts of `flat`, which is as long as the stage's parameters, under
 * "layers.L.NAME" + ending. */
static void add_parameters(struct tensor_file *file, struct stage *stage, struct tensor *flat,
                           const char *ending)
{
    const float *arena = tensor_floats(stage_parameters(stage));
    const int first = stage_first_layer(stage);
    for (int l = first; l < first + stage_layers(stage); l++) {
        const struct layer *layer = stage_layer(stage, l);
        struct tensor *parameters = stage_layer_parameters(stage, l);
        if (parameters == NULL)
            continue;
        const size_t place = (size_t)(tensor_floats(parameters) - arena);
        tensor_free(parameters);
        for (int i = 0; i < layer->parameters; i++) {
            const struct parameter *parameter = &layer->parameter[i];
            char name[LAYER_NAME_SIZE + 64];
            snprintf(name, sizeof name, "layers.%d.%s%s", l, parameter->name, ending);
            struct tensor *view = tensor_view(flat, place + parameter->offset, parameter->shape);
            tensor_file_add(file, name, view);
            tensor_free(view);
        }
    }
}

static void set_number(struct tensor_file *file, const char *key, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    tensor_file_set_metadata(file, key, text);
}

/* Writes the file under its name in the evidence folder, and frees it. */
static void write_file(const struct run *run, const struct trained_stage *one,
                       struct tensor_file *file, const char *when, int step)
{
    set_number(file, "rank", run->rank);
    set_number(file, "first_layer", stage_first_layer(one->stage));
    set_number(file, "layers", stage_layers(one->stage));
    set_number(file, "steps_done", optimizer_steps_done(one->optimizer));

    char path[PATH_MAX + 64];
    char error[TENSOR_FILE_ERROR_SIZE];
    snprintf(path, sizeof path, "%s/stage-%d.%s-%d.safetensors", run->options->evidence,
             stage_index(one->stage), when, step);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
}

static void write_state(const struct run *run, const struct trained_stage *one, int step)
{
    struct tensor_file *file = tensor_file_new();
    add_parameters(file, one->stage, stage_parameters(one->stage), "");
    for (int i = 0; i < optimizer_states(one->optimizer); i++) {
        char ending[64];
        snprintf(ending, sizeof ending, ".%s", optimizer_state_name(one->optimizer, i));
        add_parameters(file, one->stage, optimizer_state(one->optimizer, i), ending);
    }
    write_file(run, one, file, "before", step);
}

void driver_evidence_before_step(const struct run *run, int step)
{
    if (is_listed(step, run->options->snapshots, run->options->snapshot))
        for (int i = 0; i < run->stages; i++)
            write_state(run, &run->trained[i], step);
}

static void write_gradients(const struct run *run, const struct trained_stage *one, int step)
{
    struct tensor_file *file = tensor_file_new();
    const bool last_here = one == &run->trained[run->stages - 1];
    add_parameters(file, one->stage, stage_gradients(one->stage), ".gradient");
    if (last_here && batch_losses_computed(run->batch) > 0) {
        tensor_file_add(file, "outputs", batch_outputs(run->batch));
        struct tensor *loss = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
        tensor_floats(loss)[0] = (float)batch_mean_loss(run->batch);
        tensor_file_add(file, "loss", loss);
        tensor_free(loss);
    }
    write_file(run, one, file, "after", step);
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
