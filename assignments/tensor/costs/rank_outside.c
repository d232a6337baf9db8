/*
 * What a rank has of tensors between split layers, and of the loss; see rank_costs.h.
 *
 *     WAY_SEQUENCE         behind the embedding each rank has some of the tokens, until the head, or the mean
 *                          over them, wants all
 *     WAY_ONE_WEIRD_TRICK  convolutions see some of the samples each; before the linear layers all are gathered
 *     WAY_VOCABULARY       logits stay split: the loss is computed of each rank's words
 */
#include "assignments/tensor/costs/rank_costs.h"

#include "assignments/tensor/between_chains.h"

#include "common/base/flops.h"
#include "common/training/loss.h"

double rank_share_of(int size, int ranks)
{
    return (double)((size + ranks - 1) / ranks) / size;
}

void rank_refuse(struct rank_walk *walk, char *reason)
{
    if (walk->refusal)
        g_free(reason);
    else
        walk->refusal = reason;
}

/* ---- where it begins ----------------------------------------------------------------------------- */

/* The first layer without layers inside. */
static const struct layer *first_of(const struct model *model)
{
    const struct layer *layer = &model->layer[0];
    while (layer->inner_layers > 0)
        layer = &layer->inner[0];
    return layer;
}

static bool makes_tokens(const struct layer *layer)
{
    return tensor_is_embedding(layer) || rank_layer_is_kind(layer, "patch_embedding");
}

static void begin_by_tokens(struct rank_walk *walk)
{
    const struct layer *first = first_of(walk->setting->model);
    const int ranks = walk->setting->ranks;
    if (!makes_tokens(first))
        rank_refuse(walk, g_strdup("there are no tokens to split in this model: it is for vit, "
                                   "transformer and gpt"));
    else if (first->output.size[0] < ranks)
        rank_refuse(walk,
                    g_strdup_printf("the %d tokens of a sample can't be split over %d ranks, each "
                                    "with one at least: use %d ranks or fewer",
                                    first->output.size[0], ranks, first->output.size[0]));
}

/* The layer before which the samples are gathered; -1: the model is not of that kind. */
static int layer_of_all_samples(const struct model *model)
{
    for (int i = 0; i < model->layers && model->layer[i].inner_layers == 0; i++)
        if (rank_layer_is_kind(&model->layer[i], "flatten"))
            return i > 0 ? i : -1;
    return -1;
}

static void begin_by_samples(struct rank_walk *walk)
{
    const struct rank_setting *setting = walk->setting;
    const int convolutions = layer_of_all_samples(setting->model);
    if (convolutions < 0)
        rank_refuse(walk, g_strdup("this model is not convolutions and then linear layers: it is "
                                   "for cnn"));
    for (int i = 0; i < convolutions; i++)
        if (rank_layer_is_kind(&setting->model->layer[i], "batch_norm"))
            rank_refuse(walk, g_strdup("a batch norm needs all samples of a micro-batch, and each "
                                       "rank's convolutions see some: use norm=layer"));
    if (setting->samples < setting->ranks)
        rank_refuse(walk, g_strdup_printf("the convolutions of %d ranks need a sample each, and a "
                                          "micro-batch has %d: use a larger BATCH, or fewer ranks",
                                          setting->ranks, setting->samples));
    walk->outside = OUTSIDE_BY_SAMPLES;
    walk->outside_share = rank_share_of(setting->samples, setting->ranks);
}

/* The last layer that could be a head. */
static const struct layer *head_in(const struct layer *layer, int layers)
{
    for (int i = layers; i-- > 0;) {
        const struct layer *head = head_in(layer[i].inner, layer[i].inner_layers);
        if (head)
            return head;
        if (rank_layer_is_kind(&layer[i], "linear") || rank_layer_is_kind(&layer[i], "tied_head"))
            return &layer[i];
    }
    return NULL;
}

static void begin_by_words(struct rank_walk *walk)
{
    const struct model *model = walk->setting->model;
    if (tensor_is_embedding(first_of(model)))
        walk->head = head_in(model->layer, model->layers);
    else
        rank_refuse(walk, g_strdup("there are no words to split in this model: it is for gpt"));
}

