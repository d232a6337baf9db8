/*
 * For tests: one whole-model stage in this process, and whether what a run left
 * agrees with it. Include it once, in the test's own file.
 */
#ifndef ASSIGNMENTS_PIPELINE_TESTS_EXPECTED_H
#define ASSIGNMENTS_PIPELINE_TESTS_EXPECTED_H

#include "assignments/pipeline/tests/run_program.h"
#include "common/assert_close.h"
#include "common/batch.h"
#include "common/optimizer.h"
#include "common/tensor_file.h"

/* ---- the reference: the whole model on the whole batch ----------------------------------------- */

struct reference {
    struct model *model;
    struct stage *stage;
    struct batch *batch;
    struct optimizer *optimizer;
};

static inline struct reference reference_new(const struct options *options)
{
    struct reference reference;
    struct shape sample;
    int classes;
    char error[DATASET_ERROR_SIZE], model_error[MODEL_ERROR_SIZE];
    ck_assert_msg(dataset_describe(options->dataset, &sample, &classes, error), "%s", error);
    reference.model = model_new(options->model, sample, classes, model_error);
    ck_assert_msg(reference.model != NULL, "%s", model_error);
    reference.stage =
        stage_new(reference.model, &(struct stage_options){.stages = 1,
                                                           .layers = reference.model->layers,
                                                           .micro_batch_size = options->batch_size,
                                                           .micro_batches = 1,
                                                           .seed = options->seed});
    reference.batch = batch_new(&(struct batch_options){.dataset = options->dataset,
                                                        .batch_size = options->batch_size,
                                                        .micro_batches = 1,
                                                        .loss = options->loss,
                                                        .seed = options->seed,
                                                        .sample = sample,
                                                        .classes = classes});
    batch_open_inputs(reference.batch);
    batch_open_labels(reference.batch);
    reference.optimizer = optimizer_new(&options->optimizer, reference.stage);
    return reference;
}

static inline void reference_free(struct reference *reference)
{
    optimizer_free(reference->optimizer);
    batch_free(reference->batch);
    stage_free(reference->stage);
    model_free(reference->model);
}

static inline void reference_gradients(struct reference *reference, int step)
{
    batch_load(reference->batch, step);
    stage_zero_gradients(reference->stage);
    batch_loss(reference->batch, 0,
               stage_forward(reference->stage, 0, batch_inputs(reference->batch, 0)));
    tensor_free(stage_backward(reference->stage, 0, batch_loss_backward(reference->batch, 0, 1)));
}

/* ---- tensor files ------------------------------------------------------------------------------ */

static inline struct tensor_file *read_tensors(const struct program_run *run, int stage,
                                               const char *when, int step)
{
    char path[128], error[TENSOR_FILE_ERROR_SIZE];
    snprintf(path, sizeof path, "%s/stage-%d.%s-%d.safetensors", run->folder, stage, when, step);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    return file;
}

static inline void must_agree(const char *name, const struct tensor *actual,
                              const struct tensor *expected, struct tolerance tolerance)
{
    const struct closeness closeness = compare_tensors(actual, expected, tolerance);
    char text[CLOSENESS_TEXT_SIZE];
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, name, actual, expected, tolerance, text));
}

/* Every parameter of the model is in exactly one stage's file, and agrees. Of the reference,
 * `expected` is all gradients or all parameters. */
static inline void all_parameters_agree(const struct program_run *run,
                                        const struct reference *reference, struct tensor *expected,
                                        const char *when, int step, const char *ending)
{
    struct tensor_file *file[64];
    for (int s = 0; s < run->stages; s++)
        file[s] = read_tensors(run, s, when, step);
    const float *arena = tensor_floats(stage_parameters(reference->stage));
    for (int l = 0; l < reference->model->layers; l++) {
        const struct layer *layer = stage_layer(reference->stage, l);
        struct tensor *flat = stage_layer_parameters(reference->stage, l);
        for (int i = 0; flat != NULL && i < layer->parameters; i++) {
            const struct parameter *parameter = &layer->parameter[i];
            char name[128];
            snprintf(name, sizeof name, "layers.%d.%s%s", l, parameter->name, ending);
            const size_t place = (size_t)(tensor_floats(flat) - arena) + parameter->offset;
            struct tensor *part = tensor_view(expected, place, parameter->shape);
            int found = 0;
            for (int s = 0; s < run->stages; s++) {
                const struct tensor *actual = tensor_file_get(file[s], name);
                found += actual != NULL;
                if (actual != NULL)
                    must_agree(name, actual, part, tolerance_gradient());
            }
            ck_assert_msg(found == 1, "%s is on %d stages", name, found);
            tensor_free(part);
        }
        tensor_free(flat);
    }
    for (int s = 0; s < run->stages; s++)
        tensor_file_free(file[s]);
}

/* Two training steps of a schedule, on this machine or a simulated one. */
static inline void two_steps_agree(bool simulated, int ranks, const char *arguments,
                                   const char *schedule)
{
    char line[512];
    snprintf(line, sizeof line, "%s --schedule %s --steps 2 --dump-gradients 0,1 --seed 7 --quiet",
             arguments, schedule);
    struct program_run run = simulated ? simulate_well(ranks, line) : run_well(ranks, line);
    struct reference reference = reference_new(&run.options);
    for (int step = 0; step < 2; step++) {
        reference_gradients(&reference, step);
        all_parameters_agree(&run, &reference, stage_gradients(reference.stage), "after", step,
                             ".gradient");
        struct tensor_file *last = read_tensors(&run, run.stages - 1, "after", step);
        must_agree("outputs", tensor_file_get(last, "outputs"), batch_outputs(reference.batch),
                   tolerance_default(DTYPE_FLOAT32));
        ck_assert_double_eq_tol(tensor_floats(tensor_file_get(last, "loss"))[0],
                                batch_mean_loss(reference.batch), 1e-5);
        tensor_file_free(last);
        optimizer_step(reference.optimizer);
    }
    reference_free(&reference);
    remove_evidence(&run);
}

#endif
