/*
 * What a technique costs, by formulas; see table.h.
 *
 * Memory: as memory_per_rank (../arithmetic.h), of what the model's own layers keep. With prefetching a second layer's parameters
 * are there; offloaded is everything that only the optimizer needs, and its copy of gradients and parameters.
 *
 * Traffic, of N ranks with m micro-batches each: (N - 1)/N · bytes of all gradients or parameters, which are
 *     ZeRO 0, 1   gradients once, and once as many again: sums, or parameters
 *     ZeRO 2      gradients m times, parameters once
 *     ZeRO 3      gradients m times, parameters 2m times, or 3m where a forward is repeated
 *
 * Time: FLOPs over the processor's speed, and the collectives', a layer (ZeRO 0 and 1: all) after the other. What is fetched ahead is
 * hidden behind computation; an optimizer on the host takes its bytes over the bandwidth of the host's memory.
 */
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/table/table.h"

#include <math.h>

struct working {
    const struct table_setting *setting;
    const struct technique *technique;
    double number;                        /* bytes */
    double ranks, micro_batches, samples; /* of a rank; of a micro-batch */
};

/* ---- memory ---------------------------------------------------------------------------------------- */

static struct rank_memory memory_of(const struct working *working)
{
    const struct model *model = working->setting->model;
    const struct technique *technique = working->technique;
    g_autofree struct layer_numbers *layer = g_new(struct layer_numbers, model->layers);
    table_layers(model, technique->precision, layer);
    const struct way way = {.data = working->setting->ranks,
                            .tensor = 1,
                            .pipeline = 1,
                            .zero_stage = technique->zero,
                            .optimizer = STATE_ADAM,
                            .format = technique->precision == DTYPE_FLOAT32 ? FORMAT_FLOAT32
                                                                            : FORMAT_SIXTEEN_BITS,
                            .recompute = technique->recompute,
                            .order = ORDER_ONE_FORWARD_ONE_BACKWARD,
                            .micro_batch_samples = (int)working->samples,
                            .micro_batches = (int)working->micro_batches};
    return memory_arithmetic_truth(&(struct model_numbers){model->layers, layer}, &way, 0);
}

/* The most that two neighbours with parameters have together, less what the largest one has. */
static double second_layer(const struct working *working)
{
    const struct model *model = working->setting->model;
    double largest = 0, most = 0, before = 0;
    for (int i = 0; i < model->layers; i++) {
        const double own = (double)model->layer[i].parameter_count;
        if (own <= 0)
            continue;
        most = fmax(most, own + before);
        largest = fmax(largest, own);
        before = own;
    }
    return working->number * (most - largest);
}

static void put_memory(const struct working *working, struct figures *formula)
{
    const struct technique *technique = working->technique;
    const struct rank_memory memory = memory_of(working);
    formula->most[MEMORY_PARAMETER] = memory.parameters + memory.layer_parameters +
                                      (technique->prefetches ? second_layer(working) : 0);
    /* The layer at work, its shard, and the next one's. */
    if (technique->offloads_parameters)
        formula->most[MEMORY_PARAMETER] =
            memory.layer_parameters +
            (memory.layer_parameters + second_layer(working)) / working->ranks;
    formula->most[MEMORY_GRADIENT] = memory.gradients + memory.layer_gradients;
    formula->most[MEMORY_ACTIVATION] = memory.activations;
    formula->most[MEMORY_WORKSPACE] = formula->peak = NAN;
    if (!technique->offloads) {
        formula->most[MEMORY_OPTIMIZER] = memory.optimizer + memory.masters;
        return;
    }
    /* Two moments of 4 bytes: masters are half of that. Parameters that have 16 bits lie there besides. */
    const bool is_wide = technique->precision == DTYPE_FLOAT32;
    formula->most[MEMORY_HOST] = memory.optimizer * 1.5 + memory.gradients +
                                 (is_wide ? 0 : memory.optimizer / 8 * working->number);
}

/* ---- traffic ------------------------------------------------------------------------------------------- */

static bool repeats(const struct technique *technique)
{
    return technique->recompute == RECOMPUTE_LAYERS || technique->recompute == RECOMPUTE_SEGMENTS;
}

static double gradients_moved(const struct working *working)
{
    return working->technique->zero >= 2 ? working->micro_batches : 1;
}

static double parameters_moved(const struct working *working)
{
    if (working->technique->zero < 3)
        return 1;
    return (repeats(working->technique) ? 3 : 2) * working->micro_batches;
}

