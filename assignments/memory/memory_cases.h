/*
 * The calls of memory_per_rank by --probe memory: models, and ways to train them. Shared by the program and the judges.
 *
 * Three groups, each for a check of its own:
 *
 *   MEMORY_OF_STATE        layers keep nothing. First ZeRO's published table (Rajbhandari et al. 2020, table 1): one layer of
 *                          7.5, 128 or 1,000 billion parameters, stages 1 to 3, on 1 … 1,024 ranks; then one in which
 *                          the stage with most parameters does not need most; then sizes and ways drawn from the seed
 *   MEMORY_OF_ACTIVATIONS  first published transformers (Korthikanti et al. 2022, table 3), with tensor parallelism, alone and
 *                          with sequence parallelism; then drawn layers, without parameters
 *   MEMORY_OF_RUNS         models of the kit, whose layers were measured, in float32 and in 16 bits (run_numbers.h)
 */
#ifndef ASSIGNMENTS_MEMORY_MEMORY_CASES_H
#define ASSIGNMENTS_MEMORY_MEMORY_CASES_H

#include "assignments/memory/arithmetic.h"

#include <stdint.h>

enum memory_group { MEMORY_OF_STATE, MEMORY_OF_ACTIVATIONS, MEMORY_OF_RUNS, MEMORY_GROUPS };

enum {
    ZERO_MODELS = 3,
    ZERO_STAGES = 3,
    ZERO_RANKS = 6,
    ZERO_TABLE_CASES = ZERO_MODELS * ZERO_STAGES * ZERO_RANKS,
    STATE_BY_HAND = 1,
    STATE_DRAWN = 90,
    PUBLISHED_MODELS = 4,
    PUBLISHED_CASES =
        PUBLISHED_MODELS * 2 * 4, /* twice: with sequence parallelism, too; each recomputation */
    ACTIVATIONS_DRAWN = 120,
    MEMORY_RUN_CASES = 24,
    MEMORY_MOST_LAYERS = 128
};

struct memory_case {
    enum memory_group group;
    int number;    /* in its group */
    char what[96]; /* the model, in words */
    int layers;
    struct layer_numbers layer[MEMORY_MOST_LAYERS];
    struct way way;
    /* Of MEMORY_OF_RUNS: what the kit is asked for. */
    const char *model;
};

int memory_cases(enum memory_group group);
void memory_case_make(uint64_t seed, enum memory_group group, int number, struct memory_case *one);

/* What a way says, in one line: "data 4, tensor 1, …". The first leaves out what is about activations alone. way->recompute must be
 * one that there is. */
#define WAY_TEXT_SIZE 256
const char *way_state_text(const struct way *way, char text[WAY_TEXT_SIZE]);
const char *way_text(const struct way *way, char text[WAY_TEXT_SIZE]);

/* The parameters of the models of ZeRO's table. */
extern const double zero_table_parameters[ZERO_MODELS];
extern const int zero_table_ranks[ZERO_RANKS];
/* Korthikanti et al. 2022, table 3. */
struct published_transformer {
    const char *name;
    struct transformer model;
    int tensor, pipeline, micro_batch, batch;
};
extern const struct published_transformer published_transformers[PUBLISHED_MODELS];

#endif
