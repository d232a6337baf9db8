/* See figures.h. */
#include "class/cost/figures.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 25
#define SEED   2023

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double cost_quantile(const double *numbers, int count, double share)
{
    if (count == 0)
        return 0;
    g_autofree double *sorted = g_new(double, count);
    memcpy(sorted, numbers, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    const double place = share * (count - 1);
    const int below = MIN((int)place, count - 1), above = MIN(below + 1, count - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

double cost_mean(const double *numbers, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += numbers[i];
    return count > 0 ? sum / count : 0;
}

struct cost_job *cost_draw(const GArray *measured, int count, GRand *random)
{
    struct cost_job *jobs = g_new(struct cost_job, MAX(count, 1));
    for (int i = 0; i < count; i++)
        jobs[i] = g_array_index(measured, struct cost_job,
                                g_rand_int_range(random, 0, (gint32)measured->len));
    return jobs;
}

struct cost_range cost_bootstrap(const GArray *measured, int count, struct cost_machine machine)
{
    GRand *random = g_rand_new_with_seed(SEED);
    double seconds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        g_autofree struct cost_job *jobs = cost_draw(measured, count, random);
        seconds[round] = cost_schedule(jobs, count, machine);
    }
    g_rand_free(random);
    return (struct cost_range){cost_quantile(seconds, ROUNDS, 0),
                               cost_quantile(seconds, ROUNDS, 0.5),
                               cost_quantile(seconds, ROUNDS, 1)};
}
