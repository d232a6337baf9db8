/* One process; see one_process.h. */
#include "assignments/pipeline/tests/support/one_process.h"

#include "common/training/assert_close.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdio.h>

/* ---- the truth: the whole model on the whole batch ----------------------------------------- */

struct one_process one_process_new(const struct options *options)
{
    struct one_process truth;
    struct data_shape data;
    char error[DATASET_ERROR_SIZE], model_error[MODEL_ERROR_SIZE];
    ck_assert_msg(dataset_describe(options->dataset, &data, error), "%s", error);
    truth.model = model_new(options->model, data.input, data.classes, model_error);
    ck_assert_msg(truth.model != NULL, "%s", model_error);
    truth.stage = stage_new(
        truth.model, &(struct stage_options){.stages = 1,
                                             .layers = truth.model->layers,
                                             .micro_batch_size = options->batch_size,
                                             .micro_batches = 1,
                                             .samples_together = options->batch_size /
                                                                 options_micro_batches(options),
                                             .seed = options->seed});
    truth.batch = batch_new(&(struct batch_options){.dataset = options->dataset,
                                                    .batch_size = options->batch_size,
                                                    .micro_batches = 1,
                                                    .loss = options->loss,
                                                    .seed = options->seed,
                                                    .data = data});
    batch_open_inputs(truth.batch);
    batch_open_labels(truth.batch);
    truth.optimizer = optimizer_new(&options->optimizer, truth.stage);
    return truth;
}

void one_process_free(struct one_process *truth)
{
    optimizer_free(truth->optimizer);
    batch_free(truth->batch);
    stage_free(truth->stage);
    model_free(truth->model);
}

void one_process_gradients(struct one_process *truth, int step)
{
    batch_load(truth->batch, step);
    stage_set_step(truth->stage, step);
    stage_zero_gradients(truth->stage);
    batch_loss(truth->batch, 0, stage_forward(truth->stage, 0, batch_inputs(truth->batch, 0)));
    tensor_free(stage_backward(truth->stage, 0, batch_loss_backward(truth->batch, 0, 1)));
}

/* ---- tensor files ------------------------------------------------------------------------------ */

struct tensor_file *one_process_read(const struct trained *run, int stage, const char *when,
                                     int step)
{
    g_autofree char *path = g_strdup_printf("%s/rank-%d.stage-%d.%s-%d.safetensors", run->folder,
                                            stage % run->ranks, stage, when, step);
    char error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    return file;
}

static void must_agree(const char *name, const struct tensor *actual, const struct tensor *expected,
                       struct tolerance tolerance)
{
    const struct closeness closeness = closeness_of(actual, expected, tolerance);
    char text[CLOSENESS_TEXT_SIZE];
    ck_assert_msg(closeness.close, "%s",
                  closeness_text(&closeness, name, actual, expected, tolerance, text));
}

void one_process_agrees(const struct one_process *truth, const struct trained *run,
                        struct tensor *expected, const char *when, int step, const char *ending)
{
    /* A bias or a norm has few numbers, sums whose terms may cancel: added up in another order they are
     * up to 1e-5 off. */
    struct tolerance tolerance = tolerance_gradient();
    tolerance.norm = 3e-5;
    struct tensor_file *file[64];
    for (int s = 0; s < run->stages; s++)
        file[s] = one_process_read(run, s, when, step);
    const float *arena = tensor_floats(stage_parameters(truth->stage));
    for (int l = 0; l < truth->model->layers; l++) {
        const struct layer *layer = stage_layer(truth->stage, l);
        struct tensor *flat = stage_layer_parameters(truth->stage, l);
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
                    must_agree(name, actual, part, tolerance);
            }
            ck_assert_msg(found == 1, "%s is on %d stages", name, found);
            tensor_free(part);
        }
        tensor_free(flat);
    }
    for (int s = 0; s < run->stages; s++)
        tensor_file_free(file[s]);
}

void one_process_agrees_in_two_steps(bool simulated, int ranks, const char *arguments,
                                     const char *schedule)
{
    char line[512];
    snprintf(line, sizeof line, "%s --schedule %s --steps 2 --dump-gradients 0,1 --seed 7 --quiet",
             arguments, schedule);
    struct trained run = trained_well(simulated, ranks, line);
    struct one_process truth = one_process_new(&run.options);
    for (int step = 0; step < 2; step++) {
        one_process_gradients(&truth, step);
        one_process_agrees(&truth, &run, stage_gradients(truth.stage), "after", step, ".gradient");
        struct tensor_file *last = one_process_read(&run, run.stages - 1, "after", step);
        must_agree("outputs", tensor_file_get(last, "outputs"), batch_outputs(truth.batch),
                   tolerance_default(DTYPE_FLOAT32));
        ck_assert_double_eq_tol(tensor_floats(tensor_file_get(last, "loss"))[0],
                                batch_mean_loss(truth.batch), 1e-5);
        tensor_file_free(last);
        optimizer_step(truth.optimizer);
    }
    one_process_free(&truth);
    trained_clear(&run);
}
