/* One process, plain loops; see truth.h. Sizes are those of programs/. */
#include "tests/parallel/truth.h"

#include "common/base/random.h"

#include <string.h>

enum { NUMBERS = 11 /* the seed */, INPUTS = 6, HIDDEN = 10, OUTPUTS = 4, MOST_SAMPLES = 8 };

static float truth_number(int of, int tensor, int i)
{
    float value;
    random_uniform(&value, 1, NUMBERS, random_stream(RANDOM_TEST, (uint32_t)of, (uint32_t)tensor),
                   (uint64_t)i, -1, 1);
    return value;
}

static void truth_clear(gpointer data)
{
    struct truth *truth = data;
    g_free(truth->name);
    tensor_free(truth->tensor);
}

static void add(GArray *truths, const char *name, struct shape shape, const double *values)
{
    struct truth truth = {g_strdup(name),
                          tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape)};
    for (size_t i = 0; i < truth.tensor->elements; i++)
        tensor_floats(truth.tensor)[i] = (float)values[i];
    g_array_append_val(truths, truth);
}

/* ---- a block -------------------------------------------------------------------------------------- */

struct block {
    int number;
    double x[MOST_SAMPLES][INPUTS], h[MOST_SAMPLES][HIDDEN], y[MOST_SAMPLES][OUTPUTS];
    double dx[MOST_SAMPLES][INPUTS], dy[MOST_SAMPLES][OUTPUTS];
    double dA[HIDDEN][INPUTS], da[HIDDEN], dB[OUTPUTS][HIDDEN], db[OUTPUTS];
};

static void forward(struct block *block, int samples)
{
    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < HIDDEN; i++) {
            double sum = truth_number(block->number, 1, i);
            for (int j = 0; j < INPUTS; j++)
                sum += block->x[s][j] * truth_number(block->number, 0, i * INPUTS + j);
            block->h[s][i] = sum > 0 ? sum : 0;
        }
        for (int o = 0; o < OUTPUTS; o++) {
            block->y[s][o] = truth_number(block->number, 3, o);
            for (int i = 0; i < HIDDEN; i++)
                block->y[s][o] += block->h[s][i] * truth_number(block->number, 2, o * HIDDEN + i);
        }
    }
}

static void backward(struct block *block, int samples)
{
    for (int s = 0; s < samples; s++) {
        for (int o = 0; o < OUTPUTS; o++)
            block->db[o] += block->dy[s][o];
        for (int i = 0; i < HIDDEN; i++) {
            double dh = 0;
            for (int o = 0; o < OUTPUTS; o++) {
                dh += block->dy[s][o] * truth_number(block->number, 2, o * HIDDEN + i);
                block->dB[o][i] += block->dy[s][o] * block->h[s][i];
            }
            if (block->h[s][i] <= 0)
                continue;
            block->da[i] += dh;
            for (int j = 0; j < INPUTS; j++) {
                block->dA[i][j] += dh * block->x[s][j];
                block->dx[s][j] += dh * truth_number(block->number, 0, i * INPUTS + j);
            }
        }
    }
}

static void add_block(GArray *truths, const struct block *block)
{
    const double *const values[] = {block->dA[0], block->da, block->dB[0], block->db};
    const struct shape shapes[] = {SHAPE(HIDDEN, INPUTS), SHAPE(HIDDEN), SHAPE(OUTPUTS, HIDDEN),
                                   SHAPE(OUTPUTS)};
    for (int i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("blocks.%d.%c.gradient", block->number, "AaBb"[i]);
        add(truths, name, shapes[i], values[i]);
    }
}

static void split_linear(GArray *truths)
{
    enum { SAMPLES = 8 };
    struct block block = {0};
    for (int s = 0; s < SAMPLES; s++)
        for (int j = 0; j < INPUTS; j++)
            block.x[s][j] = truth_number(100, 0, s * INPUTS + j);
    forward(&block, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        for (int o = 0; o < OUTPUTS; o++)
            block.dy[s][o] = block.y[s][o] - truth_number(100, 1, s * OUTPUTS + o);
    backward(&block, SAMPLES);
    add(truths, "outputs", SHAPE(SAMPLES, OUTPUTS), block.y[0]);
    add(truths, "inputs.gradient", SHAPE(SAMPLES, INPUTS), block.dx[0]);
    add_block(truths, &block);
}

static void scale(double *values, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++)
        values[i] *= factor;
}

