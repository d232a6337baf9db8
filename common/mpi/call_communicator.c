/*
 * Wrappers: making and freeing communicators.
 */
#include "common/mpi/collective.h"

/* The end of a call that made a communicator: its number, and how many are in it on all sides. `like`
 * has as many members; NULL: none was made. */
static int end_with(struct log_record call, int error, uint64_t number,
                    const struct log_mpi_communicator *like)
{
    call.own_number = number;
    call.own_value = like == NULL ? 0 : like->own_size + (like->is_between ? like->size : 0);
    return log_mpi_end(call, error);
}

static int end_numbered(struct log_record call, int error, const MPI_Comm *made)
{
    if (call.operation == LOG_NONE || error != MPI_SUCCESS || *made == MPI_COMM_NULL)
        return end_with(call, error, 0, NULL);
    const struct log_mpi_communicator *communicator = log_mpi_communicator(*made);
    return end_with(call, error, communicator->number, communicator);
}

/* All of the old communicator have called it. */
static int end_made(struct log_record call, int error, const MPI_Comm *made, MPI_Comm parent)
{
    log_mpi_progressed();
    if (error == MPI_SUCCESS)
        log_mpi_number_communicator(*made, parent, call.caller);
    return end_numbered(call, error, made);
}

/* The members of the new one have. */
static int end_made_by_members(struct log_record call, int error, const MPI_Comm *made,
                               MPI_Comm parent, int tag)
{
    log_mpi_progressed();
    if (error == MPI_SUCCESS)
        log_mpi_number_by_members(*made, parent, tag, call.caller);
    return end_numbered(call, error, made);
}

/* ---- parts of one ------------------------------------------------------------------------------ */

int MPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_SPLIT, CALLER, comm);
    return end_made(call, PMPI_Comm_split(comm, color, key, made), made, comm);
}

int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_SPLIT_TYPE, CALLER, comm);
    return end_made(call, PMPI_Comm_split_type(comm, type, key, info, made), made, comm);
}

int MPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_CREATE, CALLER, comm);
    return end_made(call, PMPI_Comm_create(comm, group, made), made, comm);
}

int MPI_Comm_create_group(MPI_Comm comm, MPI_Group group, int tag, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_CREATE_GROUP, CALLER, comm);
    if (call.operation != LOG_NONE)
        log_mpi_append_group(group);
    const int error = PMPI_Comm_create_group(comm, group, tag, made);
    return end_made_by_members(call, error, made, comm, tag);
}

/* ---- copies ------------------------------------------------------------------------------------ */

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_DUP, CALLER, comm);
    return end_made(call, PMPI_Comm_dup(comm, made), made, comm);
}

int MPI_Comm_dup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_COMM_DUP_WITH_INFO, CALLER, comm);
    return end_made(call, PMPI_Comm_dup_with_info(comm, info, made), made, comm);
}

/* The copy is there when the request completes; its number is known now. */
int MPI_Comm_idup(MPI_Comm comm, MPI_Comm *made, MPI_Request *request)
{
    struct log_record call = log_mpi_start(LOG_COMM_IDUP, CALLER, comm);
    const int error = PMPI_Comm_idup(comm, made, request);
    if (call.operation == LOG_NONE || error != MPI_SUCCESS)
        return log_mpi_end(call, error);
    const uint64_t number = log_mpi_number_of_copy(comm);
    struct log_mpi_request *copy =
        log_mpi_request_add(REQUEST_COLLECTIVE, request, call, NO_PAYLOAD, comm);
    if (copy != NULL) {
        copy->made = made;
        copy->made_number = number;
    } else {
        log_mpi_number_copy(*made, number, call.communicator, call.caller);
        log_mpi_collective_completed_at_once(&(struct log_mpi_view){0}, call);
    }
    return end_with(call, error, number, log_mpi_communicator(comm));
}

/* ---- topologies -------------------------------------------------------------------------------- */

int MPI_Cart_create(MPI_Comm comm, int dimensions, const int sizes[], const int is_periodic[],
                    int reorder, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_CART_CREATE, CALLER, comm);
    const int error = PMPI_Cart_create(comm, dimensions, sizes, is_periodic, reorder, made);
    return end_made(call, error, made, comm);
}

int MPI_Cart_sub(MPI_Comm comm, const int remains[], MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_CART_SUB, CALLER, comm);
    return end_made(call, PMPI_Cart_sub(comm, remains, made), made, comm);
}

int MPI_Graph_create(MPI_Comm comm, int nodes, const int index[], const int edges[], int reorder,
                     MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_GRAPH_CREATE, CALLER, comm);
    return end_made(call, PMPI_Graph_create(comm, nodes, index, edges, reorder, made), made, comm);
}

int MPI_Dist_graph_create(MPI_Comm comm, int count, const int sources[], const int degrees[],
                          const int destinations[], const int weights[], MPI_Info info, int reorder,
                          MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_DIST_GRAPH_CREATE, CALLER, comm);
    const int error = PMPI_Dist_graph_create(comm, count, sources, degrees, destinations, weights,
                                             info, reorder, made);
    return end_made(call, error, made, comm);
}

int MPI_Dist_graph_create_adjacent(MPI_Comm comm, int in, const int sources[],
                                   const int source_weights[], int out, const int destinations[],
                                   const int weights[], MPI_Info info, int reorder, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_DIST_GRAPH_CREATE_ADJACENT, CALLER, comm);
    const int error = PMPI_Dist_graph_create_adjacent(comm, in, sources, source_weights, out,
                                                      destinations, weights, info, reorder, made);
    return end_made(call, error, made, comm);
}

/* ---- two groups -------------------------------------------------------------------------------- */

int MPI_Intercomm_create(MPI_Comm comm, int leader, MPI_Comm between, int remote_leader, int tag,
                         MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_INTERCOMM_CREATE, CALLER, comm);
    const int error = PMPI_Intercomm_create(comm, leader, between, remote_leader, tag, made);
    return end_made_by_members(call, error, made, comm, tag);
}

int MPI_Intercomm_merge(MPI_Comm comm, int high, MPI_Comm *made)
{
    struct log_record call = log_mpi_begin(LOG_INTERCOMM_MERGE, CALLER, comm);
    return end_made(call, PMPI_Intercomm_merge(comm, high, made), made, comm);
}

/* ---- the end of one ---------------------------------------------------------------------------- */

int MPI_Comm_free(MPI_Comm *comm)
{
    const MPI_Comm handle = *comm;
    struct log_record call = log_mpi_begin(LOG_COMM_FREE, CALLER, handle);
    const int error = PMPI_Comm_free(comm);
    if (error == MPI_SUCCESS)
        log_mpi_communicator_freed(handle);
    return log_mpi_end(call, error);
}

int MPI_Comm_disconnect(MPI_Comm *comm)
{
    const MPI_Comm handle = *comm;
    struct log_record call = log_mpi_begin(LOG_COMM_DISCONNECT, CALLER, handle);
    int error = PMPI_Comm_disconnect(comm);
    if (error == MPI_SUCCESS)
        log_mpi_communicator_freed(handle);
    log_mpi_progressed();
    return log_mpi_end(call, error);
}
