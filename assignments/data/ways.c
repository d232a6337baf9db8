/* The ways to average gradients, and those to add up; see ways.h. */
#include "assignments/data/ways.h"

const struct data_way data_averages[AVERAGES] = {
    [AVERAGE_FLAT] = {"flat", "one message for all gradients"},
    [AVERAGE_PARAMETERS] = {"parameters", "one for each parameter of each layer"},
    [AVERAGE_BUCKETS] = {"buckets", "one for each bucket of layers, from the last to the first"},
    [AVERAGE_OVERLAP] = {"overlap", "buckets, each as soon as its gradients are there"},
};

const struct data_way data_sums[SUMS] = {
    [SUM_MPI] = {"mpi", "MPI_Allreduce"},
    [SUM_RING] = {"ring", "ring_all_reduce"},
    [SUM_HALVING_DOUBLING] = {"halving-doubling", "halving_doubling_all_reduce"},
};
