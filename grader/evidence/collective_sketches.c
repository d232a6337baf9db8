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

/* A sketch is small, by chance, where numbers of both signs cancel out: of a few hundred sums one has sketches of some
 * hundredths of what they are else. Rounding to 16 bits, which goes with the numbers and not with their sketch, then is larger than
 * what would be found. */
static bool has_sixteen_bits(enum log_type type)
{
    return type == LOG_TYPE_BFLOAT16 || type == LOG_TYPE_FLOAT16;
}

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
    if (rounding > TOO_COARSE * largest || has_sixteen_bits(sum->type))
        return false;
    /* whole numbers may have gone round once */
    if (evidence_is_integer(sum->type) && off > ldexp(0.25, (int)(8 * log_type_size(sum->type))))
        return false;
    return off > OFF_BY * largest + rounding;
}

/* What some ranks put in, added up. */
struct inputs {
    double sum, largest, all;
};

struct sketching {
    struct inputs inputs[2];
    struct sum_difference *difference;
};

static void add_sketch(const struct sum_parts *sum, int number, int giver, void *user)
{
    struct inputs *inputs = &((struct sketching *)user)->inputs[number];
    const double sketch = log_sketch(sum_begin_of(sum, giver));
    inputs->sum += sketch;
    inputs->all += fabs(sketch);
    inputs->largest = fmax(inputs->largest, fabs(sketch));
}

static bool is_another(const struct sum_parts *sum, const struct inputs *inputs, double found)
{
    /* where all that was put in is zero, so must be what comes out */
    return is_off(sum, inputs->sum, found, inputs->largest,
                  fmax(inputs->all, sum->reduces ? 0 : fabs(found)));
}

static bool check_sketch(const struct sum_parts *sum, int number, int getter, void *user)
{
    struct sketching *sketching = user;
    const struct inputs *inputs = &sketching->inputs[number];
    const double found = log_sketch(sum_end_of(sum, getter));
    *sketching->difference = (struct sum_difference){getter, inputs->sum, found, NO_RECORD};
    return is_another(sum, inputs, found);
}

bool evidence_sketches_differ(const struct sum_parts *sum, struct sum_difference *difference)
{
    const struct sum_walk walk = {add_sketch, check_sketch};
    struct sketching sketching = {.difference = difference};
    double together = 0;
    if (evidence_walk_sum(sum, walk, &sketching))
        return true;
    if (evidence_sum_shape(sum) != TOGETHER)
        return false;
    for (int slot = 0; slot < sum->collective->slots; slot++) {
        if (sum->collective->call[slot] == NO_RECORD)
            continue;
        const struct log_record *end = sum_end_of(sum, collective_rank(sum->collective, slot));
        together += end ? log_sketch(end) : NAN;
    }
    const struct inputs *side = sketching.inputs;
    const struct inputs all = {side[0].sum + side[1].sum, fmax(side[0].largest, side[1].largest),
                               side[0].all + side[1].all};
    *difference = (struct sum_difference){-1, all.sum, together, NO_RECORD};
    return is_another(sum, &all, together);
}
