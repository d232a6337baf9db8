/*
 * --probe KIND: a student's layer alone, in all trials of its kind (../trials.h), forwards and backwards. What
 * it was given, what it gave, and what it holds is left as evidence.
 *
 * Two micro-batches are in flight at once; in the second round, with other parameters, dx comes before all
 * gradients of weights. What a layer keeps of one of them somewhere else than with it shows.
 */
#include "assignments/tensor/chains.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/program/parts.h"
#include "assignments/tensor/trials.h"
#include "common/base/fatal.h"
#include "common/layers/custom.h"
#include "common/log/log_fields.h"
#include "common/training/stage.h"

#include <stdio.h>

/* A trial's layer on this rank. */
struct tried {
    struct trial trial;
    struct tensor_place place;
    struct stage *stage;
    bool refused; /* the student's function refuses these sizes, as it may; there is no layer */
    struct slice x, y; /* which part of the whole ones this rank has */
};

/* ---- making ------------------------------------------------------------------------------------------ */

/* Of a micro-batch of such samples: these columns or channels. */
static struct slice part_of_samples(const struct trial *trial, struct shape sample,
                                    struct part part)
{
    return slice_along(shape_with_batch(trial->samples, sample), 1 + chain_split_dimension(sample),
                       part.begin, part.end);
}

static void place_trial(struct tried *tried)
{
    const struct tensor_group *group = tensor_run_group();
    const struct layer *whole = &tried->trial.whole;
    tried->place = (struct tensor_place){.group = group,
                                         .whole = whole,
                                         .form = tried->trial.form,
                                         .input = whole->input,
                                         .inputs = trial_inputs(&tried->trial, group->rank)};
    tried->place.input.size[chain_split_dimension(whole->input)] =
        tried->place.inputs.end - tried->place.inputs.begin;
    tried->x = part_of_samples(&tried->trial, whole->input, tried->place.inputs);
}

/* The student's layer. */
static struct layer make_layer(struct tried *tried, const char *kind)
{
    struct layer kit = tried->trial.whole, own = {0};
    kit.input = tried->place.input;
    if (tried->trial.head)
        own = vocabulary_parallel_head(&tried->place);
    else if (!tensor_make_layer(&tried->place, &own))
        fatal("--probe %s: nobody makes such a layer in trial %d", kind, tried->trial.number);
    own = custom_put_in_place(own, &(struct layer_place){.kit = &kit,
                                                         .whole = &tried->trial.whole,
                                                         .number = tried->trial.number});
    own.index = tried->trial.number;
    struct part part;
    int of;
    if (tensor_gives_part(&tried->place, &own, &part, &of))
        tried->y = part_of_samples(&tried->trial, tried->trial.whole.output, part);
    else if (tried->trial.form == FORM_SPLIT)
        tried->y = part_of_samples(&tried->trial, tried->trial.whole.output, tried->place.inputs);
    else
        tried->y = slice_all(shape_with_batch(tried->trial.samples, tried->trial.whole.output));
    return own;
}

static void set_parameters(const struct tried *tried, int round)
{
    struct tensor *arena = stage_parameters(tried->stage);
    const struct layer *layer = stage_layer(tried->stage, tried->trial.number);
    for (int k = 0; k < layer->parameters; k++) {
        const struct slice slice = layer_parameter_slice(&layer->parameter[k]);
        struct tensor *whole = trial_parameter(&tried->trial, round, k);
        struct tensor *own =
            tensor_view(arena, layer->parameter[k].offset, layer->parameter[k].shape);
        slice_copy_out(&slice, whole, own);
        tensor_free(own);
        tensor_free(whole);
    }
}

/* ---- running ----------------------------------------------------------------------------------------- */

/* This rank's part of a whole tensor, which it takes over. */
static struct tensor *cut(const struct slice *slice, struct tensor *whole)
{
    struct tensor *part =
        tensor_new(MEMORY_ACTIVATION, whole->dtype, DEVICE_CPU, slice_shape(slice));
    slice_copy_out(slice, whole, part);
    tensor_free(whole);
    return part;
}

/* Adds "layers.L.WHAT.M", and frees it. NULL: there is none. */
static void add(struct tensor_file *file, const struct tried *tried, const char *what,
                int micro_batch, struct tensor *tensor, const struct slice *slice)
{
    char name[64];
    snprintf(name, sizeof name, "layers.%d.%s.%d", tried->trial.number, what, micro_batch);
    if (tensor != NULL)
        tensor_file_add_slice(file, name, tensor, name, slice);
    tensor_free(tensor);
}

static struct tensor *own_dy(const struct tried *tried, int round, int micro_batch)
{
    return cut(&tried->y, trial_dy(&tried->trial, round, micro_batch));
}

static void run_round(struct tried *tried, int round, struct tensor_file *file)
{
    struct tensor *y[TRIAL_MICRO_BATCHES], *dx[TRIAL_MICRO_BATCHES];
    stage_zero_gradients(tried->stage);
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++)
        y[i] = stage_forward(tried->stage, i, cut(&tried->x, trial_x(&tried->trial, round, i)));
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++)
        add(file, tried, "y", i, y[i], &tried->y);
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++)
        dx[i] = round == 0 ? stage_backward(tried->stage, i, own_dy(tried, round, i))
                           : stage_backward_input(tried->stage, i, own_dy(tried, round, i));
    for (int i = 0; i < TRIAL_MICRO_BATCHES && round > 0; i++)
        stage_backward_weight(tried->stage, i);
    for (int i = 0; i < TRIAL_MICRO_BATCHES; i++)
        add(file, tried, "dx", i, dx[i], &tried->x);
}

