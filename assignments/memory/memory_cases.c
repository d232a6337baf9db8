/* The calls of --probe memory; see memory_cases.h. */
#include "assignments/memory/memory_cases.h"

#include "assignments/memory/run_numbers.h"
#include "common/base/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- drawing ----------------------------------------------------------------------------------- */

struct drawing {
    uint64_t seed, stream, counter;
};

static int draw(struct drawing *drawing, int lowest, int highest)
{
    return lowest + (int)random_below(drawing->seed, drawing->stream, drawing->counter++,
                                      (uint32_t)(highest - lowest + 1));
}

static bool draw_yes(struct drawing *drawing)
{
    return draw(drawing, 0, 1) == 1;
}

/* A multiple of the tensor degree, so that it can be split. */
static double draw_split(struct drawing *drawing, int tensor, int most)
{
    return (double)tensor * draw(drawing, 0, most);
}

static void draw_way(struct drawing *drawing, int layers, struct way *way)
{
    way->data = draw(drawing, 1, 9);
    way->tensor = draw(drawing, 1, 4);
    way->pipeline = draw_yes(drawing) ? 1 : draw(drawing, 1, layers < 5 ? layers : 5);
    way->zero_stage = draw(drawing, 0, 3);
    way->optimizer = draw_yes(drawing) ? STATE_ADAM : STATE_SGD_MOMENTUM;
    way->format = draw_yes(drawing) ? FORMAT_SIXTEEN_BITS : FORMAT_FLOAT32;
    way->gradients_float32 = draw_yes(drawing);
    way->recompute = (enum recompute)draw(drawing, RECOMPUTE_NOTHING, RECOMPUTE_LAYERS);
    way->order = draw_yes(drawing) ? ORDER_ONE_FORWARD_ONE_BACKWARD : ORDER_ALL_FORWARD_FIRST;
    way->micro_batch_samples = draw(drawing, 1, 6);
    way->micro_batches = draw(drawing, 1, 8);
}

/* ---- parameters, gradients, state ---------------------------------------------------------------- */

const double zero_table_parameters[ZERO_MODELS] = {7.5e9, 128e9, 1000e9};
const int zero_table_ranks[ZERO_RANKS] = {1, 4, 16, 64, 256, 1024};

static void zero_table_case(int number, struct memory_case *one)
{
    const int model = number / (ZERO_STAGES * ZERO_RANKS);
    snprintf(one->what, sizeof one->what, "%g billion parameters in one layer",
             zero_table_parameters[model] / 1e9);
    one->layers = 1;
    one->layer[0] = (struct layer_numbers){.whole_parameters = zero_table_parameters[model]};
    one->way = (struct way){.data = zero_table_ranks[number % ZERO_RANKS],
                            .tensor = 1,
                            .pipeline = 1,
                            .zero_stage = 1 + number / ZERO_RANKS % ZERO_STAGES,
                            .optimizer = STATE_ADAM,
                            .format = FORMAT_SIXTEEN_BITS,
                            .micro_batch_samples = 1,
                            .micro_batches = 1};
}

/* The first stage has more parameters, the second one the largest layer. */
static void case_by_hand(struct memory_case *one)
{
    static const double parameters[] = {600, 600, 1100, 0};
    one->layers = sizeof parameters / sizeof *parameters;
    for (int i = 0; i < one->layers; i++)
        one->layer[i].whole_parameters = parameters[i];
    one->way = (struct way){.data = 8,
                            .tensor = 1,
                            .pipeline = 2,
                            .zero_stage = 3,
                            .optimizer = STATE_ADAM,
                            .micro_batch_samples = 1,
                            .micro_batches = 1};
    snprintf(one->what, sizeof one->what, "layers of 600, 600, 1,100 and no parameters");
}

static void drawn_state_case(struct drawing *drawing, struct memory_case *one)
{
    one->layers = draw(drawing, 1, 11);
    draw_way(drawing, one->layers, &one->way);
    for (int i = 0; i < one->layers; i++) {
        struct layer_numbers *layer = &one->layer[i];
        const bool none = draw(drawing, 0, 4) == 0; /* a layer without parameters */
        layer->split_parameters = none ? 0 : draw_split(drawing, one->way.tensor, 500);
        layer->whole_parameters = none ? 0 : draw(drawing, 0, 100);
    }
    /* An embedding. */
    if (draw_yes(drawing))
        one->layer[0].split_parameters += draw_split(drawing, one->way.tensor, 3000);
    snprintf(one->what, sizeof one->what, "%d layers that keep nothing", one->layers);
}

/* ---- activations ------------------------------------------------------------------------------------ */

const struct published_transformer published_transformers[PUBLISHED_MODELS] = {
    {"22B", {48, 6144, 64, 2048, 51200}, 8, 1, 4, 4},
    {"175B", {96, 12288, 96, 2048, 51200}, 8, 8, 1, 64},
    {"530B", {105, 20480, 128, 2048, 51200}, 8, 35, 1, 280},
    {"1T", {128, 25600, 160, 2048, 51200}, 8, 64, 1, 512},
};

/* Sequence parallelism: what all had is split along the sequence. (Weights of norms, and the biases behind row-parallel
 * layers, stay whole.) */
