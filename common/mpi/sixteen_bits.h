/*
 * Numbers of 16 bits in messages: MPI has no type and no sum for them, so these are the kit's.
 *
 *     MPI_Allreduce(MPI_IN_PLACE, gradient, count, mpi_bfloat16(), mpi_bfloat16_sum(), comm);
 *
 * Elements are uint16_t. A sum of two is computed in float32 and rounded to the nearest, to even
 * (common/base/sixteen_bits.h): so a sum of many depends on the order, as it does in any precision, and
 * more than in float32.
 *
 * Made when they are first asked for, the same ones ever after, and freed by MPI_Finalize: nobody else
 * frees them. Between MPI_Init and MPI_Finalize; fatal if MPI refuses. In the log they go by their names,
 * and the sum as MPI_SUM.
 */
#ifndef COMMON_MPI_SIXTEEN_BITS_H
#define COMMON_MPI_SIXTEEN_BITS_H

#include <mpi.h>

MPI_Datatype mpi_bfloat16(void);
MPI_Op mpi_bfloat16_sum(void); /* of mpi_bfloat16, and of types made of it that have no gaps */
MPI_Datatype mpi_float16(void);
MPI_Op mpi_float16_sum(void); /* likewise */

#endif
