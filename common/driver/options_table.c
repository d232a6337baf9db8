/*
 * The options that every assignment's program has (options_parts.h). The first
 * thing that is wrong becomes a text, which names the option, its value and what
 * it may be.
 */
#include "common/driver/options_parts.h"

#include "common/base/machine.h"
#include "common/files/dataset.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key {
    KEY_MODEL = 'm',
    KEY_DATA = 'd',
    KEY_BATCH = 'b',
    KEY_MICRO_BATCHES = 'n',
    KEY_QUIET = 'q',
    KEY_LOSS = 256,
    KEY_STEPS,
    KEY_EPOCHS,
    KEY_OPTIMIZER,
    KEY_LEARNING_RATE,
    KEY_MOMENTUM,
    KEY_SEED,
    KEY_DEVICE,
    KEY_TF32,
    KEY_MESSAGES,
    KEY_REVERSE_RANKS,
    KEY_REPORT,
    KEY_COMPARE,
    KEY_PROBE,
    KEY_EVIDENCE,
    KEY_CURVE,
    KEY_SNAPSHOTS,
    KEY_DUMP_GRADIENTS,
    KEY_LOG_MEMORY,
    KEY_LOG_DATA
};

const struct argp_option options_table[] = {
    {NULL, 0, NULL, 0, "What to train:", 1},
    {"model", KEY_MODEL, "NAME", 0,
     "mlp, cnn, vit, transformer, gpt or resnet, with sizes: mlp:depth=4,width=512", 1},
    {"data", KEY_DATA, "NAME", 0, DATASET_NAMES, 1},
    {"loss", KEY_LOSS, "NAME", 0, "cross-entropy or mean (of the outputs)", 1},
    {"batch", KEY_BATCH, "N", 0, "samples of a training step, of all ranks together (64)", 1},
    {"steps", KEY_STEPS, "N", 0, "training steps; without it, --epochs decides", 1},
    {"epochs", KEY_EPOCHS, "N", 0, "passes over the data (1)", 1},
    {"optimizer", KEY_OPTIMIZER, "NAME", 0, "sgd or adamw", 1},
    {"learning-rate", KEY_LEARNING_RATE, "X", 0, "(sgd 0.05, adamw 0.001)", 1},
    {"momentum", KEY_MOMENTUM, "X", 0, "of sgd (0.9)", 1},
    {"seed", KEY_SEED, "N", 0, "decides initial parameters and order of the data (1)", 1},
    {NULL, 0, NULL, 0, "How to train it:", 2},
    {"micro-batches", KEY_MICRO_BATCHES, "N", 0,
     "that a batch, or a rank's share of it, is cut into (4)", 2},
    {"device", KEY_DEVICE, "NAME", 0,
     "cpu; cuda: a GPU; emulated: a GPU's kernels on the processor, slowly, to test them; or meta: "
     "shapes "
     "without numbers, to see time and memory of models of any size",
     2},
    {"tf32", KEY_TF32, NULL, 0,
     "with a GPU: matrix products in TF32, which are faster, and whose factors are rounded to 10 "
     "bits",
     2},
    {"messages", KEY_MESSAGES, "WAY", 0,
     "from and into a GPU's memory: staged, through the host, or direct, by an MPI that is "
     "CUDA-aware (direct with an Open MPI from 5 on that is, else staged)",
     2},
    {"reverse-ranks", KEY_REVERSE_RANKS, NULL, 0,
     "rank 0 is the last process of MPI_COMM_WORLD, the last rank is its first", 2},
    {"checkpoint", OPTIONS_KEY_CHECKPOINT, "N", 0,
     "after every N steps, and at the end, store what it takes to go on", 2},
    {"checkpoint-folder", OPTIONS_KEY_CHECKPOINT_FOLDER, "FOLDER", 0,
     "where the last two checkpoints are kept", 2},
    {"resume", OPTIONS_KEY_RESUME, NULL, 0,
     "go on from the last checkpoint of a run whose options mean the same; --steps, --epochs and "
     "the number of ranks may be others",
     2},
    {NULL, 0, NULL, 0, "What to look at:", 3},
    {"report", KEY_REPORT, NULL, 0, "step time, bubble, utilisation and memory per rank", 3},
    {"compare", KEY_COMPARE, NULL, 0, "compare the first step with the baseline", 3},
    {"probe", KEY_PROBE, "NAME", 0, "show one function at work instead of training", 3},
    {"curve", KEY_CURVE, "FILE", 0, "write the learning curve (CSV)", 3},
    {"evidence", KEY_EVIDENCE, "FOLDER", 0, "write the log and the tensor files", 3},
    {"snapshots", KEY_SNAPSHOTS, "STEPS", 0, "store parameters and state before these steps", 3},
    {"dump-gradients", KEY_DUMP_GRADIENTS, "STEPS", 0, "store gradients after these steps", 3},
    {"log-memory", KEY_LOG_MEMORY, "N", OPTION_ARG_OPTIONAL,
     "log memory given out and given back, at most N records a step (20000)", 3},
    {"log-data", KEY_LOG_DATA, "BYTES", 0,
     "write what collectives of up to so many bytes put in and get out into the log", 3},
    {"quiet", KEY_QUIET, NULL, 0, "no progress line", 3},
    {0}};

