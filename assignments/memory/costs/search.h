/*
 * Which ways to train a model fit into a rank's memory, and which of them is fastest: by formula, without running
 * anything that a student wrote.
 *
 *     search_kit.c        what a rank has of some layers of this kit, as ../../tensor/costs knows them
 *     search_published.c  … of a transformer, by published formulas
 *     search_links.c      how long sums and messages take between ranks that stand apart
 *     search_memory.c     bytes of a rank
 *     search_seconds.c    time of a step, and what a rank sends in it
 *     search_stages.c     the stages of a way, each worked out once
 *     search.c            all ways, what becomes of each, and the best
 *
 * What is assumed. Ranks are numbered tensor fastest, then data, then pipeline, and stand side by side in the
 * platform's servers. All ranks compute as fast, whatever the size of a product. Pipelines run 1F1B, with chunks
 * interleaved. Nothing but a column layer's sum of dx is hidden behind computing: a stage waits for its messages to its
 * neighbours, and sums of gradients come behind the backward. Between stages each of the ranks that share layers sends
 * a part of what goes on. ZeRO 2 sums gradients up after each micro-batch; ZeRO 3 gathers parameters for each
 * micro-batch's forward and again for its backward.
 *
 * Sizes are bytes, numbers are counts, times seconds.
 */
#ifndef ASSIGNMENTS_MEMORY_COSTS_SEARCH_H
#define ASSIGNMENTS_MEMORY_COSTS_SEARCH_H

#include "assignments/memory/arithmetic.h"
#include "assignments/memory/costs/search_stage.h"

#include <glib.h>

/* What is searched for. */
struct search_job {
    const struct model *model;
    const struct platform *platform;
    int ranks;
    int batch_size; /* samples of a step, on all ranks together */
    double memory;  /* of each rank */
    enum number_format format;
    enum optimizer_state optimizer;
    bool zero_is_given; /* only ways with this stage of ZeRO (a replica alone has none) … */
    int zero;           /* … are tried */
    /* A gpt by the formulas of publications; else as this kit's layers keep and charge. */
    bool published;
};

struct search_way {
    struct way way; /* with ORDER_ONE_FORWARD_ONE_BACKWARD */
    int chunks;     /* of layers that each stage's ranks have, interleaved; 1: not */
};

struct search_cost {
    /* Of the rank that has most of all together: rank 0 of this stage. */
    struct rank_memory memory;
    int stage;
    double seconds, bubble; /* of a step; the idle share of it */
    double
        behind; /* of the seconds: what comes behind the pipeline, sums of gradients and the optimizer */
    double sent;  /* by the rank that sends most: of a sum of n bytes over r ranks 2(r-1)/r · n */
    double given; /* what a rank hands over to messages, sums and gathers, the most */
};

/* ---- search_published.c -------------------------------------------------------------- */

struct search_stage search_published_stage(const struct search_job *job, int ranks, int samples,
                                           int first, int layers);
/* Numbers of parameters of one layer, on one of `ranks`. stages: with several a tied head has a copy of the table. */
double search_published_parameters(const struct search_job *job, int ranks, int layer, int stages);
/* NULL, or why so many ranks can't share layers, to be freed. */
char *search_published_refusal(const struct search_job *job, int ranks);
/* Is the model a gpt? Only that is there by published formulas. */
bool search_published_knows(const struct model *model);
/* Its sizes. */
struct transformer search_published_sizes(const struct model *model);

/* ---- search_stages.c ------------------------------------------------------------------ */

/* What has been worked out, so that each stage is once. */
struct search_stages;
struct search_stages *search_stages_new(const struct search_job *job);
void search_stages_free(struct search_stages *stages);
/* All `pipeline · chunks` of them, the first stage first; they stay the stages'. */
const struct search_stage *search_stages_of(struct search_stages *stages,
                                            const struct search_way *way);
/* Parameters of each layer of the model, for this number of ranks that share layers and stages. */
const double *search_stages_parameters(struct search_stages *stages, const struct search_way *way);
struct search_share search_share_of(const struct search_job *job, int ranks, int samples);
/* Where stage i of so many begins; with i = stages, where the last one ends: as equal in number as can be, the first
 * ones one more. */
int search_first_layer(int layers, int stages, int i);

/* ---- search_memory.c, search_seconds.c ------------------------------------------------- */

/* Of the rank that needs most. */
void search_memory_of(const struct search_job *job, struct search_stages *stages,
                      const struct search_way *way, struct search_cost *cost);
double search_memory_sum(const struct rank_memory *memory);
void search_seconds_of(const struct search_job *job, struct search_stages *stages,
                       const struct search_way *way, struct search_cost *cost);
/* Micro-batches that stage `stage` has between forward and backward at a time, the most, in layers of one of its
 * chunks: divided by the chunks in layers of the stage. */
int search_in_flight(const struct search_way *way, int stage);

/* ---- search.c ----------------------------------------------------------------------------- */

struct search_found {
    struct search_way way;
    struct search_cost cost;
};

/* What became of all ways. A grid is data x tensor x pipeline; a way has chunks, ZeRO, recomputation and micro-batches
 * besides. */
struct search_result {
    GArray *fitting; /* of struct search_found, the fastest first */
    gint64 ways;     /* that were worked out */
    gint64 too_large;
    struct search_found nearest,
        fastest_too_large; /* of these: what needs least, and the fastest */
    struct search_found
        smallest; /* of all ways the one that needs least; ranks in its way are 0 if there is none */
    int grids;
    int without_batch;  /* grids whose replicas can't share the batch */
    int without_layers; /* … with more stages than layers, or with two for a tied table */
    int without_split;  /* … whose tensor degree the model can't be split by … */
    char *split_reason; /* … why, of the smallest such degree; or NULL */
    gint64
        without_samples; /* ways with too few samples in a micro-batch for the statistics of a batch norm */
    int least_samples;
    gint64 beyond_samples; /* … with more in one than the kit's layers can be looked at with */
    int most_samples;
};

/* The caller frees with search_result_free. */
struct search_result *search_all(const struct search_job *job);
void search_result_free(struct search_result *result);
/* Ways that take as long, to a thousandth, come with the simpler one first. Below 0: a is better. */
int search_compare(const struct search_found *a, const struct search_found *b);
const char *search_recompute_name(enum recompute recompute);

#endif
