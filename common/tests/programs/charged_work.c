/*
 * What test_charged_work.c runs on the simulated cluster: the first argument says what to do.
 */
#include "common/base/flops.h"
#include "common/base/mpi_check.h"
#include "common/kernels/work/work.h"
#include "common/training/stage.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One step of a linear layer behind a flatten: 16 inputs, 4 outputs, 8 samples. */
static void linear(enum device device)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new("mlp:depth=1", SHAPE(1, 4, 4), 4, error);
    struct stage *stage = stage_new(model, &(struct stage_options){.index = 1,
                                                                   .stages = 2,
                                                                   .layers = 2,
                                                                   .micro_batch_size = 8,
                                                                   .micro_batches = 1,
                                                                   .device = device});
    struct tensor *x = stage_input_new(stage), *dy = stage_output_new(stage);
    tensor_zero(x);
    tensor_zero(dy);
    stage_zero_gradients(stage);
    tensor_free(stage_forward(stage, 0, x));
    tensor_free(stage_backward(stage, 0, dy));
    stage_free(stage);
    model_free(model);
}

/* A layer that is not made of the kit's kernels, of 3,000,000,000 operations. */
static void foreign_layer(void)
{
    work_begin((struct work){WORK_layer_call, 1, {1, 1}});
    flops_charge(3e9);
    work_end_of_flops(3e9);
}

/* Each rank computes for so long: two numbers, alone and together, for each. */
static void compute(int rank, char **seconds)
{
    flops_take((struct duration){atof(seconds[2 * rank]), atof(seconds[2 * rank + 1])});
}

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (strcmp(argv[1], "linear") == 0)
        linear(DEVICE_CPU);
    else if (strcmp(argv[1], "linear-on-meta") == 0)
        linear(DEVICE_META);
    else if (strcmp(argv[1], "foreign-layer") == 0)
        foreign_layer();
    else
        compute(rank, argv + 2);
    flops_spend();
    printf("rank %d ends at %lu\n", rank, (unsigned long)machine_clock());
    fflush(stdout);
    MPI_Finalize();
    return argc < 2;
}