/* ---- options ---------------------------------------------------------------------------------- */

static error_t read_loss(struct parsing *parsing, const char *text)
{
    if (strcmp(text, "cross-entropy") == 0)
        parsing->options->loss = LOSS_CROSS_ENTROPY;
    else if (strcmp(text, "mean") == 0)
        parsing->options->loss = LOSS_MEAN;
    else
        return parsing_refuse(parsing, "--loss %.60s: must be cross-entropy or mean", text);
    return 0;
}

static error_t read_device(struct parsing *parsing, const char *text)
{
    if (strcmp(text, "cpu") == 0)
        parsing->options->device = DEVICE_CPU;
    else if (strcmp(text, "meta") == 0)
        parsing->options->device = DEVICE_META;
    else if (strcmp(text, "cuda") == 0 || strcmp(text, "emulated") == 0)
        parsing->options->device = DEVICE_CUDA;
    else
        return parsing_refuse(parsing, "--device %.60s: must be cpu, cuda, emulated or meta", text);
    if (parsing->options->device == DEVICE_CUDA && !machine_may_have_gpus())
        return parsing_refuse(parsing,
                              "--device %.60s: a simulated cluster has no GPU: its time is that of "
                              "the platform's file. Run with --device cpu or --device meta, or the "
                              "program that is built for this computer",
                              text);
    snprintf(parsing->options->back_end, sizeof parsing->options->back_end, "%s",
             parsing->options->device == DEVICE_CUDA ? text : "");
    return 0;
}

static error_t read_messages(struct parsing *parsing, const char *text)
{
    if (strcmp(text, "staged") == 0)
        parsing->options->messages = STAGED_ALWAYS;
    else if (strcmp(text, "direct") == 0)
        parsing->options->messages = STAGED_NEVER;
    else
        return parsing_refuse(parsing, "--messages %.60s: must be staged or direct", text);
    return 0;
}

static error_t read_optimizer(struct parsing *parsing, const char *text)
{
    if (strcmp(text, "sgd") == 0)
        parsing->options->optimizer = optimizer_defaults(OPTIMIZER_SGD);
    else if (strcmp(text, "adamw") == 0)
        parsing->options->optimizer = optimizer_defaults(OPTIMIZER_ADAMW);
    else
        return parsing_refuse(parsing, "--optimizer %.60s: must be sgd or adamw", text);
    return 0;
}

static error_t unknown_data_or_model(struct parsing *parsing)
{
    struct options *options = parsing->options;
    struct data_shape data;
    char why[DATASET_ERROR_SIZE];
    /* Images are meant where nobody says so, but not for a model that reads text. */
    if (!parsing->data_given && model_reads_text(options->model))
        snprintf(options->dataset, sizeof options->dataset, "%s",
                 model_default_data(options->model));
    if (!dataset_describe(options->dataset, &data, why))
        return parsing_refuse(parsing, "--data %s: %s", options->dataset, why);
    char model_error[MODEL_ERROR_SIZE];
    struct model *model = model_new(options->model, data.input, data.classes, model_error);
    if (model == NULL)
        return parsing_refuse(parsing, "--model %s: %s", options->model, model_error);
    model_free(model);
    return 0;
}

/* Options that only make sense together, and names that others know. */
static error_t finish(struct parsing *parsing)
{
    struct options *options = parsing->options;
    if (!isnan(parsing->learning_rate))
        options->optimizer.learning_rate = parsing->learning_rate;
    if (!isnan(parsing->momentum)) {
        if (options->optimizer.kind != OPTIMIZER_SGD)
            return parsing_refuse(parsing, "--momentum %g: only --optimizer sgd has a momentum",
                                  parsing->momentum);
        options->optimizer.momentum = parsing->momentum;
    }
    const bool looks_at_numbers =
        options->compare || options->snapshots > 0 || options->gradient_dumps > 0;
    if (options->log_memory > 0 && options->evidence[0] == '\0')
        return parsing_refuse(parsing,
                              "--log-memory: it goes into the log, so it needs --evidence");
    if (options->messages != STAGED_BY_ITSELF && options->device != DEVICE_CUDA)
        return parsing_refuse(parsing,
                              "--messages: it is for --device cuda: other memory is sent as it is");
    if (options->device == DEVICE_META && looks_at_numbers)
        return parsing_refuse(parsing, "--device meta: its tensors hold no numbers, so --compare, "
                                       "--snapshots and --dump-gradients have nothing to look at");
    if (options->tf32 && options->device != DEVICE_CUDA)
        return parsing_refuse(parsing, "--tf32: only GPUs multiply in TF32, so it needs --device "
                                       "cuda (or emulated)");
    if (options->log_data > 0 && options->evidence[0] == '\0')
        return parsing_refuse(parsing, "--log-data: it goes into the log, so it needs --evidence");
    const bool in_brief = options->compare || options->against[0] != '\0';
    if (in_brief && !parsing->steps_given)
        options->steps = 1;
    const error_t error = options_finish_checkpoints(parsing);
    return error != 0 ? error : unknown_data_or_model(parsing);
}

