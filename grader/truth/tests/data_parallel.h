/*
 * For the tests of known combinations: a data parallel step of some ranks as plain loops, right and wrong.
 */
#ifndef GRADER_TRUTH_TESTS_DATA_PARALLEL_H
#define GRADER_TRUTH_TESTS_DATA_PARALLEL_H

#include "common/base/random.h"

#include <string.h>

#define MOST_RANKS    6
#define MICRO_BATCHES 3
#define COUNT         48

/* ---- what the ranks have ------------------------------------------------------------------------- */

static int ranks, group;
static float gradient[MICRO_BATCHES][MOST_RANKS][COUNT], before[COUNT], parameter[COUNT],
    other[COUNT];
static float copy[MOST_RANKS][COUNT]; /* the gradient in each rank's memory, at the end */
static uint32_t draws;

static inline void draw(float *number, size_t count)
{
    random_normal(number, count, 5, random_stream(RANDOM_TEST, draws++, 0), 0, 0, 1);
}

static inline void begin(int of_ranks, int of_group)
{
    ranks = of_ranks;
    group = of_group;
    draw(&gradient[0][0][0], sizeof(gradient) / sizeof(float));
    draw(before, COUNT);
    draw(parameter, COUNT);
    draw(other, COUNT);
    memset(copy, 0, sizeof(copy));
}

/* ---- programs ------------------------------------------------------------------------------------ */

static inline void add(int a)
{
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < COUNT; i++)
            copy[r][i] += gradient[a][r][i];
}

static inline void add_all(void)
{
    for (int a = 0; a < MICRO_BATCHES; a++)
        add(a);
}

static inline void divide(float by)
{
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < COUNT; i++)
            copy[r][i] /= by;
}

/* A sum over the ranks that `with` says, seen from each rank; from the last to the first. */
static inline void sum(bool (*with)(int rank, int of))
{
    float sums[MOST_RANKS][COUNT] = {{0}};
    for (int r = 0; r < ranks; r++)
        for (int of = ranks - 1; of >= 0; of--)
            for (int i = 0; with(r, of) && i < COUNT; i++)
                sums[r][i] += copy[of][i];
    memcpy(copy, sums, sizeof(copy));
}

static inline bool all(int rank, int of)
{
    (void)rank;
    return of >= 0;
}

static inline bool but_the_second(int rank, int of)
{
    (void)rank;
    return of != 1;
}

static inline bool but_the_own(int rank, int of)
{
    return rank != of;
}

static inline bool only_the_first(int rank, int of)
{
    (void)rank;
    return of == 0;
}

static inline bool in_group(int rank, int of)
{
    return rank / group == of / group;
}

static inline bool across_groups(int rank, int of)
{
    return rank % group == of % group;
}

static inline void right(void)
{
    add_all();
    sum(all);
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void right_divided_first(void)
{
    for (int a = 0; a < MICRO_BATCHES; a++)
        for (int r = 0; r < ranks; r++)
            for (int i = 0; i < COUNT; i++)
                copy[r][i] += gradient[a][r][i] / MICRO_BATCHES;
    divide((float)ranks);
    sum(all);
}

static inline void right_averaged_every_time(void)
{
    for (int a = 0; a < MICRO_BATCHES; a++) {
        add(a);
        sum(all);
        divide((float)ranks);
    }
    divide(MICRO_BATCHES);
}

static inline void summed(void)
{
    add_all();
    divide(MICRO_BATCHES);
    sum(all);
}

static inline void averaged_twice(void)
{
    right();
    divide((float)ranks);
}

static inline void micro_batches_summed(void)
{
    add_all();
    sum(all);
    divide((float)ranks);
}

static inline void divided_twice(void)
{
    right_divided_first();
    divide(MICRO_BATCHES);
}

static inline void never_reduced(void)
{
    add_all();
    divide(MICRO_BATCHES);
}

static inline void never_reduced_and_divided(void)
{
    never_reduced();
    divide((float)ranks);
}

static inline void reduced_first(void)
{
    add(0);
    sum(all);
    divide((float)ranks);
    add(1);
    add(2);
    divide(MICRO_BATCHES);
}

static inline void last_behind(void)
{
    add(0);
    add(1);
    sum(all);
    divide((float)ranks);
    add(2);
    divide(MICRO_BATCHES);
}

static inline void only_last(void)
{
    add(2);
    sum(all);
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void summed_again(void)
{
    for (int a = 0; a < MICRO_BATCHES; a++) {
        add(a);
        sum(all);
    }
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void one_missing(void)
{
    add_all();
    sum(but_the_second);
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void own_missing(void)
{
    add_all();
    sum(but_the_own);
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void broadcast(void)
{
    add_all();
    sum(only_the_first);
    divide(MICRO_BATCHES);
}

static inline void counted_twice(void)
{
    float second[COUNT];
    add_all();
    memcpy(second, copy[1], sizeof(second));
    sum(all);
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < COUNT; i++)
            copy[r][i] += second[i];
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void within_groups(void)
{
    add_all();
    sum(in_group);
    divide((float)(group * MICRO_BATCHES));
}

static inline void within_groups_by_all(void)
{
    add_all();
    sum(in_group);
    divide((float)(ranks * MICRO_BATCHES));
}

static inline void early_within_groups(void)
{
    float early[MOST_RANKS][COUNT];
    add(0);
    add(1);
    sum(in_group);
    divide((float)group);
    memcpy(early, copy, sizeof(copy));
    memset(copy, 0, sizeof(copy));
    add(2);
    sum(all);
    divide((float)ranks);
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < COUNT; i++)
            copy[r][i] += early[r][i];
    divide(MICRO_BATCHES);
}

static inline void across_groups_only(void)
{
    add_all();
    sum(across_groups);
    divide((float)(ranks / group * MICRO_BATCHES));
}

static inline void add_to_copies(const float *number, float times)
{
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < COUNT; i++)
            copy[r][i] += times * number[i];
}

static inline void not_zeroed(void)
{
    right();
    add_to_copies(before, 1);
}

static inline void with_parameters(void)
{
    right();
    add_to_copies(parameter, 1);
}

static inline void another_tensor(void)
{
    add_to_copies(other, 1);
}

#endif
