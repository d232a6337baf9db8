/*
 * The GPU of a run (driver_parts.h): ranks on one computer share what it has.
 */
#include "common/base/device.h"

#include "common/base/mpi_check.h"
#include "common/driver/driver_parts.h"
#include "common/log/log.h"
#include "common/mpi/staged_way.h"

#include <stdio.h>
#include <string.h>

static char text[160]; /* driver_device_text */

/* Ranks `rank`, rank ± gpus, … of a computer's `ranks` have the same one. */
static int ranks_on_the_same(int rank, int ranks, int gpus)
{
    const int gpu = rank % gpus;
    return (ranks - gpu + gpus - 1) / gpus;
}

static void describe(int rank, int ranks)
{
    const int sharing = ranks_on_the_same(rank, ranks, device_gpus());
    const bool emulated = strcmp(device_back_end(), "emulated") == 0;
    snprintf(text, sizeof text, "on %.100s", device_name());
    if (!emulated && sharing > 1)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", shared by %d ranks", sharing);
}

void driver_device_open(const struct options *options)
{
    MPI_Comm host;
    int rank, ranks;
    if (options->device != DEVICE_CUDA)
        return;
    mpi_check(PMPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host));
    mpi_check(PMPI_Comm_rank(host, &rank));
    mpi_check(PMPI_Comm_size(host, &ranks));
    mpi_check(PMPI_Comm_free(&host));
    device_open(options->back_end, rank);
    if (options->tf32)
        device_use_tf32();
    staged_choose(options->messages);
    describe(rank, ranks);
    log_time_computations(options->report || options->against[0] != '\0');
}

const char *driver_device_text(void)
{
    return text;
}

void driver_device_wait(void)
{
    if (device_is_open())
        device_wait();
}
