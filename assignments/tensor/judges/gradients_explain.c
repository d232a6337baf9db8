/*
 * Known mistakes of whole models, by what the wrong tensors have to do with the right ones (signature.h).
 *
 * Where outputs are right, the first wrong gradient from the loss backwards names the place: all layers
 * behind it are right.
 */
#include "assignments/tensor/judges/gradients.h"

#include <math.h>
#include <string.h>

enum known {
    NOTHING_KNOWN,
    OUTPUTS_NOT_SUMMED,
    OUTPUTS_MULTIPLE,
    BIAS_IN_EACH_TERM,
    INPUT_GRADIENT_NOT_SUMMED,
    GRADIENT_SUMMED_TOO_OFTEN,
    PARAMETER_SUMMED_TOO_OFTEN,
    GRADIENT_AVERAGED,
    SAME_SLICE,
    SLICES_SUMMED,
    IN_ANOTHER_PLACE,
    COPIES_APART
};

static const struct mistake mistakes[] = {
    [OUTPUTS_NOT_SUMMED] = {"partial outputs are not summed",
                            "The ranks' outputs are not alike, and their sum is what one process "
                            "has: each rank goes on with the term that its own slice makes.",
                            "the sum over the ranks behind the row-parallel layer"},
    [OUTPUTS_MULTIPLE] =
        {"outputs are summed although each rank has all of them",
         "The outputs of every rank are as many times what they should be as there are ranks, or a "
         "power of that: a tensor that was whole went into a sum over the ranks.",
         "which layers give a term of a sum, and which the whole result"},
    [BIAS_IN_EACH_TERM] = {"every rank adds the bias",
                           "The outputs are wrong by the bias of the last layer, once for each "
                           "further rank: it is added to each rank's term, and so is in the sum as "
                           "often as there are ranks.",
                           "whether the bias is added before or behind the sum over the ranks"},
    [INPUT_GRADIENT_NOT_SUMMED] =
        {"the gradient for the input is not summed",
         "Outputs are right, and the ranks' gradients are not alike, but their sum is what one "
         "process has: behind this layer stands one that every rank has a slice of. What comes "
         "back from it on a rank is only what that rank's slice contributes; the sum over the "
         "ranks is missing.",
         "the backward of the column-parallel layer: who adds up dx?"},
    [GRADIENT_SUMMED_TOO_OFTEN] =
        {"a gradient that is whole is summed over the ranks",
         "Outputs are right, and from this layer on towards the input gradients are as many times "
         "what they should be as there are ranks (or a power of that, layer by layer): on the way "
         "back a tensor that each rank had all of went into a sum. The backward of a sum over the "
         "ranks is no sum: dy is the same for each term.",
         "reduce_backward and gather_backward, and what is summed twice on the way back"},
    [PARAMETER_SUMMED_TOO_OFTEN] =
        {"the gradient of a parameter is summed although each rank has all of it",
         "The gradient of this parameter is as many times what it should be as there are ranks, "
         "while those of layers before it are right. Each rank had all of it: nothing is missing "
         "that a sum could bring.",
         "whether the gradients of parameters that are not split are summed anywhere"},
    [GRADIENT_AVERAGED] = {"gradients are averaged over the ranks",
                           "Gradients are what one process has, divided by the number of ranks. "
                           "The ranks are no shares of the batch: what they contribute is added "
                           "up, not averaged.",
                           "divisions by the number of ranks"},
    [SAME_SLICE] = {"every rank computes the first rank's slice",
                    "All ranks store the same slice of a gradient, that of the lowest rank.",
                    "which columns or rows a rank takes of what is whole"},
    [SLICES_SUMMED] = {"gradients of slices are summed over the ranks",
                       "Every rank stores the sum of all ranks' slices. A slice belongs to its "
                       "rank alone: its gradient goes into no sum.",
                       "sums over the ranks in the backward for the weights"},
    [COPIES_APART] =
        {"copies of a bias go apart",
         "In the step before some rank had no gradient of a bias of which it has a copy. That is "
         "right if only a rank that has the gradient adds it; but from the next step on the "
         "outputs are others, so the copy that stayed behind is used.",
         "which rank adds the bias, and which ranks have its gradient"},
};

static const struct wrong_tensor *wrong_at(const struct gradient_case *c, guint i)
{
    return &g_array_index(c->wrong, struct wrong_tensor, i);
}

/* Is `found` what it should be and the last layer's bias so many times? */
static bool is_off_by_the_bias(const struct gradient_case *c, const float *found,
                               const struct tensor *expected, int times)
{
    const struct model *model = c->reference->model;
    const struct layer *last = &model->layer[model->layers - 1];
    if (last->parameters < 2 || times == 0 || c->step > 0)
        return false;
    struct tensor *bias = reference_parameter(c->reference, last->index, 1);
    double off = 0, size = 0;
    for (int i = 0; i < expected->count; i++) {
        const double by = times * (double)tensor_floats(bias)[i % bias->count];
        const double is = (double)found[i] - (double)tensor_floats(expected)[i];
        off += (is - by) * (is - by);
        size += by * by;
    }
    tensor_free(bias);
    return size > 0 && off <= 1e-6 * size;
}

