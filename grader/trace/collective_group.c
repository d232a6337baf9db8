/* Collectives among other ranks than those that call them; see collective_search.h. */
#include "grader/trace/collective_search.h"

/* So many faults, the earliest, are looked at: forged logs may have as many as communicators. */
#define MOST_LOOKED_AT 200u

/* Is this call met by nobody, so that it can't be meant where it is? */
static bool is_alone(const struct collectives_search *search, int rank, size_t begin)
{
    const int index = search->collectives->by_record[rank][begin];
    const struct collective *collective = &search->collectives->collective[index];
    for (int other = 0; other < search->collectives->ranks; other++)
        if (other != rank && collective_entered(collective, other) != NO_RECORD)
            return false;
    return true;
}

/* Or is it one of those that others don't call? */
static bool is_surplus(const struct collectives_search *search, int rank, size_t begin)
{
    for (guint i = 0; i < MIN(search->faults->len, MOST_LOOKED_AT); i++) {
        const struct collectives_fault *fault =
            &g_array_index(search->faults, struct collectives_fault, i);
        if (fault->kind == COLLECTIVES_SURPLUS && fault->rank == rank && fault->record == begin)
            return true;
    }
    return false;
}

/* A rank that leaves out a collective, and calls the same among others in its place. */
static void find_group(const struct collectives_search *search, struct collectives_fault *fault)
{
    const struct log_file *log = &search->logs[fault->rank];
    int **by_record = search->collectives->by_record;
    const struct collective *missing =
        &search->collectives->collective[by_record[fault->other][fault->other_record]];
    size_t end = fault->record != NO_RECORD ? fault->record : log->count;
    for (size_t i = end; i-- > 0;) {
        const int index = by_record[fault->rank][i];
        if (log->record[i].phase != LOG_BEGIN || index == NO_COLLECTIVE)
            continue;
        if (search->collectives->collective[index].sequence == missing->sequence)
            return;
        struct log_record same_root = log->record[i];
        same_root.peer = search->logs[fault->other].record[fault->other_record].peer;
        if (collectives_compare_records(&same_root,
                                        &search->logs[fault->other].record[fault->other_record],
                                        false) != COLLECTIVES_SAME ||
            !(is_alone(search, fault->rank, i) || is_surplus(search, fault->rank, i)))
            continue;
        fault->kind = COLLECTIVES_GROUP;
        fault->record = i;
        return;
    }
}

/* What is told as a call among other ranks is not told as one too many, too. */
static void drop_told(const struct collectives_search *search)
{
    for (guint i = MIN(search->faults->len, MOST_LOOKED_AT); i-- > 0;) {
        const struct collectives_fault *fault =
            &g_array_index(search->faults, struct collectives_fault, i);
        bool told = false;
        for (guint k = 0; k < MIN(search->faults->len, MOST_LOOKED_AT); k++) {
            const struct collectives_fault *other =
                &g_array_index(search->faults, struct collectives_fault, k);
            told |= other->kind == COLLECTIVES_GROUP && fault->kind == COLLECTIVES_SURPLUS &&
                    other->rank == fault->rank && other->record == fault->record;
        }
        if (told)
            g_array_remove_index(search->faults, i);
    }
}

void collectives_find_groups(const struct collectives_search *search)
{
    for (guint i = 0; i < MIN(search->faults->len, MOST_LOOKED_AT); i++)
        if (g_array_index(search->faults, struct collectives_fault, i).kind == COLLECTIVES_SKIPPED)
            find_group(search, &g_array_index(search->faults, struct collectives_fault, i));
    drop_told(search);
}
