/*
 * What --probe shards left behind.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_ZERO_SHARDS_CALLS_H
#define ASSIGNMENTS_MEMORY_JUDGES_ZERO_SHARDS_CALLS_H

#include "assignments/memory/shard_cases.h"
#include "grader/evidence/evidence.h"

struct shards_range {
    int begin, end;
};

/* Of each number of ranks, each count and each rank: ((ranks - 1) · SHARD_COUNTS + count) · SHARD_MOST_RANKS + rank. For
 * g_free; NULL after setting the verdict. What is no place for a number is -1. */
struct shards_range *memory_zero_read_asked(const struct outcome *run, struct verdict *verdict);

/* One rank's part of a call. */
struct shards_part {
    struct shards_range range;
    int changed;
    float *reduced, *gathered; /* as many as its shard has, and as the unit has */
};

/* A call of all members of one group, by their places in it. */
struct shards_call {
    struct shard_call is;
    int members;
    struct shards_part of[SHARD_MOST_RANKS];
};

/* Of struct shards_call, to be freed by g_ptr_array_unref; NULL after setting the verdict. */
GPtrArray *memory_zero_read_calls(const struct outcome *run, struct verdict *verdict);

#endif
