/*
 * A run of layers as this kit has them; see search.h. FLOPs, messages and memory of a rank are those that
 * ../../tensor/costs works out for a model of these layers alone. In 16 bits activations and messages are taken as half
 * of that, parameters as counted.
 */
#include "assignments/memory/costs/search_stage.h"

#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/costs/rank_costs.h"
#include "common/base/memory.h"
#include "common/training/stage.h"

#include <math.h>

static struct model part_of(const struct model *model, int first, int layers)
{
    struct model part = *model;
    part.layer += first;
    part.layers = layers;
    part.input = part.layer[0].input;
    return part;
}

static struct rank_setting setting_of(const struct search_share *share, const struct model *part)
{
    return (struct rank_setting){.model = part,
                                 .way = WAY_ONE_ROUND,
                                 .ranks = share->ranks,
                                 .samples = share->samples,
                                 .micro_batches = 1,
                                 .optimizer = share->adam ? OPTIMIZER_ADAMW : OPTIMIZER_SGD};
}

char *search_kit_refusal(const struct search_share *share)
{
    const struct rank_setting setting = setting_of(share, share->model);
    return share->ranks == 1 ? NULL : rank_costs_refusal(&setting);
}

double search_kit_parameters(const struct search_share *share, int layer)
{
    const struct model part = part_of(share->model, layer, 1);
    const struct rank_setting setting = setting_of(share, &part);
    struct rank_costs *costs = rank_costs_new(&setting);
    const double numbers = costs->parameter_bytes / sizeof(float);
    rank_costs_free(costs);
    return numbers;
}

/* Numbers of a sample: the largest of what layers take and give. */
static double largest_tensor(const struct layer *layer, int layers)
{
    double most = 0;
    for (int i = 0; i < layers; i++) {
        most = fmax(most, shape_count(layer[i].input));
        most = fmax(most, shape_count(layer[i].output));
        most = fmax(most, largest_tensor(layer[i].inner, layer[i].inner_layers));
    }
    return most;
}

int search_kit_most_samples(const struct model *model)
{
    const double numbers = largest_tensor(model->layer, model->layers);
    return (int)fmin((double)TENSOR_META_MESSAGE_BYTES / sizeof(float) / numbers, G_MAXINT);
}

/* ---- attention's probabilities ------------------------------------------------------------------- */

/* Numbers of them for a sample, all heads; and the FLOPs to compute them again, from q and k. */
struct probabilities {
    double numbers, flops, heads;
};

static struct probabilities probabilities_of(const struct layer *layer)
{
    if (tensor_is_attention(layer)) {
        const double tokens = layer->input.size[0], square = tokens * tokens;
        return (struct probabilities){layer->heads * square, 2 * square * layer->input.size[1],
                                      layer->heads};
    }
    struct probabilities all = {0};
    for (int i = 0; i < layer->inner_layers; i++) {
        const struct probabilities inner = probabilities_of(&layer->inner[i]);
        all.numbers += inner.numbers;
        all.flops += inner.flops;
        all.heads = fmax(all.heads, inner.heads);
    }
    return all;
}

bool search_kit_has_attention(const struct model *model)
{
    for (int i = 0; i < model->layers; i++)
        if (probabilities_of(&model->layer[i]).heads > 0)
            return true;
    return false;
}

/* ---- the most that is there ------------------------------------------------------------------------ */

/* Activations of one micro-batch, forward and backward: of layers that nobody shares. They run, without numbers. */
static double most_alone(const struct search_share *share, int first, int layers)
{
    const struct stage_options options = {.index = first > 0,
                                          .stages = 1 + (first > 0),
                                          .first_layer = first,
                                          .layers = layers,
                                          .micro_batch_size = share->samples,
                                          .micro_batches = 1,
                                          .device = DEVICE_META,
                                          .sums_tied_gradients = true};
    struct stage *stage = stage_new(share->model, &options);
    const size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    tensor_free(stage_forward(stage, 0, stage_input_new(stage)));
    tensor_free(stage_backward(stage, 0, stage_output_new(stage)));
    const double most = (double)(memory_peak(MEMORY_ACTIVATION) - before);
    stage_free(stage);
    return most;
}

