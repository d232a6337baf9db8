/* Trials of one layer, and the numbers that they are given; see trials.h. */
#include "assignments/tensor/trials.h"
#include "assignments/tensor/chains.h"

#include "common/base/fatal.h"
#include "common/base/random.h"

#include <string.h>

/* ---- sizes ------------------------------------------------------------------------------------------ */

int trial_size(struct trial_sizes *sizes, int lowest, int highest)
{
    const uint32_t choices = (uint32_t)(highest - lowest + 1);
    return lowest + (int)random_below(sizes->seed, sizes->stream, sizes->drawn++, choices);
}

int trial_uneven_size(struct trial_sizes *sizes, int least)
{
    int size = least;
    do
        size = trial_size(sizes, least, least + 4);
    while (sizes->ranks > 1 && size % sizes->ranks == 0);
    return size;
}

/* ---- kinds and trials ------------------------------------------------------------------------------- */

const struct trial_kind *trial_kind_named(const char *name)
{
    for (const struct trial_kind *kind = trial_kinds; kind->name != NULL; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* Outputs or columns; of a row-parallel layer inputs, and nothing of its bias. */
static void cut_by_form(struct trial *trial)
{
    const bool row = trial->form == FORM_ROW;
    for (int k = 0; k < trial->whole.parameters; k++)
        if (trial->form != FORM_WHOLE && (!row || k == 0))
            trial->cut[k] = (struct trial_cut){
                .dimension = row ? 1 : 0, .together = trial->together > 0 ? trial->together : 1};
}

void trial_make(struct trial *trial, const struct trial_kind *kind, int number, int ranks,
                uint64_t seed)
{
    struct trial_sizes sizes = {
        .seed = seed, .stream = random_stream(RANDOM_TEST, 2, (uint32_t)number), .ranks = ranks};
    *trial = (struct trial){.number = number, .ranks = ranks, .seed = seed};
    kind->make(trial, number, &sizes);
    trial->whole.index = number;
    if (!trial->cuts_differ)
        cut_by_form(trial);
}

void trial_clear(struct trial *trial)
{
    layer_destroy(&trial->whole);
}

/* ---- parts ------------------------------------------------------------------------------------------ */

struct part trial_part(int size, int ranks, int rank)
{
    const int least = size / ranks, more = size % ranks;
    const int begin = least * rank + (rank < more ? rank : more);
    return (struct part){begin, begin + least + (rank < more ? 1 : 0)};
}

bool trial_splits_input(const struct trial *trial)
{
    return trial->form == FORM_ROW || trial->form == FORM_SPLIT;
}

struct part trial_inputs(const struct trial *trial, int rank)
{
    const int size = trial->whole.input.size[chain_split_dimension(trial->whole.input)];
    if (!trial_splits_input(trial))
        return (struct part){0, size};
    const int together = trial->together > 0 ? trial->together : 1;
    const struct part groups = trial_part(size / together, trial->ranks, rank);
    return (struct part){groups.begin * together, groups.end * together};
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

enum { STREAM_X = 3, STREAM_DY, STREAM_PARAMETER, STREAMS };

static uint64_t stream(const struct trial *trial, uint32_t what, int round, int index)
{
    return random_stream(RANDOM_TEST, what + STREAMS * (uint32_t)trial->number,
                         (uint32_t)(round * LAYER_MAX_PARAMETERS + index));
}

static struct tensor *drawn(const struct trial *trial, uint64_t from, struct shape shape, float low,
                            float high)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_uniform(tensor_floats(tensor), tensor->elements, trial->seed, from, 0, low, high);
    return tensor;
}

/* Of each rank's words the first and the last, then any. */
static int32_t drawn_word(const struct trial *trial, uint64_t from, int number)
{
    const int words = trial->whole.parameter[0].shape.size[0];
    const int rank = number / 2;
    if (rank >= trial->ranks)
        return (int32_t)random_below(trial->seed, from, (uint64_t)number, (uint32_t)words);
    const struct part part = trial_part(words, trial->ranks, rank);
    return number % 2 == 0 ? part.begin : part.end - 1;
}

static struct tensor *drawn_words(const struct trial *trial, uint64_t from)
{
    struct tensor *words = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU,
                                      shape_with_batch(trial->samples, trial->whole.input));
    for (int i = 0; i < words->count; i++)
        tensor_integers(words)[i] = drawn_word(trial, from, i);
    return words;
}

struct tensor *trial_x(const struct trial *trial, int round, int micro_batch)
{
    if (trial->whole.input_dtype == DTYPE_INT32)
        return drawn_words(trial, stream(trial, STREAM_X, round, micro_batch));
    return drawn(trial, stream(trial, STREAM_X, round, micro_batch),
                 shape_with_batch(trial->samples, trial->whole.input), -1.0f, 1.0f);
}

struct tensor *trial_dy(const struct trial *trial, int round, int micro_batch)
{
    return drawn(trial, stream(trial, STREAM_DY, round, micro_batch),
                 shape_with_batch(trial->samples, trial->whole.output), -1.0f, 1.0f);
}

/* In the first round what a model begins with, but that zeros and ones say nothing about who has which. */
struct tensor *trial_parameter(const struct trial *trial, int round, int k)
{
    const struct parameter *parameter = &trial->whole.parameter[k];
    const uint64_t from = stream(trial, STREAM_PARAMETER, round, k);
    if (parameter->initial == INITIAL_ONE)
        return drawn(trial, from, parameter->shape, 0.5f, 1.5f);
    if (parameter->initial == INITIAL_ZERO || round > 0)
        return drawn(trial, from, parameter->shape, -0.5f, 0.5f);
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, parameter->shape);
    layer_initialise_parameter(&trial->whole, k, trial->seed, tensor_floats(tensor));
    return tensor;
}
