/*
 * Tensor parallelism: a block split among all ranks, a forward and a backward of one batch. Two sums
 * are all that the ranks tell each other: of the outputs, and of the gradients for the inputs.
 */
#include "tests/parallel/programs/block.h"

enum { SAMPLES = 8 };

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    /* "neighbour's-slice": the last rank takes the slice of the one before it. */
    const bool mistaken = is_form("neighbours-slice") && rank == ranks - 1 && ranks > 1;
    struct block block = block_new(0, MPI_COMM_WORLD, mistaken ? rank - 1 : rank);
    float *x = floats(SAMPLES * INPUTS), *dx = floats(SAMPLES * INPUTS);
    float *y = floats(SAMPLES * OUTPUTS), *dy = floats(SAMPLES * OUTPUTS);
    float *h = floats(SAMPLES * block.own);
    for (int i = 0; i < SAMPLES * INPUTS; i++)
        x[i] = number_of(100, 0, i);
    block_forward(&block, SAMPLES, x, h, y);
    for (int i = 0; i < SAMPLES * OUTPUTS; i++)
        dy[i] = y[i] - number_of(100, 1, i); /* of half the squared distance to the targets */
    block_backward(&block, SAMPLES, x, h, dy, dx);

    keep_block_gradients(&block);
    keep_matrix("outputs", y, SAMPLES, OUTPUTS);
    keep_matrix("inputs.gradient", dx, SAMPLES, INPUTS);
    float *const all[] = {x, dx, y, dy, h};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    block_free(&block);
    return end();
}
