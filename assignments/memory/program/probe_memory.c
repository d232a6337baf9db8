/*
 * --probe memory-state, memory-activations and memory-runs: memory_per_rank() for the cases of a group. They are apart, so that
 * one that ends the program does not take the others with it.
 */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/memory_cases.h"
#include "assignments/memory/program/parts.h"
#include "common/base/fatal.h"

#include <stdio.h>

static json_t *describe(const struct rank_memory *memory)
{
    const struct {
        const char *name;
        double bytes;
    } kinds[] = {{"parameters", memory->parameters},
                 {"gradients", memory->gradients},
                 {"optimizer", memory->optimizer},
                 {"masters", memory->masters},
                 {"layer_parameters", memory->layer_parameters},
                 {"layer_gradients", memory->layer_gradients},
                 {"activations", memory->activations}};
    json_t *table = json_object();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_set_new(table, kinds[i].name, json_sprintf("%.17g", kinds[i].bytes)) != 0)
            fatal("no memory left for the table");
    return table;
}

static void probe(struct run *run, enum memory_group group)
{
    static struct memory_case one;
    json_t *table = json_array();
    for (int i = 0; i < memory_cases(group); i++) {
        memory_case_make(run->options->seed, group, i, &one);
        const struct rank_memory memory =
            memory_per_rank(&(struct model_numbers){one.layers, one.layer}, &one.way);
        if (json_array_append_new(table, describe(&memory)) != 0)
            fatal("no memory left for the table");
    }
    char name[64];
    snprintf(name, sizeof name, PROBE_MEMORY, (int)group);
    driver_probe_write(run, name, table);
}

void memory_program_probe_state(struct run *run)
{
    probe(run, MEMORY_OF_STATE);
}

void memory_program_probe_activations(struct run *run)
{
    probe(run, MEMORY_OF_ACTIVATIONS);
}

void memory_program_probe_runs(struct run *run)
{
    probe(run, MEMORY_OF_RUNS);
}
