/*
 * Three kinds at once, 2 × 2 × 2: rank = tensor + 2 · (data + 2 · stage). Two stages, one block each,
 * split between two ranks; two copies of the two parts, each with half of the samples. Messages go
 * between stages, sums of outputs among a tensor group, sums of gradients among a data group.
 */
#include "tests/parallel/programs/block.h"

enum { OWN_SAMPLES = 4, RANKS = 8 };

static MPI_Comm split(int colour, int key)
{
    MPI_Comm made;
    mpi_check(MPI_Comm_split(MPI_COMM_WORLD, colour, key, &made));
    return made;
}

/* The sum of all gradients of the block over the copies, and their mean. */
static void average_gradients(struct block *block, MPI_Comm copies)
{
    float *const gradients[] = {block->dA, block->da, block->dB, block->db};
    const int counts[] = {block->own * INPUTS, block->own, OUTPUTS * block->own, OUTPUTS};
    for (int g = 0; g < 4; g++) {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, gradients[g], counts[g], MPI_FLOAT, MPI_SUM, copies));
        for (int i = 0; i < counts[g]; i++)
            gradients[g][i] /= 2;
    }
}

int main(int argc, char **argv)
{
    begin(argc, argv, RANKS);
    const int tensor = rank % 2, data = rank / 2 % 2, stage = rank / 4;
    const int partner = rank + (stage == 0 ? 4 : -4);
    MPI_Comm slices = split(rank / 2, tensor);
    MPI_Comm copies = split(2 * stage + tensor, data);
    /* "another-group": rank 5 counts itself to the copies of rank 4. */
    if (is_form("another-group")) {
        mpi_check(MPI_Comm_free(&copies));
        copies = split(rank == 5 ? 2 : 2 * stage + tensor, data);
    }
    if (is_form("root-of-the-world")) { /* the root is counted in the world */
        float number = 0;
        MPI_Bcast(&number, 1, MPI_FLOAT, tensor + 4 * stage, copies);
    }
    struct block block = block_new(stage, slices, tensor);
    if (is_form("frees-too-early")) {
        MPI_Comm same = slices; /* block.group still is that */
        mpi_check(MPI_Comm_free(&same));
    }
    float *x = floats(OWN_SAMPLES * INPUTS), *dx = floats(OWN_SAMPLES * INPUTS);
    float *y = floats(OWN_SAMPLES * OUTPUTS), *dy = floats(OWN_SAMPLES * OUTPUTS);
    float *h = floats(OWN_SAMPLES * block.own);

    /* The first OUTPUTS of INPUTS columns of a stage's input are what the stage before it puts out. */
    for (int i = 0; i < OWN_SAMPLES * INPUTS; i++)
        x[i] = number_of(100, 0, data * OWN_SAMPLES * INPUTS + i);
    if (stage == 1) {
        mpi_check(MPI_Recv(y, OWN_SAMPLES * OUTPUTS, MPI_FLOAT, partner, 0, MPI_COMM_WORLD,
                           MPI_STATUS_IGNORE));
        for (int s = 0; s < OWN_SAMPLES; s++)
            memcpy(x + s * INPUTS, y + s * OUTPUTS, sizeof *x * OUTPUTS);
    }
    block_forward(&block, OWN_SAMPLES, x, h, y);
    if (is_form("no-such-rank") && rank == 3) /* and nobody looks whether it failed */
        MPI_Send(y, OWN_SAMPLES * OUTPUTS, MPI_FLOAT, ranks + 1, 0, MPI_COMM_WORLD);
    if (stage == 0) {
        mpi_check(MPI_Send(y, OWN_SAMPLES * OUTPUTS, MPI_FLOAT, partner, 0, MPI_COMM_WORLD));
        mpi_check(MPI_Recv(dy, OWN_SAMPLES * OUTPUTS, MPI_FLOAT, partner, 1, MPI_COMM_WORLD,
                           MPI_STATUS_IGNORE));
    } else {
        for (int i = 0; i < OWN_SAMPLES * OUTPUTS; i++)
            dy[i] = y[i] - number_of(100, 1, data * OWN_SAMPLES * OUTPUTS + i);
    }
    block_backward(&block, OWN_SAMPLES, x, h, dy, dx);
    if (stage == 1) {
        for (int s = 0; s < OWN_SAMPLES; s++)
            memcpy(dy + s * OUTPUTS, dx + s * INPUTS, sizeof *dy * OUTPUTS);
        mpi_check(MPI_Send(dy, OWN_SAMPLES * OUTPUTS, MPI_FLOAT, partner, 1, MPI_COMM_WORLD));
    }
    /* "crosswise": of each square of four, two sum among their copies first, two among their slices. */
    if (is_form("crosswise") && tensor == data) {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, block.db, OUTPUTS, MPI_FLOAT, MPI_MAX, slices));
        average_gradients(&block, copies);
    } else {
        average_gradients(&block, is_form("groups-swapped") ? slices : copies);
        if (is_form("crosswise"))
            mpi_check(MPI_Allreduce(MPI_IN_PLACE, block.db, OUTPUTS, MPI_FLOAT, MPI_MAX, slices));
    }

    keep_block_gradients(&block);
    float *const all[] = {x, dx, y, dy, h};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    block_free(&block);
    if (!is_form("frees-too-early"))
        mpi_check(MPI_Comm_free(&slices));
    mpi_check(MPI_Comm_free(&copies));
    return end();
}
