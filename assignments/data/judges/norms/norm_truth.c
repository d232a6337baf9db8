/* What a synchronised batch norm gives; see norm_truth.h. */
#include "assignments/data/judges/norms/norm_truth.h"

#include <math.h>

static const double epsilon = 1e-5, momentum = 0.1;

const struct norm_fact norm_facts[NORM_THINGS] = {
    [NORM_Y] = {"y", "y", NORM_MICRO_BATCHES, 5e-5},
    [NORM_RUNNING] = {"buffers", "running averages", 1, 2e-5},
    [NORM_AGAIN_Y] = {"again.y", "y of a repeated forward", 1, 5e-5},
    [NORM_EVALUATED] = {"evaluated", "y of an evaluation", 1, 5e-5},
    [NORM_DX] = {"dx", "dx", NORM_MICRO_BATCHES, 5e-5},
    [NORM_GRADIENTS] = {"gradients", "gradients of weight and bias", 1, 5e-4},
};

/* ---- statistics ------------------------------------------------------------------------------------------ */

struct statistics {
    double numbers; /* of a channel */
    double mean[NORM_MOST_CHANNELS], variance[NORM_MOST_CHANNELS];
};

static int channel_of(const struct norm_case *one, int i)
{
    return i / one->plane % one->channels;
}

/* Of the samples of one member. */
static struct statistics of_member(const struct norm_case *one, int member, int part)
{
    struct tensor *x = norm_x(one, member, part);
    struct statistics own = {.numbers = x->count / one->channels};
    for (int i = 0; i < x->count; i++)
        own.mean[channel_of(one, i)] += tensor_floats(x)[i] / own.numbers;
    for (int i = 0; i < x->count; i++) {
        const int channel = channel_of(one, i);
        own.variance[channel] += pow(tensor_floats(x)[i] - own.mean[channel], 2) / own.numbers;
    }
    tensor_free(x);
    return own;
}

/* Put together from those of all members, who count by their numbers, or (OF_MEANS, OF_BOTH) alike. */
static struct statistics statistics_of(const struct norm_case *one, int part, int way)
{
    const bool alike = way == OF_MEANS || way == OF_BOTH;
    const bool local = way == OF_LOCAL_VARIANCES || way == OF_BOTH;
    struct statistics all = {0}, own[SUM_MOST_RANKS];
    if (way == OF_OWN)
        return of_member(one, one->group.rank, part);
    double weights = 0;
    for (int member = 0; member < one->group.ranks; member++) {
        own[member] = of_member(one, member, part);
        all.numbers += own[member].numbers;
        weights += alike ? 1 : own[member].numbers;
    }
    for (int c = 0; c < one->channels; c++) {
        for (int member = 0; member < one->group.ranks; member++)
            all.mean[c] += own[member].mean[c] * (alike ? 1 : own[member].numbers) / weights;
        for (int member = 0; member < one->group.ranks; member++)
            all.variance[c] += (own[member].variance[c] +
                                (local ? 0 : pow(own[member].mean[c] - all.mean[c], 2))) *
                               (alike ? 1 : own[member].numbers) / weights;
    }
    return all;
}

/* Who takes the variance as the mean of the squares less the square of the mean loses so much. */
double norm_room(const struct norm_case *one, int part)
{
    const struct statistics all = statistics_of(one, part, OF_ALL);
    double most = 0;
    for (int c = 0; c < one->channels; c++)
        most = fmax(most, all.mean[c] * all.mean[c] / (all.variance[c] + epsilon));
    return 1 + 0.05 * most;
}

/* ---- what comes of them ----------------------------------------------------------------------------------- */

static double *due_y(const struct norm_case *one, const struct statistics *by, int part, int *count)
{
    float parameters[2 * NORM_MOST_CHANNELS];
    norm_parameters(one, parameters);
    struct tensor *x = norm_x(one, one->group.rank, part);
    double *y = g_new(double, x->count);
    for (int i = 0; i < x->count; i++) {
        const int c = channel_of(one, i);
        y[i] =
            parameters[c] * (tensor_floats(x)[i] - by->mean[c]) / sqrt(by->variance[c] + epsilon) +
            parameters[one->channels + c];
    }
    *count = x->count;
    tensor_free(x);
    return y;
}

/* Behind both micro-batches. */
static double *due_running(const struct norm_case *one, int way, int *count)
{
    float begin[2 * NORM_MOST_CHANNELS];
    norm_buffers(one, begin);
    *count = 2 * one->channels;
    double *running = g_new(double, *count);
    for (int i = 0; i < *count; i++)
        running[i] = begin[i];
    for (int part = 0; part < NORM_MICRO_BATCHES && way != STAYS; part++) {
        const struct statistics all =
            statistics_of(one, part, way == FOLLOWS_OWN ? OF_OWN : OF_ALL);
        const double own = norm_samples(one, one->group.rank, part) * one->plane;
        const double n = way == DIVIDES_BY_OWN ? own : all.numbers;
        const double factor = way == DIVIDES_BY_N ? 1 : n / (n - 1);
        for (int c = 0; c < one->channels; c++) {
            double *mean = &running[c], *variance = &running[one->channels + c];
            *mean += momentum * (all.mean[c] - *mean);
            *variance += momentum * (factor * all.variance[c] - *variance);
        }
    }
    return running;
}

