/*
 * Known mistakes, by what wrong parameters are instead: those from before the step, or those of another shard.
 */
#include "assignments/memory/judges/zero/zero_expected.h"

#include <math.h>

/* ---- shards ---- */

float *memory_zero_own_of(const struct zero_step *s, int rank, const float *all, int *count)
{
    const struct zero_numbers *own = &s->after->of[ZERO_STATE][rank];
    float *numbers = g_new(float, own->count + 1);
    *count = 0;
    for (size_t i = 0; i < s->before->count; i++)
        if (own->there[i])
            numbers[(*count)++] = all[i];
    return numbers;
}

bool memory_zero_lies_elsewhere(const float *found, int count, const float *due, int due_count)
{
    double off = 0, size = 0;
    if (count > due_count + 1 || count < 4)
        return false;
    for (int i = 0; i < MIN(count, due_count); i++) {
        off += ((double)found[i] - (double)due[i]) * ((double)found[i] - (double)due[i]);
        size += (double)due[i] * (double)due[i];
    }
    return size > 0 && sqrt(off) <= 1e-4 * sqrt(size);
}

/* ---- parameters ---- */

static const struct mistake stale = {
    "parameters are not gathered behind the step",
    "Outside of its own shard the rank still has the parameters from before the step: what the "
    "others did with theirs never reached it.",
    "all_gather_parameters, for every unit, behind update_own_parameters"};
static const struct mistake partly_stale = {
    "some parameters are not gathered behind the step",
    "Some of the others' parameters are still those from before the step.",
    "the loop over the units, and how many numbers of each are gathered"};
static const struct mistake own_stale = {"a rank's own parameters are not updated",
                                         "A rank's own shard still has the parameters from before "
                                         "the step: the optimizer's state moved, and they did not.",
                                         "where step_own_parameters puts what it worked out"};
static const struct mistake other_slices = {
    "shards come together in another order",
    "The parameters of a shard are those of another one: each is right, and in the wrong place.",
    "where all_gather_parameters puts each rank's shard"};

/* Of the elements that are wrong. */
struct wrong {
    size_t own, own_as_before, others, others_as_before;
};

static struct wrong count_wrong(const struct zero_step *s, int rank, const double *due)
{
    struct wrong wrong = {0};
    const struct zero_numbers *all = &s->after->of[ZERO_PARAMETERS][rank];
    const struct zero_numbers *mine = &s->after->of[ZERO_STATE][rank];
    for (size_t i = 0; i < s->before->count; i++) {
        const double room = memory_zero_room(s, i, due[i]);
        if (!all->there[i] || fabs((double)all->value[i] - due[i]) <= room)
            continue;
        const bool as_before = all->value[i] == s->parameters[i];
        *(mine->there[i] ? &wrong.own : &wrong.others) += 1;
        *(mine->there[i] ? &wrong.own_as_before : &wrong.others_as_before) += as_before;
    }
    return wrong;
}

/* Which numbers a rank has where another's shard is, they being a third one's. */
static bool slices_are_swapped(const struct zero_step *s, int rank, const double *due)
{
    g_autofree float *expected = g_new(float, s->before->count + 1);
    for (size_t i = 0; i < s->before->count; i++)
        expected[i] = (float)due[i];
    for (int place = 0; place < s->run->ranks; place++) {
        int count, due_count;
        g_autofree float *found =
            memory_zero_own_of(s, place, s->after->of[ZERO_PARAMETERS][rank].value, &count);
        for (int other = 0; other < s->run->ranks; other++) {
            g_autofree float *numbers = memory_zero_own_of(s, other, expected, &due_count);
            if (other != place && memory_zero_lies_elsewhere(found, count, numbers, due_count))
                return true;
        }
    }
    return false;
}

void memory_zero_explain_parameters(const struct zero_step *s, int rank, const double *due,
                                    struct verdict *verdict)
{
    const struct wrong wrong = count_wrong(s, rank, due);
    size_t all = 0;
    for (size_t i = 0; i < s->before->count; i++)
        all += !s->after->of[ZERO_STATE][rank].there[i];
    if (wrong.own == 0 && wrong.others > 0 && wrong.others_as_before == wrong.others)
        verdict_name_mistake(verdict, 2 * wrong.others > all ? &stale : &partly_stale);
    else if (wrong.own > 0 && wrong.own_as_before == wrong.own)
        verdict_name_mistake(verdict, &own_stale);
    else if (slices_are_swapped(s, rank, due))
        verdict_name_mistake(verdict, &other_slices);
}
