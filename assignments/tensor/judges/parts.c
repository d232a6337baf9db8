/* How close a part has to be; see parts.h. */
#include "assignments/tensor/judges/parts.h"

#include <math.h>

static double norm_of(const struct tensor *tensor)
{
    double squares = 0;
    for (size_t i = 0; i < tensor->elements; i++)
        squares += (double)tensor_floats(tensor)[i] * (double)tensor_floats(tensor)[i];
    return sqrt(squares);
}

struct tolerance tensor_tolerance_of_part(struct tolerance of_whole, const struct tensor *whole,
                                          const struct tensor *part)
{
    /* Zeros in place of a part must not pass: that would be a relative norm of 1. */
    enum { MOST = 1000 };
    const double own = norm_of(part), all = norm_of(whole);
    if (own > 0)
        of_whole.norm *= fmax(1, fmin(MOST, all / own));
    return of_whole;
}
