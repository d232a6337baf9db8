/* What the probe of the split cross-entropy is given; see loss_cases.h. */
#include "assignments/tensor/loss_cases.h"
#include "assignments/tensor/trials.h"

#include "common/base/random.h"

enum { ORDINARY, ONE_LARGE, TARGETS_OF_ONE_RANK, ALL_FAR_BELOW_ZERO };

static const char *const whats[LOSS_CASES] = {
    [ORDINARY] = "targets of all ranks",
    [ONE_LARGE] = "the last rank's logits a thousand times as large",
    [TARGETS_OF_ONE_RANK] = "all targets the first rank's",
    [ALL_FAR_BELOW_ZERO] = "all logits less 1000",
};

static int drawn(const struct loss_case *one, uint64_t which, int lowest, int highest)
{
    const uint64_t stream = random_stream(RANDOM_TEST, 40, (uint32_t)one->number);
    return lowest + (int)random_below(one->seed, stream, which, (uint32_t)(highest - lowest + 1));
}

struct loss_case loss_case_of(uint64_t seed, int ranks, int number)
{
    struct loss_case one = {.number = number, .ranks = ranks, .seed = seed, .what = whats[number]};
    one.words = 12 * ranks + drawn(&one, 0, 1, ranks > 1 ? ranks - 1 : 4);
    one.rows = SHAPE(drawn(&one, 1, 2, 3), drawn(&one, 2, 5, 6));
    one.scale = 0.25f * (float)drawn(&one, 3, 2, 9);
    return one;
}

struct part loss_case_words(const struct loss_case *one, int rank)
{
    return trial_part(one->words, one->ranks, rank);
}

struct tensor *loss_case_logits(const struct loss_case *one, int micro_batch)
{
    struct tensor *logits = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                       SHAPE(one->rows.size[0], one->rows.size[1], one->words));
    random_uniform(tensor_floats(logits), logits->elements, one->seed,
                   random_stream(RANDOM_TEST, 41, (uint32_t)(one->number + 100 * micro_batch)), 0,
                   -3, 3);
    const struct part last = loss_case_words(one, one->ranks - 1);
    for (int i = 0; i < logits->count; i++) {
        const int word = i % one->words;
        if (one->number == ONE_LARGE && word >= last.begin)
            tensor_floats(logits)[i] *= 1000;
        if (one->number == ALL_FAR_BELOW_ZERO)
            tensor_floats(logits)[i] -= 1000;
    }
    return logits;
}

/* Of each rank's words the first and the last, then any. */
static int target_of(const struct loss_case *one, int micro_batch, int row)
{
    const uint64_t stream =
        random_stream(RANDOM_TEST, 42, (uint32_t)(one->number + 100 * micro_batch));
    const struct part first = loss_case_words(one, 0);
    if (one->number == TARGETS_OF_ONE_RANK)
        return (int)random_below(one->seed, stream, (uint64_t)row,
                                 (uint32_t)(first.end - first.begin));
    if (row / 2 >= one->ranks)
        return (int)random_below(one->seed, stream, (uint64_t)row, (uint32_t)one->words);
    const struct part part = loss_case_words(one, row / 2);
    return row % 2 == 0 ? part.begin : part.end - 1;
}

struct tensor *loss_case_targets(const struct loss_case *one, int micro_batch)
{
    struct tensor *targets = tensor_new(MEMORY_WORKSPACE, DTYPE_INT32, DEVICE_CPU, one->rows);
    for (int row = 0; row < targets->count; row++)
        tensor_integers(targets)[row] = target_of(one, micro_batch, row);
    return targets;
}
