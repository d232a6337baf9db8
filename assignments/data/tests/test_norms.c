/*
 * What the judge of a synchronised batch norm takes for right: what the kit's batch norm, which is tested against
 * PyTorch's, gives one process that has the samples of all ranks; and that none of the known mistakes is the same.
 */
#include "assignments/data/judges/norms/norm_truth.h"
#include "common/layers/layers.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

enum { RANKS = 4 };

/* A micro-batch of all members, one behind the other; with `dy`, each member's by the part of the samples that it has:
 * then it is of the mean over all. */
static struct tensor *together(const struct norm_case *one, int part, bool dy)
{
    int samples = 0;
    size_t at = 0;
    for (int member = 0; member < one->group.ranks; member++)
        samples += norm_samples(one, member, part);
    struct tensor *all = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU,
                                    shape_with_batch(samples, one->sample));
    for (int member = 0; member < one->group.ranks; member++) {
        struct tensor *own = dy ? norm_dy(one, member, part) : norm_x(one, member, part);
        const float weight = (float)norm_samples(one, member, part) / (float)samples;
        for (int i = 0; i < own->count; i++)
            tensor_floats(all)[at++] = tensor_floats(own)[i] * (dy ? weight : 1);
        tensor_free(own);
    }
    return all;
}

/* Elements of all members before this one. */
static int begin_of(const struct norm_case *one, int part)
{
    int samples = 0;
    for (int member = 0; member < one->group.rank; member++)
        samples += norm_samples(one, member, part);
    return samples * one->channels * one->plane;
}

static void compare(const struct norm_case *one, enum norm_thing thing, int part,
                    const float *found, double factor)
{
    int count;
    g_autofree double *due = norm_due(one, thing, part, 0, &count);
    for (int i = 0; i < count; i++)
        ck_assert_msg(fabs(found[i] * factor - due[i]) <= 2e-4 + 2e-5 * fabs(due[i]),
                      "%s, element %d: %g and %g", norm_facts[thing].what, i,
                      (double)found[i] * factor, due[i]);
}

/* In one process, which rank 0's evaluation and repeated forward need, too. */
static void compare_with_one_process(const struct norm_case *one)
{
    struct layer layer = layer_batch_norm(one->sample);
    float parameters[2 * NORM_MOST_CHANNELS], buffers[2 * NORM_MOST_CHANNELS];
    float gradients[2 * NORM_MOST_CHANNELS] = {0};
    norm_parameters(one, parameters);
    norm_buffers(one, buffers);
    struct pass pass = {0};
    const struct layer_memory memory = {
        .parameters = parameters, .gradients = gradients, .buffers = buffers, .pass = &pass};
    for (int part = 0; part < NORM_MICRO_BATCHES; part++) {
        struct saved *saved = saved_new(&layer);
        struct tensor *y = layer_forward(&layer, memory, saved, together(one, part, false));
        struct tensor *dy = together(one, part, true);
        const int samples = dy->shape.size[0], begin = begin_of(one, part);
        struct tensor *dx = layer_backward_input(&layer, memory, saved, dy, true);
        layer_backward_weight(&layer, memory, saved);
        const double own = (double)norm_samples(one, one->group.rank, part) / samples;
        compare(one, NORM_Y, part, tensor_floats(y) + begin, 1);
        /* This rank's dx is of the mean over its own samples. */
        compare(one, NORM_DX, part, tensor_floats(dx) + begin, 1 / own);
        tensor_free(y);
        tensor_free(dx);
        saved_free(saved);
    }
    compare(one, NORM_RUNNING, 0, buffers, 1);
    pass.evaluating = true;
    struct saved *saved = saved_new(&layer);
    struct tensor *y = layer_forward(&layer, memory, saved, together(one, 0, false));
    compare(one, NORM_EVALUATED, 0, tensor_floats(y) + begin_of(one, 0), 1);
    tensor_free(y);
    saved_free(saved);
    layer_destroy(&layer);
}

