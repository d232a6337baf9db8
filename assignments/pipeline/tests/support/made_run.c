/* A run that never was; see made_run.h. */
#include "assignments/pipeline/tests/support/made_run.h"

#include "assignments/pipeline/options.h"
#include "common/base/flops.h"
#include "grader/verdict/assignment.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options made_options(const char *arguments)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    int count;
    char **word;
    g_autofree char *line = g_strconcat("program ", arguments, NULL);
    if (!g_shell_parse_argv(line, &count, &word, NULL) ||
        !options_read(&options, &pipeline_own_options, count, word, error))
        abort();
    g_strfreev(word);
    return options;
}

struct made_run *made_run_new(const char *arguments, int ranks, const int *first_layer)
{
    struct made_run *run = g_new0(struct made_run, 1);
    struct data_shape data;
    char error[DATASET_ERROR_SIZE];
    run->options = made_options(arguments);
    run->ranks = ranks;
    run->micro_batches = run->options.micro_batches;
    strcpy(run->folder, "/tmp/made-run-XXXXXX");
    if (!g_mkdtemp(run->folder) || !dataset_describe(run->options.dataset, &data, error))
        abort();
    run->model = model_new(run->options.model, data.input, data.classes, error);
    run->batch = batch_new(&(struct batch_options){.dataset = run->options.dataset,
                                                   .batch_size = run->options.batch_size,
                                                   .micro_batches = run->micro_batches,
                                                   .loss = run->options.loss,
                                                   .seed = run->options.seed,
                                                   .data = data});
    batch_open_inputs(run->batch);
    batch_open_labels(run->batch);
    run->script = g_new(struct script, ranks);
    for (int r = 0; r < ranks; r++) {
        struct stage_options how = {.index = r,
                                    .stages = ranks,
                                    .first_layer = first_layer[r],
                                    .layers = first_layer[r + 1] - first_layer[r],
                                    .micro_batch_size =
                                        run->options.batch_size / run->micro_batches,
                                    .micro_batches = run->micro_batches,
                                    .seed = run->options.seed,
                                    .device = DEVICE_CPU};
        run->stage[r] = stage_new(run->model, &how);
        run->optimizer[r] = optimizer_new(&run->options.optimizer, run->stage[r]);
        script_init(&run->script[r], r, ranks);
        script_put(&run->script[r],
                   log_record_of_stage((struct log_stage){
                       .stage = r,
                       .first_layer = how.first_layer,
                       .layers = how.layers,
                       .parameter_bytes =
                           sizeof(float) *
                           model_parameter_count(run->model, how.first_layer, how.layers)}));
    }
    return run;
}

/* ---- one training step ------------------------------------------------------------------------- */

void made_compute(struct made_run *run, int rank, enum log_operation operation, int i,
                  uint64_t before)
{
    script_compute(&run->script[rank], operation, rank, i, flops_charged() - before);
}

static void made_forwards(struct made_run *run, enum sabotage sabotage, int parts)
{
    struct tensor *value[64];
    for (int i = 0; i < parts; i++) {
        bool reused = sabotage == BUFFER_REUSED && i + 1 < run->micro_batches;
        value[i] = batch_inputs(run->batch, reused ? i + 1 : i);
    }
    for (int r = 0; r < run->ranks; r++)
        for (int i = 0; i < parts; i++) {
            uint64_t received = 0;
            if (r > 0)
                received = script_irecv(&run->script[r], r - 1, i,
                                        sizeof(float) * (uint64_t)value[i]->count);
            if (r > 0 && sabotage == NOT_WAITED_FOR)
                tensor_zero(value[i]);
            else if (r > 0)
                script_wait(&run->script[r], received);
            uint64_t before = flops_charged();
            value[i] = stage_forward(run->stage[r], i, value[i]);
            made_compute(run, r, LOG_FORWARD, i, before);
            if (r > 0 && sabotage == NOT_WAITED_FOR)
                script_wait(&run->script[r], received);
            if (r < run->ranks - 1)
                script_wait(&run->script[r],
                            script_isend(&run->script[r], r + 1, i,
                                         sizeof(float) * (uint64_t)value[i]->count));
        }
    for (int i = 0; i < parts; i++)
        batch_loss(run->batch, i, value[i]);
}

static void made_scale(struct tensor *tensor, float factor)
{
    for (int i = 0; tensor && i < tensor->count; i++)
        tensor_floats(tensor)[i] *= factor;
}

