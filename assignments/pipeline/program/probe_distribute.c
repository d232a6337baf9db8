/*
 * --probe distribute: distribute_layers() for all small sizes and some larger
 * ones, with equal layers and with layers of very different cost. Words around
 * the array show whether it wrote outside of it.
 */
#include "assignments/pipeline/probes.h"
#include "assignments/pipeline/program/parts.h"
#include "common/base/fatal.h"

#include <stdlib.h>

enum { SMALL_LAYERS = 24, SMALL_STAGES = 12, LARGE_SIZES = 6, GUARDS = 16 };
enum { MAX_LAYERS = 96, MAX_STAGES = 40, GUARD = -987654321 };

static json_t *one_call(int layers, const double *flops, int stages)
{
    int space[GUARDS + MAX_STAGES + 1 + GUARDS];
    int *first_layer = space + GUARDS;
    for (int i = 0; i < GUARDS + MAX_STAGES + 1 + GUARDS; i++)
        space[i] = GUARD;
    for (int s = 0; s <= stages; s++)
        first_layer[s] = UNTOUCHED_LAYER;

    distribute_layers(layers, flops, stages, first_layer);

    bool overrun = false;
    for (int i = -GUARDS; i < MAX_STAGES + 1 + GUARDS; i++)
        if ((i < 0 || i > stages) && first_layer[i] != GUARD)
            overrun = true;
    json_t *cost = json_array(), *found = json_array();
    int failed = 0;
    for (int l = 0; l < layers; l++)
        failed |= json_array_append_new(cost, json_real(flops[l]));
    for (int s = 0; s <= stages; s++)
        failed |= json_array_append_new(found, json_integer(first_layer[s]));
    if (failed)
        fatal("no memory left for the table");
    return json_pack("{si si so so sb}", "layers", layers, "stages", stages, "flops", cost,
                     "first_layer", found, "overrun", overrun);
}

/* Once with equal layers, once with costs from free (a ReLU, nearly) to very high. */
static void both_costs(const struct run *run, json_t *table, int layers, int stages,
                       uint64_t *counter)
{
    double flops[MAX_LAYERS] = {0};
    for (int l = 0; l < layers; l++)
        flops[l] = 1000.0;
    int failed = json_array_append_new(table, one_call(layers, flops, stages));
    for (int l = 0; l < layers; l++)
        flops[l] = (double)(1 << driver_probe_draw(run, counter, 0, 10)) *
                   driver_probe_draw(run, counter, 1, 9);
    failed |= json_array_append_new(table, one_call(layers, flops, stages));
    if (failed)
        fatal("no memory left for the table");
}

void probe_distribute(struct run *run)
{
    json_t *table = json_array();
    uint64_t counter = 0;
    for (int layers = 1; layers <= SMALL_LAYERS; layers++)
        for (int stages = 1; stages <= layers && stages <= SMALL_STAGES; stages++)
            both_costs(run, table, layers, stages, &counter);
    for (int i = 0; i < LARGE_SIZES; i++) {
        const int layers = driver_probe_draw(run, &counter, SMALL_LAYERS + 1, MAX_LAYERS);
        const int most = layers < MAX_STAGES ? layers : MAX_STAGES;
        both_costs(run, table, layers, driver_probe_draw(run, &counter, SMALL_STAGES + 1, most),
                   &counter);
    }
    driver_probe_write(run, "probe-distribute.json", table);
}
