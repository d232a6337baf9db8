/*
 * The calls of --probe partition: which epochs are shared out, and among how many ranks. Shared by the program
 * and the judge.
 *
 * Some sizes are the same in every run: those that show most. Others are drawn from the seed. Each is shared
 * out in three epochs, and then in the first one of a run with another seed.
 */
#ifndef ASSIGNMENTS_DATA_PARTITION_CASES_H
#define ASSIGNMENTS_DATA_PARTITION_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum { PARTITION_CASES = 44, PARTITION_CALLS = 4 };

struct partition_case {
    int samples, batch_size, ranks;
    bool keeps_last;
    int number[PARTITION_CALLS]; /* of the epoch */
    uint64_t seed[PARTITION_CALLS];
};

struct partition_case data_partition_case(uint64_t seed, int number);

/* What is right: how many batches such an epoch has, and samples in that of a step. */
int data_epoch_steps(int samples, int batch_size, bool keeps_last);
int data_step_samples(int samples, int batch_size, int step);

#endif
