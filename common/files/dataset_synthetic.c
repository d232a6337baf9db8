/*
 * The synthetic data set: each class has a picture of its own, and a sample is
 * its class's picture with noise. Everything is a function of the seed, so that
 * two processes agree without a file; training and test samples share the
 * pictures and nothing else.
 */
#include "common/base/random.h"
#include "common/files/dataset_parts.h"

#include <string.h>

/* Streams within RANDOM_SYNTHETIC; those of a split also have its number. */
enum { STREAM_PICTURE, STREAM_LABEL, STREAM_NOISE };

#define PICTURE_LOW  64.0F
#define PICTURE_HIGH 192.0F
#define NOISE        64.0F /* so that a byte never overflows */

static const struct dataset_option known[] = {
    {"channels", offsetof(struct synthetic_options, channels), 1, DATASET_MAX_CHANNELS},
    {"height", offsetof(struct synthetic_options, height), 1, 256},
    {"width", offsetof(struct synthetic_options, width), 1, 256},
    {"train", offsetof(struct synthetic_options, train), 1, DATASET_MAX_SAMPLES},
    {"test", offsetof(struct synthetic_options, test), 1, DATASET_MAX_SAMPLES},
    {"classes", offsetof(struct synthetic_options, classes), 2, 65536},
};

bool synthetic_parse(const char *text, struct synthetic_options *options,
                     char error[DATASET_ERROR_SIZE])
{
    *options = (struct synthetic_options){
        .channels = 1, .height = 28, .width = 28, .train = 2048, .test = 512, .classes = 10};
    if (!dataset_options_read("synthetic", known, sizeof known / sizeof *known, text, options,
                              error))
        return false;

    /* The largest that fits an int of bytes is more than anybody wants. */
    int64_t pixels = (int64_t)options->channels * options->height * options->width;
    if (pixels * options->train > INT32_MAX || pixels * options->test > INT32_MAX)
        return dataset_error(error,
                             "data set synthetic: %lld pixels in a sample and %d + %d samples are "
                             "too many: at most %d bytes per split",
                             (long long)pixels, options->train, options->test, INT32_MAX);
    const int most = INT32_MAX / (int)sizeof(float); /* of the classes' pictures */
    if (pixels * options->classes > most)
        return dataset_error(error,
                             "data set synthetic: %d classes, each with a picture of %lld pixels, "
                             "are too many: at most %d pixels in all pictures",
                             options->classes, (long long)pixels, most);
    return true;
}

/* ---- samples, made when they are first asked for: most runs want a few of thousands -------------- */

struct synthetic {
    struct synthetic_labels labels;
    uint64_t noise_stream;
    size_t pixels; /* of a sample */
    size_t samples;
    float *picture;  /* (classes, pixels) */
    float *noise;    /* (pixels): scratch */
    uint8_t *made;   /* (samples): is it there? */
    uint8_t *sample; /* (samples, pixels) */
};

int32_t synthetic_label(const struct synthetic_labels *labels, size_t number)
{
    return (int32_t)random_below(labels->seed, labels->stream, number, labels->classes);
}

static struct synthetic *synthetic_new(const struct dataset *dataset, enum dataset_split split)
{
    size_t pixels = (size_t)shape_count(dataset->shape.input), samples = (size_t)dataset->samples;
    size_t numbers = (size_t)dataset->shape.classes * pixels;
    struct synthetic *set = memory_allocate(MEMORY_WORKSPACE, sizeof *set);
    *set = (struct synthetic){
        .labels = dataset->synthetic_labels,
        .noise_stream = random_stream(RANDOM_SYNTHETIC, STREAM_NOISE, (uint32_t)split),
        .pixels = pixels,
        .samples = samples,
        .picture = memory_allocate(MEMORY_WORKSPACE, numbers * sizeof(float)),
        .noise = memory_allocate(MEMORY_WORKSPACE, pixels * sizeof(float)),
        .made = memory_allocate(MEMORY_WORKSPACE, samples),
        .sample = memory_allocate(MEMORY_WORKSPACE, samples * pixels),
    };
    memset(set->made, 0, samples);
    random_uniform(set->picture, numbers, set->labels.seed,
                   random_stream(RANDOM_SYNTHETIC, STREAM_PICTURE, 0), 0, PICTURE_LOW,
                   PICTURE_HIGH);
    return set;
}

void synthetic_free(struct synthetic *set)
{
    if (set == NULL)
        return;
    memory_release(MEMORY_WORKSPACE, set->sample, set->samples * set->pixels);
    memory_release(MEMORY_WORKSPACE, set->made, set->samples);
    memory_release(MEMORY_WORKSPACE, set->noise, set->pixels * sizeof(float));
    memory_release(MEMORY_WORKSPACE, set->picture,
                   set->labels.classes * set->pixels * sizeof(float));
    memory_release(MEMORY_WORKSPACE, set, sizeof *set);
}

/* A sample is its class's picture and its own noise, between 0 and 255. */
const uint8_t *synthetic_sample(struct synthetic *set, size_t number)
{
    uint8_t *sample = set->sample + number * set->pixels;
    if (set->made[number])
        return sample;
    const size_t label = (size_t)synthetic_label(&set->labels, number);
    const float *picture = set->picture + label * set->pixels;
    random_uniform(set->noise, set->pixels, set->labels.seed, set->noise_stream,
                   number * set->pixels, -NOISE, NOISE);
    for (size_t p = 0; p < set->pixels; p++)
        sample[p] = (uint8_t)(picture[p] + set->noise[p]);
    set->made[number] = 1;
    return sample;
}

/* ---- the data set ---------------------------------------------------------------------------------- */

void synthetic_open(const struct synthetic_options *options, enum dataset_split split, bool inputs,
                    uint64_t seed, struct dataset *dataset)
{
    dataset->samples = split == DATASET_TRAIN ? options->train : options->test;
    dataset->synthetic_labels = (struct synthetic_labels){
        .seed = seed,
        .stream = random_stream(RANDOM_SYNTHETIC, STREAM_LABEL, (uint32_t)split),
        .classes = (uint32_t)options->classes};
    if (inputs)
        dataset->synthetic = synthetic_new(dataset, split);
}
