/*
 * Units, and who has which shard of them, as the student's `shard` says.
 */
#include "assignments/memory/program/parts.h"
#include "common/base/fatal.h"

#include <limits.h>
#include <stdlib.h>

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL)
        fatal("no memory left for the shards of %d ranks", (int)count);
    return memory;
}

/* What lies outside of a unit would show itself much later, and strangely. */
static void share_out(const struct zero *zero, struct unit *unit)
{
    const size_t numbers = unit->end - unit->begin;
    unit->count = allocate((size_t)zero->ranks, sizeof *unit->count);
    unit->first = allocate((size_t)zero->ranks, sizeof *unit->first);
    for (int rank = 0; rank < zero->ranks; rank++) {
        size_t begin = 0, end = rank == zero->rank ? numbers : 0;
        if (zero->zero_stage > 0) {
            begin = end = SIZE_MAX;
            shard(numbers, zero->ranks, rank, &begin, &end);
        }
        if (begin > end || end > numbers)
            fatal_at("shard", "of %zu numbers for %d ranks, rank %d is given %zu to %zu", numbers,
                     zero->ranks, rank, begin, end);
        unit->count[rank] = (int)(end - begin);
        unit->first[rank] = (int)begin;
    }
    unit->own_begin = unit->begin + (size_t)unit->first[zero->rank];
    unit->own_count = (size_t)unit->count[zero->rank];
}

static void add_unit(struct zero *zero, struct unit unit)
{
    if (unit.begin == unit.end)
        return;
    if (unit.end - unit.begin > INT_MAX)
        fatal("layer %d has %zu parameters, and MPI counts no more than %d", unit.first_layer,
              unit.end - unit.begin, INT_MAX);
    share_out(zero, &unit);
    unit.place = zero->own_count;
    zero->own_count += unit.own_count;
    zero->unit[zero->units++] = unit;
}

void memory_program_make_units(struct zero *zero)
{
    struct stage *stage = zero->stage;
    const int first = stage_first_layer(stage), layers = stage_layers(stage);
    const size_t all = stage_parameter_count(stage);
    zero->unit = allocate((size_t)layers, sizeof *zero->unit);
    if (zero->zero_stage < 2 && all <= INT_MAX) {
        add_unit(zero, (struct unit){.first_layer = first, .layers = layers, .end = all});
        return;
    }
    for (int layer = first; layer < first + layers; layer++) {
        struct unit unit = {.first_layer = layer, .layers = 1};
        stage_layer_range(stage, layer, &unit.begin, &unit.end);
        add_unit(zero, unit);
    }
}

struct unit *memory_program_new_unit(const struct zero *zero, size_t count)
{
    struct unit *unit = allocate(1, sizeof *unit);
    *unit = (struct unit){.layers = 1, .end = count};
    share_out(zero, unit);
    return unit;
}

void memory_program_free_units(struct zero *zero)
{
    for (int u = 0; u < zero->units; u++) {
        free(zero->unit[u].count);
        free(zero->unit[u].first);
    }
    free(zero->unit);
}
