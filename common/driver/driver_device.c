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

/* How many ranks of this computer have this rank's GPU? A batch system may show each of them another one, by the same
 * number. Collective over `host`. */
static int ranks_on_the_same(MPI_Comm host, int ranks)
{
    const uint64_t own = device_place();
    uint64_t *all = memory_block_new((size_t)ranks * sizeof *all);
    int sharing = 0;
    mpi_check(PMPI_Allgather(&own, 1, MPI_UINT64_T, all, 1, MPI_UINT64_T, host));
    for (int rank = 0; rank < ranks; rank++)
        sharing += all[rank] == own;
    memory_block_free(all, (size_t)ranks * sizeof *all);
    return sharing;
}

static void describe(int sharing)
{
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
    device_open(options->back_end, rank);
    describe(ranks_on_the_same(host, ranks));
    mpi_check(PMPI_Comm_free(&host));
    if (options->tf32)
        device_use_tf32();
    staged_choose(options->messages);
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
