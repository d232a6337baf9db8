/*
 * Calm seeds: where no decision hangs on a rounding error.
 *
 * A pre-activation within rounding of 0 may fall on the other side of a ReLU
 * when sums are taken in another order, and a right program then has another
 * gradient. Elsewhere a small difference of large numbers, or a division by a
 * small one, turns rounding into more than the judges allow. A seed with which
 * that can happen is drawn again.
 */
#ifndef GRADER_TRUTH_CALM_H
#define GRADER_TRUTH_CALM_H

#include "common/driver/options.h"

#include <stdbool.h>

/* Is no pre-activation of a ReLU within 2e-6 of 0, are no two largest values of a pooling window
 * that close (equal ones are fine: they come from equal inputs), and do the outputs and gradients
 * of the whole batch agree with those of its micro-batches, by relative norm 5e-6, in each step up
 * to the last one that stores gradients (the first four where the run stores snapshots, else the
 * first, if none does)? Also true where there is no reference (an unknown model, data that is not
 * there): that is for others to say. */
bool reference_is_calm(const struct options *options);

/* The first calm seed from options->seed on, which is left there. False, and the seed as it was, if
 * none of 200 is. */
bool reference_find_calm_seed(struct options *options);

#endif
