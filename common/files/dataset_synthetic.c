/*
 * The synthetic data set: each class has a picture of its own, and a sample is
 * its class's picture with noise. Everything is a function of the seed, so that
 * two processes agree without a file; training and test samples share the
 * pictures and nothing else.
 */
#include "common/base/random.h"
#include "common/files/dataset_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams within RANDOM_SYNTHETIC; those of a split also have its number. */
enum { STREAM_PICTURE, STREAM_LABEL, STREAM_NOISE };

#define PICTURE_LOW  64.0F
#define PICTURE_HIGH 192.0F
#define NOISE        64.0F /* so that a byte never overflows */

struct synthetic_option {
    const char *name;
    size_t offset;
    int least;
    int most;
};

static const struct synthetic_option known[] = {
    {"channels", offsetof(struct synthetic_options, channels), 1, DATASET_MAX_CHANNELS},
    {"height", offsetof(struct synthetic_options, height), 1, 256},
    {"width", offsetof(struct synthetic_options, width), 1, 256},
    {"train", offsetof(struct synthetic_options, train), 1, DATASET_MAX_SAMPLES},
    {"test", offsetof(struct synthetic_options, test), 1, DATASET_MAX_SAMPLES},
    {"classes", offsetof(struct synthetic_options, classes), 2, 256},
};

/* Reads one "name=number" of `length` characters. */
static bool parse_one(const char *text, size_t length, struct synthetic_options *options,
                      char error[DATASET_ERROR_SIZE])
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        size_t name_length = strlen(known[k].name);
        if (length <= name_length || text[name_length] != '=' ||
            strncmp(text, known[k].name, name_length) != 0)
            continue;
        const char *digits = text + name_length + 1;
        char *end;
        errno = 0;
        long number = strtol(digits, &end, 10);
        bool is_number = digits[0] >= '0' && digits[0] <= '9' && end == text + length;
        if (!is_number || errno != 0 || number < known[k].least || number > known[k].most)
            return dataset_error(error,
                                 "data set synthetic: \"%.*s\": %s is a number from %d to %d",
                                 (int)length, text, known[k].name, known[k].least, known[k].most);
        *(int *)((char *)options + known[k].offset) = (int)number;
        return true;
    }
    return dataset_error(error,
                         "data set synthetic: \"%.*s\" is no option; there are channels, height, "
                         "width, train, test and classes, as in "
                         "synthetic:channels=3,height=32,width=32,train=512",
                         (int)length, text);
}

bool synthetic_parse(const char *text, struct synthetic_options *options,
                     char error[DATASET_ERROR_SIZE])
{
    *options = (struct synthetic_options){
        .channels = 1, .height = 28, .width = 28, .train = 2048, .test = 512, .classes = 10};
    if (text[0] == '\0')
        return true;
    do {
        text++; /* the colon, then each comma */
        size_t length = strcspn(text, ",");
        if (!parse_one(text, length, options, error))
            return false;
        text += length;
    } while (text[0] == ',');

    /* The largest that fits an int of bytes is more than anybody wants. */
    int64_t pixels = (int64_t)options->channels * options->height * options->width;
    if (pixels * options->train > INT32_MAX || pixels * options->test > INT32_MAX)
        return dataset_error(error,
                             "data set synthetic: %lld pixels in a sample and %d + %d samples are "
                             "too many: at most %d bytes per split",
                             (long long)pixels, options->train, options->test, INT32_MAX);
    return true;
}

/* ---- samples, made when they are first asked for: most runs want a few of thousands -------------- */

struct synthetic {
    uint64_t seed;
    uint32_t classes;
    uint64_t label_stream, noise_stream;
    size_t pixels; /* of a sample */
    size_t samples;
    float *picture;  /* (classes, pixels) */
    float *noise;    /* (pixels): scratch */
    uint8_t *made;   /* (samples): is it there? */
    uint8_t *sample; /* (samples, pixels) */
};

static uint8_t label_of(uint64_t seed, uint64_t stream, size_t number, uint32_t classes)
{
    return (uint8_t)random_below(seed, stream, number, classes);
}

static struct synthetic *synthetic_new(const struct dataset *dataset, uint64_t seed,
                                       uint64_t label_stream, enum dataset_split split)
{
    size_t pixels = (size_t)shape_count(dataset->sample), samples = (size_t)dataset->samples;
    size_t numbers = (size_t)dataset->classes * pixels;
    struct synthetic *set = memory_allocate(MEMORY_WORKSPACE, sizeof *set);
    *set = (struct synthetic){
        .seed = seed,
        .classes = (uint32_t)dataset->classes,
        .label_stream = label_stream,
        .noise_stream = random_stream(RANDOM_SYNTHETIC, STREAM_NOISE, (uint32_t)split),
        .pixels = pixels,
        .samples = samples,
        .picture = memory_allocate(MEMORY_WORKSPACE, numbers * sizeof(float)),
        .noise = memory_allocate(MEMORY_WORKSPACE, pixels * sizeof(float)),
        .made = memory_allocate(MEMORY_WORKSPACE, samples),
        .sample = memory_allocate(MEMORY_WORKSPACE, samples * pixels),
    };
    memset(set->made, 0, samples);
    random_uniform(set->picture, numbers, seed, random_stream(RANDOM_SYNTHETIC, STREAM_PICTURE, 0),
                   0, PICTURE_LOW, PICTURE_HIGH);
    return set;
}

void synthetic_free(struct synthetic *set)
{
    if (set == NULL)
        return;
    memory_release(MEMORY_WORKSPACE, set->sample, set->samples * set->pixels);
    memory_release(MEMORY_WORKSPACE, set->made, set->samples);
    memory_release(MEMORY_WORKSPACE, set->noise, set->pixels * sizeof(float));
    memory_release(MEMORY_WORKSPACE, set->picture, set->classes * set->pixels * sizeof(float));
    memory_release(MEMORY_WORKSPACE, set, sizeof *set);
}

/* A sample is its class's picture and its own noise, between 0 and 255. */
const uint8_t *synthetic_sample(struct synthetic *set, size_t number)
{
    uint8_t *sample = set->sample + number * set->pixels;
    if (set->made[number])
        return sample;
    uint8_t label = label_of(set->seed, set->label_stream, number, set->classes);
    const float *picture = set->picture + label * set->pixels;
    random_uniform(set->noise, set->pixels, set->seed, set->noise_stream, number * set->pixels,
                   -NOISE, NOISE);
    for (size_t p = 0; p < set->pixels; p++)
        sample[p] = (uint8_t)(picture[p] + set->noise[p]);
    set->made[number] = 1;
    return sample;
}

/* ---- the data set ---------------------------------------------------------------------------------- */

void synthetic_open(const struct synthetic_options *options, enum dataset_split split, bool inputs,
                    bool labels, uint64_t seed, struct dataset *dataset)
{
    dataset->sample = SHAPE(options->channels, options->height, options->width);
    dataset->classes = options->classes;
    dataset->samples = split == DATASET_TRAIN ? options->train : options->test;
    uint64_t stream = random_stream(RANDOM_SYNTHETIC, STREAM_LABEL, (uint32_t)split);
    if (inputs)
        dataset->synthetic = synthetic_new(dataset, seed, stream, split);
    if (!labels)
        return;
    dataset->label_bytes = (size_t)dataset->samples;
    dataset->label = memory_allocate(MEMORY_WORKSPACE, dataset->label_bytes);
    for (size_t i = 0; i < dataset->label_bytes; i++)
        dataset->label[i] = label_of(seed, stream, i, (uint32_t)options->classes);
}
