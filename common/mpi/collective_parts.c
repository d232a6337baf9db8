/*
 * For the wrappers: what a rank puts into each collective, and gets out of it, and which place that has
 * in the whole that the members' sketches are of (log_fields.h).
 */
#include "common/mpi/collective.h"

/* ---- blocks ------------------------------------------------------------------------------------------ */

static void add_neighbours(struct log_mpi_view *view, const struct log_mpi_side *side,
                           const int *neighbour, int n)
{
    for (int i = 0; i < n; i++)
        if (neighbour[i] != MPI_PROC_NULL)
            log_mpi_side_add(side, i, 0, view);
}

/* ---- roots ------------------------------------------------------------------------------------------- */

/* Does this rank stand at the root's end, and at the other one? In an intercommunicator one group has
 * the root, the other is all the rest. */
static bool is_root(const struct log_mpi_collective *call, const struct log_mpi_communicator *of)
{
    return call->root == (of->is_between ? MPI_ROOT : of->own_rank);
}

static bool is_rest(const struct log_mpi_collective *call, const struct log_mpi_communicator *of)
{
    return !of->is_between || (call->root != MPI_ROOT && call->root != MPI_PROC_NULL);
}

/* ---- what goes in --------------------------------------------------------------------------------- */

/* Gathering: this rank's own block, which in place lies in the output already. */
static void put_in_own(const struct log_mpi_collective *call, const struct log_mpi_communicator *of,
                       uint64_t start, struct log_mpi_view *view)
{
    if (call->input.buffer == MPI_IN_PLACE)
        log_mpi_side_add(&call->output, of->own_rank, start, view);
    else
        log_mpi_side_add(&call->input, 0, start, view);
}

static uint64_t place_in_gathered(const struct log_mpi_collective *call,
                                  const struct log_mpi_communicator *of)
{
    const bool is_in_place = call->input.buffer == MPI_IN_PLACE;
    switch (log_blocking_form(call->operation)) {
    case LOG_GATHER:
    case LOG_ALLGATHER:
        return log_mpi_side_numbers_before(is_in_place ? &call->output : &call->input,
                                           of->own_rank);
    case LOG_ALLGATHERV: /* the other group's counts say nothing about this one */
        return of->is_between ? 0 : log_mpi_side_numbers_before(&call->output, of->own_rank);
    default:
        return 0;
    }
}

static void put_in_all_to_all(const struct log_mpi_collective *call,
                              const struct log_mpi_communicator *of, struct log_mpi_view *view)
{
    const struct log_mpi_side *side =
        call->input.buffer == MPI_IN_PLACE ? &call->output : &call->input;
    if (log_blocking_form(call->operation) != LOG_ALLTOALL) {
        log_mpi_side_add_each(side, of->size, view);
        return;
    }
    const uint64_t each = log_mpi_side_numbers_before(side, 1);
    for (int i = 0; i < of->size; i++)
        log_mpi_side_add(side, i,
                         ((uint64_t)of->own_rank * (uint64_t)of->size + (uint64_t)i) * each, view);
}

static void put_in_for_neighbours(const struct log_mpi_collective *call, struct log_mpi_view *view)
{
    const enum log_operation operation = log_blocking_form(call->operation);
    if (operation == LOG_NEIGHBOR_ALLGATHER || operation == LOG_NEIGHBOR_ALLGATHERV) {
        log_mpi_side_add(&call->input, 0, 0, view);
        return;
    }
    struct log_mpi_neighbours neighbours = log_mpi_neighbours(call->comm);
    add_neighbours(view, &call->input, neighbours.to, neighbours.out);
    log_mpi_neighbours_clear(&neighbours);
}

void log_mpi_put_in(const struct log_mpi_collective *call, const struct log_mpi_communicator *of,
                    struct log_mpi_view *view)
{
    switch (log_blocking_form(call->operation)) {
    case LOG_BCAST:
        if (is_root(call, of))
            log_mpi_side_add(&call->input, 0, 0, view);
        return;
    case LOG_REDUCE:
        if (is_rest(call, of))
            log_mpi_side_add(&call->input, 0, 0, view);
        return;
    case LOG_ALLREDUCE:
    case LOG_SCAN:
    case LOG_EXSCAN:
        log_mpi_side_add(&call->input, 0, 0, view);
        return;
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
        log_mpi_side_add_all(&call->input, of->own_size, view);
        return;
    case LOG_GATHER:
    case LOG_GATHERV:
    case LOG_ALLGATHER:
    case LOG_ALLGATHERV:
        if (call->root == NO_ROOT || is_rest(call, of))
            put_in_own(call, of, place_in_gathered(call, of), view);
        return;
    case LOG_SCATTER:
        if (is_root(call, of))
            log_mpi_side_add_all(&call->input, of->size, view);
        return;
    case LOG_SCATTERV:
        if (is_root(call, of))
            log_mpi_side_add_each(&call->input, of->size, view);
        return;
    case LOG_ALLTOALL:
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        put_in_all_to_all(call, of, view);
        return;
    case LOG_BARRIER:
        return;
    default:
        put_in_for_neighbours(call, view);
    }
}

/* ---- what comes out ---------------------------------------------------------------------------------- */

static void get_out_scattered(const struct log_mpi_collective *call,
                              const struct log_mpi_communicator *of, struct log_mpi_view *view)
{
    const bool is_even = log_blocking_form(call->operation) == LOG_SCATTER;
    if (call->output.buffer == MPI_IN_PLACE) {
        const uint64_t start =
            is_even ? log_mpi_side_numbers_before(&call->input, of->own_rank) : 0;
        log_mpi_side_add(&call->input, of->own_rank, start, view);
    } else {
        const uint64_t start =
            is_even ? log_mpi_side_numbers_before(&call->output, of->own_rank) : 0;
        log_mpi_side_add(&call->output, 0, start, view);
    }
}

