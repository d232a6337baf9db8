/*
 * The synthetic data set: each class has a picture of its own, and a sample is
 * its class's picture with noise. Everything is a function of the seed, so that
 * two processes agree without a file; training and test samples share the
 * pictures and nothing else.
 */
#include "common/dataset_parts.h"
#include "common/random.h"

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

/* Sample i: its class's picture and its own noise, between 0 and 255. */
static void sample_make(uint8_t *sample, size_t pixels, const float *picture, float *noise,
                        uint64_t seed, uint64_t stream, uint64_t i)
{
    random_uniform(noise, pixels, seed, stream, i * pixels, -NOISE, NOISE);
    for (size_t p = 0; p < pixels; p++)
        sample[p] = (uint8_t)(picture[p] + noise[p]);
}

static void inputs_make(struct dataset *dataset, const uint8_t *label, uint64_t seed,
                        enum dataset_split split)
{
    size_t pixels = (size_t)shape_count(dataset->sample);
    size_t pictures_bytes = (size_t)dataset->classes * pixels * sizeof(float);
    float *pictures = memory_allocate(MEMORY_WORKSPACE, pictures_bytes);
    float *noise = memory_allocate(MEMORY_WORKSPACE, pixels * sizeof(float));
    random_uniform(pictures, (size_t)dataset->classes * pixels, seed,
                   random_stream(RANDOM_SYNTHETIC, STREAM_PICTURE, 0), 0, PICTURE_LOW,
                   PICTURE_HIGH);
    dataset->unpacked_bytes = (size_t)dataset->samples * pixels;
    dataset->unpacked = memory_allocate(MEMORY_WORKSPACE, dataset->unpacked_bytes);
    uint64_t stream = random_stream(RANDOM_SYNTHETIC, STREAM_NOISE, (uint32_t)split);
    for (int i = 0; i < dataset->samples; i++)
        sample_make(dataset->unpacked + (size_t)i * pixels, pixels, pictures + label[i] * pixels,
                    noise, seed, stream, (uint64_t)i);
    memory_release(MEMORY_WORKSPACE, noise, pixels * sizeof(float));
    memory_release(MEMORY_WORKSPACE, pictures, pictures_bytes);
    dataset->run[dataset->runs++] = (struct image_run){
        .first = dataset->unpacked, .stride = pixels, .samples = dataset->samples};
}

void synthetic_open(const struct synthetic_options *options, enum dataset_split split, bool inputs,
                    bool labels, uint64_t seed, struct dataset *dataset)
{
    dataset->sample = SHAPE(options->channels, options->height, options->width);
    dataset->classes = options->classes;
    dataset->samples = split == DATASET_TRAIN ? options->train : options->test;
    size_t label_bytes = (size_t)dataset->samples;
    uint8_t *label = memory_allocate(MEMORY_WORKSPACE, label_bytes);
    uint64_t stream = random_stream(RANDOM_SYNTHETIC, STREAM_LABEL, (uint32_t)split);
    for (int i = 0; i < dataset->samples; i++)
        label[i] = (uint8_t)random_below(seed, stream, (uint64_t)i, (uint32_t)options->classes);
    if (inputs)
        inputs_make(dataset, label, seed, split);
    if (labels) {
        dataset->label = label;
        dataset->label_bytes = label_bytes;
    } else {
        memory_release(MEMORY_WORKSPACE, label, label_bytes);
    }
}
