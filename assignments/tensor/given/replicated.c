/*
 * The gradients of parameters of which every rank has all, handed to the student when a step's backwards
 * are done (outside.h).
 */
#include "assignments/tensor/given/outside.h"
#include "common/base/fatal.h"
#include "common/training/stage.h"

#include <stdlib.h>

/* What is collected: of one layer of the model after the other. */
struct collection {
    const struct layer *layer; /* of the model … */
    int index;                 /* … this one */
    struct tensor *gradients;  /* all of its, flat */
    int parameter;             /* the next of its parameters */
    struct replicated_gradient *found;
    int count;
};

static void add(struct collection *to, const struct layer *leaf, const char *name)
{
    const struct parameter *parameter = &to->layer->parameter[to->parameter++];
    const struct slice slice = layer_parameter_slice(parameter);
    const struct tensor_outside outside = tensor_outside_of(to->index, leaf);
    if (!slice_is_all(&slice))
        return;
    struct replicated_gradient *more =
        realloc(to->found, (size_t)(to->count + 1) * sizeof *to->found);
    if (more == NULL)
        fatal("no memory left for a list of gradients");
    to->found = more;
    to->found[to->count++] = (struct replicated_gradient){
        .layer = leaf->operations->kind,
        .name = name,
        .input_is_part = outside.input_is_part,
        .output_is_part = outside.output_is_part,
        .gradient = tensor_view(to->gradients, parameter->offset, parameter->shape)};
}

/* The parameters of a layer are those of the layers inside, one behind the other (common/layers/inner.h). */
static void collect(struct collection *to, const struct layer *layer)
{
    for (int i = 0; i < layer->inner_layers; i++)
        collect(to, &layer->inner[i]);
    for (int k = 0; layer->inner_layers == 0 && k < layer->parameters; k++)
        add(to, layer, layer->parameter[k].name);
}

void tensor_sum_gradients(struct run *run)
{
    const enum way way = tensor_way(run->options);
    if (way != WAY_SEQUENCE && way != WAY_ONE_WEIRD_TRICK)
        return;
    struct stage *stage = run->trained[0].stage;
    struct collection all = {.found = NULL};
    for (int i = 0; i < run->model->layers; i++) {
        all.layer = &run->model->layer[i];
        all.index = i;
        all.parameter = 0;
        all.gradients = stage_layer_gradients(stage, i);
        collect(&all, all.layer);
        tensor_free(all.gradients);
    }
    if (way == WAY_SEQUENCE)
        sum_gradients_by_tokens(tensor_run_group(), all.count, all.found);
    else
        sum_gradients_by_samples(tensor_run_group(), all.count, all.found);
    for (int i = 0; i < all.count; i++)
        tensor_free(all.found[i].gradient);
    free(all.found);
}
