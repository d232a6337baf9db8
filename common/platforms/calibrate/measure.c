/*
 * Work alone and together: once while the other processes sleep, once in all of them.
 */
#include "common/base/flops.h"
#include "common/base/mpi_check.h"
#include "common/platforms/calibrate/calibrate.h"

#include <mpi.h>
#include <time.h>

/* The others sleep until rank 0 has said something: a barrier would keep their cores busy. */
static void sleep_until_told(int rank, int ranks)
{
    int told = 0;
    if (rank == 0) {
        for (int other = 1; other < ranks; other++)
            mpi_check(PMPI_Send(&told, 1, MPI_INT, other, 0, MPI_COMM_WORLD));
        return;
    }
    while (!told) {
        mpi_check(PMPI_Iprobe(0, 0, MPI_COMM_WORLD, &told, MPI_STATUS_IGNORE));
        if (!told)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    mpi_check(PMPI_Recv(&told, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}

static double now(void)
{
    return 1e-9 * (double)machine_clock();
}

void calibrate_measure(double seconds, void (*work)(void *user), void *user,
                       struct calibrate_speed *speed)
{
    int rank, ranks, times = 0;
    mpi_check(PMPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(PMPI_Comm_size(MPI_COMM_WORLD, &ranks));
    work(user); /* memory and caches warm up */
    if (rank == 0) {
        const double began = now();
        const uint64_t flops = flops_charged();
        work_measure(WORK_ALONE);
        do {
            work(user);
            times++;
        } while (now() - began < seconds);
        work_measure(WORK_NOT_MEASURED);
        speed->seconds += now() - began;
        speed->flops += (double)(flops_charged() - flops);
    }
    sleep_until_told(rank, ranks);
    mpi_check(PMPI_Bcast(&times, 1, MPI_INT, 0, MPI_COMM_WORLD));
    work_measure(WORK_TOGETHER);
    for (int i = 0; i < times; i++)
        work(user);
    work_measure(WORK_NOT_MEASURED);
    mpi_check(PMPI_Barrier(MPI_COMM_WORLD));
}