static void split_sequence(struct layer_numbers *layer)
{
    layer->split_input += layer->whole_input;
    layer->split_kept += layer->whole_kept;
    layer->split_bytes_kept += layer->whole_bytes_kept;
    layer->whole_input = layer->whole_kept = layer->whole_bytes_kept = 0;
}

static void published_case(int number, struct memory_case *one)
{
    const struct published_transformer *published = &published_transformers[number / 8];
    const bool sequence = number / 4 % 2 == 1;
    one->layers = published->model.layers;
    transformer_numbers(&published->model, published->pipeline, one->layer);
    for (int i = 0; sequence && i < one->layers; i++)
        split_sequence(&one->layer[i]);
    one->way = (struct way){.data = 1,
                            .tensor = published->tensor,
                            .pipeline = published->pipeline,
                            .optimizer = STATE_ADAM,
                            .format = FORMAT_SIXTEEN_BITS,
                            .recompute = (enum recompute)(number % 4),
                            .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                            .micro_batch_samples = published->micro_batch,
                            .micro_batches = published->batch / published->micro_batch};
    snprintf(one->what, sizeof one->what, "the published transformer %s%s", published->name,
             sequence ? ", with sequence parallelism" : "");
}

static void drawn_activations_case(struct drawing *drawing, struct memory_case *one)
{
    one->layers = draw(drawing, 1, 14);
    draw_way(drawing, one->layers, &one->way);
    const int t = one->way.tensor;
    for (int i = 0; i < one->layers; i++) {
        struct layer_numbers *layer = &one->layer[i];
        const bool attends = draw(drawing, 0, 2) == 0;
        layer->split_input = draw_split(drawing, t, 3);
        layer->whole_input = draw(drawing, 1, 40);
        layer->keeps_input = draw_yes(drawing);
        layer->keeps_output = draw_yes(drawing);
        layer->attention_kept = attends ? draw_split(drawing, t, 60) : 0;
        layer->attention_bytes_kept = attends ? draw_split(drawing, t, 30) : 0;
        layer->split_kept = draw_split(drawing, t, 30) + layer->attention_kept;
        layer->split_bytes_kept = draw_split(drawing, t, 10) + layer->attention_bytes_kept;
        layer->whole_kept = draw(drawing, 0, 50);
        layer->whole_bytes_kept = draw(drawing, 0, 20);
    }
    snprintf(one->what, sizeof one->what, "%d layers without parameters", one->layers);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

int memory_cases(enum memory_group group)
{
    static const int cases[MEMORY_GROUPS] = {ZERO_TABLE_CASES + STATE_BY_HAND + STATE_DRAWN,
                                             PUBLISHED_CASES + ACTIVATIONS_DRAWN, MEMORY_RUN_CASES};
    return cases[group];
}

void memory_case_make(uint64_t seed, enum memory_group group, int number, struct memory_case *one)
{
    struct drawing drawing = {
        seed, random_stream(RANDOM_TEST, 21 + (uint32_t)group, (uint32_t)number), 0};
    memset(one, 0, sizeof *one);
    one->group = group;
    one->number = number;
    if (group == MEMORY_OF_RUNS)
        memory_run_case_make(seed, number, one);
    else if (group == MEMORY_OF_STATE && number < ZERO_TABLE_CASES)
        zero_table_case(number, one);
    else if (group == MEMORY_OF_STATE && number < ZERO_TABLE_CASES + STATE_BY_HAND)
        case_by_hand(one);
    else if (group == MEMORY_OF_STATE)
        drawn_state_case(&drawing, one);
    else if (number < PUBLISHED_CASES)
        published_case(number, one);
    else
        drawn_activations_case(&drawing, one);
}

/* Of each, what it adds to a text that begins with what there is by itself. */
static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char *text, const char *format, ...)
{
    const size_t there = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + there, WAY_TEXT_SIZE - there, format, arguments);
    va_end(arguments);
}

const char *way_state_text(const struct way *way, char text[WAY_TEXT_SIZE])
{
    const bool sixteen = way->format == FORMAT_SIXTEEN_BITS;
    text[0] = '\0';
    append(text, "data %d, tensor %d, pipeline %d, ZeRO %d, %s, %s%s", way->data, way->tensor,
           way->pipeline, way->zero_stage,
           way->optimizer == STATE_ADAM ? "Adam" : "SGD with momentum",
           sixteen ? "16 bits" : "float32",
           sixteen && way->gradients_float32 ? " with float32 gradients" : "");
    return text;
}

const char *way_text(const struct way *way, char text[WAY_TEXT_SIZE])
{
    static const char *const recomputes[] = {"nothing", "the attention", "segments", "layers"};
    way_state_text(way, text);
    append(text, ", %d micro-batch%s of %d", way->micro_batches,
           way->micro_batches == 1 ? "" : "es", way->micro_batch_samples);
    if (way->recompute != RECOMPUTE_NOTHING)
        append(text, ", recomputing %s", recomputes[way->recompute]);
    if (way->order == ORDER_ALL_FORWARD_FIRST)
        append(text, ", all forwards first");
    return text;
}
