/*
 * The ways to average gradients, what --average may say, and those to add up, --sum. Shared by the program
 * and the judges.
 */
#ifndef ASSIGNMENTS_DATA_WAYS_H
#define ASSIGNMENTS_DATA_WAYS_H

enum average { AVERAGE_FLAT, AVERAGE_PARAMETERS, AVERAGE_BUCKETS, AVERAGE_OVERLAP, AVERAGES };
enum sum { SUM_MPI, SUM_RING, SUM_HALVING_DOUBLING, SUMS };

struct data_way {
    const char *name;
    const char *what; /* one line for --help */
};

extern const struct data_way data_averages[AVERAGES];
extern const struct data_way data_sums[SUMS];

#endif
