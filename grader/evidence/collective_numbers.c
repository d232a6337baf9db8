/* What goes into a sum and what comes out, number by number; see collective_sum_parts.h. */
#include "grader/evidence/collective_ends.h"
#include "grader/evidence/collective_sum_parts.h"

#include <math.h>

/* Adds what a rank put in, and its absolute values; false: it is not known, or of another length. */
static bool add_data(const struct sum_parts *sum, int rank, double *expected, double *absolute,
                     size_t count)
{
    size_t own;
    g_autofree double *data =
        evidence_data_put_in(&sum->run->log[rank], sum->collective->entered[rank], &own);
    if (!data || own != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        expected[i] += data[i];
        absolute[i] += fabs(data[i]);
    }
    return true;
}

/* Number by number, what a rank got from a reduction; *known: the logs have it all. */
static bool data_differ_at(const struct sum_parts *sum, int getter,
                           struct sum_difference *difference, bool *known)
{
    size_t count;
    g_autofree double *found =
        evidence_data_got_out(&sum->run->log[getter], sum->end[getter], sum->type, &count);
    *known = found != NULL;
    if (!found)
        return false;
    g_autofree double *expected = g_new0(double, count), *absolute = g_new0(double, count);
    for (int giver = 0; giver < sum->run->ranks && *known; giver++)
        if (sum->collective->entered[giver] != NO_RECORD &&
            evidence_is_part_of_sum(sum, giver, getter))
            *known = add_data(sum, giver, expected, absolute, count);
    /* in whatever order they are added: Higham, Accuracy and Stability of Numerical Algorithms, 4.2 */
    const double most = evidence_rounding_of(sum->type) * sum->collective->size;
    for (size_t i = 0; i < count && *known; i++) {
        const double off = fabs(found[i] - expected[i]);
        const double gone_round = evidence_is_integer(sum->type)
                                      ? ldexp(1, (int)(8 * log_type_size(sum->type)) - 1)
                                      : INFINITY;
        if (!(off > most * absolute[i] + 0x1p-140) || !isfinite(off) || off > gone_round)
            continue;
        *difference = (struct sum_difference){getter, expected[i], found[i], i};
        return true;
    }
    return false;
}

bool evidence_numbers_differ(const struct sum_parts *sum, struct sum_difference *difference,
                             bool *known)
{
    const enum sum_shape shape = evidence_sum_shape(sum);
    *known = sum->reduces && (shape == EVERYBODY_GETS || shape == ROOT_GETS);
    for (int rank = 0; rank < sum->run->ranks && *known; rank++) {
        if (evidence_gets_sum(sum, rank) && sum_end_of(sum, rank) &&
            data_differ_at(sum, rank, difference, known))
            return true;
    }
    return false;
}