/* Two stages on all eight samples; the programs' two copies have four each, and take the mean. */
static void hybrid(GArray *truths)
{
    enum { SAMPLES = 8, COPIES = 2 };
    struct block first = {.number = 0}, second = {.number = 1};
    for (int s = 0; s < SAMPLES; s++)
        for (int j = 0; j < INPUTS; j++)
            first.x[s][j] = second.x[s][j] = truth_number(100, 0, s * INPUTS + j);
    forward(&first, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        memcpy(second.x[s], first.y[s], sizeof first.y[s]);
    forward(&second, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        for (int o = 0; o < OUTPUTS; o++)
            second.dy[s][o] = second.y[s][o] - truth_number(100, 1, s * OUTPUTS + o);
    backward(&second, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        memcpy(first.dy[s], second.dx[s], sizeof first.dy[s]);
    backward(&first, SAMPLES);
    struct block *const blocks[] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        scale(blocks[i]->dA[0], HIDDEN * INPUTS, 1.0 / COPIES);
        scale(blocks[i]->da, HIDDEN, 1.0 / COPIES);
        scale(blocks[i]->dB[0], OUTPUTS * HIDDEN, 1.0 / COPIES);
        scale(blocks[i]->db, OUTPUTS, 1.0 / COPIES);
        add_block(truths, blocks[i]);
    }
}

float *truth_partial_outputs(int rank, int ranks)
{
    enum { SAMPLES = 8 };
    const int first = rank * (HIDDEN / ranks) + MIN(rank, HIDDEN % ranks);
    const int last = (rank + 1) * (HIDDEN / ranks) + MIN(rank + 1, HIDDEN % ranks);
    float *outputs = g_new0(float, SAMPLES *OUTPUTS);
    struct block block = {0};
    for (int s = 0; s < SAMPLES; s++)
        for (int j = 0; j < INPUTS; j++)
            block.x[s][j] = truth_number(100, 0, s * INPUTS + j);
    forward(&block, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        for (int o = 0; o < OUTPUTS; o++) {
            double sum = rank == ranks ? truth_number(0, 3, o) : 0;
            for (int i = first; rank < ranks && i < last; i++)
                sum += block.h[s][i] * truth_number(0, 2, o * HIDDEN + i);
            outputs[s * OUTPUTS + o] = (float)sum;
        }
    return outputs;
}

/* ---- four linear layers --------------------------------------------------------------------------- */

enum { LAYERS = 4, WIDTH = 12, OWN_SAMPLES = 4 };

/* Adds the gradients of the mean loss of a rank's samples. */
static void add_gradients(int rank, double gradient[LAYERS][WIDTH * WIDTH])
{
    for (int s = rank * OWN_SAMPLES; s < (rank + 1) * OWN_SAMPLES; s++) {
        double x[LAYERS + 1][WIDTH] = {0}, dy[WIDTH], dx[WIDTH];
        for (int j = 0; j < WIDTH; j++)
            x[0][j] = truth_number(100, 0, s * WIDTH + j);
        for (int l = 0; l < LAYERS; l++)
            for (int o = 0; o < WIDTH; o++)
                for (int j = 0; j < WIDTH; j++)
                    x[l + 1][o] += x[l][j] * truth_number(0, l, o * WIDTH + j);
        for (int o = 0; o < WIDTH; o++)
            dy[o] = (x[LAYERS][o] - truth_number(100, 1, s * WIDTH + o)) / OWN_SAMPLES;
        for (int l = LAYERS - 1; l >= 0; l--) {
            memset(dx, 0, sizeof dx);
            for (int o = 0; o < WIDTH; o++)
                for (int j = 0; j < WIDTH; j++) {
                    gradient[l][o * WIDTH + j] += dy[o] * x[l][j];
                    dx[j] += dy[o] * truth_number(0, l, o * WIDTH + j);
                }
            memcpy(dy, dx, sizeof dy);
        }
    }
}

float *truth_gradient_share(int layer, int rank, int ranks)
{
    double gradient[LAYERS][WIDTH * WIDTH] = {0};
    float *share = g_new(float, WIDTH *WIDTH);
    g_assert(rank < ranks);
    add_gradients(rank, gradient);
    for (int i = 0; i < WIDTH * WIDTH; i++)
        share[i] = (float)gradient[layer][i];
    return share;
}

static void data_parallel(GArray *truths, int ranks)
{
    double gradient[LAYERS][WIDTH * WIDTH] = {0}, weight[WIDTH * WIDTH];
    for (int rank = 0; rank < ranks; rank++)
        add_gradients(rank, gradient);
    for (int l = 0; l < LAYERS; l++) {
        scale(gradient[l], WIDTH * WIDTH, 1.0 / ranks);
        for (int i = 0; i < WIDTH * WIDTH; i++)
            weight[i] = truth_number(0, l, i) - 0.1 * gradient[l][i];
        g_autofree char *weight_name = g_strdup_printf("layers.%d.weight", l);
        g_autofree char *gradient_name = g_strdup_printf("layers.%d.weight.gradient", l);
        add(truths, weight_name, SHAPE(WIDTH, WIDTH), weight);
        add(truths, gradient_name, SHAPE(WIDTH, WIDTH), gradient[l]);
    }
}

static void sharded_optimizer(GArray *truths, int ranks)
{
    enum { PARAMETERS = 103, STEPS = 2 };
    double parameters[PARAMETERS], momentum[PARAMETERS] = {0};
    for (int i = 0; i < PARAMETERS; i++)
        parameters[i] = truth_number(0, 0, i);
    for (int step = 0; step < STEPS; step++)
        for (int i = 0; i < PARAMETERS; i++) {
            double gradient = 0;
            for (int rank = 0; rank < ranks; rank++)
                gradient += (double)truth_number(1 + rank, step, i) / ranks;
            momentum[i] = 0.9 * momentum[i] + gradient;
            parameters[i] -= 0.1 * momentum[i];
        }
    add(truths, "momentum", SHAPE(PARAMETERS), momentum);
    add(truths, "parameters", SHAPE(1, PARAMETERS), parameters);
}

GArray *truth_of(const char *program, int ranks)
{
    GArray *truths = g_array_new(FALSE, TRUE, sizeof(struct truth));
    g_array_set_clear_func(truths, truth_clear);
    if (strcmp(program, "split_linear") == 0)
        split_linear(truths);
    else if (strcmp(program, "hybrid") == 0)
        hybrid(truths);
    else if (strcmp(program, "data_parallel") == 0)
        data_parallel(truths, ranks);
    else if (strcmp(program, "sharded_optimizer") == 0)
        sharded_optimizer(truths, ranks);
    return truths;
}
