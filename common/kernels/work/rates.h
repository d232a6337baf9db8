/*
 * Rates: how long pieces of work (work.h) take on a computer, as measured at some
 * sizes of each kind. `make calibrate` writes them into a platform file, from which
 * the simulated machine knows them as properties (machine_property):
 *
 *     rates    N
 *     rate-1   matrix_product_nt 4194304 8 512 784  2.1e-11 2.5e-11
 *     …
 *     rate-N   …
 *
 * The words of a rate: the kind; the bytes of parameters, gradients and activations that the
 * process had at most (they decide in which cache a weight is found, and what a forward has saved);
 * the size; and seconds per operation,
 * while no other process computes and while one does on every core.
 *
 * In between, logarithms of rates are weighted by the inverse fourth power of the distance
 * between logarithms of sizes (Shepard, "A two-dimensional interpolation function for
 * irregularly-spaced data", ACM 1968): at a size that was measured the rate is the measured
 * one, and no rate is above or below all measured ones.
 */
#ifndef COMMON_KERNELS_WORK_RATES_H
#define COMMON_KERNELS_WORK_RATES_H

#include "common/kernels/work/work.h"

#define RATES_MOST       20000
#define RATES_TEXT_SIZE  256
#define RATES_ERROR_SIZE 512

/* A measured size. */
struct rate {
    struct work work;        /* operations: 0 */
    double resident;         /* bytes */
    struct duration seconds; /* per operation */
};

struct rates;

/* All rates that `property` tells, to be freed with rates_free; NULL: there are none, and `error` is
 * empty, or one is missing or makes no sense, and `error` says which and why. */
struct rates *rates_read(const char *(*property)(const char *name), char error[RATES_ERROR_SIZE]);
void rates_free(struct rates *rates);
/* How long a piece of work takes. Fatal if no rate of its kind is known. */
struct duration rates_duration(struct rates *rates, struct work work, double resident);
/* A rate as it stands in a property. */
void rates_write(struct rate rate, char text[RATES_TEXT_SIZE]);

#endif