static void made_backward(struct made_run *run, enum sabotage sabotage, int r, int i,
                          struct tensor **dy)
{
    bool reversed = sabotage == REVERSED && r < run->ranks - 1;
    if (sabotage == OVERWRITTEN)
        tensor_zero(stage_gradients(run->stage[r]));
    if (r < run->ranks - 1)
        script_wait(&run->script[r], script_irecv(&run->script[r], r + 1, 100 + i,
                                                  sizeof(float) * (uint64_t)(*dy)->count));
    uint64_t before = flops_charged();
    int part = reversed ? run->micro_batches - 1 - i : i;
    *dy = stage_backward(run->stage[r], part, *dy);
    made_compute(run, r, LOG_BACKWARD, part, before);
    if (sabotage == DIVIDED_AT_EVERY_STAGE)
        made_scale(*dy, 1.0f / (float)run->micro_batches);
    if (sabotage == INPUT_GRADIENT_ZERO && r == run->ranks - 2)
        made_scale(*dy, 0);
    if (r > 0)
        script_wait(&run->script[r], script_isend(&run->script[r], r - 1, 100 + i,
                                                  sizeof(float) * (uint64_t)(*dy)->count));
    if (sabotage == STEP_PER_MICRO_BATCH) {
        before = flops_charged();
        optimizer_step(run->optimizer[r]);
        made_compute(run, r, LOG_OPTIMIZER_STEP, -1, before);
    }
}

static void made_backwards(struct made_run *run, enum sabotage sabotage, int parts)
{
    struct tensor *dy[64];
    float scale = 1.0f / (float)run->micro_batches;
    if (sabotage == NOT_DIVIDED)
        scale = 1;
    if (sabotage == DIVIDED_TWICE)
        scale /= (float)run->micro_batches;
    for (int i = 0; i < parts; i++) {
        dy[i] = batch_loss_backward(run->batch, i, scale);
        script_put(&run->script[run->ranks - 1], log_record_of_loss_backward(i, (double)scale));
    }
    for (int r = run->ranks - 1; r >= 0; r--)
        for (int i = 0; i < parts; i++)
            made_backward(run, sabotage, r, i, &dy[i]);
    for (int i = 0; i < parts; i++)
        tensor_free(dy[i]);
}

void made_losses(struct made_run *run, int parts)
{
    for (int i = 0; i < parts; i++) /* their mean is what counts */
        script_put(&run->script[run->ranks - 1],
                   log_record_of_loss(i, batch_mean_loss(run->batch)));
}

void made_step(struct made_run *run, int step, enum sabotage sabotage)
{
    int parts = run->micro_batches - (sabotage == LAST_DROPPED);
    batch_load(run->batch, step);
    for (int r = 0; r < run->ranks; r++) {
        stage_set_step(run->stage[r], step);
        script_step(&run->script[r], LOG_STEP_BEGIN, (uint64_t)step);
        if (sabotage != NOT_ZEROED)
            stage_zero_gradients(run->stage[r]);
    }
    made_forwards(run, sabotage, parts);
    made_losses(run, parts);
    made_backwards(run, sabotage, parts);
    if (sabotage == GRADIENT_NAN)
        tensor_floats(stage_gradients(run->stage[1]))[5] = NAN;
    if (sabotage == SLIGHTLY_WRONG)
        tensor_floats(stage_gradients(run->stage[1]))[5] += 1e-3f;
    for (int r = 0; r < run->ranks; r++) {
        uint64_t before = flops_charged();
        bool needless = stage_parameters(run->stage[r])->count <= 1 && sabotage == NO_NEEDLESS_STEP;
        if (sabotage != STEP_PER_MICRO_BATCH && sabotage != NO_OPTIMIZER_STEP && !needless) {
            optimizer_step(run->optimizer[r]);
            made_compute(run, r, LOG_OPTIMIZER_STEP, -1, before);
        }
        script_step(&run->script[r], LOG_STEP_END, (uint64_t)step);
    }
}

/* ---- files ------------------------------------------------------------------------------------- */

