/*
 * For programs of strangers, with the wrappers of common/mpi loaded before MPI (LD_PRELOAD): the log is
 * opened behind MPI_Init, in the folder that MPI_LOG_FOLDER names.
 */
#include "common/log/log.h"

#include <mpi.h>
#include <stdlib.h>

static void open_log(void)
{
    const char *folder = getenv("MPI_LOG_FOLDER");
    int rank, ranks;
    if (folder == NULL || PMPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS ||
        PMPI_Comm_size(MPI_COMM_WORLD, &ranks) != MPI_SUCCESS)
        return;
    log_open(folder, rank, ranks, 0);
}

int MPI_Init(int *argc, char ***argv)
{
    const int error = PMPI_Init(argc, argv);
    if (error == MPI_SUCCESS)
        open_log();
    return error;
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    const int error = PMPI_Init_thread(argc, argv, required, provided);
    if (error == MPI_SUCCESS)
        open_log();
    return error;
}
