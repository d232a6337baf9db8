/* The cases of --probe shards and --probe clip; see shard_cases.h. */
#include "assignments/memory/shard_cases.h"

#include <math.h>

const size_t shard_counts[SHARD_COUNTS] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 64, 1000, 12345};

struct shard_call shard_call_of(int ranks, int number)
{
    static const enum dtype dtypes[] = {DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_FLOAT16};
    const size_t p = (size_t)ranks, counts[] = {1, p > 1 ? p - 1 : 1, p, p + 1, 7, 2 * p + 1, 1000};
    enum { COUNTS = sizeof counts / sizeof counts[0] };
    /* Neighbours differ in all of it. */
    return (struct shard_call){.number = number,
                               .count = counts[number % COUNTS],
                               .dtype = dtypes[number % 3],
                               .in_place = number % 2 == 0,
                               .of_half = number >= 2 * COUNTS};
}

/* In 16 bits there is room for the sum's own 8 bits alone: there it is a power of two, and a sign. */
double shard_factor(enum dtype dtype, size_t i)
{
    const double sign = (i * 2654435761u >> 7) % 2 == 0 ? 1 : -1;
    if (dtype == DTYPE_FLOAT32)
        return sign * (double)(i + 1);
    return sign * ldexp(1, (int)(i * 7 % 11) - 5);
}

const struct clip_case clip_cases[CLIP_CASES] = {
    {1, {3, 0}, 1, 1},      {1, {3, 4}, 1, 1},       {2, {3, 4}, 1, 6},    {2, {3, 4}, 1, 1e9},
    {3, {0.3, 0.4}, 1, 10}, {3, {3, 4}, 0.125, 0.5}, {1, {3, 4}, 0.25, 1}, {2, {0, 0}, 1, 1},
    {0, {3, 4}, 1, 2},      {0, {3, 4}, 0.5, 1e3},   {0, {0, 0}, 1, 2},    {3, {30, 40}, 1, 10}};

int clip_count(const struct clip_case *one, int ranks, int rank, int unit)
{
    if (one->zero_stage == 0)
        return 5 + unit;
    return unit == 1 && rank == ranks - 1 && ranks > 1 ? 0 : 3 + unit + rank % 2;
}

/* In ZeRO 0 all ranks have the same. */
float clip_number(const struct clip_case *one, int ranks, int rank, int unit)
{
    const int times = one->zero_stage == 0 ? 1 : rank + 1;
    const int count = clip_count(one, ranks, rank, unit);
    return count == 0 ? 0 : (float)(times * one->norm[unit] / sqrt(count));
}
