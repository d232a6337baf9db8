/* The calls of --probe choices; see decision_cases.h. */
#include "assignments/memory/decision_cases.h"

#include "common/base/random.h"

#include <stdio.h>

#define GB   1e9
#define TERA 1e12

/* Servers of 8 ranks with the figures of an A100: half of 312 TFLOP/s, 300 GB/s to each side within a server, 25 GB/s for each
 * rank between servers. */
#define A100(ranks_, memory_)                                                                      \
    {                                                                                              \
        .ranks = (ranks_), .ranks_per_server = 8, .memory = (memory_)*GB, .flops = 150 * TERA,     \
        .bandwidth_in_server = 300 * GB, .bandwidth_between = 25 * GB                              \
    }
/* Four ranks on one bus, a slow network between. */
#define SMALL(ranks_, memory_)                                                                     \
    {                                                                                              \
        .ranks = (ranks_), .ranks_per_server = 4, .memory = (memory_)*GB, .flops = 40 * TERA,      \
        .bandwidth_in_server = 12 * GB, .bandwidth_between = 1.25 * GB                             \
    }
/* layers, width, heads, sequence, vocabulary */
#define GPT2                                                                                       \
    {                                                                                              \
        12, 768, 12, 1024, 50257                                                                   \
    }
#define GPT2_XL                                                                                    \
    {                                                                                              \
        48, 1600, 25, 1024, 50257                                                                  \
    }
#define OF_1B                                                                                      \
    {                                                                                              \
        24, 2048, 16, 2048, 51200                                                                  \
    }
#define OF_7B                                                                                      \
    {                                                                                              \
        32, 4096, 32, 2048, 51200                                                                  \
    }
#define OF_35B                                                                                     \
    {                                                                                              \
        48, 7744, 88, 2048, 51200                                                                  \
    }
#define OF_175B                                                                                    \
    {                                                                                              \
        96, 12288, 96, 2048, 51200                                                                 \
    }
#define LONG_TEXT                                                                                  \
    {                                                                                              \
        12, 1024, 16, 16384, 51200                                                                 \
    }

static const struct decision_case fixed[DECISION_FIXED] = {
    /* A published lesson: 70 GB of parameters in 16 bits, four ranks of 80 GB. "Yes, with model parallelism." */
    {"70 GB of parameters, 4 ranks of 80 GB", {OF_35B, A100(4, 80), 32}},
    {"the same on 16 ranks", {OF_35B, A100(16, 80), 64}},
    {"GPT-2 on 8 ranks", {GPT2, A100(8, 80), 64}},
    {"GPT-2 on one rank", {GPT2, A100(1, 80), 16}},
    {"fewer samples than ranks", {GPT2, A100(8, 80), 2}},
    {"7 billion parameters, 8 ranks of 80 GB", {OF_7B, A100(8, 80), 64}},
    {"7 billion parameters, 64 ranks of 40 GB", {OF_7B, A100(64, 40), 512}},
    {"7 billion parameters, 8 ranks of 16 GB", {OF_7B, A100(8, 16), 64}},
    {"7 billion parameters, 8 ranks of 12 GB", {OF_7B, A100(8, 12), 64}},
    {"175 billion parameters, 1,024 ranks of 80 GB", {OF_175B, A100(1024, 80), 1536}},
    {"175 billion parameters, 16 ranks of 80 GB", {OF_175B, A100(16, 80), 64}},
    {"a long text that does not fit", {LONG_TEXT, A100(8, 24), 32}},
    {"a long text on one rank", {LONG_TEXT, A100(1, 32), 8}},
    {"a long text on one rank that is too small for it", {LONG_TEXT, A100(1, 5), 8}},
    {"1.3 billion parameters, 4 ranks of 16 GB", {OF_1B, A100(4, 16), 32}},
    {"seven ranks, which divide neither heads nor layers", {GPT2_XL, A100(7, 24), 28}},
    {"heads that eight ranks do not divide, and too little memory", {GPT2_XL, A100(8, 2), 32}},
    {"7 billion parameters, 64 ranks of 12 GB", {OF_7B, A100(64, 12), 128}},
    {"slow links between servers", {GPT2_XL, SMALL(8, 16), 64}},
    {"slow links, little memory", {GPT2_XL, SMALL(16, 8), 64}},
    {"7 billion parameters over slow links", {OF_7B, SMALL(32, 24), 128}},
};

/* ---- drawn ---------------------------------------------------------------------------------------- */

enum { DRAWS = 8 };

static uint32_t draw(uint64_t seed, int number, int which, size_t below)
{
    return random_below(seed, random_stream(RANDOM_TEST, 27, 0), (uint64_t)(number * DRAWS + which),
                        (uint32_t)below);
}

#define DRAW(which, list) list[draw(seed, number, which, sizeof(list) / sizeof *(list))]

static struct job drawn_job(uint64_t seed, int number)
{
    static const struct transformer models[] = {GPT2,
                                                GPT2_XL,
                                                OF_7B,
                                                OF_35B,
                                                LONG_TEXT,
                                                OF_1B,
                                                {30, 3072, 32, 2048, 51200},
                                                {40, 6144, 48, 4096, 51200}};
    static const int ranks[] = {2, 4, 6, 8, 12, 16, 24, 32, 64, 128};
    static const double memories[] = {8, 12, 16, 24, 40, 80};
    static const int samples[] = {1, 2, 4, 8, 16};
    struct job job = {.model = DRAW(0, models)};
    const int of = DRAW(1, ranks);
    const double memory = DRAW(2, memories);
    const struct cluster fast = A100(of, memory), slow = SMALL(of, memory);
    job.cluster = draw(seed, number, 3, 2) == 0 ? fast : slow;
    job.batch_size = of * DRAW(4, samples);
    return job;
}

struct decision_case decision_case_of(uint64_t seed, int number)
{
    if (number < DECISION_FIXED)
        return fixed[number];
    return (struct decision_case){"a drawn job", drawn_job(seed, number)};
}

const char *job_text(const struct decision_case *one, char text[JOB_TEXT_SIZE])
{
    const struct transformer *model = &one->job.model;
    const struct cluster *cluster = &one->job.cluster;
    snprintf(
        text, JOB_TEXT_SIZE,
        "layers %d, width %d, heads %d, sequence %d, vocabulary %d; %d ranks of %g GB, %d in a "
        "server, %g TFLOP/s, %g GB/s in a server and %g between; batch %d",
        model->layers, model->width, model->heads, model->sequence, model->vocabulary,
        cluster->ranks, cluster->memory / GB, cluster->ranks_per_server, cluster->flops / TERA,
        cluster->bandwidth_in_server / GB, cluster->bandwidth_between / GB, one->job.batch_size);
    return text;
}
