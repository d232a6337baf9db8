/* What goes into a sum and what comes out, number by number; see collective_sum_parts.h. */
#include "grader/evidence/collective_ends.h"
#include "grader/evidence/collective_sum_parts.h"

#include <math.h>

/* What some ranks put in, added up, and the magnitudes. */
struct inputs {
    double *expected, *absolute;
};

struct adding {
    struct inputs inputs[2];
    size_t count; /* numbers of each; 0: nothing was added yet */
    bool known;   /* so far the logs have them all, of one length */
    struct sum_difference *difference;
};

static void add_numbers(const struct sum_parts *sum, int number, int giver, void *user)
{
    struct adding *adding = user;
    struct inputs *inputs = &adding->inputs[number];
    size_t count;
    g_autofree double *data =
        adding->known ? evidence_data_put_in(&sum->run->log[giver],
                                             collective_entered(sum->collective, giver), &count)
                      : NULL;
    adding->known = data && (adding->count == 0 || count == adding->count);
    if (!adding->known)
        return;
    adding->count = count;
    if (!inputs->expected) {
        inputs->expected = g_new0(double, count);
        inputs->absolute = g_new0(double, count);
    }
    for (size_t i = 0; i < count; i++) {
        inputs->expected[i] += data[i];
        inputs->absolute[i] += fabs(data[i]);
    }
}

/* The first number that is off by more than rounding, in whatever order they are added: Higham, Accuracy
 * and Stability of Numerical Algorithms, 4.2. */
static bool find_off(const struct sum_parts *sum, const struct inputs *inputs, const double *found,
                     size_t count, size_t *at)
{
    const double most = evidence_rounding_of(sum->type) * sum->collective->size;
    const double gone_round = evidence_is_integer(sum->type)
                                  ? ldexp(1, (int)(8 * log_type_size(sum->type)) - 1)
                                  : INFINITY;
    for (*at = 0; *at < count; ++*at) {
        const double off = fabs(found[*at] - inputs->expected[*at]);
        if (off > most * inputs->absolute[*at] + 0x1p-140 && isfinite(off) && off <= gone_round)
            return true;
    }
    return false;
}

static bool check_numbers(const struct sum_parts *sum, int number, int getter, void *user)
{
    struct adding *adding = user;
    const struct inputs *inputs = &adding->inputs[number];
    size_t count, at;
    g_autofree double *found =
        adding->known ? evidence_data_got_out(&sum->run->log[getter],
                                              sum->end[collective_slot(sum->collective, getter)],
                                              sum->type, &count)
                      : NULL;
    adding->known = found && inputs->expected && count == adding->count;
    if (!adding->known || !find_off(sum, inputs, found, count, &at))
        return false;
    *adding->difference = (struct sum_difference){getter, inputs->expected[at], found[at], at};
    return true;
}

bool evidence_numbers_differ(const struct sum_parts *sum, struct sum_difference *difference,
                             bool *known)
{
    const enum sum_shape shape = evidence_sum_shape(sum);
    const struct sum_walk walk = {add_numbers, check_numbers};
    struct adding adding = {.known =
                                sum->reduces && (shape == EVERYBODY_GETS || shape == ROOT_GETS),
                            .difference = difference};
    const bool differ = adding.known && evidence_walk_sum(sum, walk, &adding);
    *known = adding.known;
    for (int number = 0; number < 2; number++) {
        g_free(adding.inputs[number].expected);
        g_free(adding.inputs[number].absolute);
    }
    return differ;
}
