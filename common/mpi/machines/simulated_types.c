/*
 * Derived datatypes that SMPI, on the simulated machine, gets wrong: the kit's stand in their place.
 *
 * In SMPI, a copy of a vector or an indexed type has its data elsewhere; of a type with a lower bound,
 * and of a subarray, the second element and those behind it are in the wrong place. All are made of a
 * struct here, which says where it begins and where the next one does. Asked for the lower bound, MPI
 * says 0.
 *
 * What SMPI's MPI_Type_get_contents gives is not counted: who frees it, as MPI wants, frees the types of
 * others.
 */
#include "common/mpi/log_mpi.h"

#include <mpi.h>

void log_mpi_release_part(MPI_Datatype part)
{
    (void)part;
}

static int of_extent(MPI_Datatype type, MPI_Aint extent, MPI_Datatype *made)
{
    const int one_each[] = {1, 1, 1};
    const MPI_Aint places[] = {0, 0, extent};
    const MPI_Datatype parts[] = {MPI_LB, type, MPI_UB};
    return PMPI_Type_create_struct(3, one_each, places, parts, made);
}

int MPI_Type_create_resized(MPI_Datatype type, MPI_Aint lower, MPI_Aint extent, MPI_Datatype *made)
{
    (void)lower; /* moves nothing */
    return of_extent(type, extent, made);
}

/* The kit copies types, too. */
int PMPI_Type_dup(MPI_Datatype type, MPI_Datatype *made)
{
    MPI_Aint lower, extent;
    int error = PMPI_Type_get_extent(type, &lower, &extent);
    if (error == MPI_SUCCESS)
        error = of_extent(type, extent, made);
    return error == MPI_SUCCESS ? PMPI_Type_commit(made) : error;
}

int MPI_Type_dup(MPI_Datatype type, MPI_Datatype *made)
{
    return PMPI_Type_dup(type, made);
}

int MPI_Type_create_subarray(int dimensions, const int *sizes, const int *part, const int *starts,
                             int order, MPI_Datatype type, MPI_Datatype *made)
{
    MPI_Aint lower, extent;
    MPI_Datatype first = MPI_DATATYPE_NULL;
    int error = PMPI_Type_create_subarray(dimensions, sizes, part, starts, order, type, &first);
    if (error == MPI_SUCCESS)
        error = PMPI_Type_get_extent(type, &lower, &extent);
    for (int i = 0; i < dimensions; i++)
        extent *= sizes[i];
    if (error == MPI_SUCCESS)
        error = of_extent(first, extent, made);
    if (first != MPI_DATATYPE_NULL)
        PMPI_Type_free(&first);
    return error;
}
