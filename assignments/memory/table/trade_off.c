/* The ways to split one model over ranks, beside each other; see table.h. */
#include "assignments/memory/table/table.h"

#include <math.h>
#include <stdio.h>

/* ---- which -------------------------------------------------------------------------------------------- */

static bool heads_divide(const struct layer *layer, int tensor)
{
    for (int i = 0; i < layer->inner_layers; i++)
        if (!heads_divide(&layer->inner[i], tensor))
            return false;
    return layer->heads % tensor == 0;
}

static bool can_be_split(const struct model *model, int tensor)
{
    for (int i = 0; i < model->layers; i++)
        if (!heads_divide(&model->layer[i], tensor))
            return false;
    return true;
}

/* Bytes of what leaves a block, of the whole batch: of float32, and alike in all blocks. */
static double output_bytes(const struct table_setting *setting)
{
    double count = setting->batch;
    const struct shape out = setting->model->layer[0].output;
    for (int i = 0; i < out.dimensions; i++)
        count *= out.size[i];
    return count * sizeof(float);
}

static bool has_attention(const struct layer *layer)
{
    bool has = layer->heads > 0;
    for (int i = 0; i < layer->inner_layers; i++)
        has = has || has_attention(&layer->inner[i]);
    return has;
}

/* What a rank sends in a step: sums of gradients, of each block's outputs (two forwards and two backwards), and what crosses the
 * borders of stages. Each of the ranks that split a stage sends that as a whole. */
static double traffic_of(const struct table_setting *setting, double data, double tensor,
                         double pipeline)
{
    const struct model *model = setting->model;
    const double output = output_bytes(setting) / data;
    const double gradients = sizeof(float) * (double)model_parameter_count(model, 0, model->layers);
    if (tensor > 1 && !(has_attention(&model->layer[0]) && has_attention(&model->layer[1])))
        return NAN;
    return 2 * (data - 1) / data * gradients / tensor / pipeline +
           4 * model->layers / pipeline * 2 * (tensor - 1) / tensor * output +
           2 * (pipeline - 1) / pipeline * output;
}

/* Of p stages, all one after the other for the first micro-batch, and the slowest for each further one. Of layers that do not
 * divide nobody says where they are cut. */
static double utilisation_of(const struct table_setting *setting, int p, double m)
{
    const struct model *model = setting->model;
    double all = 0, slowest = 0;
    g_autofree double *flops = g_new(double, model->layers);
    model_layer_flops(model, flops);
    if (model->layers % p != 0)
        return NAN;
    for (int stage = 0; stage < p; stage++) {
        double own = 0;
        for (int i = 0; i < model->layers / p; i++)
            own += flops[stage * (model->layers / p) + i];
        all += own;
        slowest = fmax(slowest, own);
    }
    return m * all / p / (all + (m - 1) * slowest);
}

static void add(GArray *trades, struct trade trade)
{
    g_array_append_val(trades, trade);
}

static void add_pipeline(GArray *trades, const struct table_setting *setting, const char *name,
                         const char *schedule, double utilisation)
{
    const int p = setting->ranks;
    add(trades,
        (struct trade){.name = g_strdup(name),
                       .how = g_strdup_printf("%d stages", p),
                       .options = g_strdup_printf("--pipeline %d --schedule %s", p, schedule),
                       .micro_batches = setting->micro_batches,
                       .beside = true,
                       .utilisation = utilisation,
                       .traffic = traffic_of(setting, 1, 1, p)});
}

static void add_tensor(GArray *trades, const struct table_setting *setting)
{
    const int t = setting->ranks;
    if (!can_be_split(setting->model, t))
        return;
    add(trades, (struct trade){.name = g_strdup("tensor"),
                               .how = g_strdup_printf("%d slices", t),
                               .options = g_strdup_printf("--tensor %d", t),
                               .micro_batches = setting->micro_batches,
                               .beside = true,
                               .utilisation = NAN,
                               .traffic = traffic_of(setting, 1, t, 1)});
}

static void add_zero_3(GArray *trades, const struct table_setting *setting)
{
    const struct technique zero_3 = {.name = "ZeRO 3", .zero = 3};
    add(trades, (struct trade){.name = g_strdup(zero_3.name),
                               .how = g_strdup_printf("%d replicas", setting->ranks),
                               .options = g_strdup("--zero 3"),
                               .micro_batches = setting->micro_batches,
                               .utilisation = NAN,
                               .traffic = table_formula(setting, &zero_3).traffic});
}

static void add_hybrid(GArray *trades, const struct table_setting *setting)
{
    const int tensor = can_be_split(setting->model, 2) ? 2 : 1;
    const int pipeline = setting->ranks % (2 * tensor) == 0 ? 2 : 1;
    const int data = setting->ranks / tensor / pipeline, m = setting->micro_batches / data;
    if (setting->ranks % (tensor * pipeline) != 0 || tensor * pipeline == 1 || data == 1)
        return;
    add(trades,
        (struct trade){
            .name = g_strdup("hybrid"),
            .how = g_strdup_printf("data %d · tensor %d · pipeline %d", data, tensor, pipeline),
            .options = g_strdup_printf("--pipeline %d --tensor %d", pipeline, tensor),
            .micro_batches = m,
            .beside = true,
            .utilisation = utilisation_of(setting, pipeline, m),
            .traffic = traffic_of(setting, data, tensor, pipeline)});
}

GArray *trades_new(const struct table_setting *setting)
{
    GArray *trades = g_array_new(FALSE, FALSE, sizeof(struct trade));
    const int p = setting->ranks;
    if (setting->model->layers >= p) {
        add_pipeline(trades, setting, "naive", "naive", 1.0 / p);
        add_pipeline(trades, setting, "pipeline, 1F1B", "1f1b",
                     utilisation_of(setting, p, setting->micro_batches));
    }
    add_tensor(trades, setting);
    add_zero_3(trades, setting);
    add_hybrid(trades, setting);
    return trades;
}

/* ---- running ------------------------------------------------------------------------------------------ */

static void clear(struct trade *trade)
{
    g_free(trade->name);
    g_free(trade->options);
    g_free(trade->how);
}

void trades_run(GArray *trades, const struct table_setting *setting, const char *beside,
                GString *left)
{
    const int all = (int)trades->len;
    const gint64 began = g_get_monotonic_time();
    int done = 0;
    for (guint i = 0; i < trades->len;) {
        struct trade *trade = &g_array_index(trades, struct trade, i);
        struct table_setting own = *setting;
        g_autoptr(GString) why = g_string_new(NULL);
        own.program = trade->beside ? beside : setting->program;
        own.micro_batches = trade->micro_batches;
        table_tell(setting->platform_name, trade->name, done++, all, began);
        if (table_run(&own, trade->options, NULL, NULL, &trade->measured, why)) {
            i++;
            continue;
        }
        g_string_append_printf(left, "- Left out: %s (%s).\n", trade->name, why->str);
        clear(trade);
        g_array_remove_index(trades, i);
    }
}

void trades_free(GArray *trades)
{
    for (guint i = 0; i < trades->len; i++)
        clear(&g_array_index(trades, struct trade, i));
    g_array_unref(trades);
}
