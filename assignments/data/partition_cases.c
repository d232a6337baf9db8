/* The calls of --probe partition; see partition_cases.h. */
#include "assignments/data/partition_cases.h"

#include "common/base/random.h"

static const struct {
    int samples, batch_size, ranks;
} sizes[] = {
    {24, 4, 2},   /* all divides */
    {30, 6, 1},   /* one rank */
    {24, 7, 3},   /* the ranks do not divide the batch */
    {38, 8, 4},   /* a smaller batch at the end, which they do not divide … */
    {34, 8, 3},   /* … and in which a rank has no sample */
    {33, 8, 4},   /* … one rank only has one */
    {67, 10, 5},  /* more ranks */
    {5, 8, 2},    /* no whole batch */
    {3, 8, 4},    /* and fewer samples than ranks */
    {96, 32, 6},  /* large shares */
    {128, 12, 12} /* small ones */
};
enum { FIXED = sizeof sizes / sizeof *sizes, DRAWS = 4 };

static int draw(uint64_t seed, int number, int which, int lowest, int highest)
{
    return lowest + (int)random_below(seed, random_stream(RANDOM_TEST, 2, 0),
                                      (uint64_t)(number * DRAWS + which),
                                      (uint32_t)(highest - lowest + 1));
}

struct partition_case data_partition_case(uint64_t seed, int number)
{
    const int of = number / 2;
    struct partition_case one = {.keeps_last = number % 2 == 1,
                                 .number = {0, 1, 2, 0},
                                 .seed = {seed, seed, seed, seed + 1000003}};
    if (of < FIXED) {
        one.samples = sizes[of].samples;
        one.batch_size = sizes[of].batch_size;
        one.ranks = sizes[of].ranks;
    } else {
        one.ranks = draw(seed, of, 0, 1, 9);
        one.batch_size = draw(seed, of, 1, one.ranks, 40);
        one.samples = draw(seed, of, 2, 1, 150);
    }
    return one;
}

int data_epoch_steps(int samples, int batch_size, bool keeps_last)
{
    return (samples + (keeps_last ? batch_size - 1 : 0)) / batch_size;
}

int data_step_samples(int samples, int batch_size, int step)
{
    const int left = samples - step * batch_size;
    return left < batch_size ? left : batch_size;
}
