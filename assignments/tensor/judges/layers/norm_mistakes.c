/*
 * Known mistakes of a split layer norm; see layers.h. Each is a way to take the means: over all columns, over
 * this rank's, with one divisor or another. What a rank stored is compared with what each way gives.
 */
#include "assignments/tensor/judges/layers/layers.h"

#include <math.h>
#include <string.h>

/* ---- ways to take a mean -------------------------------------------------------------------------------- */

enum over {
    ALL,         /* the sum of all ranks by the number of all columns: right */
    OWN,         /* this rank's sum by the number of its columns */
    OWN_BY_ALL,  /* this rank's sum by the number of all columns */
    ALL_BY_OWN,  /* the sum of all ranks by the number of this rank's columns */
    MEAN_OF_ALL, /* the mean of the ranks' own means */
    NONE         /* 0 */
};

struct way {
    enum over mean, variance;  /* forward */
    enum over of_g, of_gn;     /* backward: the sums of g = γ dy and of g n */
    bool epsilon_on_each_rank; /* … is added before the sum */
};

/* Rows of all columns; rank r has columns begin[r], …, begin[r + 1] - 1. */
struct norm_case {
    int rows, columns, ranks, *begin;
    const float *x, *dy, *weight, *bias;
};

static double mean_over(const struct norm_case *c, enum over over, const double *sum, int rank)
{
    const int own = c->begin[rank + 1] - c->begin[rank];
    double all = 0, means = 0;
    for (int r = 0; r < c->ranks; r++) {
        all += sum[r];
        means += sum[r] / (c->begin[r + 1] - c->begin[r]) / c->ranks;
    }
    switch (over) {
    case ALL:
        return all / c->columns;
    case OWN:
        return sum[rank] / own;
    case OWN_BY_ALL:
        return sum[rank] / c->columns;
    case ALL_BY_OWN:
        return all / own;
    case MEAN_OF_ALL:
        return means;
    case NONE:
        break;
    }
    return 0;
}

/* Of a row, on each rank: its mean, and 1/√(variance + ε). */
static void statistics(const struct norm_case *c, const struct way *way, const float *x,
                       double *mean, double *inverse)
{
    g_autofree double *sum = g_new0(double, c->ranks), *squares = g_new0(double, c->ranks);
    for (int r = 0; r < c->ranks; r++)
        for (int j = c->begin[r]; j < c->begin[r + 1]; j++)
            sum[r] += (double)x[j];
    for (int r = 0; r < c->ranks; r++) {
        mean[r] = mean_over(c, way->mean, sum, r);
        for (int j = c->begin[r]; j < c->begin[r + 1]; j++)
            squares[r] += ((double)x[j] - mean[r]) * ((double)x[j] - mean[r]);
    }
    const double epsilon = way->epsilon_on_each_rank ? 1e-5 * c->ranks : 1e-5;
    for (int r = 0; r < c->ranks; r++)
        inverse[r] = 1 / sqrt(mean_over(c, way->variance, squares, r) + epsilon);
}

