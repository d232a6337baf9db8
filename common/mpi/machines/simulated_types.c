/*
 * Derived datatypes that SMPI, on the simulated machine, gets wrong: the kit's stand in their place.
 *
 * In SMPI, a copy of a vector or an indexed type has its data elsewhere; of a type with a lower bound, a
 * subarray, a vector that goes backwards, and a row of elements with gaps, the second element and those
 * behind it are in the wrong place. All are put into a struct here, which says where it begins and where
 * the next one does. Asked for the lower bound, MPI says 0.
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

/* Of a type that was just made: the next one begins there. */
static int with_extent(int error, MPI_Datatype *made, MPI_Aint extent)
{
    MPI_Datatype first = *made;
    if (error != MPI_SUCCESS)
        return error;
    error = of_extent(first, extent, made);
    PMPI_Type_free(&first);
    return error;
}

/* The extent of a type; 0 if it has no gaps. */
static MPI_Aint extent_with_gaps(MPI_Datatype type)
{
    MPI_Aint lower, extent;
    int size;
    if (PMPI_Type_size(type, &size) != MPI_SUCCESS ||
        PMPI_Type_get_extent(type, &lower, &extent) != MPI_SUCCESS || size == extent)
        return 0;
    return extent;
}

int MPI_Type_contiguous(int count, MPI_Datatype type, MPI_Datatype *made)
{
    const int error = PMPI_Type_contiguous(count, type, made);
    const MPI_Aint extent = error == MPI_SUCCESS ? extent_with_gaps(type) : 0;
    return extent == 0 ? error : with_extent(error, made, count * extent);
}

/* A vector with this many bytes from one block to the next. */
static int vector_with_extent(int error, MPI_Datatype *made, int count, int length, MPI_Aint stride,
                              MPI_Datatype type)
{
    MPI_Aint lower, extent;
    if (error != MPI_SUCCESS || count <= 0 || length <= 0 ||
        (stride >= 0 && extent_with_gaps(type) == 0) ||
        PMPI_Type_get_extent(type, &lower, &extent) != MPI_SUCCESS)
        return error;
    return with_extent(error, made,
                       (count - 1) * (stride < 0 ? -stride : stride) + length * extent);
}

int MPI_Type_create_hvector(int count, int length, MPI_Aint stride, MPI_Datatype type,
                            MPI_Datatype *made)
{
    const int error = PMPI_Type_create_hvector(count, length, stride, type, made);
    return vector_with_extent(error, made, count, length, stride, type);
}

int MPI_Type_vector(int count, int length, int stride, MPI_Datatype type, MPI_Datatype *made)
{
    MPI_Aint lower, extent = 0;
    const int error = PMPI_Type_vector(count, length, stride, type, made);
    if (error == MPI_SUCCESS)
        PMPI_Type_get_extent(type, &lower, &extent);
    return vector_with_extent(error, made, count, length, stride * extent, type);
}

int MPI_Type_create_subarray(int dimensions, const int *sizes, const int *part, const int *starts,
                             int order, MPI_Datatype type, MPI_Datatype *made)
{
    MPI_Aint lower, extent = 0;
    const int error = PMPI_Type_create_subarray(dimensions, sizes, part, starts, order, type, made);
    if (error == MPI_SUCCESS)
        PMPI_Type_get_extent(type, &lower, &extent);
    for (int i = 0; i < dimensions; i++)
        extent *= sizes[i];
    return with_extent(error, made, extent);
}
