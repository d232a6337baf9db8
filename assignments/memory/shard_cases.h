/*
 * The cases of --probe shards and --probe clip: with which numbers the student's functions are called. Shared by the program
 * and the judges.
 *
 * probe-shards.json, by rank 0: an array: of 1, 2, … SHARD_MOST_RANKS ranks, of each of shard_counts,
 *     {"count", "ranks": numbers, "begin": [of each rank], "end": [likewise]}
 *
 * probe-shards-R.json, by each rank R: an array: for each call of shard_call
 *     {"call": number, "begin": number, "end": number: where in the unit its shard is,
 *      "changed": numbers that lie beside what the function was given and are not what they were}
 * probe-shards-R.safetensors: of each call, widened, "reduced-NUMBER" (end - begin numbers, if there are any) and
 *     "gathered-NUMBER" (the whole unit)
 *
 * Numbers are whole, times a power of two, so that sums are exact in any dtype: member m of a group hands in 2^m times the
 * element's own factor. So the bits of a sum say who is in it, and the factor where it comes from.
 *
 * probe-clip-R.json, by each rank: an array: for each case of clip_cases the factor that came back, as text.
 */
#ifndef ASSIGNMENTS_MEMORY_SHARD_CASES_H
#define ASSIGNMENTS_MEMORY_SHARD_CASES_H

#include "common/base/tensor.h"

#include <stdbool.h>
#include <stddef.h>

enum { SHARD_MOST_RANKS = 9, SHARD_COUNTS = 12 };
extern const size_t shard_counts[SHARD_COUNTS];

enum { SHARD_CALLS = 21 };
struct shard_call {
    int number;
    size_t count; /* of the unit's numbers */
    enum dtype dtype;
    bool in_place; /* the shard lies in the whole */
    bool of_half;  /* every other rank of the run calls, counted backwards; else all do */
};
/* Call number 0 … SHARD_CALLS - 1 in a run of so many ranks. */
struct shard_call shard_call_of(int ranks, int number);
/* Element i's own factor. */
double shard_factor(enum dtype dtype, size_t i);

/* Gradients of three units, of 3, 1 and 7 numbers in the first shard, each number of a shard being the norm of that shard
 * of the unit by the root of how many they are. */
enum { CLIP_UNITS = 2, CLIP_CASES = 12, CLIP_MOST_RANKS = 8 };
struct clip_case {
    int zero_stage;
    double norm[CLIP_UNITS]; /* of rank r's shard of each unit: (r + 1) times this */
    double factor, most;
};
extern const struct clip_case clip_cases[CLIP_CASES];
/* Numbers of a rank's shard of a unit: the last rank has none of the second. */
int clip_count(const struct clip_case *one, int ranks, int rank, int unit);
/* What each of them is. */
float clip_number(const struct clip_case *one, int ranks, int rank, int unit);

#endif
