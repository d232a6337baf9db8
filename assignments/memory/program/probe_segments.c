/*
 * --probe segments: make_segments() for many numbers of layers. Numbers behind those that it may write show whether
 * something is written there.
 */
#include "assignments/memory/program/parts.h"
#include "assignments/memory/segment_cases.h"
#include "common/base/fatal.h"

#include <stdlib.h>

enum { GUARDS = 8 };

static json_t *one_call(const struct segment_case *one)
{
    const int numbers = one->layers + 1, room = numbers + GUARDS;
    int *first_layer = calloc((size_t)room, sizeof *first_layer);
    json_t *list = json_array();
    bool overrun = false;
    if (first_layer == NULL)
        fatal("no memory left for %d segments", one->layers);
    for (int i = 0; i < room; i++)
        first_layer[i] = SEGMENTS_UNSET;
    const int segments = make_segments(one->first, one->layers, one->by_root, first_layer);
    for (int i = 0; i < numbers; i++)
        if (json_array_append_new(list, json_integer(first_layer[i])) != 0)
            fatal("no memory left for the list");
    for (int i = numbers; i < room; i++)
        overrun = overrun || first_layer[i] != SEGMENTS_UNSET;
    free(first_layer);
    return json_pack("{si so sb}", "segments", segments, "first_layer", list, "overrun", overrun);
}

void memory_program_probe_segments(struct run *run)
{
    json_t *table = json_array();
    for (int i = 0; i < SEGMENT_CASES; i++) {
        const struct segment_case one = memory_segment_case(run->options->seed, i);
        if (json_array_append_new(table, one_call(&one)) != 0)
            fatal("no memory left for the table");
    }
    driver_probe_write(run, PROBE_SEGMENTS, table);
}
