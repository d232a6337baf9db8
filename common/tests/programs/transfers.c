/*
 * What test_transfer_time.c runs on the simulated cluster: the first argument says what to do, the
 * others are its numbers. Each rank prints when it was done, in nanoseconds.
 */
#include "common/base/fatal.h"
#include "common/base/flops.h"
#include "common/base/mpi_check.h"
#include "common/log/log.h"
#include "common/training/transfer.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank;

static struct tensor *a_tensor(enum memory_kind kind, size_t bytes, enum device device)
{
    struct tensor *tensor = tensor_new(kind, DTYPE_FLOAT32, device, shape_flat(bytes / 4));
    for (size_t i = 0; device == DEVICE_CPU && i < tensor->elements; i++)
        tensor_floats(tensor)[i] = (float)(i % 1000) + (kind == MEMORY_HOST ? 0.5f : 0);
    return tensor;
}

/* A transfer of so many bytes between tensors that nobody else has. */
static struct transfer *begin(bool to_host, size_t bytes, enum device device)
{
    struct tensor *host = a_tensor(MEMORY_HOST, bytes, device);
    struct tensor *own = a_tensor(MEMORY_GRADIENT, bytes, device);
    struct transfer *transfer = to_host ? transfer_begin(host, own) : transfer_begin(own, host);
    tensor_free(host);
    tensor_free(own);
    return transfer;
}

static void tell(const char *what)
{
    flops_spend();
    printf("rank %d %s at %lu\n", rank, what, (unsigned long)machine_clock());
}

/* "computes FLOPS", "to-host BYTES", "to-device BYTES", "waits" (for the first that was begun), "waits-last",
 * "host FLOPS/BYTES", one behind the other; "meta" from there on. */
static void take(int count, char **word)
{
    struct transfer *transfer[32] = {NULL};
    enum device device = DEVICE_CPU;
    int begun = 0, waited = 0;
    for (int i = 0; i < count; i++) {
        const char *what = word[i];
        const double number = i + 1 < count ? strtod(word[i + 1], NULL) : 0;
        if (strcmp(what, "meta") == 0) {
            device = DEVICE_META;
        } else if (strcmp(what, "waits") == 0) {
            transfer_wait(transfer[waited++]);
            tell("waited");
        } else if (strcmp(what, "waits-last") == 0) {
            transfer_wait(transfer[--begun]);
            tell("waited");
        } else if (strcmp(what, "computes") == 0) {
            flops_charge(number);
            i++;
        } else if (strcmp(what, "on-host") == 0) {
            flops_charge_on_host(number, strtod(word[i + 2], NULL));
            i += 2;
        } else {
            transfer[begun++] = begin(strcmp(what, "to-host") == 0, (size_t)number, device);
            i++;
        }
    }
}

/* Rank 0 moves something for a simulated second, rank 1 asks again and again whether its message has come. */
static void poll_for_one_that_waits(void)
{
    char byte = 0;
    if (rank == 0) {
        transfer_wait(begin(true, (size_t)1000000000, DEVICE_META));
        mpi_check(MPI_Send(&byte, 1, MPI_CHAR, 1, 0, MPI_COMM_WORLD));
    } else if (rank == 1) {
        MPI_Request request;
        int done = 0;
        mpi_check(MPI_Irecv(&byte, 1, MPI_CHAR, 0, 0, MPI_COMM_WORLD, &request));
        while (!done)
            mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    }
}

int main(int argc, char **argv)
{
    int ranks;
    mpi_check(MPI_Init(&argc, &argv));
    mpi_check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    mpi_check(MPI_Comm_size(MPI_COMM_WORLD, &ranks));
    fatal_set_rank(rank);
    if (argc > 2 && strcmp(argv[1], "log") == 0) {
        log_open(argv[2], rank, ranks, 1);
        argv += 2;
        argc -= 2;
    }
    if (argc > 1 && strcmp(argv[1], "poll") == 0)
        poll_for_one_that_waits();
    else
        take(argc - 1, argv + 1);
    tell("ends");
    fflush(stdout);
    log_close();
    mpi_check(MPI_Finalize());
    return 0;
}