/* What rank `rank` has of y, or of dx, in a row. */
static void predict(const struct norm_case *c, const struct way *way, bool dx, int row, int rank,
                    double *found)
{
    const float *x = c->x + (size_t)row * (size_t)c->columns,
                *dy = c->dy + (size_t)row * (size_t)c->columns;
    g_autofree double *mean = g_new(double, c->ranks), *inverse = g_new(double, c->ranks),
                      *of_g = g_new0(double, c->ranks), *of_gn = g_new0(double, c->ranks);
    statistics(c, way, x, mean, inverse);
    for (int r = 0; r < c->ranks; r++)
        for (int j = c->begin[r]; j < c->begin[r + 1]; j++) {
            const double g = (double)dy[j] * (double)c->weight[j];
            of_g[r] += g;
            of_gn[r] += g * ((double)x[j] - mean[r]) * inverse[r];
        }
    const double shift = mean_over(c, way->of_g, of_g, rank),
                 slope = mean_over(c, way->of_gn, of_gn, rank);
    for (int j = c->begin[rank]; j < c->begin[rank + 1]; j++) {
        const double n = ((double)x[j] - mean[rank]) * inverse[rank];
        found[j - c->begin[rank]] =
            dx ? ((double)dy[j] * (double)c->weight[j] - shift - n * slope) * inverse[rank]
               : n * (double)c->weight[j] + (double)c->bias[j];
    }
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

static const struct mistake own_statistics = {
    .name = "statistics of this rank's columns alone",
    .explanation = "Each rank has normalised its columns by the mean and the variance of its own "
                   "columns. A layer norm's are those of the whole row, on whichever ranks it is.",
    .look = "what is summed over the ranks before it is used"};
static const struct mistake own_mean = {
    .name = "the mean of this rank's columns",
    .explanation = "The variance is that of all ranks, and the mean is not.",
    .look = "the sum of x: it goes over the ranks, too"};
static const struct mistake own_variance = {
    .name = "the variance of this rank's columns",
    .explanation = "The mean is that of all ranks, and the variance is not.",
    .look = "the sum of squares: it goes over the ranks, too"};
static const struct mistake own_width = {
    .name = "divided by the number of this rank's columns",
    .explanation = "Sums over the columns of all ranks were divided by how many there are here.",
    .look = "the divisor: place->whole->parameter[0].shape has the columns of all ranks"};
static const struct mistake mean_of_means = {
    .name = "the mean of means",
    .explanation = "Each rank took the mean of its columns, and the ranks the mean of these. Where "
                   "one rank has more columns than another, that is not the mean of all.",
    .look = "sums go over the ranks, and then are divided by the number of all columns"};
static const struct mistake many_epsilons = {
    .name = "epsilon on every rank",
    .explanation = "It was added to the variance as often as there are ranks.",
    .look = "compute_inverse_square_root adds it: once, behind the sum over the ranks"};
static const struct mistake own_sums = {
    .name = "the sums of the backward stay on their rank",
    .explanation =
        "dx depends on the dy of all columns of its row, through mean and variance; here, "
        "of this rank's columns only.",
    .look = "the sums of g and of g n: both go over the ranks"};
static const struct mistake one_sum = {
    .name = "one of the two sums of the backward stays on its rank",
    .explanation = "Of the sums of g and of g n one went over the ranks, and the other did not.",
    .look = "the sums of g and of g n: both go over the ranks"};
static const struct mistake constants = {
    .name = "mean and variance are taken for constants",
    .explanation = "dx is γ dy / √(variance + ε). But each x has moved mean and variance as well.",
    .look = "the formula at the top of split_layer_norm.c"};

static const struct {
    bool dx;
    struct way way;
    const struct mistake *mistake;
} known[] = {
    {false, {.mean = OWN, .variance = OWN}, &own_statistics},
    {false, {.mean = OWN, .variance = ALL}, &own_mean},
    {false, {.mean = ALL, .variance = OWN}, &own_variance},
    {false, {.mean = ALL, .variance = OWN_BY_ALL}, &own_variance},
    {false, {.mean = ALL_BY_OWN, .variance = ALL_BY_OWN}, &own_width},
    {false, {.mean = ALL, .variance = ALL_BY_OWN}, &own_width},
    {false, {.mean = MEAN_OF_ALL, .variance = MEAN_OF_ALL}, &mean_of_means},
    {false, {.mean = MEAN_OF_ALL, .variance = ALL}, &mean_of_means},
    {false, {.mean = ALL, .variance = MEAN_OF_ALL}, &mean_of_means},
    {false, {.epsilon_on_each_rank = true}, &many_epsilons},
    {true, {.of_g = OWN, .of_gn = OWN}, &own_sums},
    {true, {.of_g = OWN_BY_ALL, .of_gn = OWN_BY_ALL}, &own_sums},
    {true, {.of_g = OWN_BY_ALL}, &one_sum},
    {true, {.of_gn = OWN_BY_ALL}, &one_sum},
    {true, {.of_g = ALL_BY_OWN, .of_gn = ALL_BY_OWN}, &own_width},
    {true, {.of_g = MEAN_OF_ALL, .of_gn = MEAN_OF_ALL}, &mean_of_means},
    {true, {.of_g = NONE, .of_gn = NONE}, &constants},
};

/* ---- the search ---------------------------------------------------------------------------------------- */

/* Did this rank store what that way gives? */
static bool fits(const struct norm_case *c, const struct way *way, bool dx,
                 const struct whole_part *part)
{
    const int rank = part->from->rank, own = c->begin[rank + 1] - c->begin[rank];
    g_autofree double *row = g_new(double, own);
    double difference = 0, size = 0;
    if (part->tensor->elements != (size_t)c->rows * (size_t)own)
        return false;
    for (int i = 0; i < c->rows; i++) {
        predict(c, way, dx, i, rank, row);
        for (int j = 0; j < own; j++) {
            const double found = (double)tensor_floats(part->tensor)[i * own + j];
            difference += (found - row[j]) * (found - row[j]);
            size += row[j] * row[j];
        }
    }
    return sqrt(difference) <= 3e-6 * sqrt(size);
}

static bool all_fit(const struct norm_case *c, const struct way *way, bool dx,
                    const struct whole *whole)
{
    for (guint i = 0; i < whole->parts->len; i++)
        if (!fits(c, way, dx, whole_part_at(whole, i)))
            return false;
    return whole->parts->len > 0;
}

const struct mistake *trial_norm_mistake(const struct judged_trial *judged,
                                         const struct layer_tensor *tensor)
{
    const struct trial *trial = judged->trial;
    const struct layer_truth *truth = judged->truth;
    const struct whole *whole = wholes_find(judged->wholes, tensor->name);
    if (!whole || tensor->sort == LAYER_GRADIENT ||
        strcmp(trial->whole.operations->kind, "layer_norm") != 0)
        return NULL;
    const struct parameter *parameter = trial->whole.parameter;
    const int columns = shape_count(parameter[0].shape),
              inner = columns / parameter[0].shape.size[0];
    g_autofree int *begin = g_new(int, trial->ranks + 1);
    for (int rank = 0; rank < trial->ranks; rank++)
        begin[rank] = inner * trial_inputs(trial, rank).begin;
    begin[trial->ranks] = columns;
    const struct norm_case c = {.rows = (int)(truth->x[0]->elements / (size_t)columns),
                                .columns = columns,
                                .ranks = trial->ranks,
                                .begin = begin,
                                .x = tensor_floats(truth->x[tensor->index]),
                                .dy = tensor_floats(truth->dy[tensor->index]),
                                .weight = tensor_floats(truth->parameters) + parameter[0].offset,
                                .bias = tensor_floats(truth->parameters) + parameter[1].offset};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].dx == (tensor->sort == LAYER_DX) &&
            all_fit(&c, &known[i].way, known[i].dx, whole))
            return known[i].mistake;
    return NULL;
}