static error_t read_training(struct parsing *parsing, int key, char *text)
{
    struct options *options = parsing->options;
    switch (key) {
    case KEY_MODEL:
        return parsing_text(parsing, "--model", text, options->model, sizeof options->model);
    case KEY_DATA:
        parsing->data_given = true;
        return parsing_text(parsing, "--data", text, options->dataset, sizeof options->dataset);
    case KEY_LOSS:
        return read_loss(parsing, text);
    case KEY_BATCH:
        return parsing_int(parsing, "--batch", text, 1, OPTIONS_MOST_SAMPLES, &options->batch_size);
    case KEY_STEPS:
        parsing->steps_given = true;
        return parsing_int(parsing, "--steps", text, 1, INT_MAX, &options->steps);
    case KEY_EPOCHS:
        return parsing_int(parsing, "--epochs", text, 1, 100000, &options->epochs);
    case KEY_OPTIMIZER:
        return read_optimizer(parsing, text);
    case KEY_LEARNING_RATE:
        return parsing_real(parsing, "--learning-rate", text, 0.0, 1e6, &parsing->learning_rate);
    case KEY_MOMENTUM:
        return parsing_real(parsing, "--momentum", text, 0.0, 1.0, &parsing->momentum);
    case KEY_SEED:
        return parsing_seed(parsing, text, &options->seed);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t read_looking(struct parsing *parsing, int key, char *text)
{
    struct options *options = parsing->options;
    switch (key) {
    case KEY_REPORT:
        options->report = true;
        return 0;
    case KEY_COMPARE:
        options->compare = true;
        return 0;
    case KEY_PROBE:
        return parsing_text(parsing, "--probe", text, options->probe, sizeof options->probe);
    case KEY_EVIDENCE:
        return parsing_text(parsing, "--evidence", text, options->evidence,
                            sizeof options->evidence);
    case KEY_CURVE:
        return parsing_text(parsing, "--curve", text, options->curve, sizeof options->curve);
    case KEY_SNAPSHOTS:
        return parsing_steps(parsing, "--snapshots", text, &options->snapshots, options->snapshot);
    case KEY_DUMP_GRADIENTS:
        return parsing_steps(parsing, "--dump-gradients", text, &options->gradient_dumps,
                             options->gradient_dump);
    case KEY_LOG_MEMORY:
        options->log_memory = OPTIONS_LOG_MEMORY;
        return text == NULL
                   ? 0
                   : parsing_int(parsing, "--log-memory", text, 1, 10000000, &options->log_memory);
    case KEY_LOG_DATA:
        return parsing_int(parsing, "--log-data", text, 0, OPTIONS_MOST_LOG_DATA,
                           &options->log_data);
    case KEY_QUIET:
        options->quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

error_t options_read_one(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    struct options *options = parsing->options;
    switch (key) {
    case ARGP_KEY_INIT:
        for (int child = 0; child < parsing->children; child++)
            state->child_inputs[child] = parsing;
        return 0;
    case KEY_MICRO_BATCHES:
        return parsing_int(parsing, "--micro-batches", text, 1, OPTIONS_MOST_MICRO_BATCHES,
                           &options->micro_batches);
    case KEY_DEVICE:
        return read_device(parsing, text);
    case KEY_TF32:
        options->tf32 = true;
        return 0;
    case KEY_MESSAGES:
        return read_messages(parsing, text);
    case KEY_REVERSE_RANKS:
        options->reverse_ranks = true;
        return 0;
    case ARGP_KEY_ARG:
        return parsing_refuse(parsing, "%.60s: this program takes options only; --help lists them",
                              text);
    case ARGP_KEY_ERROR:
        /* argp's own finding, unless one of ours came first. */
        options_refuse_unknown(parsing, state->root_argp,
                               state->argv[state->next > 0 ? state->next - 1 : 0]);
        return 0;
    case ARGP_KEY_END:
        return finish(parsing);
    default: {
        error_t error = read_training(parsing, key, text);
        if (error == ARGP_ERR_UNKNOWN)
            error = options_read_checkpoint(parsing, key, text);
        return error == ARGP_ERR_UNKNOWN ? read_looking(parsing, key, text) : error;
    }
    }
}
