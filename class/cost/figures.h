/* Figures of many jobs: their middle and their ends, and larger classes drawn from them. */
#ifndef CLASS_COST_FIGURES_H
#define CLASS_COST_FIGURES_H

#include "class/cost/schedule.h"

#include <glib.h>

/* The value below which that share of the numbers lies (0.5: the median), straight between neighbours; 0 of none. */
double cost_quantile(const double *numbers, int count, double share);
double cost_mean(const double *numbers, int count);

/* `count` jobs, each drawn from the measured ones. The caller frees them with g_free. */
struct cost_job *cost_draw(const GArray *measured, int count, GRand *random);

struct cost_range {
    double least, median, most; /* seconds */
};

/* How long a class of that size takes: of ROUNDS classes drawn at random, always the same ones. measured: of struct
 * cost_job, one at least. */
struct cost_range cost_bootstrap(const GArray *measured, int count, struct cost_machine machine);

#endif
