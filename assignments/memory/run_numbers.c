/* Models of the kit, measured; see run_numbers.h. */
#include "assignments/memory/run_numbers.h"

#include "common/base/fatal.h"
#include "common/base/random.h"

#include <stdio.h>
#include <string.h>

/* ---- which ------------------------------------------------------------------------------------------- */

static const struct {
    const char *model;
    struct shape input;
    int classes;
} models[] = {
    {"mlp:depth=6,width=24", {3, {1, 4, 5}}, 7},
    {"mlp:depth=5,width=33,norm=layer", {3, {1, 4, 5}}, 7},
    {"cnn", {3, {3, 32, 32}}, 10},
    {"vit:depth=3,width=16,heads=2,patch=7", {3, {1, 28, 28}}, 10},
    {"transformer:depth=5,width=24,heads=3,patch=7", {3, {1, 28, 28}}, 10},
    {"gpt:depth=4,width=24,heads=4", {1, {12}}, 65},
};
enum { MODELS = sizeof models / sizeof *models, DRAWS = 8 };

static int draw(uint64_t seed, int number, int which, int lowest, int highest)
{
    return lowest + (int)random_below(seed, random_stream(RANDOM_TEST, 25, 0),
                                      (uint64_t)(number * DRAWS + which),
                                      (uint32_t)(highest - lowest + 1));
}

/* A flatten hands on what came in, under another shape: it is one layer with the one behind it. */
static void join_flattens(struct model *model)
{
    int layers = 0;
    for (int i = 0; i < model->layers; i++) {
        const bool joins = strcmp(model->layer[i].operations->kind, "flatten") == 0;
        struct layer layer = joins ? layer_sequence(&model->layer[i], 2) : model->layer[i];
        layer.index = layers;
        model->layer[layers++] = layer;
        i += joins ? 1 : 0;
    }
    model->layers = layers;
}

struct model *memory_run_model(const struct memory_case *one)
{
    char error[MODEL_ERROR_SIZE];
    for (int i = 0; i < MODELS; i++)
        if (models[i].model == one->model) {
            struct model *model =
                model_new(models[i].model, models[i].input, models[i].classes, error);
            if (model == NULL)
                fatal("%s: %s", models[i].model, error);
            join_flattens(model);
            return model;
        }
    fatal("case %d of the runs has no model", one->number);
}

/* Convolutions and linear layers on two ranks: those keep more, these have more parameters. */
enum { UNLIKE_STAGES = 2 * MODELS + 2 };
static const struct way unlike_stages = {.data = 1,
                                         .tensor = 1,
                                         .pipeline = 2,
                                         .optimizer = STATE_SGD_MOMENTUM,
                                         .order = ORDER_ALL_FORWARD_FIRST,
                                         .micro_batch_samples = 3,
                                         .micro_batches = 5};

/* All layers on each rank, or a few, by every order and recomputation of segments; the rest is drawn. */
static struct way way_of(uint64_t seed, int number, int layers)
{
    static const enum recompute recomputes[] = {RECOMPUTE_NOTHING, RECOMPUTE_SEGMENTS,
                                                RECOMPUTE_NOTHING, RECOMPUTE_LAYERS};
    const int round = number / MODELS;
    if (number == UNLIKE_STAGES)
        return unlike_stages;
    return (struct way){
        .data = draw(seed, number, 0, 1, 4),
        .tensor = 1,
        .pipeline = round == 0 ? 1 : draw(seed, number, 1, 2, layers < 4 ? layers : 4),
        .format = draw(seed, number, 6, 0, 1) == 0 ? FORMAT_FLOAT32 : FORMAT_SIXTEEN_BITS,
        .gradients_float32 = draw(seed, number, 7, 0, 1) == 1,
        .optimizer = draw(seed, number, 2, 0, 1) == 0 ? STATE_SGD_MOMENTUM : STATE_ADAM,
        .recompute = recomputes[round],
        .order = draw(seed, number, 3, 0, 1) == 0 ? ORDER_ALL_FORWARD_FIRST
                                                  : ORDER_ONE_FORWARD_ONE_BACKWARD,
        .micro_batch_samples = draw(seed, number, 4, 1, 3),
        .micro_batches = draw(seed, number, 5, 1, 5)};
}

void memory_run_case_make(uint64_t seed, int number, struct memory_case *one)
{
    one->model = models[number % MODELS].model;
    struct model *model = memory_run_model(one);
    one->layers = model->layers;
    one->way = way_of(seed, number, model->layers);
    for (int i = 0; i < model->layers; i++)
        one->layer[i] = run_numbers_of(model, i, one->way.format);
    snprintf(one->what, sizeof one->what, "the kit's %s", model->name);
    model_free(model);
}

/* ---- one layer ------------------------------------------------------------------------------------------- */

struct stage *run_stage_new(const struct model *model, int first, int layers, const struct way *way)
{
    const bool sixteen = way->format == FORMAT_SIXTEEN_BITS;
    return stage_new(
        model, &(struct stage_options){
                   .index = 1,
                   .stages = 3,
                   .first_layer = first,
                   .layers = layers,
                   .micro_batch_size = way->micro_batch_samples,
                   .micro_batches = way->micro_batches,
                   .precision = sixteen ? DTYPE_BFLOAT16 : DTYPE_FLOAT32,
                   .gradients = sixteen && !way->gradients_float32 ? DTYPE_BFLOAT16 : DTYPE_FLOAT32,
                   .device = DEVICE_META});
}

/* In bytes, of one sample. */
struct measured {
    double input, kept; /* what enters; and what is kept besides, if that is */
    bool keeps_input, keeps_output;
};

static double live(void)
{
    return (double)memory_live(MEMORY_ACTIVATION);
}

static struct measured measure(const struct model *model, int layer, enum number_format format)
{
    const struct way way = {.format = format, .micro_batch_samples = 1, .micro_batches = 1};
    struct stage *stage = run_stage_new(model, layer, 1, &way);
    const double before = live();
    struct tensor *x = tensor_retain(stage_input_new(stage));
    const double input = live() - before;
    struct tensor *y = stage_forward(stage, 0, x);
    /* A view has no bytes of its own. */
    const double output = y->base == NULL ? (double)tensor_bytes(y) : 0;
    const double all = live() - before;
    tensor_free(y);
    const double without_output = live() - before;
    tensor_free(x);
    const double kept = live() - before;
    const bool keeps_input = without_output - kept < input;
    tensor_free(stage_backward(stage, 0, stage_output_new(stage)));
    stage_free(stage);
    return (struct measured){.input = input,
                             .kept = kept - (keeps_input ? input : 0),
                             .keeps_input = keeps_input,
                             .keeps_output = output > 0 && all - without_output < output};
}

struct layer_numbers run_numbers_of(const struct model *model, int layer, enum number_format format)
{
    const struct measured wide = measure(model, layer, FORMAT_FLOAT32);
    const struct measured narrow = measure(model, layer, FORMAT_SIXTEEN_BITS);
    const struct measured *own = format == FORMAT_SIXTEEN_BITS ? &narrow : &wide;
    const double number = format == FORMAT_SIXTEEN_BITS ? 2 : 4;
    /* Numbers are halved, and bytes are not: n · 4 + bytes, and n · 2 + bytes. */
    const double bytes = 2 * narrow.kept - wide.kept;
    return (struct layer_numbers){
        .whole_parameters = (double)model_parameter_count(model, layer, 1),
        .whole_input = own->input / number,
        .keeps_input = own->keeps_input,
        .keeps_output = own->keeps_output,
        .whole_kept = (own->kept - bytes) / number,
        .whole_bytes_kept = bytes,
    };
}
