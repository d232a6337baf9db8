/*
 * The data assignment's own options, beside those that all programs have (common/driver/options.h). Program
 * and judges read them with the same parser.
 */
#ifndef ASSIGNMENTS_DATA_OPTIONS_H
#define ASSIGNMENTS_DATA_OPTIONS_H

#include "assignments/data/ways.h"
#include "common/driver/options.h"

#define DATA_MOST_BUCKET_KIB (1 << 20)
#define DATA_BUCKET_KIB      256

struct data_options {
    enum sum sum;         /* --sum */
    int bucket_kib;       /* --bucket: of average_buckets and overlap */
    bool keeps_last;      /* --last-batch keep|drop */
    bool seeds_differ;    /* --seeds-differ: the ranks begin with parameters of their own */
    bool synchronises;    /* --synchronise-norm: batch norms over the samples of all ranks */
    bool hybrid;          /* --pipeline or --tensor was given */
    bool scatters;        /* --scatter-messages: between stages each rank sends a part */
    int pipeline, tensor; /* how many ranks along these dimensions of the grid; at least 1 */
    char schedule[16];    /* --schedule: the pipelines' */
};

extern const struct own_options data_own_options;

struct data_options data_options(const struct options *options);
void data_options_set(struct options *options, struct data_options own);

/* What --average names. */
enum average data_average(const struct options *options);
/* How many replicas of the model so many ranks are; 0: they can't be put into a grid like this. */
int data_replicas(const struct options *options, int ranks);

#endif