static void get_out_reduced_part(const struct log_mpi_collective *call,
                                 const struct log_mpi_communicator *of, struct log_mpi_view *view)
{
    struct log_mpi_side part = call->output;
    part.count = call->input.counts != NULL ? call->input.counts[of->own_rank] : call->input.count;
    log_mpi_side_add(&part, 0, log_mpi_side_numbers_before(&call->input, of->own_rank), view);
}

static void get_out_all_to_all(const struct log_mpi_collective *call,
                               const struct log_mpi_communicator *of, struct log_mpi_view *view)
{
    if (log_blocking_form(call->operation) != LOG_ALLTOALL) {
        log_mpi_side_add_each(&call->output, of->size, view);
        return;
    }
    const uint64_t each = log_mpi_side_numbers_before(&call->output, 1);
    for (int i = 0; i < of->size; i++)
        log_mpi_side_add(&call->output, i,
                         ((uint64_t)i * (uint64_t)of->own_size + (uint64_t)of->own_rank) * each,
                         view);
}

static void get_out_gathered(const struct log_mpi_collective *call,
                             const struct log_mpi_communicator *of, struct log_mpi_view *view)
{
    const enum log_operation operation = log_blocking_form(call->operation);
    if (operation == LOG_GATHERV || (operation == LOG_ALLGATHERV && of->is_between))
        log_mpi_side_add_each(&call->output, of->size, view);
    else
        log_mpi_side_add_all(&call->output, of->size, view);
}

void log_mpi_get_out(const struct log_mpi_collective *call, const struct log_mpi_communicator *of,
                     struct log_mpi_view *view)
{
    switch (log_blocking_form(call->operation)) {
    case LOG_BCAST:
        if (is_rest(call, of))
            log_mpi_side_add(&call->output, 0, 0, view);
        return;
    case LOG_REDUCE:
        if (is_root(call, of))
            log_mpi_side_add(&call->output, 0, 0, view);
        return;
    case LOG_ALLREDUCE:
    case LOG_SCAN:
        log_mpi_side_add(&call->output, 0, 0, view);
        return;
    case LOG_EXSCAN: /* nothing is said about the first one's */
        if (of->own_rank > 0)
            log_mpi_side_add(&call->output, 0, 0, view);
        return;
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
        get_out_reduced_part(call, of, view);
        return;
    case LOG_GATHER:
    case LOG_GATHERV:
        if (is_root(call, of))
            get_out_gathered(call, of, view);
        return;
    case LOG_ALLGATHER:
    case LOG_ALLGATHERV:
        get_out_gathered(call, of, view);
        return;
    case LOG_SCATTER:
    case LOG_SCATTERV:
        if (is_rest(call, of))
            get_out_scattered(call, of, view);
        return;
    case LOG_ALLTOALL:
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        get_out_all_to_all(call, of, view);
        return;
    case LOG_BARRIER:
        return;
    default: {
        struct log_mpi_neighbours neighbours = log_mpi_neighbours(call->comm);
        add_neighbours(view, &call->output, neighbours.from, neighbours.in);
        log_mpi_neighbours_clear(&neighbours);
    }
    }
}

/* ---- sizes that differ --------------------------------------------------------------------------------- */

static void append_of_neighbours(const struct log_mpi_collective *call,
                                 const struct log_mpi_communicator *of)
{
    struct log_mpi_neighbours neighbours = log_mpi_neighbours(call->comm);
    for (int i = 0; i < neighbours.out; i++)
        neighbours.to[i] = log_mpi_peer(of, neighbours.to[i]);
    for (int i = 0; i < neighbours.in; i++)
        neighbours.from[i] = log_mpi_peer(of, neighbours.from[i]);
    log_mpi_side_append_counts(&call->input, LOG_GIVES, neighbours.to, neighbours.out);
    log_mpi_side_append_counts(&call->output, LOG_GETS, neighbours.from, neighbours.in);
    log_mpi_neighbours_clear(&neighbours);
}

void log_mpi_append_counts(const struct log_mpi_collective *call,
                           const struct log_mpi_communicator *of)
{
    const struct log_mpi_side *given =
        call->input.buffer == MPI_IN_PLACE ? &call->output : &call->input;
    switch (log_blocking_form(call->operation)) {
    case LOG_REDUCE_SCATTER: /* to members of its own group, whom an intercommunicator does not list */
        if (!of->is_between)
            log_mpi_side_append_counts(&call->input, LOG_GIVES, of->log_rank, of->own_size);
        return;
    case LOG_GATHERV:
        if (is_root(call, of))
            log_mpi_side_append_counts(&call->output, LOG_GETS, of->log_rank, of->size);
        return;
    case LOG_ALLGATHERV:
        log_mpi_side_append_counts(&call->output, LOG_GETS, of->log_rank, of->size);
        return;
    case LOG_SCATTERV:
        if (is_root(call, of))
            log_mpi_side_append_counts(&call->input, LOG_GIVES, of->log_rank, of->size);
        return;
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        log_mpi_side_append_counts(given, LOG_GIVES, of->log_rank, of->size);
        log_mpi_side_append_counts(&call->output, LOG_GETS, of->log_rank, of->size);
        return;
    case LOG_NEIGHBOR_ALLGATHERV:
    case LOG_NEIGHBOR_ALLTOALLV:
    case LOG_NEIGHBOR_ALLTOALLW:
        append_of_neighbours(call, of);
        return;
    default:
        return;
    }
}
