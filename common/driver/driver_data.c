/*
 * Do all ranks see the same data (driver_parts.h)? A rank opens the inputs, another the
 * labels, maybe on another computer and from another folder; with other numbers of samples
 * they would take other numbers of steps, and wait for each other for ever.
 */
#include "common/driver/driver_parts.h"

#include "common/base/fatal.h"
#include "common/base/mpi_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rank tells of its data. */
struct seen {
    uint64_t samples; /* for training; 0: it can't use them */
    uint64_t fingerprint;
    char place[256]; /* the first file, for people */
};

/* Of all ranks: the caller frees. */
static struct seen *tell_each_other(const struct run *run, const struct seen *own)
{
    struct seen *all = malloc((size_t)run->ranks * sizeof *all);
    if (all == NULL)
        fatal("no memory left for what %d ranks see", run->ranks);
    mpi_check(PMPI_Allgather(own, sizeof *own, MPI_BYTE, all, sizeof *all, MPI_BYTE, run->comm));
    return all;
}

/* The first rank that can't use its data, else the first that sees others than rank 0; none: `ranks`. */
static int odd_one(const struct seen *all, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        if (all[rank].samples == 0)
            return rank;
    int rank = 1;
    while (rank < ranks && all[rank].samples == all[0].samples &&
           all[rank].fingerprint == all[0].fingerprint)
        rank++;
    return rank;
}

static struct seen look(const char *dataset, char error[DATASET_ERROR_SIZE])
{
    struct seen own = {0};
    const int samples = dataset_identify(dataset, DATASET_TRAIN, &own.fingerprint, error);
    if (samples > 0)
        own.samples = (uint64_t)samples;
    char path[DATASET_MOST_FILES][DATASET_PATH_SIZE];
    if (dataset_files(dataset, path) > 0)
        memccpy(own.place, path[0], '\0', sizeof own.place - 1);
    return own;
}

static void say_how_they_differ(const struct run *run, const struct seen *first,
                                const struct seen *own)
{
    fprintf(stderr,
            "%s: --data %s: the ranks see different data: rank 0 has %" PRIu64
            " samples for training in %s … (fingerprint %016" PRIx64 "), rank %d %" PRIu64
            " in %s … (%016" PRIx64 "); give all of them the same files\n",
            program_invocation_short_name, run->options->dataset, first->samples, first->place,
            first->fingerprint, run->rank, own->samples, own->place, own->fingerprint);
}

bool driver_data_is_the_same(const struct run *run)
{
    const struct options *options = run->options;
    char error[DATASET_ERROR_SIZE];
    if (options->device == DEVICE_META || !dataset_has_files(options->dataset))
        return true;
    const struct seen own = look(options->dataset, error);
    struct seen *all = tell_each_other(run, &own);
    const int odd = odd_one(all, run->ranks);
    if (odd == run->rank && own.samples == 0)
        fprintf(stderr, "%s: --data %s: %s\n", program_invocation_short_name, options->dataset,
                error);
    else if (odd == run->rank)
        say_how_they_differ(run, &all[0], &own);
    free(all);
    return odd == run->ranks;
}
