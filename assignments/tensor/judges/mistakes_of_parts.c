/* Each rank hands in another rank's part; see mistakes_of_parts.h. */
#include "assignments/tensor/judges/mistakes_of_parts.h"

#include "grader/trace/call_place.h"

#include <inttypes.h>

static const struct mistake number_in_world = {
    "the number in MPI_COMM_WORLD in place of that in the group",
    "Each rank hands in as much as the rank should that has its number in MPI_COMM_WORLD. This run "
    "was started with --reverse-ranks: the group numbers its ranks from the other end, and what a "
    "rank has goes by its number there.",
    "where this rank's part is chosen: its number is group->rank"};

/* What a rank expects of another one, by the call's own counts; 0: it does not say. */
static uint64_t expected_of(const struct log_file *log, size_t begin, int giver)
{
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.direction == LOG_GETS && part.peer == giver)
            return part.bytes;
    }
    return 0;
}

/* The first rank that hands in something else than its part; -1: not all hand in the part of the opposite one. */
static int first_that_differs(const struct outcome *run, const struct collective *collective)
{
    int first = -1;
    for (int rank = 0; rank < run->ranks; rank++) {
        const size_t begin = collective_entered(collective, rank);
        if (begin == NO_RECORD)
            return -1;
        const struct log_file *log = &run->log[rank];
        const uint64_t given = log->record[begin].bytes;
        if (given == 0 || given != expected_of(log, begin, run->ranks - 1 - rank))
            return -1;
        if (first < 0 && given != expected_of(log, begin, rank))
            first = rank;
    }
    return first;
}

const struct mistake *tensor_mistake_of_parts(const struct scene *scene, GString *cause)
{
    const struct outcome *run = scene->outcome;
    const struct collectives_fault *fault = scene->told;
    if (!fault || fault->kind != COLLECTIVES_PART || !run->options.reverse_ranks)
        return NULL;
    const int index = scene->collectives->by_record[fault->rank][fault->record];
    const struct collective *collective = &scene->collectives->collective[index];
    const int rank = log_blocking_form(collective->operation) == LOG_ALLGATHERV
                         ? first_that_differs(run, collective)
                         : -1;
    if (rank < 0)
        return NULL;
    const size_t begin = collective_entered(collective, rank);
    const struct log_record *call = &run->log[rank].record[begin];
    g_string_append_printf(
        cause,
        "rank %d hands in the part of rank %d, whose number it has in MPI_COMM_WORLD: %" PRIu64
        " bytes, and its own are %" PRIu64 " (",
        rank, run->ranks - 1 - rank, call->bytes, expected_of(&run->log[rank], begin, rank));
    call_place_name(run->program, call, cause);
    g_string_append_c(cause, ')');
    return &number_in_world;
}
