/*
 * For the diagnosis: collectives that the ranks disagree about, and those in which
 * they wait for each other crosswise.
 */
#include "grader/diagnosis/diagnose_parts.h"

#include <string.h>

#define MOST_RANKS_NAMED 6

/* ---- what they disagree about --------------------------------------------------------------------- */

static enum diagnosis_kind name_fault(struct scene *scene, bool only_calls, GString *headline)
{
    for (guint i = 0; i < scene->faults->len; i++) {
        const struct collectives_fault *fault =
            &g_array_index(scene->faults, struct collectives_fault, i);
        const bool skipped = fault->kind == COLLECTIVES_SKIPPED;
        if (only_calls && (fault->kind == COLLECTIVES_GROUP || fault->record == NO_RECORD ||
                           fault->other_record == NO_RECORD))
            continue;
        if ((skipped && fault->record == NO_RECORD) ||
            (fault->kind == COLLECTIVES_SURPLUS && fault->other_record == NO_RECORD))
            continue; /* a rank is somewhere else, and that is what has to be told */
        collectives_tell_fault(scene->outcome->program, scene->outcome->log, scene->collectives,
                               fault, headline);
        scene->told = fault;
        return skipped                            ? DIAGNOSIS_COLLECTIVE_MISSING
               : fault->kind == COLLECTIVES_GROUP ? DIAGNOSIS_GROUPS_DIFFER
                                                  : DIAGNOSIS_COLLECTIVES_DIFFER;
    }
    return DIAGNOSIS_NONE;
}

enum diagnosis_kind scene_name_collectives(struct scene *scene, GString *headline)
{
    return name_fault(scene, false, headline);
}

enum diagnosis_kind scene_name_clash(struct scene *scene, GString *headline)
{
    return name_fault(scene, true, headline);
}

bool scene_name_skipped(const struct scene *scene, int rank, const struct wait *wait,
                        GString *headline)
{
    const int sequence = scene->collectives->collective[wait->collective].sequence;
    for (guint i = 0; i < scene->faults->len; i++) {
        const struct collectives_fault *fault =
            &g_array_index(scene->faults, struct collectives_fault, i);
        if (fault->kind != COLLECTIVES_SKIPPED || fault->rank != rank)
            continue;
        const int index = scene->collectives->by_record[fault->other][fault->other_record];
        if (index == wait->collective || scene->collectives->collective[index].sequence != sequence)
            continue;
        collectives_tell_fault(scene->outcome->program, scene->outcome->log, scene->collectives,
                               fault, headline);
        return true;
    }
    return false;
}

/* ---- crosswise -------------------------------------------------------------------------------------- */

static const struct wait *wait_in_cycle(const struct scene *scene, guint i)
{
    const int rank = g_array_index(scene->cycle, int, i);
    return scene_wait_for_peer(scene, rank, scene_next_in_cycle(scene, rank));
}

/* The begin of the collective that a rank of the cycle waits in. */
static size_t begin_in_cycle(const struct scene *scene, guint i)
{
    const int rank = g_array_index(scene->cycle, int, i);
    return collective_entered(&scene->collectives->collective[wait_in_cycle(scene, i)->collective],
                              rank);
}

static const struct log_record *call_in_cycle(const struct scene *scene, guint i)
{
    return &scene->outcome->log[g_array_index(scene->cycle, int, i)]
                .record[begin_in_cycle(scene, i)];
}

bool scene_is_crosswise(const struct scene *scene)
{
    if (scene->cycle->len < 2)
        return false;
    for (guint i = 0; i < scene->cycle->len; i++)
        if (wait_in_cycle(scene, i)->kind != WAIT_COLLECTIVE)
            return false;
    return true;
}

/* Did both come to it by the same calls, from the same lines? */
static bool are_from_one_line(const struct log_record *a, const struct log_record *b)
{
    return a->caller != 0 && a->caller == b->caller &&
           memcmp(a->calls, b->calls, sizeof a->calls) == 0;
}

static const struct group *group_in_cycle(const struct scene *scene, guint i)
{
    return scene->collectives->collective[wait_in_cycle(scene, i)->collective].group;
}

/* Have all ranks that only the larger of both groups has, and there are some, come to their end without it? */
static bool nobody_else_came(const struct scene *scene)
{
    const struct group *one = group_in_cycle(scene, 0), *other = group_in_cycle(scene, 1);
    if (!one || !other || group_size(one) == group_size(other))
        return false;
    const struct group *larger = group_size(one) > group_size(other) ? one : other;
    const struct group *smaller = larger == one ? other : one;
    int others = 0;
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        if (group_has(smaller, rank) || !group_has(larger, rank))
            continue;
        if (scene->place[rank].state != PLACE_FINISHED)
            return false;
        others++;
    }
    return others > 0;
}

