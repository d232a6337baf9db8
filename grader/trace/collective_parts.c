/* What one rank gives another in a collective, as both say; see collective_search.h. */
#include "grader/trace/collective_search.h"

enum { UNKNOWN = -1 };

/* Bytes of a collective: [giver * ranks + getter], as the giver says or as the getter says; UNKNOWN: it does
 * not say. */
struct parts {
    int64_t *given, *got;
};

static void add_part(int64_t *sum, uint64_t bytes)
{
    const uint64_t most = INT64_MAX / 2; /* of what a forged log may say */
    *sum = (int64_t)MIN(most, (uint64_t)MAX(*sum, 0) + MIN(bytes, most));
}

/* What a rank's call says. */
static void read_parts(const struct log_file *log, size_t begin, int rank, int ranks,
                       const struct parts *parts)
{
    const struct log_record *record = &log->record[begin];
    const enum log_operation operation = log_blocking_form(record->operation);
    bool says[2] = {false, false};
    int64_t *given = &parts->given[(size_t)rank * (size_t)ranks];
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.peer < 0 || part.peer >= ranks)
            continue;
        if (!says[part.direction]) /* what it does not name is nothing */
            for (int peer = 0; peer < ranks; peer++)
                *(part.direction == LOG_GIVES ? &given[peer] : &parts->got[peer * ranks + rank]) =
                    0;
        says[part.direction] = true;
        add_part(part.direction == LOG_GIVES ? &given[part.peer]
                                             : &parts->got[part.peer * ranks + rank],
                 part.bytes);
    }
    /* one vector, for the root or for everybody */
    for (int peer = 0; peer < ranks && !says[LOG_GIVES] && record->bytes > 0; peer++)
        if (operation == LOG_ALLGATHERV ||
            (operation == LOG_GATHERV && peer == record->peer && peer != rank))
            add_part(&given[peer], record->bytes);
    /* each has a table of what all get, and so gets from everybody what stands there for itself */
    for (int peer = 0; peer < ranks && operation == LOG_REDUCE_SCATTER && says[LOG_GIVES]; peer++)
        parts->got[peer * ranks + rank] = given[rank];
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
    const int ranks = search->collectives->ranks;
    for (int giver = 0; giver < ranks; giver++)
        for (int getter = 0; getter < ranks; getter++) {
            const int64_t given = parts->given[giver * ranks + getter];
            const int64_t got = parts->got[giver * ranks + getter];
            if (given == UNKNOWN || got == UNKNOWN || given == got)
                continue;
            const struct collectives_fault fault = {.kind = COLLECTIVES_PART,
                                                    .rank = giver,
                                                    .record = collective->entered[giver],
                                                    .other = getter,
                                                    .other_record = collective->entered[getter],
                                                    .bytes = (uint64_t)given,
                                                    .other_bytes = (uint64_t)got};
            g_array_append_val(search->faults, fault);
            return true;
        }
    return false;
}

bool collectives_find_part(const struct collectives_search *search,
                           const struct collective *collective)
{
    const int ranks = search->collectives->ranks;
    const size_t pairs = (size_t)ranks * (size_t)ranks;
    if (!has_parts(collective->operation))
        return false;
    struct parts parts = {g_new(int64_t, pairs), g_new(int64_t, pairs)};
    for (size_t i = 0; i < pairs; i++)
        parts.given[i] = parts.got[i] = UNKNOWN;
    for (int rank = 0; rank < ranks; rank++)
        if (collective->entered[rank] != NO_RECORD)
            read_parts(&search->logs[rank], collective->entered[rank], rank, ranks, &parts);
    const bool found = find_difference(search, collective, &parts);
    g_free(parts.given);
    g_free(parts.got);
    return found;
}
