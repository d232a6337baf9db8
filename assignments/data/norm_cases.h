/*
 * The trials of --probe batch-norm: the student's synchronised batch norm alone, with numbers drawn from the seed. Shared
 * by the program and the judge.
 *
 * As in the probe of sums there are two rounds, all ranks together and then the even and the odd ones; in each, the norm is
 * tried with columns and with channels of images. A trial has three phases. Two micro-batches are trained with, forward,
 * forward, backward, backward; every rank has another number of samples, one of them a single one, and other means. Then
 * the forward of the first one is repeated (pass->again). Then rank 0 of the group evaluates alone (pass->evaluating).
 *
 * What the probe writes, each rank R: probe-batch-norm-R.safetensors, with, of each trial T, "T.y.0", "T.y.1", "T.dx.0",
 * "T.dx.1", as the layer returned them, "T.gradients" (weight, bias; both micro-batches), "T.buffers" (running_mean,
 * running_var; behind the training), "T.again.buffers", "T.again.y" and, on rank 0 of a group, "T.evaluated".
 *
 * In the log each phase is a training step, number 3 · T + phase.
 */
#ifndef ASSIGNMENTS_DATA_NORM_CASES_H
#define ASSIGNMENTS_DATA_NORM_CASES_H

#include "assignments/data/sum_cases.h"
#include "common/base/tensor.h"

enum { NORM_SHAPES = 2, NORM_TRIALS = 2 * NORM_SHAPES, NORM_MICRO_BATCHES = 2 };
enum { NORM_TRAINS, NORM_AGAIN, NORM_EVALUATES, NORM_PHASES };
enum { NORM_MOST_CHANNELS = 8 };

struct norm_case {
    struct sum_group group;
    uint64_t seed;
    int trial;
    struct shape sample; /* (columns) or (channels, height, width) */
    int channels, plane;
};

struct norm_case norm_case_of(uint64_t seed, int ranks, int rank, int trial);
/* How many samples a member has in a micro-batch. */
int norm_samples(const struct norm_case *one, int member, int micro_batch);
/* What a member is given: (samples, …). New tensors. */
struct tensor *norm_x(const struct norm_case *one, int member, int micro_batch);
struct tensor *norm_dy(const struct norm_case *one, int member, int micro_batch);
/* Weight and bias, running mean and variance as they begin: channels numbers each, one behind the other. */
void norm_parameters(const struct norm_case *one, float *numbers);
void norm_buffers(const struct norm_case *one, float *numbers);

#endif