static const struct tensor *part_of(const struct wrong_tensor *one, guint i)
{
    return whole_part_at(one->whole, i)->tensor;
}

/* Of outputs that every rank stored: the sum of what they stored; to g_free. */
static float *sum_of_outputs(const struct wrong_tensor *outputs)
{
    float *sum = g_new0(float, outputs->expected->count);
    for (guint i = 0; i < outputs->whole->parts->len; i++)
        for (int k = 0; k < outputs->expected->count; k++)
            sum[k] += tensor_floats(part_of(outputs, i))[k];
    return sum;
}

static enum known of_outputs(const struct gradient_case *c, const struct wrong_tensor *outputs)
{
    const struct signature found =
        tensor_signature_of(outputs->whole, outputs->expected, c->run->ranks);
    if (found.kind == SIGNATURE_TERMS)
        return OUTPUTS_NOT_SUMMED;
    if (tensor_signature_of_copies(outputs->whole)) {
        const int more = c->run->ranks - 1;
        const float *first = tensor_floats(part_of(outputs, outputs->first_wrong));
        g_autofree float *sum = sum_of_outputs(outputs);
        if (is_off_by_the_bias(c, first, outputs->expected, more))
            return BIAS_IN_EACH_TERM;
        if (is_off_by_the_bias(c, sum, outputs->expected,
                               more)) /* added behind the sum that is missing */
            return OUTPUTS_NOT_SUMMED;
    }
    if (found.kind == SIGNATURE_MULTIPLE && found.power > 0)
        return OUTPUTS_MULTIPLE;
    return found.kind == SIGNATURE_ELSEWHERE ? IN_ANOTHER_PLACE : NOTHING_KNOWN;
}

static bool is_wrong(const struct gradient_case *c, int layer, int parameter)
{
    for (guint i = 0; i < c->wrong->len; i++)
        if (wrong_at(c, i)->layer == layer && wrong_at(c, i)->parameter == parameter)
            return true;
    return false;
}

/* Is it this gradient alone that is wrong, and not what comes back to the layers before? Then the others of
 * the layer are right, or those of the next layer towards the input that has parameters. */
static bool is_alone(const struct gradient_case *c, const struct wrong_tensor *one)
{
    const struct layer *layer = c->reference->model->layer;
    for (int p = 0; p < layer[one->layer].parameters; p++)
        if (!is_wrong(c, one->layer, p))
            return true;
    int before = one->layer - 1;
    while (before >= 0 && layer[before].parameters == 0)
        before--;
    for (int p = 0; before >= 0 && p < layer[before].parameters; p++)
        if (is_wrong(c, before, p))
            return false;
    return before >= 0;
}

/* Of one wrong gradient. */
static enum known of_gradient(const struct gradient_case *c, const struct wrong_tensor *one)
{
    const struct signature found = tensor_signature_of(one->whole, one->expected, c->run->ranks);
    switch (found.kind) {
    case SIGNATURE_TERMS:
        return INPUT_GRADIENT_NOT_SUMMED;
    case SIGNATURE_FIRST_SLICE:
        return SAME_SLICE;
    case SIGNATURE_SUM_OF_SLICES:
        return SLICES_SUMMED;
    case SIGNATURE_ELSEWHERE:
        return IN_ANOTHER_PLACE;
    case SIGNATURE_MULTIPLE:
        if (found.power < 0)
            return GRADIENT_AVERAGED;
        if (found.power == 0)
            return NOTHING_KNOWN;
        return is_alone(c, one) ? PARAMETER_SUMMED_TOO_OFTEN : GRADIENT_SUMMED_TOO_OFTEN;
    case SIGNATURE_NONE:
        break;
    }
    return NOTHING_KNOWN;
}

/* The slices of a weight need not show what the copies of the bias beside it do. */
void tensor_gradients_explain(const struct gradient_case *c, struct verdict *verdict)
{
    const int layer = wrong_at(c, 0)->layer;
    enum known known = layer < 0 ? of_outputs(c, wrong_at(c, 0)) : NOTHING_KNOWN;
    for (guint i = 0; layer >= 0 && known == NOTHING_KNOWN && i < c->wrong->len; i++)
        if (wrong_at(c, i)->layer == layer)
            known = of_gradient(c, wrong_at(c, i));
    if (known == NOTHING_KNOWN && layer < 0 && c->step > 0 && c->copies_go_apart)
        known = COPIES_APART;
    else if (known == NOTHING_KNOWN && c->step > 0)
        verdict_look(verdict, "static variables, and what is made once and used in every step: the "
                              "step before was right, and then the optimizer changed the weights");
    if (known != NOTHING_KNOWN)
        verdict_name_mistake(verdict, known == IN_ANOTHER_PLACE ? &tensor_signature_elsewhere
                                                                : &mistakes[known]);
}
