/*
 * Sketches of what goes into a collective and what comes out; see collective_sum_parts.h.
 *
 * A sketch does not tell how large the numbers are that it is a sum of, only, by chance, about how large.
 * So a sum of sketches is wrong only if it is off by a good part of what one rank put in, which no rounding
 * explains: a rank's numbers that are missing, doubled, changed or another's.
 */
#include "grader/evidence/collective_sum_parts.h"

#include <math.h>

#define OFF_BY     0.02 /* of the largest input; whatever is less may be anything */
#define ROUNDINGS  8.0  /* times the rounding of a sum: how far a sketch may be off by that */
#define TOO_COARSE 0.5  /* of the largest input: rounding may be as large as what would be found */
#define MOVED      1e-6 /* likewise, where nothing is computed but the sketches themselves */

/* Is the difference more than what rounding explains? largest, all: of the inputs' sketches. */
static bool is_off(const struct sum_parts *sum, double expected, double found, double largest,
                   double all)
{
    const double off = fabs(found - expected);
    if (!isfinite(off))
        return false; /* not known */
    if (!sum->reduces)
        return off > MOVED * all;
    const double rounding =
        ROUNDINGS * evidence_rounding_of(sum->type) * sum->collective->size * all;
    if (rounding > TOO_COARSE * largest)
        return false;
    /* whole numbers may have gone round once */
    if (evidence_is_integer(sum->type) && off > ldexp(0.25, (int)(8 * log_type_size(sum->type))))
        return false;
    return off > OFF_BY * largest + rounding;
}

/* Compares what some ranks put in with what came out of it. */
static bool compare_sketches(const struct sum_parts *sum, int getter, double found,
                             struct sum_difference *difference)
{
    double expected = 0, largest = 0, all = 0;
    for (int giver = 0; giver < sum->run->ranks; giver++) {
        if (sum->collective->entered[giver] == NO_RECORD ||
            (getter >= 0 && !evidence_is_part_of_sum(sum, giver, getter)))
            continue;
        const double sketch = log_sketch(sum_begin_of(sum, giver));
        expected += sketch;
        all += fabs(sketch);
        largest = fmax(largest, fabs(sketch));
    }
    /* where all that was put in is zero, so must be what comes out */
    *difference = (struct sum_difference){getter, expected, found, NO_RECORD};
    return is_off(sum, expected, found, largest, fmax(all, sum->reduces ? 0 : fabs(found)));
}

bool evidence_sketches_differ(const struct sum_parts *sum, struct sum_difference *difference)
{
    const enum sum_shape shape = evidence_sum_shape(sum);
    double together = 0;
    for (int rank = 0; rank < sum->run->ranks; rank++) {
        if (sum->collective->entered[rank] == NO_RECORD)
            continue;
        const struct log_record *end = sum_end_of(sum, rank);
        together += end ? log_sketch(end) : NAN;
        if (end && evidence_gets_sum(sum, rank) &&
            compare_sketches(sum, shape == ROOT_GETS ? -1 : rank, log_sketch(end), difference)) {
            difference->rank = rank;
            return true;
        }
    }
    return shape == TOGETHER && compare_sketches(sum, -1, together, difference);
}
