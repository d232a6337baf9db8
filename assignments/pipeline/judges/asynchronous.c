/* The judge's own truth for asynchronous training; see asynchronous.h. */
#include "assignments/pipeline/judges/asynchronous.h"

int asynchronous_version(int stages, int stage, int micro_batch)
{
    return MAX(0, micro_batch - (stages - 1 - stage));
}

struct asynchronous *asynchronous_new(const struct reference *reference,
                                      const struct evidence_stage *stage, int stages,
                                      int micro_batches)
{
    struct asynchronous *own = g_new0(struct asynchronous, 1);
    own->stages = stages;
    own->micro_batches = micro_batches;
    own->stage = g_new0(struct stage *, stages);
    own->optimizer = g_new0(struct optimizer *, stages);
    own->version = g_new0(struct tensor *, stages * stages);
    own->batch = reference_batch_new(reference, micro_batches);
    const struct options *options = &reference->options;
    for (int s = 0; s < stages; s++) {
        struct stage_options how = {.index = s,
                                    .stages = stages,
                                    .first_layer = stage[s].first_layer,
                                    .layers = stage[s].layers,
                                    .micro_batch_size = options->batch_size / micro_batches,
                                    .micro_batches = micro_batches,
                                    .seed = options->seed,
                                    .device = DEVICE_CPU};
        own->stage[s] = stage_new(reference->model, &how);
        own->optimizer[s] = optimizer_new(&options->optimizer, own->stage[s]);
    }
    return own;
}

void asynchronous_free(struct asynchronous *own)
{
    if (!own)
        return;
    for (int k = 0; k < own->stages * own->stages; k++)
        tensor_free(own->version[k]);
    for (int s = 0; s < own->stages; s++) {
        optimizer_free(own->optimizer[s]);
        stage_free(own->stage[s]);
    }
    batch_free(own->batch);
    g_free(own->version);
    g_free(own->optimizer);
    g_free(own->stage);
    g_free(own);
}

/* ---- versions ---------------------------------------------------------------------------------- */

/* No micro-batch looks further back than p - 1 steps: the place of version k - p is free. */
static struct tensor **version_place(const struct asynchronous *own, int s, int k)
{
    return &own->version[s * own->stages + k % own->stages];
}

static void keep_newest(const struct asynchronous *own, int s, int k)
{
    struct tensor **place = version_place(own, s, k);
    tensor_free(*place);
    *place = stage_parameters_copy(own->stage[s]);
}

/* Lets the stage work with version k; returns what it had, for end_version. */
static struct tensor *begin_version(const struct asynchronous *own, int s, int k)
{
    return stage_exchange_parameters(own->stage[s], tensor_retain(*version_place(own, s, k)));
}

static void end_version(const struct asynchronous *own, int s, struct tensor *newest)
{
    tensor_free(stage_exchange_parameters(own->stage[s], newest));
}

/* ---- one micro-batch --------------------------------------------------------------------------- */

static void forward(const struct asynchronous *own, int i)
{
    struct tensor *value = batch_inputs(own->batch, i);
    for (int s = 0; s < own->stages; s++) {
        struct tensor *newest = begin_version(own, s, asynchronous_version(own->stages, s, i));
        value = stage_forward(own->stage[s], i, value);
        end_version(own, s, newest);
    }
    batch_loss(own->batch, i, value);
}

/* Backward and update of one stage; returns the gradient for the stage before. */
static struct tensor *backward(const struct asynchronous *own, int s, int i,
                               enum asynchronous_rule rule, struct tensor *dy)
{
    int stashed = asynchronous_version(own->stages, s, i);
    struct stage *stage = own->stage[s];
    if (rule != ASYNCHRONOUS_NOT_ZEROED || i == 0)
        stage_zero_gradients(stage);
    struct tensor *newest = begin_version(own, s, rule == ASYNCHRONOUS_NOT_STASHED ? i : stashed);
    struct tensor *dx = stage_backward(stage, i, dy);
    end_version(own, s, newest);
    if (rule == ASYNCHRONOUS_STASH_UPDATED)
        tensor_copy(stage_parameters(stage), *version_place(own, s, stashed));
    optimizer_step(own->optimizer[s]);
    keep_newest(own, s, i + 1);
    return dx;
}

double asynchronous_step(struct asynchronous *own, int step, enum asynchronous_rule rule)
{
    float scale = rule == ASYNCHRONOUS_DIVIDED ? 1.0f / (float)own->micro_batches : 1.0f;
    batch_load(own->batch, step);
    for (int s = 0; s < own->stages; s++) {
        stage_set_step(own->stage[s], step);
        keep_newest(own, s, 0);
    }
    for (int i = 0; i < own->micro_batches; i++) {
        forward(own, i);
        struct tensor *dy = batch_loss_backward(own->batch, i, scale);
        for (int s = own->stages - 1; s >= 0; s--)
            dy = backward(own, s, i, rule, dy);
        tensor_free(dy);
    }
    return batch_mean_loss(own->batch);
}

/* ---- looking at it ----------------------------------------------------------------------------- */

static int stage_of(const struct asynchronous *own, int layer)
{
    int s = own->stages - 1;
    while (layer < stage_first_layer(own->stage[s]))
        s--;
    return s;
}

struct tensor *asynchronous_tensor(const struct asynchronous *own, int layer, int parameter,
                                   int state)
{
    int s = stage_of(own, layer);
    struct stage *stage = own->stage[s];
    const struct parameter *p = &stage_layer(stage, layer)->parameter[parameter];
    struct tensor *view = stage_layer_parameters(stage, layer);
    size_t place =
        (size_t)(tensor_floats(view) - tensor_floats(stage_parameters(stage))) + p->offset;
    tensor_free(view);
    struct tensor *arena =
        state < 0 ? stage_parameters(stage) : optimizer_state(own->optimizer[s], state);
    return tensor_view(arena, place, p->shape);
}
