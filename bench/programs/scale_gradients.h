/* How scale_step.c sums gradients up over the data group: buckets during the backward or behind it, or a ring. */
#ifndef BENCH_PROGRAMS_SCALE_GRADIENTS_H
#define BENCH_PROGRAMS_SCALE_GRADIENTS_H

#include "bench/programs/scale_settings.h"
#include "common/base/mpi_check.h"

#include <mpi.h>

enum { FLOAT_BYTES = 4 };

static int rank;
static MPI_Comm data_group;
static struct tensor *memory; /* of all messages: on the meta device all share it anyhow */
static MPI_Request *bucket;   /* under way */
static int buckets, most_buckets;
static double bucket_filled; /* bytes of the next one */

static int whole(double number)
{
    if (number < 0 || number > 2147483647.0)
        fatal("%g does not fit a message", number);
    return (int)number;
}

/* An all-reduce by a ring of point-to-point messages: each rank's next chunk goes to the next rank. */
static void go_round(double bytes)
{
    const int ranks = (int)data, own = rank / (int)tensor % ranks, next = (own + 1) % ranks,
              last = (own + ranks - 1) % ranks, chunk = whole(bytes / ranks);
    for (int i = 0; i < 2 * (ranks - 1); i++)
        mpi_check(MPI_Sendrecv(memory->data, chunk, MPI_BYTE, next, 1, memory->data, chunk,
                               MPI_BYTE, last, 1, data_group, MPI_STATUS_IGNORE));
}

static void start_bucket(void)
{
    const int elements = whole(bucket_filled / FLOAT_BYTES);
    bucket_filled = 0;
    if (buckets == most_buckets) {
        most_buckets = 2 * most_buckets + 16;
        bucket = realloc(bucket, (size_t)most_buckets * sizeof *bucket);
        if (bucket == NULL)
            fatal("no memory for %d requests", most_buckets);
    }
    mpi_check(MPI_Iallreduce(MPI_IN_PLACE, memory->data, elements, MPI_FLOAT, MPI_SUM, data_group,
                             &bucket[buckets++]));
}

static void start_full_buckets(void)
{
    double left = bucket_filled;
    for (; left >= (double)bucket_bytes; left -= (double)bucket_bytes) {
        bucket_filled = (double)bucket_bytes;
        start_bucket();
    }
    bucket_filled = left;
}

/* So many bytes of gradients are ready. */
static void add_gradients(double bytes)
{
    bucket_filled += bytes;
    if (data > 1 && strcmp(reduce, "kit") == 0)
        start_full_buckets();
}

static void finish_gradients(void)
{
    if (data == 1)
        return;
    if (strcmp(reduce, "ring") == 0) {
        go_round(bucket_filled);
        return;
    }
    start_full_buckets();
    if (bucket_filled > 0)
        start_bucket();
    mpi_check(MPI_Waitall(buckets, bucket, MPI_STATUSES_IGNORE));
}

#endif
