/*
 * ZeRO, stage 1: all parameters lie in one flat arena of 103 numbers; each rank has all of them, but
 * the momentum of its own range only. A step: the gradients' sum is scattered, so that each rank gets
 * that of its range, which it updates; then all gather the parameters.
 */
#include "tests/parallel/programs/block.h"

enum { PARAMETERS = 103, STEPS = 2 };

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    float *parameters = floats(PARAMETERS), *gradients = floats(PARAMETERS);
    int *counts = calloc((size_t)ranks, sizeof *counts),
        *places = calloc((size_t)ranks, sizeof *places);
    if (counts == NULL || places == NULL)
        fatal("no memory for %d ranks", ranks);
    for (int r = 0; r < ranks; r++) {
        places[r] = first_of(PARAMETERS, ranks, r);
        counts[r] = first_of(PARAMETERS, ranks, r + 1) - places[r];
        if (is_form("loses-the-remainder")) {
            counts[r] = PARAMETERS / ranks;
            places[r] = r * counts[r];
        }
    }
    /* One rank's table of counts has another remainder than the others'. */
    if (is_form("counts-differ") && rank == 0 && ranks > 1) {
        counts[0]--;
        counts[1]++;
        places[1]--;
    }
    const int first = places[rank], own = counts[rank];
    float *momentum = floats(own), *range = floats(own);
    for (int i = 0; i < PARAMETERS; i++)
        parameters[i] = number_of(0, 0, i);
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < PARAMETERS; i++)
            gradients[i] = number_of(1 + rank, step, i) / (float)ranks;
        if (is_form("reduces-all")) {
            mpi_check(MPI_Allreduce(MPI_IN_PLACE, gradients, PARAMETERS, MPI_FLOAT, MPI_SUM,
                                    MPI_COMM_WORLD));
            memcpy(range, gradients + first, sizeof *range * (size_t)own);
        } else {
            mpi_check(
                MPI_Reduce_scatter(gradients, range, counts, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD));
        }
        log_compute(LOG_OPTIMIZER_STEP, LOG_BEGIN, 0, -1);
        kernels_for(DEVICE_CPU)
            ->sgd_step((size_t)own, parameters + first, momentum, range, 0.1f, 0.9f);
        flops_charge(4.0 * own);
        log_compute(LOG_OPTIMIZER_STEP, LOG_END, 0, -1);
        if (!is_form("never-gathers"))
            mpi_check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, parameters, counts, places,
                                     MPI_FLOAT, MPI_COMM_WORLD));
    }
    keep_matrix("parameters", parameters, 1, PARAMETERS);
    keep_range("momentum", momentum, first, own, PARAMETERS);
    float *const all[] = {parameters, gradients, momentum, range};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(counts);
    free(places);
    return end();
}
