/*
 * What the log calls MPI's datatypes and operations. The kit's own ones, which MPI knows as derived
 * types and user's operations, are added by whoever makes them.
 */
#ifndef COMMON_MPI_ELEMENTS_H
#define COMMON_MPI_ELEMENTS_H

#include "common/log/log_fields.h"

#include <mpi.h>

/* Is it one at all? Where MPI does not look at a datatype, a program may leave it unset. */
bool log_mpi_is_type(MPI_Datatype type);
/* Of a derived type: that of its elements, if all are of one; else LOG_TYPE_OTHER. No type at all:
 * LOG_TYPE_NONE. */
enum log_type log_mpi_type(MPI_Datatype type);
/* Do its numbers lie in memory one behind the other, in the order in which they are sent? False: perhaps not. */
bool log_mpi_is_in_order(MPI_Datatype type);
enum log_reduction log_mpi_reduction(MPI_Op op); /* MPI_OP_NULL: LOG_REDUCTION_NONE */

/* From now on. At most 8 of each; a type that was duplicated or put into another one is found, too,
 * by what it was made of: so that must be like no other. */
void log_mpi_add_type(MPI_Datatype type, enum log_type name);
void log_mpi_add_operation(MPI_Op op, enum log_reduction name);

#endif
