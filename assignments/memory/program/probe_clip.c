/*
 * --probe clip: the student's clip_factor alone, with gradients whose norms are known (shard_cases.h).
 */
#include "assignments/memory/program/parts.h"
#include "assignments/memory/shard_cases.h"
#include "common/base/fatal.h"

#include <stdio.h>

static json_t *one_case(const struct run *run, const struct clip_case *one)
{
    struct unit unit[CLIP_UNITS] = {{0}};
    struct zero zero = {.comm = run->comm,
                        .rank = run->rank,
                        .ranks = run->ranks,
                        .zero_stage = one->zero_stage,
                        .device = DEVICE_CPU,
                        .units = CLIP_UNITS,
                        .unit = unit,
                        .most_norm = one->most,
                        .loss_scale = 1 / one->factor};
    for (int u = 0; u < CLIP_UNITS; u++) {
        unit[u].own_count = (size_t)clip_count(one, run->ranks, run->rank, u);
        unit[u].place = zero.own_count;
        zero.own_count += unit[u].own_count;
    }
    zero.own_gradients =
        tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(zero.own_count));
    for (int u = 0; u < CLIP_UNITS; u++)
        for (size_t i = 0; i < unit[u].own_count; i++)
            tensor_floats(zero.own_gradients)[unit[u].place + i] =
                clip_number(one, run->ranks, run->rank, u);
    char text[64];
    snprintf(text, sizeof text, "%.17g", clip_factor(&zero, one->factor));
    tensor_free(zero.own_gradients);
    return json_string(text);
}

void memory_program_probe_clip(struct run *run)
{
    char name[64];
    json_t *table = json_array();
    if (run->ranks > CLIP_MOST_RANKS)
        fatal("--probe clip is for up to %d ranks", CLIP_MOST_RANKS);
    for (int i = 0; i < CLIP_CASES; i++)
        if (json_array_append_new(table, one_case(run, &clip_cases[i])) != 0)
            fatal("no memory left for the table");
    snprintf(name, sizeof name, "probe-clip-%d.json", run->rank);
    driver_probe_write(run, name, table);
}