void rank_outside_begin(struct rank_walk *walk)
{
    walk->outside_share = 1;
    switch (walk->setting->way) {
    case WAY_SEQUENCE:
        begin_by_tokens(walk);
        break;
    case WAY_ONE_WEIRD_TRICK:
        begin_by_samples(walk);
        break;
    case WAY_VOCABULARY:
        begin_by_words(walk);
        break;
    case WAY_ONE_ROUND:
    case WAY_GATHERS:
    case WAYS:
        break;
    }
}

/* ---- where it changes ---------------------------------------------------------------------------- */

static void become_whole(struct rank_walk *walk)
{
    walk->outside = OUTSIDE_WHOLE;
    walk->outside_share = 1;
}

/* Their gradients need no messages: they are the same on every rank, which takes its part. */
void rank_outside_before(struct rank_walk *walk, const struct layer *layer,
                         const struct whole_layer *whole)
{
    walk->joined_share = 0;
    const bool wants_tokens =
        rank_layer_is_kind(layer, "mean_tokens") || rank_layer_is_kind(layer, "tied_head");
    if ((walk->outside == OUTSIDE_BY_TOKENS && wants_tokens) ||
        (walk->outside == OUTSIDE_BY_SAMPLES && rank_layer_is_kind(layer, "flatten"))) {
        rank_rounds_put(walk, (struct rank_round){.kind = RANK_ALL_GATHER,
                                                  .bytes = whole->input_bytes,
                                                  .share = walk->outside_share});
        walk->joined_share = walk->outside_share;
        become_whole(walk);
    }
}

void rank_outside_behind(struct rank_walk *walk, const struct layer *layer,
                         const struct whole_layer *whole, enum form form)
{
    if (walk->setting->way != WAY_SEQUENCE)
        return;
    if (makes_tokens(layer)) { /* every rank computes its gradients, from dy of all tokens */
        walk->outside = OUTSIDE_BY_TOKENS;
        walk->outside_share = rank_share_of(layer->output.size[0], walk->setting->ranks);
        rank_rounds_put(walk, (struct rank_round){.kind = RANK_ALL_GATHER,
                                                  .backward = true,
                                                  .bytes = whole->output_bytes,
                                                  .share = walk->outside_share});
    } else if (form == FORM_COLUMN_GATHERED) { /* all tokens have come in, all columns go out */
        become_whole(walk);
    }
}

/* ---- the loss -------------------------------------------------------------------------------------- */

/* Operations on each logit that a rank has: maximum, difference, exponential (10), sum, product, scale; and
 * on each row. */
enum { FLOPS_OF_LOGIT = 15, FLOPS_OF_ROW = 25 };

/* Of split logits three numbers of each row are put together: the largest, the target's, the sum of
 * exponentials. (Shoeybi et al. 2019.) */
static void add_split_loss(struct rank_walk *walk, struct shape logits)
{
    const int ranks = walk->setting->ranks, words = shape_last(logits);
    const double rows = (double)shape_elements(logits) / words;
    const double own = rank_share_of(words, ranks) * words;
    walk->costs->loss = rows * (FLOPS_OF_LOGIT * own + FLOPS_OF_ROW);
    walk->costs->loss_bytes = sizeof(float) * rows * own; /* probabilities */
    for (int i = 0; i < 3; i++)
        rank_rounds_put(walk, (struct rank_round){.kind = RANK_ALL_REDUCE,
                                                  .share = 1,
                                                  .bytes = sizeof(float) * rows});
}

static double whole_loss_flops(struct shape outputs)
{
    const uint64_t before = flops_charged();
    int correct;
    struct tensor *y = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_META, outputs);
    loss_forward(LOSS_CROSS_ENTROPY, y, NULL, &correct);
    tensor_free(loss_backward(LOSS_CROSS_ENTROPY, y, NULL, 1.0f));
    tensor_free(y);
    return (double)(flops_charged() - before);
}

void rank_loss_add(struct rank_walk *walk)
{
    const struct model *model = walk->setting->model;
    const struct layer *last = &model->layer[model->layers - 1];
    const struct shape outputs = shape_with_batch(walk->setting->samples, last->output);
    if (walk->head) {
        add_split_loss(walk, outputs);
        return;
    }
    walk->costs->loss = whole_loss_flops(outputs);
    walk->costs->whole += walk->costs->loss;
}
