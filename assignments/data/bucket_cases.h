/*
 * The calls of --probe buckets: which layers of the run's model are put into buckets of which size, drawn from the
 * seed. Shared by the program and the judge, who also learns here what is right.
 */
#ifndef ASSIGNMENTS_DATA_BUCKET_CASES_H
#define ASSIGNMENTS_DATA_BUCKET_CASES_H

#include "common/training/model.h"

enum { BUCKET_CASES = 32 };

struct bucket_case {
    int first_layer, layers; /* of the model: a stage's */
    size_t bytes;            /* that a bucket may have */
};

/* The first cases are of all layers; the sizes are nothing, all, what some layers have, and some numbers more or
 * fewer. A tied model stays whole. */
struct bucket_case data_bucket_case(uint64_t seed, const struct model *model, int number);

/* When is a bucket full? */
enum bucket_rule {
    BUCKETS_THAT_FIT,   /* before it would have more than so many bytes */
    BUCKETS_THAT_REACH, /* as soon as it has so many (PyTorch's DistributedDataParallel) */
    BUCKET_RULES
};

/* The bytes of the gradients in each bucket, from the last layer of these to the first; returns how many buckets
 * there are, but for those without any bytes. sizes has room for as many as there are layers. */
int data_bucket_sizes(const struct model *model, const struct bucket_case *of,
                      enum bucket_rule rule, size_t *sizes);

#endif
