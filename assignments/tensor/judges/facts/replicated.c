/* Gradients of what every rank has; see replicated.h. */
#include "assignments/tensor/judges/facts/replicated.h"

#include <string.h>

struct walk {
    struct wholes *after;
    const struct reference *reference;
    GArray *found;
    int ranks;
    int model_layer, parameter; /* the next one */
    bool missing;
};

static bool is_zero(const struct tensor *tensor)
{
    bool zero = true;
    for (int i = 0; i < tensor->count && zero; i++)
        zero = tensor_floats(tensor)[i] == 0.0f;
    return zero;
}

/* Of a bias that one rank adds for all, the others need no gradient: a right copy beside zeros. */
static bool is_right(const struct whole *whole, const struct tensor *expected)
{
    guint right = 0, zeros = 0;
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        struct tensor *own = tensor_signature_expected(part, expected);
        const bool close = closeness_of(part->tensor, own, tolerance_gradient()).close;
        right += close;
        zeros += !close && is_zero(part->tensor) && slice_is_all(&part->is.slice);
        tensor_free(own);
    }
    return right + zeros == whole->parts->len && right > 0;
}

/* Has each rank stored it in one piece? */
static bool is_there(const struct walk *walk, const struct whole *whole)
{
    bool there = whole != NULL && whole->parts->len > 0;
    for (guint i = 0; there && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        there =
            part->tensor->dtype == DTYPE_FLOAT32 &&
            shape_equal(part->tensor->shape, slice_shape(&part->is.slice)) &&
            shape_equal(
                part->is.slice.whole,
                walk->reference->model->layer[walk->model_layer].parameter[walk->parameter].shape);
    }
    return there;
}

static void add(struct walk *walk, const struct layer *leaf, int parameter, bool in_block)
{
    const struct layer *layer = &walk->reference->model->layer[walk->model_layer];
    struct replicated one = {.name = g_strdup_printf("layers.%d.%s.gradient", walk->model_layer,
                                                     layer->parameter[walk->parameter].name),
                             .model_layer = walk->model_layer,
                             .leaf = leaf,
                             .parameter = parameter,
                             .in_block = in_block};
    const struct whole *whole = wholes_find(walk->after, one.name);
    walk->missing = walk->missing || !is_there(walk, whole);
    if (!walk->missing) {
        struct tensor *expected =
            reference_gradient(walk->reference, walk->model_layer, walk->parameter);
        one.whole = tensor_signature_of_copies(whole);
        one.right = is_right(whole, expected);
        if (!one.right)
            one.is = tensor_signature_of(whole, expected, walk->ranks);
        tensor_free(expected);
    }
    g_array_append_val(walk->found, one);
    walk->parameter++;
}

/* The parameters of a layer are those of the layers inside, one behind the other. */
static void add_all(struct walk *walk, const struct layer *layer, bool in_block)
{
    for (int i = 0; i < layer->inner_layers; i++)
        add_all(walk, &layer->inner[i],
                in_block || strcmp(layer->operations->kind, "residual") == 0);
    for (int k = 0; layer->inner_layers == 0 && k < layer->parameters; k++)
        add(walk, layer, k, in_block);
}

static void clear(void *one)
{
    g_free(((struct replicated *)one)->name);
}

GArray *tensor_replicated_new(const struct outcome *run, const struct reference *reference)
{
    struct verdict *unheard = verdict_new();
    struct walk walk = {.after = wholes_read(run, "after", 0, unheard),
                        .reference = reference,
                        .ranks = run->ranks,
                        .found = g_array_new(FALSE, TRUE, sizeof(struct replicated))};
    g_array_set_clear_func(walk.found, clear);
    walk.missing = walk.after == NULL;
    const struct model *model = reference->model;
    for (int i = 0; i < model->layers && !walk.missing; i++) {
        walk.model_layer = i;
        walk.parameter = 0;
        add_all(&walk, &model->layer[i], false);
    }
    wholes_free(walk.after);
    verdict_free(unheard);
    if (!walk.missing)
        return walk.found;
    tensor_replicated_free(walk.found);
    return NULL;
}

void tensor_replicated_free(GArray *gradients)
{
    if (gradients)
        g_array_unref(gradients);
}
