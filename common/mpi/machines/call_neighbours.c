/* Collectives among the neighbours on a Cartesian communicator: SMPI has none. On others: an error. */
#include "common/mpi/machines/calls.h"

static struct collective among_neighbours(const char *function, MPI_Comm comm,
                                          void (*carry_out)(struct collective *))
{
    struct collective call = call_over(function, comm, carry_out);
    call_set_neighbours(&call);
    return call;
}

int PMPI_Ineighbor_allgather(const void *input, int input_count, MPI_Datatype input_type,
                             void *output, int count, MPI_Datatype type, MPI_Comm comm,
                             MPI_Request *request)
{
    struct collective call = among_neighbours(__func__, comm, carry_out_neighbor_allgather);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Neighbor_allgather(const void *input, int input_count, MPI_Datatype input_type,
                            void *output, int count, MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ineighbor_allgather(input, input_count, input_type, output, count, type, comm,
                                    AT_ONCE);
}

int PMPI_Ineighbor_allgatherv(const void *input, int input_count, MPI_Datatype input_type,
                              void *output, const int counts[], const int places[],
                              MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    struct collective call = among_neighbours(__func__, comm, carry_out_neighbor_allgather);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_uneven(&call, &call.output, output, counts, places, type, call.neighbour_count);
    return call_make(&call, request);
}

int PMPI_Neighbor_allgatherv(const void *input, int input_count, MPI_Datatype input_type,
                             void *output, const int counts[], const int places[],
                             MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ineighbor_allgatherv(input, input_count, input_type, output, counts, places, type,
                                     comm, AT_ONCE);
}

int PMPI_Ineighbor_alltoall(const void *input, int input_count, MPI_Datatype input_type,
                            void *output, int count, MPI_Datatype type, MPI_Comm comm,
                            MPI_Request *request)
{
    struct collective call = among_neighbours(__func__, comm, carry_out_neighbor_alltoall);
    call_set_even(&call, &call.input, input, input_count, input_type);
    call_set_even(&call, &call.output, output, count, type);
    return call_make(&call, request);
}

int PMPI_Neighbor_alltoall(const void *input, int input_count, MPI_Datatype input_type,
                           void *output, int count, MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ineighbor_alltoall(input, input_count, input_type, output, count, type, comm,
                                   AT_ONCE);
}

int PMPI_Ineighbor_alltoallv(const void *input, const int input_counts[], const int input_places[],
                             MPI_Datatype input_type, void *output, const int counts[],
                             const int places[], MPI_Datatype type, MPI_Comm comm,
                             MPI_Request *request)
{
    struct collective call = among_neighbours(__func__, comm, carry_out_neighbor_alltoall);
    call_set_uneven(&call, &call.input, input, input_counts, input_places, input_type,
                    call.neighbour_count);
    call_set_uneven(&call, &call.output, output, counts, places, type, call.neighbour_count);
    return call_make(&call, request);
}

int PMPI_Neighbor_alltoallv(const void *input, const int input_counts[], const int input_places[],
                            MPI_Datatype input_type, void *output, const int counts[],
                            const int places[], MPI_Datatype type, MPI_Comm comm)
{
    return PMPI_Ineighbor_alltoallv(input, input_counts, input_places, input_type, output, counts,
                                    places, type, comm, AT_ONCE);
}

int PMPI_Ineighbor_alltoallw(const void *input, const int input_counts[],
                             const MPI_Aint input_places[], const MPI_Datatype input_types[],
                             void *output, const int counts[], const MPI_Aint places[],
                             const MPI_Datatype types[], MPI_Comm comm, MPI_Request *request)
{
    struct collective call = among_neighbours(__func__, comm, carry_out_neighbor_alltoall);
    call_set_typed(&call, &call.input, input, input_counts, NULL, input_places, input_types,
                   call.neighbour_count);
    call_set_typed(&call, &call.output, output, counts, NULL, places, types, call.neighbour_count);
    return call_make(&call, request);
}

int PMPI_Neighbor_alltoallw(const void *input, const int input_counts[],
                            const MPI_Aint input_places[], const MPI_Datatype input_types[],
                            void *output, const int counts[], const MPI_Aint places[],
                            const MPI_Datatype types[], MPI_Comm comm)
{
    return PMPI_Ineighbor_alltoallw(input, input_counts, input_places, input_types, output, counts,
                                    places, types, comm, AT_ONCE);
}