static double most_of(const struct search_share *share, const struct rank_costs *costs, int first,
                      int layers)
{
    return share->ranks == 1 ? most_alone(share, first, layers) : costs->peak_bytes;
}

/* ---- a stage --------------------------------------------------------------------------------------- */

static void add_messages(struct search_stage *stage, const struct rank_costs *costs,
                         const struct search_share *share, double scale)
{
    for (guint i = 0; i < costs->round->len; i++) {
        const struct rank_round *round = &g_array_index(costs->round, struct rank_round, i);
        const bool is_half = round->kind != RANK_ALL_REDUCE;
        const double bytes = scale * round->bytes;
        const double whole = search_sum_seconds(share->platform, share->ranks, 1, bytes);
        const double own = is_half ? whole / 2 : whole;
        const double hidden = fmin(own, round->beside / share->platform->speed);
        const double sent = (is_half ? 1 : 2) * (share->ranks - 1.0) / share->ranks * bytes;
        *(round->backward ? &stage->backward_messages : &stage->forward_messages) += own - hidden;
        *(round->backward ? &stage->backward_sent : &stage->forward_sent) += sent;
        if (share->ranks > 1)
            *(round->backward ? &stage->backward_given : &stage->forward_given) +=
                round->share * bytes;
    }
}

static void add_layer(struct search_stage *stage, const struct search_share *share,
                      const struct layer *layer, double scale)
{
    const int place = (int)(layer - share->model->layer);
    const struct model part = part_of(share->model, place, 1);
    const struct rank_setting setting = setting_of(share, &part);
    const bool is_last = layer == &share->model->layer[share->model->layers - 1];
    const struct probabilities attention = probabilities_of(layer);
    const double part_of_heads =
        attention.heads > 0 ? rank_share_of((int)attention.heads, share->ranks) : 0;
    const double bytes = scale * part_of_heads * sizeof(float) * share->samples * attention.numbers;
    struct rank_costs *costs = rank_costs_new(&setting);
    const double kept = costs->saved_bytes - (is_last ? 0 : costs->loss_bytes);
    stage->attention += bytes;
    stage->attention_most = fmax(stage->attention_most, bytes);
    stage->attention_forward += part_of_heads * share->samples * attention.flops;
    stage->inputs += scale * sizeof(float) * share->samples * shape_count(layer->input);
    stage->layer_most =
        fmax(stage->layer_most, scale * fmax(most_of(share, costs, place, 1), kept));
    rank_costs_free(costs);
}

struct search_stage search_kit_stage(const struct search_share *share, int first, int layers)
{
    const struct model part = part_of(share->model, first, layers);
    const struct rank_setting setting = setting_of(share, &part);
    const bool is_last = first + layers == share->model->layers;
    const double scale = share->is_short ? 0.5 : 1;
    const struct layer *last = &part.layer[layers - 1];
    struct rank_costs *costs = rank_costs_new(&setting);
    const double kept = costs->saved_bytes - (is_last ? 0 : costs->loss_bytes);
    struct search_stage stage = {
        .kept = scale * kept,
        .working = scale * fmax(0, most_of(share, costs, first, layers) - kept),
        .forward = costs->forward + (is_last ? costs->loss : 0),
        .backward = costs->backward + (first > 0 ? costs->needless : 0),
        .optimizer = costs->optimizer,
        .output = scale * sizeof(float) * share->samples * shape_count(last->output)};
    add_messages(&stage, costs, share, scale);
    rank_costs_free(costs);
    for (int i = 0; i < layers; i++)
        add_layer(&stage, share, &part.layer[i], scale);
    return stage;
}