static double bytes_of(const struct working *working)
{
    const struct model *model = working->setting->model;
    return working->number * (double)model_parameter_count(model, 0, model->layers);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

/* To have its probabilities again: products of queries and keys. */
static double attention_flops(const struct layer *layer)
{
    const double tokens = layer->input.size[0];
    double flops = 0;
    if (g_strrstr(layer->operations->kind, "attention"))
        flops += 2 * tokens * tokens * layer->input.size[1];
    for (int i = 0; i < layer->inner_layers; i++)
        flops += attention_flops(&layer->inner[i]);
    return flops;
}

/* Of all samples of a rank. */
static double flops_of(const struct working *working)
{
    const struct model *model = working->setting->model;
    double flops = 0;
    for (int i = 0; i < model->layers; i++) {
        const struct layer *layer = &model->layer[i];
        flops += layer->forward_flops * (repeats(working->technique) ? 2 : 1) +
                 layer->backward_weight_flops +
                 (i > 0 ? layer->backward_input_flops : layer->backward_input_flops_without_dx);
        if (working->technique->recompute == RECOMPUTE_ATTENTION)
            flops += attention_flops(layer);
    }
    return flops * working->micro_batches * working->samples;
}

/* Once through all parameters: together, or a layer after the other. */
static double seconds_of(const struct working *working, bool gathers)
{
    const struct model *model = working->setting->model;
    const struct platform *platform = working->setting->platform;
    double seconds = 0;
    for (int i = 0; i < model->layers; i++) {
        const double bytes = working->number * (double)model->layer[i].parameter_count;
        if (bytes > 0)
            seconds +=
                gathers ? platform_all_gather_seconds(platform, working->setting->ranks, bytes)
                        : platform_reduce_scatter_seconds(platform, working->setting->ranks, bytes);
    }
    return seconds;
}

/* A property of the platform's hosts; NAN: it has none. */
static double property(const struct table_setting *setting, const char *name)
{
    g_autofree char *file = g_strconcat(setting->platform_name, ".xml", NULL);
    g_autofree char *path = strchr(setting->platform_name, '/')
                                ? g_strdup(setting->platform_name)
                                : g_build_filename(setting->kit, "common", "platforms", file, NULL);
    g_autofree char *text = NULL;
    g_autofree char *start = g_strdup_printf("id=\"%s\" value=\"", name);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NAN;
    const char *found = strstr(text, start);
    return found ? g_ascii_strtod(found + strlen(start), NULL) : NAN;
}

/* The host reads and writes masters and moments, and reads gradients; the last layer's parameters go back behind that. */
static double host_seconds(const struct working *working)
{
    const struct model *model = working->setting->model;
    const double own = bytes_of(working) / working->number / working->ranks;
    const double last = (double)model->layer[model->layers - 1].parameter_count / working->ranks;
    return own * (2 * 3 * sizeof(float) + working->number) /
               property(working->setting, "host_memory_bandwidth") +
           property(working->setting, "host_latency") +
           (working->technique->offloads_parameters
                ? 0
                : last * working->number / property(working->setting, "host_bandwidth"));
}

static double time_of(const struct working *working)
{
    const struct table_setting *setting = working->setting;
    const struct technique *technique = working->technique;
    if (!setting->platform || !platform_knows_collectives(setting->platform, setting->ranks))
        return NAN;
    const double computing = flops_of(working) / setting->platform->speed;
    if (setting->ranks < 2)
        return computing;
    const double sums = gradients_moved(working) * seconds_of(working, false);
    const double gathers = parameters_moved(working) * seconds_of(working, true);
    if (technique->prefetches)
        return sums + fmax(computing, gathers);
    return computing + sums + gathers + (technique->offloads ? host_seconds(working) : 0);
}

struct figures table_formula(const struct table_setting *setting, const struct technique *technique)
{
    const struct working working = {
        .setting = setting,
        .technique = technique,
        .number = (double)dtype_bytes(technique->precision),
        .ranks = setting->ranks,
        .micro_batches = (double)setting->micro_batches / setting->ranks,
        .samples = (double)setting->batch / setting->micro_batches,
    };
    struct figures formula = {.utilisation = NAN};
    put_memory(&working, &formula);
    formula.traffic = (working.ranks - 1) / working.ranks * bytes_of(&working) *
                      (gradients_moved(&working) + parameters_moved(&working));
    formula.seconds = time_of(&working);
    return formula;
}
