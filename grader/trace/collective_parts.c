/* What one rank gives another in a collective, as both say; see collective_search.h. */
#include "grader/trace/collective_search.h"

enum { UNKNOWN = -1, NOBODY = -1 };

/* Who called a collective, and the bytes of it: [giver * callers + getter], by their places among the
 * callers, as the giver says or as the getter says; UNKNOWN: it does not say. */
struct parts {
    int callers;
    int *rank;  /* [place] */
    int *place; /* [rank], or NOBODY */
    int64_t *given, *got;
};

static int64_t *part_of(const struct parts *parts, int64_t *bytes, int giver, int getter)
{
    return &bytes[(size_t)giver * (size_t)parts->callers + (size_t)getter];
}

/* What the caller at `own` says that it gives to the one at `other`, or gets from it. */
static int64_t *said_by(const struct parts *parts, enum log_direction direction, int own, int other)
{
    return direction == LOG_GIVES ? part_of(parts, parts->given, own, other)
                                  : part_of(parts, parts->got, other, own);
}

static void add_part(int64_t *sum, uint64_t bytes)
{
    const uint64_t most = INT64_MAX / 2; /* of what a forged log may say */
    *sum = (int64_t)MIN(most, (uint64_t)MAX(*sum, 0) + MIN(bytes, most));
}

/* What a caller's records say part by part; says[direction]: whether they do. */
static void read_listed(const struct log_file *log, size_t begin, int ranks, int own,
                        const struct parts *parts, bool says[2])
{
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.peer < 0 || part.peer >= ranks)
            continue;
        for (int other = 0; other < parts->callers && !says[part.direction]; other++)
            *said_by(parts, part.direction, own, other) = 0; /* what it does not name is nothing */
        says[part.direction] = true;
        if (parts->place[part.peer] != NOBODY)
            add_part(said_by(parts, part.direction, own, parts->place[part.peer]), part.bytes);
    }
}

/* What a caller says. */
static void read_parts(const struct log_file *log, size_t begin, int ranks, int own,
                       const struct parts *parts)
{
    const struct log_record *record = &log->record[begin];
    const enum log_operation operation = log_blocking_form(record->operation);
    bool says[2] = {false, false};
    read_listed(log, begin, ranks, own, parts, says);
    /* one vector, for the root or for everybody */
    for (int other = 0; other < parts->callers && !says[LOG_GIVES] && record->bytes > 0; other++)
        if (operation == LOG_ALLGATHERV ||
            (operation == LOG_GATHERV && parts->rank[other] == record->peer && other != own))
            add_part(part_of(parts, parts->given, own, other), record->bytes);
    /* each has a table of what all get, and so gets from everybody what stands there for itself */
    const int64_t own_part = *part_of(parts, parts->given, own, own);
    for (int other = 0; other < parts->callers && says[LOG_GIVES]; other++)
        if (operation == LOG_REDUCE_SCATTER)
            *part_of(parts, parts->got, other, own) = own_part;
}

static bool has_parts(enum log_operation operation)
{
    switch (log_blocking_form(operation)) {
    case LOG_GATHERV:
    case LOG_SCATTERV:
    case LOG_ALLGATHERV:
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
    case LOG_REDUCE_SCATTER:
    case LOG_NEIGHBOR_ALLTOALLV:
    case LOG_NEIGHBOR_ALLTOALLW:
        return true;
    default:
        return false;
    }
}

static bool find_difference(const struct collectives_search *search,
                            const struct collective *collective, const struct parts *parts)
{
    for (int giver = 0; giver < parts->callers; giver++)
        for (int getter = 0; getter < parts->callers; getter++) {
            const int64_t given = *part_of(parts, parts->given, giver, getter);
            const int64_t got = *part_of(parts, parts->got, giver, getter);
            if (given == UNKNOWN || got == UNKNOWN || given == got)
                continue;
            const int rank = parts->rank[giver], other = parts->rank[getter];
            const struct collectives_fault fault = {.kind = COLLECTIVES_PART,
                                                    .rank = rank,
                                                    .record = collective_entered(collective, rank),
                                                    .other = other,
                                                    .other_record =
                                                        collective_entered(collective, other),
                                                    .bytes = (uint64_t)given,
                                                    .other_bytes = (uint64_t)got};
            g_array_append_val(search->faults, fault);
            return true;
        }
    return false;
}

static void find_callers(const struct collective *collective, int ranks, struct parts *parts)
{
    parts->rank = g_new(int, (gsize)collective->slots + 1);
    parts->place = g_new(int, (gsize)ranks);
    for (int rank = 0; rank < ranks; rank++)
        parts->place[rank] = NOBODY;
    for (int slot = 0; slot < collective->slots; slot++)
        if (collective->call[slot] != NO_RECORD) {
            const int rank = collective_rank(collective, slot);
            parts->place[rank] = parts->callers;
            parts->rank[parts->callers++] = rank;
        }
}

bool collectives_find_part(const struct collectives_search *search,
                           const struct collective *collective)
{
    const int ranks = search->collectives->ranks;
    if (!has_parts(collective->operation))
        return false;
    struct parts parts = {0};
    find_callers(collective, ranks, &parts);
    const size_t pairs = (size_t)parts.callers * (size_t)parts.callers;
    parts.given = g_new(int64_t, pairs);
    parts.got = g_new(int64_t, pairs);
    for (size_t i = 0; i < pairs; i++)
        parts.given[i] = parts.got[i] = UNKNOWN;
    for (int own = 0; own < parts.callers; own++)
        read_parts(&search->logs[parts.rank[own]], collective_entered(collective, parts.rank[own]),
                   ranks, own, &parts);
    const bool found = find_difference(search, collective, &parts);
    g_free(parts.rank);
    g_free(parts.place);
    g_free(parts.given);
    g_free(parts.got);
    return found;
}