/* Two ranks in the same collective, of different groups: is it one call, with two communicators? */
static bool is_one_call(const struct scene *scene)
{
    if (scene->cycle->len != 2)
        return false;
    const int ranks[2] = {g_array_index(scene->cycle, int, 0), g_array_index(scene->cycle, int, 1)};
    const enum collectives_fault_kind kind =
        collectives_compare(&scene->outcome->log[ranks[0]], begin_in_cycle(scene, 0),
                            &scene->outcome->log[ranks[1]], begin_in_cycle(scene, 1));
    return (kind == COLLECTIVES_SAME || kind == COLLECTIVES_ROOT) &&
           (are_from_one_line(call_in_cycle(scene, 0), call_in_cycle(scene, 1)) ||
            nobody_else_came(scene));
}

/* The rank of the two whose group is the larger one, or the second: it is told first. */
static guint odd_of_two(const struct scene *scene)
{
    const struct group *one = group_in_cycle(scene, 0), *other = group_in_cycle(scene, 1);
    return one && other && group_size(one) > group_size(other) ? 0 : 1;
}

static void tell_one_call(const struct scene *scene, GString *headline)
{
    const guint odd = odd_of_two(scene);
    const struct collectives_fault fault = {.kind = COLLECTIVES_GROUP,
                                            .rank = g_array_index(scene->cycle, int, odd),
                                            .record = begin_in_cycle(scene, odd),
                                            .other = g_array_index(scene->cycle, int, 1 - odd),
                                            .other_record = begin_in_cycle(scene, 1 - odd)};
    g_string_append(headline, "deadlock: ");
    collectives_tell_fault(scene->outcome->program, scene->outcome->log, scene->collectives, &fault,
                           headline);
}

enum diagnosis_kind scene_name_crosswise(const struct scene *scene, GString *headline)
{
    if (is_one_call(scene)) {
        tell_one_call(scene, headline);
        return DIAGNOSIS_GROUPS_DIFFER;
    }
    g_string_append(headline, "deadlock: ");
    scene_name_cycle(scene, headline);
    g_string_append(headline, " wait for each other crosswise, each in another collective (");
    for (guint i = 0; i < scene->cycle->len && i < MOST_RANKS_NAMED; i++) {
        const int rank = g_array_index(scene->cycle, int, i);
        g_string_append_printf(headline, "%srank %d: ", i > 0 ? ", " : "", rank);
        collectives_name_with_line(scene->outcome->program, scene->outcome->log, scene->collectives,
                                   rank, begin_in_cycle(scene, i), headline);
    }
    g_string_append(headline, scene->cycle->len > MOST_RANKS_NAMED ? ", …)" : ")");
    return DIAGNOSIS_CROSSWISE;
}

/* ---- who is missing -------------------------------------------------------------------------------------- */

/* "rank 2", "ranks 0 and 2", "ranks 0, 1, 2, 3, 4, 5 and 10 more": those that take part and have entered, or
 * have not. */
static int name_ranks(const struct scene *scene, const struct collective *collective, bool entered,
                      GString *text)
{
    int count = 0, all = 0;
    for (int rank = 0; rank < scene->outcome->ranks; rank++)
        all += collectives_takes_part(collective, rank) &&
               (collective_entered(collective, rank) != NO_RECORD) == entered;
    g_string_append(text, all == 1 ? "rank " : "ranks ");
    for (int rank = 0; rank < scene->outcome->ranks && count < MOST_RANKS_NAMED; rank++) {
        if (!collectives_takes_part(collective, rank) ||
            (collective_entered(collective, rank) != NO_RECORD) != entered)
            continue;
        count++;
        g_string_append_printf(text, "%s%d", count == 1 ? "" : count == all ? " and " : ", ", rank);
    }
    if (all > count)
        g_string_append_printf(text, " and %d more", all - count);
    return all;
}

void scene_describe_collective(const struct scene *scene, int rank, const struct wait *wait,
                               GString *text)
{
    const struct collective *collective = &scene->collectives->collective[wait->collective];
    const size_t begin = collective_entered(collective, rank);
    name_ranks(scene, collective, false, text);
    g_string_append(text, " to call ");
    collectives_name(scene->outcome->log, scene->collectives, rank, begin, text);
    const struct log_record *call = &scene->outcome->log[rank].record[begin];
    if (call->peer >= 0 && log_is_collective(call->operation))
        g_string_append_printf(text, " with root %d", call->peer);
    g_string_append(text, ", too (so far ");
    const int entered = name_ranks(scene, collective, true, text);
    g_string_append(text, entered == 1 ? " has)" : " have)");
}
