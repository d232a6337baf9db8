/*
 * Calm seeds: where no decision hangs on a rounding error.
 *
 * A pre-activation within rounding of 0 may fall on the other side of a ReLU
 * when sums are taken in another order, and a right program then has another
 * gradient. A seed with which that can happen is drawn again.
 */
#ifndef GRADER_JUDGES_CALM_H
#define GRADER_JUDGES_CALM_H

#include "common/options.h"

#include <stdbool.h>

/* Is no pre-activation of a ReLU within 2e-6 of 0, and are no two largest values of a pooling
 * window that close (equal ones are fine: they come from equal inputs), in any step up to the
 * last one that stores gradients (the first, if none does)? Also true where there is no
 * reference (an unknown model, data that is not there): that is for others to say. */
bool reference_is_calm(const struct options *options);

#endif