static double *due_evaluated(const struct norm_case *one, int *count)
{
    int numbers;
    g_autofree double *running = due_running(one, FOLLOWS, &numbers);
    struct statistics by = {0};
    for (int c = 0; c < one->channels; c++) {
        by.mean[c] = running[c];
        by.variance[c] = running[one->channels + c];
    }
    return due_y(one, &by, 0, count);
}

/* ---- backward ---------------------------------------------------------------------------------------------- */

/* n of each number, and for each channel the sums over one member of dy and of dy n. */
struct sums {
    double dy[NORM_MOST_CHANNELS], both[NORM_MOST_CHANNELS];
};

static double normal(const struct norm_case *one, const struct statistics *by,
                     const struct tensor *x, int i)
{
    const int c = channel_of(one, i);
    return (tensor_floats(x)[i] - by->mean[c]) / sqrt(by->variance[c] + epsilon);
}

static struct sums sums_of(const struct norm_case *one, const struct statistics *by, int member,
                           int part)
{
    struct sums sums = {0};
    struct tensor *x = norm_x(one, member, part), *dy = norm_dy(one, member, part);
    for (int i = 0; i < x->count; i++) {
        const double value = tensor_floats(dy)[i];
        sums.dy[channel_of(one, i)] += value;
        sums.both[channel_of(one, i)] += value * normal(one, by, x, i);
    }
    tensor_free(x);
    tensor_free(dy);
    return sums;
}

/* The means of dy and of dy n that dx takes. */
static struct sums means_of(const struct norm_case *one, const struct statistics *by, int part,
                            int way)
{
    struct sums means = {0};
    const double own = norm_samples(one, one->group.rank, part);
    for (int member = 0; member < one->group.ranks && way != BACK_CONSTANT; member++) {
        if (way == BACK_OWN && member != one->group.rank)
            continue;
        const struct sums sums = sums_of(one, by, member, part);
        const double weight = way == BACK_ALL ? norm_samples(one, member, part) / own : 1;
        const double numbers = way == BACK_OWN ? own * one->plane : by->numbers;
        for (int c = 0; c < one->channels; c++) {
            means.dy[c] += weight * sums.dy[c] / numbers;
            means.both[c] += weight * sums.both[c] / numbers;
        }
    }
    return means;
}

static double *due_dx(const struct norm_case *one, int part, int way, int *count)
{
    float parameters[2 * NORM_MOST_CHANNELS];
    norm_parameters(one, parameters);
    const struct statistics by = statistics_of(one, part, OF_ALL);
    const struct sums means = means_of(one, &by, part, way);
    struct tensor *x = norm_x(one, one->group.rank, part),
                  *dy = norm_dy(one, one->group.rank, part);
    double *dx = g_new(double, x->count);
    for (int i = 0; i < x->count; i++) {
        const int c = channel_of(one, i);
        dx[i] = parameters[c] / sqrt(by.variance[c] + epsilon) *
                (tensor_floats(dy)[i] - means.dy[c] - normal(one, &by, x, i) * means.both[c]);
    }
    *count = x->count;
    tensor_free(x);
    tensor_free(dy);
    return dx;
}

static double *due_gradients(const struct norm_case *one, int way, int *count)
{
    *count = 2 * one->channels;
    double *gradients = g_new0(double, *count);
    for (int part = way == LAST_ONLY ? NORM_MICRO_BATCHES - 1 : 0; part < NORM_MICRO_BATCHES;
         part++) {
        const struct statistics by = statistics_of(one, part, OF_ALL);
        for (int member = 0; member < one->group.ranks; member++) {
            if (member != one->group.rank && way != ADDS_ALL)
                continue;
            const struct sums sums = sums_of(one, &by, member, part);
            for (int c = 0; c < one->channels; c++) {
                gradients[c] += sums.both[c];
                gradients[one->channels + c] += sums.dy[c];
            }
        }
    }
    return gradients;
}

double *norm_due(const struct norm_case *one, enum norm_thing thing, int part, int way, int *count)
{
    switch (thing) {
    case NORM_RUNNING:
        return due_running(one, way, count);
    case NORM_EVALUATED:
        if (way == 0)
            return due_evaluated(one, count);
        break;
    case NORM_DX:
        return due_dx(one, part, way, count);
    case NORM_GRADIENTS:
        return due_gradients(one, way, count);
    case NORM_Y:
    case NORM_AGAIN_Y:
    case NORM_THINGS:
        break;
    }
    const struct statistics by = statistics_of(one, part, way);
    return due_y(one, &by, part, count);
}
