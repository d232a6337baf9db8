/*
 * The calls of --probe segments: make_segments for many numbers of layers. Shared by the program and the judge.
 *
 * What the probe writes, rank 0: probe-segments.json, an array: for each case
 *     {"segments": what make_segments returned,
 *      "first_layer": [layers + 1 numbers, SEGMENTS_UNSET where nothing was written],
 *      "overrun": bool: it wrote behind these}
 */
#ifndef ASSIGNMENTS_MEMORY_SEGMENT_CASES_H
#define ASSIGNMENTS_MEMORY_SEGMENT_CASES_H

#include <stdbool.h>
#include <stdint.h>

#define PROBE_SEGMENTS "probe-segments.json"

enum { SEGMENT_CASES = 96, SEGMENTS_UNSET = -1000000000 };

struct segment_case {
    int first, layers;
    bool by_root;
};

/* 1 to 48 layers, each by the root and not; where they begin, the seed decides. */
struct segment_case memory_segment_case(uint64_t seed, int number);

#endif
