/* What --corrupt everywhere moves; see corruption.h. */
#include "assignments/pipeline/corruption.h"

#include <math.h>

enum { PLACES = 3 };

/* Layers with parameters, and the outputs. */
static int tensors(const struct model *model)
{
    int count = 1;
    for (int layer = 0; layer < model->layers; layer++)
        count += model->layer[layer].parameter_count > 0;
    return count;
}

/* The layer of tensor number i: -1 for the outputs, which come last. */
static int layer_of(const struct model *model, int i)
{
    for (int layer = 0; layer < model->layers; layer++)
        if (model->layer[layer].parameter_count > 0 && i-- == 0)
            return layer;
    return -1;
}

int corruption_count(const struct model *model)
{
    return (1 + 2 * PLACES) * tensors(model) + tensors(model) - 1; /* outputs have no norm */
}

struct corruption corruption_number(const struct model *model, int k)
{
    const int n = tensors(model);
    struct corruption corruption = {layer_of(model, k % n), CORRUPT_MIDDLE, CORRUPT_CLEARLY};
    const int round = k / n - 1; /* behind the clear ones */
    if (round == 2 * PLACES)
        return (struct corruption){corruption.layer, CORRUPT_ALL, CORRUPT_BEYOND_NORM};
    if (round >= 0) {
        corruption.place = (enum corruption_place)(round % PLACES);
        corruption.size = round < PLACES ? CORRUPT_BEYOND_TOLERANCE : CORRUPT_WITHIN_TOLERANCE;
    }
    return corruption;
}

int corruption_index(struct corruption corruption, int count)
{
    return corruption.place == CORRUPT_FIRST || corruption.place == CORRUPT_ALL ? 0
           : corruption.place == CORRUPT_MIDDLE                                 ? count / 2
                                                                                : count - 1;
}

int corruption_length(struct corruption corruption, int count)
{
    return corruption.place == CORRUPT_ALL ? count : 1;
}

float corruption_of(struct corruption corruption, const struct tensor *tensor)
{
    const float *value = tensor_floats(tensor);
    const struct tolerance allowed =
        corruption.layer < 0 ? tolerance_default(DTYPE_FLOAT32) : tolerance_gradient();
    double squares = 0.0;
    for (int i = 0; i < tensor->count; i++)
        squares += (double)value[i] * value[i];
    const double of_element =
        allowed.absolute +
        allowed.relative * fabs((double)value[corruption_index(corruption, tensor->count)]);
    const double of_norm = isfinite(allowed.norm) ? allowed.norm * sqrt(squares) : of_element;
    switch (corruption.size) {
    case CORRUPT_BEYOND_TOLERANCE:
        return (float)(10 * fmax(of_element, of_norm));
    case CORRUPT_WITHIN_TOLERANCE:
        return (float)(0.1 * fmin(of_element, of_norm));
    case CORRUPT_BEYOND_NORM:
        return (float)(0.5 * allowed.absolute);
    default:
        return (float)(0.01 * sqrt(squares) + 1e-3);
    }
}
