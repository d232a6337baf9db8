/*
 * Collectives of all sorts of elements and with all sorts of reductions, for
 * common/mpi/tests/test_log_collectives.c, which knows what is moved. The root is the last rank. The folder
 * for the log is the first argument.
 */
#include "common/base/machine.h"
#include "common/mpi/elements.h"
#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8 /* ranks */

static int rank, root;
static float input[4], output[4 * MOST];

static void add_pairs(void *from, void *to, int *count, MPI_Datatype *type)
{
    (void)type;
    for (int i = 0; i < 2 * *count; i++)
        ((float *)to)[i] += ((float *)from)[i];
}

/* Made of a type of MPI's own, without a name, that nobody may free. SMPI has none. */
static void fortran_types(void)
{
    MPI_Datatype real, row;
    MPI_Request request;
    if (strcmp(machine_name(), "simulated") == 0)
        return;
    MUST(MPI_Type_create_f90_real(6, MPI_UNDEFINED, &real));
    MUST(MPI_Type_contiguous(3, real, &row));
    MUST(MPI_Type_commit(&row));
    MUST(MPI_Bcast(input, 1, row, root, MPI_COMM_WORLD));
    MUST(MPI_Ibcast(input, 3, real, root, MPI_COMM_WORLD, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MUST(MPI_Type_free(&row));
}

static void collectives(void)
{
    struct both {
        int narrow;
        double wide; /* with a gap before it */
    } both = {rank, 0.5}, all[MOST];
    int columns[4][3];
    MPI_Datatype vector, column, pair, packed, mixed, bfloat16;
    MPI_Op add, own;
    MPI_Request request;
    const MPI_Aint places[] = {offsetof(struct both, narrow), offsetof(struct both, wide)};
    for (int i = 0; i < 12; i++)
        columns[i / 3][i % 3] = 100 * rank + i;
    MUST(MPI_Type_vector(4, 1, 3, MPI_INT, &vector));
    MUST(MPI_Type_create_resized(vector, 0, sizeof(int), &column)); /* the next is beside it */
    MUST(MPI_Type_commit(&column));
    MUST(MPI_Type_contiguous(2, MPI_FLOAT, &pair));
    MUST(MPI_Type_commit(&pair));
    MUST(MPI_Type_create_struct(2, (int[]){1, 1}, places, (MPI_Datatype[]){MPI_INT, MPI_DOUBLE},
                                &packed));
    MUST(MPI_Type_create_resized(packed, 0, sizeof both, &mixed));
    MUST(MPI_Type_commit(&mixed));
    MUST(MPI_Type_contiguous(2, MPI_BYTE, &bfloat16));
    MUST(MPI_Type_commit(&bfloat16));
    MUST(MPI_Op_create(add_pairs, 1, &own));
    MUST(MPI_Op_create(add_pairs, 1, &add));
    log_mpi_add_type(bfloat16, LOG_TYPE_BFLOAT16);
    log_mpi_add_operation(add, LOG_REDUCTION_SUM);

    MUST(MPI_Bcast(columns, 1, column, root, MPI_COMM_WORLD)); /* the first column */
    MUST(MPI_Ibcast(&columns[0][2], 1, column, root, MPI_COMM_WORLD, &request));
    MUST(MPI_Type_free(&column));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    for (int i = 0; i < 4; i++)
        input[i] = (float)(1000 * (rank + 1) + i);
    MUST(MPI_Allgather(input, 2, pair, output, 2, pair, MPI_COMM_WORLD));
    MUST(MPI_Allgather(&both, 1, mixed, all, 1, mixed, MPI_COMM_WORLD));
    MUST(MPI_Allreduce(input, output, 2, pair, own, MPI_COMM_WORLD));
    MUST(MPI_Allreduce(input, output, 2, pair, add, MPI_COMM_WORLD));
    MUST(MPI_Allreduce(&both.narrow, &all[0].narrow, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD));
    MUST(MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_BOR, MPI_COMM_WORLD));
    memcpy(input, (unsigned char[]){0x80, 0x3f, 0, 0x40}, 4); /* 1 and 2 */
    MUST(MPI_Bcast(input, 2, bfloat16, 0, MPI_COMM_WORLD));
    MUST(MPI_Type_free(&vector));
    MUST(MPI_Type_free(&pair));
    MUST(MPI_Type_free(&packed));
    MUST(MPI_Type_free(&mixed));
    MUST(MPI_Op_free(&own));
}

int main(int argc, char **argv)
{
    int ranks;
    if (argc < 2)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks > MOST)
        return 2;
    root = ranks - 1;
    log_open(argv[1], rank, ranks, 1);
    collectives();
    fortran_types();
    return end_program();
}
