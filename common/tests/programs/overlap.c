/*
 * One data-parallel training step of charges instead of numbers, in two groups of ranks: even and odd
 * ones. Two all-reduces of gradients are in flight beside the backwards that follow; before, parameters
 * are broadcast, and behind it all ranks agree on a norm, for which rank 1 is late. The folder for the log
 * is the first argument.
 *
 * On a real machine a charge takes no time, so the program sleeps as long as the simulated computer
 * would compute: a nanosecond for each operation.
 */
#include "common/base/flops.h"
#include "common/base/machine.h"
#include "common/base/mpi_check.h"
#include "common/log/log_fields.h"

#include <mpi.h>
#include <string.h>
#include <time.h>

#define BUCKETS    2
#define ELEMENTS   (1 << 20) /* of a bucket */
#define OPERATIONS 10000000  /* of a forward; a backward has twice as many */

static int rank, ranks;
static float gradient[BUCKETS][ELEMENTS];

static void spend(double operations)
{
    const struct timespec time = {.tv_nsec = (long)operations};
    flops_charge(operations);
    if (strcmp(machine_name(), "simulated") != 0)
        nanosleep(&time, NULL);
}

static void compute(enum log_operation operation, int micro_batch, double operations)
{
    log_compute(operation, LOG_BEGIN, rank / 2, micro_batch);
    spend(operations);
    log_compute(operation, LOG_END, rank / 2, micro_batch);
}

static void step(MPI_Comm group)
{
    MPI_Request request[BUCKETS];
    float norm = 1;
    mpi_check(MPI_Bcast(gradient[0], ELEMENTS, MPI_FLOAT, 0, group));
    for (int i = 0; i <= BUCKETS; i++)
        compute(LOG_FORWARD, i, OPERATIONS);
    for (int i = 0; i <= BUCKETS; i++) {
        compute(LOG_BACKWARD, i, 2.0 * OPERATIONS);
        if (i < BUCKETS)
            mpi_check(MPI_Iallreduce(MPI_IN_PLACE, gradient[i], ELEMENTS, MPI_FLOAT, MPI_SUM, group,
                                     &request[i]));
    }
    mpi_check(MPI_Waitall(BUCKETS, request, MPI_STATUSES_IGNORE));
    if (rank == 1)
        compute(LOG_OPTIMIZER_STEP, -1, 5.0 * OPERATIONS);
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, &norm, 1, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD));
    if (rank != 1)
        compute(LOG_OPTIMIZER_STEP, -1, OPERATIONS);
}

int main(int argc, char **argv)
{
    MPI_Comm group;
    if (argc < 2)
        return 2;
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    log_open(argv[1], rank, ranks, 1);
    mpi_check(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &group));
    log_append(log_record_of_step(LOG_STEP_BEGIN, 0));
    step(group);
    log_append(log_record_of_step_end(0, 0));
    mpi_check(MPI_Comm_free(&group));
    mpi_check(MPI_Finalize());
    log_append(log_record_of_end(0));
    log_close();
    return 0;
}