START_TEST(as_in_one_process)
{
    for (int rank = 0; rank < _i; rank++)
        for (int trial = 0; trial < NORM_TRIALS; trial++) {
            const struct norm_case one = norm_case_of(5, _i, rank, trial);
            compare_with_one_process(&one);
        }
}
END_TEST

/* Σ over the ranks of their gradients, by the parts of the samples that they have, are those of one process: of one
 * micro-batch, as the weights differ between the two. */
START_TEST(gradients_average)
{
    for (int trial = 0; trial < NORM_SHAPES; trial++) {
        const struct norm_case first = norm_case_of(6, RANKS, 0, trial);
        const int last = NORM_MICRO_BATCHES - 1;
        struct layer layer = layer_batch_norm(first.sample);
        float parameters[2 * NORM_MOST_CHANNELS], gradients[2 * NORM_MOST_CHANNELS] = {0};
        norm_parameters(&first, parameters);
        const struct layer_memory memory = {.parameters = parameters, .gradients = gradients};
        struct saved *saved = saved_new(&layer);
        struct tensor *dy = together(&first, last, true);
        const int samples = dy->shape.size[0];
        tensor_free(layer_forward(&layer, memory, saved, together(&first, last, false)));
        tensor_free(layer_backward_input(&layer, memory, saved, dy, true));
        layer_backward_weight(&layer, memory, saved);
        double sum[2 * NORM_MOST_CHANNELS] = {0};
        for (int rank = 0; rank < RANKS; rank++) {
            int count;
            const struct norm_case one = norm_case_of(6, RANKS, rank, trial);
            g_autofree double *all = norm_due(&one, NORM_GRADIENTS, 0, 0, &count);
            g_autofree double *of_last = norm_due(&one, NORM_GRADIENTS, 0, 2, &count);
            ck_assert_str_eq(norm_mistake(NORM_GRADIENTS, 2)->name,
                             "gradients of the last micro-batch only");
            ck_assert(fabs(all[0] - of_last[0]) > 1e-3);
            for (int i = 0; i < count; i++)
                sum[i] += of_last[i] * norm_samples(&one, rank, last) / samples;
        }
        for (int i = 0; i < 2 * first.channels; i++)
            ck_assert_msg(fabs(sum[i] - gradients[i]) < 1e-4, "element %d: %g and %g", i, sum[i],
                          (double)gradients[i]);
        saved_free(saved);
        layer_destroy(&layer);
    }
}
END_TEST

/* Each way of a mistake gives something else than the right one somewhere, and than those with another name. */
START_TEST(mistakes_differ)
{
    for (enum norm_thing thing = 0; thing < NORM_THINGS; thing++)
        for (int way = 1; norm_mistake(thing, way); way++)
            for (int other = 0; other < way; other++) {
                double most = 0;
                const bool alike =
                    other > 0 && norm_mistake(thing, other) == norm_mistake(thing, way);
                for (int rank = 0; rank < RANKS && !alike; rank++) {
                    int count;
                    const struct norm_case one = norm_case_of(9, RANKS, rank, 1);
                    g_autofree double *a = norm_due(&one, thing, 0, way, &count);
                    g_autofree double *b = norm_due(&one, thing, 0, other, &count);
                    for (int i = 0; i < count; i++)
                        most = fmax(most, fabs(a[i] - b[i]) /
                                              (norm_room(&one, 0) * norm_facts[thing].room));
                }
                ck_assert_msg(alike || most > 10, "%s: ways %d and %d", norm_facts[thing].what, way,
                              other);
            }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("synchronised batch norm");
    TCase *tests = tcase_create("synchronised batch norm");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, as_in_one_process, 1, RANKS + 1);
    tcase_add_test(tests, gradients_average);
    tcase_add_test(tests, mistakes_differ);
    suite_add_tcase(suite, tests);
    return suite;
}
