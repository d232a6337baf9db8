/*
 * Synthetic text: a Markov chain that a model can learn. Each token has four
 * likely successors, drawn once, which follow it in 4, 2, 1 and 1 of 8 cases: the
 * best cross-entropy is 7/4 · ln 2 = 1.213. Everything is a function of the seed,
 * so that processes agree without a file; training and test samples share the
 * successors and nothing else. A sample is made when it is asked for.
 */
#include "common/base/random.h"
#include "common/files/dataset_parts.h"

#include <string.h>

/* Streams within RANDOM_SYNTHETIC, other ones than those of images; the last two per split. */
enum { STREAM_SUCCESSORS = 16, STREAM_FIRST, STREAM_CHOICE };

#define SUCCESSORS 4
#define CASES      8

struct synthetic_text {
    uint64_t seed;
    uint64_t first_stream, choice_stream;
    uint32_t vocabulary;
    size_t tokens;       /* of a sample */
    uint16_t *successor; /* (vocabulary, SUCCESSORS) */
};

bool synthetic_text_parse(const char *text, struct synthetic_text_options *options,
                          char error[DATASET_ERROR_SIZE])
{
    static const struct dataset_option known[] = {
        {"tokens", offsetof(struct synthetic_text_options, tokens), 2, 65536},
        {"vocabulary", offsetof(struct synthetic_text_options, vocabulary), 2, 65536},
        {"train", offsetof(struct synthetic_text_options, train), 1, DATASET_MAX_SAMPLES},
        {"test", offsetof(struct synthetic_text_options, test), 1, DATASET_MAX_SAMPLES},
    };
    *options =
        (struct synthetic_text_options){.tokens = 64, .vocabulary = 64, .train = 2048, .test = 512};
    return dataset_options_read("synthetic-text", known, sizeof known / sizeof *known, text,
                                options, error);
}

void synthetic_text_open(const struct synthetic_text_options *options, enum dataset_split split,
                         uint64_t seed, struct dataset *dataset)
{
    dataset->samples = split == DATASET_TRAIN ? options->train : options->test;
    const uint32_t vocabulary = (uint32_t)options->vocabulary;
    const size_t successors = (size_t)vocabulary * SUCCESSORS;
    struct synthetic_text *set = memory_allocate(MEMORY_WORKSPACE, sizeof *set);
    *set = (struct synthetic_text){
        .seed = seed,
        .first_stream = random_stream(RANDOM_SYNTHETIC, STREAM_FIRST, (uint32_t)split),
        .choice_stream = random_stream(RANDOM_SYNTHETIC, STREAM_CHOICE, (uint32_t)split),
        .vocabulary = vocabulary,
        .tokens = (size_t)options->tokens,
        .successor = memory_allocate(MEMORY_WORKSPACE, successors * sizeof(uint16_t)),
    };
    const uint64_t stream = random_stream(RANDOM_SYNTHETIC, STREAM_SUCCESSORS, 0);
    for (size_t i = 0; i < successors; i++)
        set->successor[i] = (uint16_t)random_below(seed, stream, i, vocabulary);
    dataset->synthetic_text = set;
}

void synthetic_text_free(struct synthetic_text *set)
{
    if (set == NULL)
        return;
    memory_release(MEMORY_WORKSPACE, set->successor,
                   (size_t)set->vocabulary * SUCCESSORS * sizeof(uint16_t));
    memory_release(MEMORY_WORKSPACE, set, sizeof *set);
}

void synthetic_text_sample(const struct synthetic_text *set, size_t number, size_t from,
                           int32_t *tokens)
{
    static const uint8_t chosen[CASES] = {0, 0, 0, 0, 1, 1, 2, 3};
    uint32_t token = random_below(set->seed, set->first_stream, number, set->vocabulary);
    const size_t last = from + set->tokens - 1;
    for (size_t i = 0; i <= last; i++) {
        if (i >= from)
            tokens[i - from] = (int32_t)token;
        const uint64_t step = (uint64_t)number * set->tokens + i;
        const uint32_t draw = random_below(set->seed, set->choice_stream, step, CASES);
        token = set->successor[token * SUCCESSORS + chosen[draw]];
    }
}
