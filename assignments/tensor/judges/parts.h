/*
 * How close a rank's part of a tensor has to be to the truth.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_PARTS_H
#define ASSIGNMENTS_TENSOR_JUDGES_PARTS_H

#include "common/training/assert_close.h"

/* The tolerance for the whole, for a part of it: rounding is as large as it is elsewhere in the whole, so the
 * part's relative norm may be larger by as much as the part's own norm is smaller. A bias of two elements, whose
 * terms cancel each other out, would be wrong otherwise for what is nothing beside its neighbours. */
struct tolerance tensor_tolerance_of_part(struct tolerance of_whole, const struct tensor *whole,
                                          const struct tensor *part);

#endif