/* ---- evidence ---------------------------------------------------------------------------------------- */

static void add_parameters(struct tensor_file *file, const struct tried *tried, const char *ending,
                           struct tensor *arena)
{
    const struct layer *layer = stage_layer(tried->stage, tried->trial.number);
    for (int k = 0; k < layer->parameters; k++) {
        const struct parameter *parameter = &layer->parameter[k];
        const struct slice slice = layer_parameter_slice(parameter);
        char name[LAYER_NAME_SIZE + 64];
        snprintf(name, sizeof name, "layers.%d.%s%s", tried->trial.number, parameter->name, ending);
        struct tensor *view = tensor_view(arena, parameter->offset, parameter->shape);
        tensor_file_add_slice(file, name, view, name, &slice);
        tensor_free(view);
    }
}

static void set_number(struct tensor_file *file, const char *key, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    tensor_file_set_metadata(file, key, text);
}

static void write_file(const struct run *run, const struct tried *tried, const char *when,
                       int round, struct tensor_file *file)
{
    char path[PATH_MAX + 64], error[TENSOR_FILE_ERROR_SIZE];
    add_parameters(file, tried, "", stage_parameters(tried->stage));
    set_number(file, "rank", run->rank);
    set_number(file, "first_layer", tried->trial.number);
    set_number(file, "layers", 1);
    snprintf(path, sizeof path, "%s/rank-%d.stage-%d.%s-%d.safetensors", run->options->evidence,
             run->rank, tried->trial.number, when, round);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
}

/* Who has which slices: a layer of wrong ones may not come to its end. */
static void write_slices(const struct run *run, const struct tried *tried)
{
    struct tensor_file *file = tensor_file_new();
    set_parameters(tried, 0);
    write_file(run, tried, "before", 0, file);
    tensor_file_free(file);
}

/* Returns what it wrote. */
static struct tensor_file *try_layer(const struct run *run, struct tried *tried, int round)
{
    struct tensor_file *file = tensor_file_new();
    set_parameters(tried, round);
    run_round(tried, round, file);
    add_parameters(file, tried, ".gradient", stage_gradients(tried->stage));
    write_file(run, tried, "after", round, file);
    return file;
}

static uint64_t live_bytes(void)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        bytes += memory_live((enum memory_kind)kind);
    return bytes;
}

static bool is_refused(const struct tried *tried)
{
    char reason[160] = "";
    return tried->trial.may_be_refused && !tensor_can_cut(&tried->place, reason, sizeof reason);
}

static struct stage *stage_of(const struct model *model, int number, const struct trial *trial)
{
    return stage_new(model, &(struct stage_options){.index = number,
                                                    .stages = model->layers,
                                                    .first_layer = number,
                                                    .layers = 1,
                                                    .micro_batch_size = trial->samples,
                                                    .micro_batches = TRIAL_MICRO_BATCHES,
                                                    .seed = trial->seed,
                                                    .device = DEVICE_CPU});
}

/* What the student's function says of so many heads on so many ranks. */
static json_t *one_answer(int heads, int ranks)
{
    char reason[160] = "";
    const bool accepted = can_split_heads(heads, ranks, reason, sizeof reason);
    return json_pack("{si si sb sb}", "heads", heads, "ranks", ranks, "accepted", accepted,
                     "reason", reason[0] != '\0');
}

static void ask_about_heads(const struct run *run)
{
    json_t *answers = json_array();
    int failed = 0;
    for (int heads = 1; heads <= HEADS_ALL; heads++)
        for (int ranks = 1; ranks <= HEADS_ALL_RANKS; ranks++)
            failed |= json_array_append_new(answers, one_answer(heads, ranks));
    if (failed)
        fatal("no memory left for the answers of can_split_heads");
    driver_probe_write(run, "probe-heads.json", answers);
}

void tensor_probe_layer(struct run *run)
{
    const struct trial_kind *kind = trial_kind_named(run->options->probe);
    if (kind->make == trial_make_attention && run->rank == 0)
        ask_about_heads(run);
    struct tried tried[TRIALS_MOST] = {0};
    struct layer layers[TRIALS_MOST] = {0};
    struct model model = {.name = "layers by themselves", .layers = kind->trials, .layer = layers};
    for (int i = 0; i < kind->trials; i++) {
        trial_make(&tried[i].trial, kind, i, run->ranks, run->options->seed);
        place_trial(&tried[i]);
        tried[i].refused = is_refused(&tried[i]);
        if (!tried[i].refused)
            layers[i] = make_layer(&tried[i], kind->name);
    }
    for (int i = 0; i < kind->trials; i++)
        if (!tried[i].refused)
            tried[i].stage = stage_of(&model, i, &tried[i].trial);
    for (int i = 0; i < kind->trials; i++)
        if (!tried[i].refused)
            write_slices(run, &tried[i]);
    /* Kept to the end: a message that nobody waits for may still write into its tensors. */
    struct tensor_file *kept[TRIAL_ROUNDS][TRIALS_MOST] = {0};
    for (int round = 0; round < TRIAL_ROUNDS; round++) {
        log_append(log_record_of_step(LOG_STEP_BEGIN, round));
        for (int i = 0; i < kind->trials; i++)
            if (!tried[i].refused)
                kept[round][i] = try_layer(run, &tried[i], round);
        log_append(log_record_of_step_end(round, live_bytes()));
    }
    for (int i = 0; i < kind->trials; i++) {
        for (int round = 0; round < TRIAL_ROUNDS; round++)
            tensor_file_free(kept[round][i]);
        stage_free(tried[i].stage);
        layer_destroy(&layers[i]);
        trial_clear(&tried[i].trial);
    }
}
