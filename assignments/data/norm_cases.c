/* The trials of --probe batch-norm; see norm_cases.h. */
#include "assignments/data/norm_cases.h"

#include "common/base/random.h"

struct norm_case norm_case_of(uint64_t seed, int ranks, int rank, int trial)
{
    struct norm_case one = {.group = sum_group_of(ranks, rank, trial / NORM_SHAPES),
                            .seed = seed,
                            .trial = trial,
                            .sample = trial % NORM_SHAPES == 0 ? SHAPE(5) : SHAPE(3, 2, 4)};
    one.channels = one.sample.size[0];
    one.plane = shape_count(one.sample) / one.channels;
    return one;
}

int norm_samples(const struct norm_case *one, int member, int micro_batch)
{
    const int ranks = one->group.ranks;
    return micro_batch == 0 ? 2 + member : 1 + 2 * (ranks - 1 - member) + (ranks == 1 ? 2 : 0);
}

enum { DRAW_X, DRAW_DY, DRAW_PARAMETERS, DRAW_BUFFERS };

static uint64_t stream(const struct norm_case *one, int what, int member, int micro_batch)
{
    const int rank = sum_member(&one->group, member);
    return random_stream(RANDOM_TEST, 40 + (uint32_t)(rank * NORM_MICRO_BATCHES + micro_batch),
                         (uint32_t)(one->trial * 4 + what));
}

static struct tensor *drawn(const struct norm_case *one, int what, int member, int micro_batch)
{
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                   shape_with_batch(norm_samples(one, member, micro_batch), one->sample));
    random_normal(tensor_floats(tensor), tensor->elements, one->seed,
                  stream(one, what, member, micro_batch), 0, 0, 1);
    return tensor;
}

struct tensor *norm_x(const struct norm_case *one, int member, int micro_batch)
{
    struct tensor *x = drawn(one, DRAW_X, member, micro_batch);
    for (int i = 0; i < x->count; i++) {
        const int channel = i / one->plane % one->channels;
        const float spread = 1 + 0.5f * (float)member;
        const float shift = 0.75f * (float)(channel % 3 + member);
        tensor_floats(x)[i] = spread * tensor_floats(x)[i] + shift;
    }
    return x;
}

struct tensor *norm_dy(const struct norm_case *one, int member, int micro_batch)
{
    struct tensor *dy = drawn(one, DRAW_DY, member, micro_batch);
    for (int i = 0; i < dy->count; i++)
        tensor_floats(dy)[i] += 0.5f * (float)(1 + member);
    return dy;
}

static void draw_numbers(const struct norm_case *one, int what, float *numbers)
{
    random_uniform(numbers, 2 * (size_t)one->channels, one->seed,
                   random_stream(RANDOM_TEST, 39, (uint32_t)(one->trial * 4 + what)), 0, 0.5f, 2);
}

void norm_parameters(const struct norm_case *one, float *numbers)
{
    draw_numbers(one, DRAW_PARAMETERS, numbers);
}

void norm_buffers(const struct norm_case *one, float *numbers)
{
    draw_numbers(one, DRAW_BUFFERS, numbers);
}