void made_add(struct made_run *run, struct tensor_file *file, int r, struct tensor *flat,
              const char *ending)
{
    size_t place = 0;
    for (int l = stage_first_layer(run->stage[r]);
         l < stage_first_layer(run->stage[r]) + stage_layers(run->stage[r]); l++) {
        for (int p = 0; p < run->model->layer[l].parameters; p++) {
            const struct parameter *parameter = &run->model->layer[l].parameter[p];
            g_autofree char *name = g_strdup_printf("layers.%d.%s%s", l, parameter->name, ending);
            struct tensor *view = tensor_view(flat, place + parameter->offset, parameter->shape);
            tensor_file_add(file, name, view);
            tensor_free(view);
        }
        place += run->model->layer[l].parameter_count;
    }
}

void made_write(struct made_run *run, struct tensor_file *file, int r, const char *when, int step)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    const char *keys[] = {"rank", "first_layer", "layers", "steps_done"};
    int values[] = {r, stage_first_layer(run->stage[r]), stage_layers(run->stage[r]),
                    optimizer_steps_done(run->optimizer[r])};
    for (int k = 0; k < 4; k++) {
        g_autofree char *text = g_strdup_printf("%d", values[k]);
        tensor_file_set_metadata(file, keys[k], text);
    }
    g_autofree char *path =
        g_strdup_printf("%s/rank-%d.stage-%d.%s-%d.safetensors", run->folder, r, r, when, step);
    if (!tensor_file_write(file, path, error))
        abort();
    tensor_file_free(file);
}

void made_dump(struct made_run *run, int step)
{
    for (int r = 0; r < run->ranks; r++) {
        struct tensor_file *file = tensor_file_new();
        made_add(run, file, r, stage_gradients(run->stage[r]), ".gradient");
        if (r == run->ranks - 1) {
            struct tensor *loss = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
            tensor_floats(loss)[0] = (float)batch_mean_loss(run->batch);
            tensor_file_add(file, "outputs", batch_outputs(run->batch));
            tensor_file_add(file, "loss", loss);
            tensor_free(loss);
        }
        made_write(run, file, r, "after", step);
    }
}

void made_snapshot(struct made_run *run, int step)
{
    for (int r = 0; r < run->ranks; r++) {
        struct tensor_file *file = tensor_file_new();
        made_add(run, file, r, stage_parameters(run->stage[r]), "");
        for (int i = 0; i < optimizer_states(run->optimizer[r]); i++) {
            g_autofree char *ending =
                g_strdup_printf(".%s", optimizer_state_name(run->optimizer[r], i));
            made_add(run, file, r, optimizer_state(run->optimizer[r], i), ending);
        }
        made_write(run, file, r, "before", step);
    }
}

/* ---- all of it --------------------------------------------------------------------------------- */

const struct judgement *made_finish(struct made_run *run)
{
    struct outcome *outcome = &run->outcome;
    outcome->ranks = run->ranks;
    outcome->options = run->options;
    outcome->end = RUN_FINISHED;
    outcome->folder = run->folder;
    outcome->command = "(the command)";
    outcome->output = "";
    outcome->log = g_new0(struct log_file, run->ranks);
    outcome->log_error = g_new0(char *, run->ranks);
    for (int r = 0; r < run->ranks; r++) {
        script_final(&run->script[r]);
        outcome->log[r] = run->script[r].log;
        outcome->log[r].seed = run->options.seed;
    }
    run->judgement = (struct judgement){.outcome = outcome, .outcomes = 1};
    return &run->judgement;
}

bool made_is_listed(const int *list, int count, int step)
{
    for (int i = 0; i < count; i++)
        if (list[i] == step)
            return true;
    return false;
}

const struct judgement *made_train(struct made_run *run, enum sabotage sabotage)
{
    for (int step = 0; step < run->options.steps; step++) {
        if (made_is_listed(run->options.snapshot, run->options.snapshots, step))
            made_snapshot(run, step);
        made_step(run, step, sabotage);
        if (made_is_listed(run->options.gradient_dump, run->options.gradient_dumps, step))
            made_dump(run, step);
    }
    return made_finish(run);
}

void made_run_free(struct made_run *run)
{
    g_autofree char *command = g_strdup_printf("rm -rf %s", run->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", run->folder);
    for (int r = 0; r < run->ranks; r++) {
        free(run->script[r].log.record);
        optimizer_free(run->optimizer[r]);
        stage_free(run->stage[r]);
    }
    g_free(run->outcome.log);
    g_free(run->outcome.log_error);
    batch_free(run->batch);
    model_free(run->model);
    g_free(run->script);
    g_free(run);
}
