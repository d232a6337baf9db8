/*
 * --recompute: the student's functions run a stage's layers, or the student's attention stands in the model.
 */
#include "assignments/memory/program/parts.h"
#include "common/base/fatal.h"

#include <stdlib.h>
#include <string.h>

/* ---- selective ---------------------------------------------------------------------------------- */

/* The kit's layers, for as long as the program runs. */
static bool replace_attention(const struct layer_place *place, struct layer *own, void *user)
{
    (void)user;
    const char *kind = place->kit->operations->kind;
    if (strcmp(kind, "attention") != 0 && strcmp(kind, "causal_attention") != 0)
        return false;
    struct layer *kit = malloc(sizeof *kit);
    if (kit == NULL)
        fatal("no memory left for a layer");
    *kit = *place->kit;
    *own = selective_attention(kit);
    return true;
}

void memory_program_put_layers(struct run *run)
{
    if (memory_options(run->options).recompute == RECOMPUTE_WAY_ATTENTION)
        layer_replace_with(replace_attention, NULL);
}

/* ---- segments ------------------------------------------------------------------------------------- */

static struct tensor *run_forward(void *own, int micro_batch, struct tensor *x)
{
    return recompute_forward(own, micro_batch, x);
}

static struct tensor *run_backward(void *own, int micro_batch, struct tensor *dy)
{
    return recompute_backward(own, micro_batch, dy);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        fatal("no memory left for %zu segments", count);
    return memory;
}

/* Runs of layers, from the first to the last. */
static void check_segments(const struct recomputation *recomputation)
{
    const struct stage *stage = recomputation->stage;
    const int first = stage_first_layer(stage), layers = stage_layers(stage);
    const int segments = recomputation->segments, *of = recomputation->first_layer;
    if (segments < 1 || segments > layers)
        fatal_at("make_segments", "it returned %d segments for %d layers", segments, layers);
    if (of[0] != first || of[segments] != first + layers)
        fatal_at("make_segments",
                 "its %d segments go from layer %d to layer %d, and the stage has layers %d to %d",
                 segments, of[0], of[segments] - 1, first, first + layers - 1);
    for (int s = 0; s < segments; s++)
        if (of[s + 1] <= of[s])
            fatal_at("make_segments", "segment %d has the layers %d to %d: none", s, of[s],
                     of[s + 1] - 1);
}

struct recomputation *memory_program_recompute(const struct run *run, struct stage *stage)
{
    const struct memory_options own = memory_options(run->options);
    const int layers = stage_layers(stage), micro_batches = run->micro_batches;
    if (own.recompute != RECOMPUTE_WAY_LAYERS && own.recompute != RECOMPUTE_WAY_SEGMENTS)
        return NULL;
    struct recomputation *recomputation = allocate(1, sizeof *recomputation);
    *recomputation =
        (struct recomputation){.stage = stage,
                               .micro_batches = micro_batches,
                               .when = (enum recompute_when)own.when,
                               .first_layer = allocate((size_t)layers + 2, sizeof(int))};
    recomputation->segments =
        make_segments(stage_first_layer(stage), layers, own.recompute == RECOMPUTE_WAY_SEGMENTS,
                      recomputation->first_layer);
    check_segments(recomputation);
    const size_t places = (size_t)micro_batches * (size_t)recomputation->segments;
    recomputation->input = allocate(places, sizeof(struct tensor *));
    recomputation->draw = allocate(places, sizeof(int));
    stage_replace_run(stage, &(struct stage_runner){.forward = run_forward,
                                                    .backward = run_backward,
                                                    .forward_name = "recompute_forward",
                                                    .backward_name = "recompute_backward",
                                                    .own = recomputation});
    return recomputation;
}

void memory_program_recompute_end(struct recomputation *recomputation)
{
    if (recomputation == NULL)
        return;
    free(recomputation->first_layer);
    free(recomputation->input);
    free(recomputation->draw);
    free(recomputation);
}
