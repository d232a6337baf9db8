/*
 * Data parallelism: each rank has the whole model, four linear layers, and its own samples. In the
 * backward the sum of a layer's gradient starts as soon as it is there, and is under way while the
 * gradients of the layers before it are computed. Then each rank takes the same step.
 */
#include "tests/parallel/programs/block.h"

enum { LAYERS = 4, WIDTH = 12, OWN_SAMPLES = 4 };

static float *weight[LAYERS], *gradient[LAYERS];
static float *activation[LAYERS + 1]; /* (OWN_SAMPLES, WIDTH) each; the first is the input */

static void forward(void)
{
    for (int l = 0; l < LAYERS; l++)
        product(LOG_FORWARD, l, false, true, OWN_SAMPLES, WIDTH, WIDTH, activation[l], weight[l],
                activation[l + 1]);
}

/* Starts the sum of one layer's gradient over all ranks. */
static void start_sum(int layer, MPI_Request *request)
{
    if (is_form("skips-a-bucket") && rank == ranks - 1 && layer == 1)
        return;
    if (is_form("reuses-its-bucket")) {
        static float bucket[WIDTH * WIDTH];
        memcpy(bucket, gradient[layer], sizeof bucket);
        mpi_check(MPI_Iallreduce(bucket, gradient[layer], WIDTH * WIDTH, MPI_FLOAT, MPI_SUM,
                                 MPI_COMM_WORLD, request));
    } else if (is_form("blocking"))
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, gradient[layer], WIDTH * WIDTH, MPI_FLOAT, MPI_SUM,
                                MPI_COMM_WORLD));
    else
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, gradient[layer], WIDTH * WIDTH, MPI_FLOAT, MPI_SUM,
                                 MPI_COMM_WORLD, request));
}

static void backward(float *dy, MPI_Request request[LAYERS])
{
    float *dx = floats(OWN_SAMPLES * WIDTH);
    for (int l = LAYERS - 1; l >= 0; l--) {
        product(LOG_BACKWARD_WEIGHT, l, true, false, WIDTH, WIDTH, OWN_SAMPLES, dy, activation[l],
                gradient[l]);
        if (is_form("another-order") && rank == ranks - 1 && l >= LAYERS - 2) {
            if (l == LAYERS - 2) { /* the last two layers' the other way round */
                start_sum(l, &request[l]);
                start_sum(l + 1, &request[l + 1]);
            }
        } else if (!is_form("never-sums") && !is_form("sums-at-the-end")) {
            start_sum(l, is_form("one-request") ? &request[0] : &request[l]);
        }
        if (l == 0)
            break;
        product(LOG_BACKWARD_INPUT, l, false, false, OWN_SAMPLES, WIDTH, WIDTH, dy, weight[l], dx);
        memcpy(dy, dx, sizeof *dx * OWN_SAMPLES * WIDTH);
    }
    free(dx);
    if (is_form("sums-at-the-end"))
        for (int l = LAYERS - 1; l >= 0; l--) {
            start_sum(l, &request[l]);
            mpi_check(MPI_Wait(&request[l], MPI_STATUS_IGNORE));
        }
}

static void update(void)
{
    const float rate = 0.1f, share = is_form("sum-for-mean") ? 1.0f : 1.0f / (float)ranks;
    for (int l = 0; l < LAYERS; l++)
        for (int i = 0; i < WIDTH * WIDTH; i++) {
            gradient[l][i] *= share;
            weight[l][i] -= rate * gradient[l][i];
        }
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    MPI_Request request[LAYERS];
    for (int l = 0; l < LAYERS; l++) {
        request[l] = MPI_REQUEST_NULL;
        weight[l] = floats(WIDTH * WIDTH);
        gradient[l] = floats(WIDTH * WIDTH);
        for (int i = 0; i < WIDTH * WIDTH; i++) /* what the others start with comes from rank 0 */
            weight[l][i] = number_of(rank, l, i);
        if (!is_form("starts-differ"))
            mpi_check(MPI_Bcast(weight[l], WIDTH * WIDTH, MPI_FLOAT,
                                is_form("another-root") && rank == ranks - 1 ? rank : 0,
                                MPI_COMM_WORLD));
    }
    for (int l = 0; l <= LAYERS; l++)
        activation[l] = floats(OWN_SAMPLES * WIDTH);
    float *dy = floats(OWN_SAMPLES * WIDTH);
    for (int i = 0; i < OWN_SAMPLES * WIDTH; i++)
        activation[0][i] = number_of(100, 0, rank * OWN_SAMPLES * WIDTH + i);
    forward();
    for (int i = 0; i < OWN_SAMPLES * WIDTH; i++)
        dy[i] = (activation[LAYERS][i] - number_of(100, 1, rank * OWN_SAMPLES * WIDTH + i)) /
                (float)OWN_SAMPLES;
    backward(dy, request);
    if (!is_form("steps-too-early"))
        mpi_check(MPI_Waitall(LAYERS, request, MPI_STATUSES_IGNORE));
    update();
    if (is_form("steps-too-early"))
        mpi_check(MPI_Waitall(LAYERS, request, MPI_STATUSES_IGNORE));

    for (int l = 0; l < LAYERS; l++) {
        char name[32];
        snprintf(name, sizeof name, "layers.%d.weight", l);
        keep_matrix(name, weight[l], WIDTH, WIDTH);
        snprintf(name, sizeof name, "layers.%d.weight.gradient", l);
        keep_matrix(name, gradient[l], WIDTH, WIDTH);
        free(weight[l]);
        free(gradient[l]);
    }
    for (int l = 0; l <= LAYERS; l++)
        free(activation[l]);
    free(dy);
    return end();
}
